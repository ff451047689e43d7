"""What can be asked of notification. ``by`` is who asks, ``at`` when it happened."""

from dataclasses import field
from datetime import datetime

from services.notification.domain.target import TargetPolicy
from shared.kernel import Actor, immutable


@immutable
class Command:
    """What every command names."""

    by: Actor
    at: datetime


@immutable
class EndpointCommand(Command):
    """A command about one endpoint."""

    endpoint_id: str


@immutable
class RegisterEndpoint(EndpointCommand):
    """Deliver to this URL from now on. ``offered`` are the types there are, ``policy`` where webhooks may go."""

    url: str
    description: str
    events: tuple[str, ...]
    secret: str = field(repr=False)
    offered: tuple[str, ...] = field(repr=False)
    policy: TargetPolicy


@immutable
class ChangeEndpoint(EndpointCommand):
    """Change where it is or what it subscribes to; None leaves a part as it is."""

    url: str | None
    description: str | None
    events: tuple[str, ...] | None
    offered: tuple[str, ...] = field(repr=False)
    policy: TargetPolicy


@immutable
class RotateSecret(EndpointCommand):
    """Sign with a new secret; the one before signs beside it until ``old_until``."""

    secret: str = field(repr=False)
    old_until: datetime


@immutable
class DisableEndpoint(EndpointCommand):
    """Send nothing more; what comes waits."""

    reason: str


@immutable
class EnableEndpoint(EndpointCommand):
    """Send again: everything that waits (``recover``), or only what comes from now on."""

    recover: bool


@immutable
class Deliver(Command):
    """An event was announced: queue it for every endpoint that subscribes to it."""

    source: str
    event_id: str
    event_type: str
    lane: str
    body: bytes = field(repr=False)
    traceparent: str | None


@immutable
class Resend(Command):
    """Send a delivery once more, under its own ``webhook-id``."""

    delivery_id: str


AnyCommand = RegisterEndpoint | ChangeEndpoint | RotateSecret | DisableEndpoint | EnableEndpoint | Deliver | Resend
