"""What happens to an endpoint, and to a delivery until it is the sender's. Every endpoint event is announced."""

from dataclasses import dataclass, field
from datetime import datetime

from services.notification.domain.endpoint import Delivery
from shared.kernel import Actor


@dataclass(frozen=True, slots=True)
class Event:
    """What every event tells."""

    by: Actor
    at: datetime


@dataclass(frozen=True, slots=True)
class EndpointEvent(Event):
    """An event of one endpoint."""

    endpoint_id: str

    @property
    def subject(self) -> str:
        """The aggregate that it changes."""
        return self.endpoint_id


@dataclass(frozen=True, slots=True)
class EndpointRegistered(EndpointEvent):
    """Deliveries go to this URL."""

    url: str
    description: str
    events: tuple[str, ...]
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EndpointChanged(EndpointEvent):
    """It is elsewhere, or subscribes to something else."""

    url: str
    description: str
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SecretRotated(EndpointEvent):
    """Deliveries are signed with a new secret."""

    secret: str = field(repr=False)
    old_until: datetime


@dataclass(frozen=True, slots=True)
class EndpointDisabled(EndpointEvent):
    """Nothing is sent to it any more."""

    reason: str


@dataclass(frozen=True, slots=True)
class EndpointRecovered(EndpointEvent):
    """It takes deliveries again: all that waits, or what comes from now on."""

    recover: bool


@dataclass(frozen=True, slots=True)
class DeliveryEvent(Event):
    """An event of one delivery."""

    delivery: Delivery

    @property
    def subject(self) -> str:
        """The aggregate that it changes."""
        return self.delivery.delivery_id


@dataclass(frozen=True, slots=True)
class DeliveryQueued(DeliveryEvent):
    """An event waits to be sent to an endpoint."""


@dataclass(frozen=True, slots=True)
class DeliveryResent(DeliveryEvent):
    """It waits to be sent once more."""


AnyEvent = (
    EndpointRegistered
    | EndpointChanged
    | SecretRotated
    | EndpointDisabled
    | EndpointRecovered
    | DeliveryQueued
    | DeliveryResent
)
