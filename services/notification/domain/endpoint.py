"""What an endpoint is, and what a delivery is."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from services.notification.domain.patterns import matches

EVERYBODY = "*"
"""The key under which a decision finds every endpoint at once."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A key that deliveries are signed with: ``whsec_`` and base64. An older one signs beside it ``until``."""

    text: str = field(repr=False)
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where deliveries go. ``events`` are the patterns it subscribes to; the newest secret comes first."""

    endpoint_id: str
    url: str
    description: str
    events: tuple[str, ...]
    secrets: tuple[Secret, ...]
    disabled_because: str | None = None

    @property
    def is_enabled(self) -> bool:
        """Whether it takes deliveries now; what comes meanwhile waits."""
        return self.disabled_because is None

    def subscribes_to(self, event_type: str) -> bool:
        """Whether one of its patterns matches."""
        return any(matches(pattern, event_type) for pattern in self.events)

    def live_secrets(self, now: datetime) -> tuple[str, ...]:
        """The secrets to sign with, the newest first."""
        return tuple(one.text for one in self.secrets if one.until is None or one.until > now)


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Every endpoint there is, as a decision about an event sees them."""

    endpoints: tuple[Endpoint, ...]

    def of(self, event_type: str) -> Iterable[Endpoint]:
        """Those that subscribe to a type. A disabled one still gets its deliveries queued, so that it misses
        nothing when it recovers.
        """
        return (one for one in self.endpoints if one.subscribes_to(event_type))


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one endpoint. ``delivery_id`` is the ``webhook-id``: it follows from the event and
    the endpoint, so it is the same on every retry and replay. ``lane`` is what keeps its order.
    """

    delivery_id: str
    endpoint_id: str
    lane: str
    event_id: str
    event_type: str
    body: bytes
    traceparent: str | None
