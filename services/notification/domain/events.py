"""What happens to an endpoint, and to a delivery until it is the sender's. Every endpoint event is announced."""

from dataclasses import field
from datetime import datetime

from services.notification.domain.endpoint import Delivery
from shared.kernel import Actor, immutable


@immutable
class Event:
    """What every event tells."""

    by: Actor
    at: datetime


@immutable
class EndpointEvent(Event):
    """An event of one endpoint."""

    endpoint_id: str

    @property
    def subject(self) -> str:
        """The aggregate that it changes."""
        return self.endpoint_id


@immutable
class EndpointRegistered(EndpointEvent):
    """Deliveries go to this URL."""

    url: str
    description: str
    events: tuple[str, ...]
    secret: str = field(repr=False)


@immutable
class EndpointChanged(EndpointEvent):
    """It is elsewhere, or subscribes to something else."""

    url: str
    description: str
    events: tuple[str, ...]


@immutable
class SecretRotated(EndpointEvent):
    """Deliveries are signed with a new secret."""

    secret: str = field(repr=False)
    old_until: datetime


@immutable
class EndpointDisabled(EndpointEvent):
    """Nothing is sent to it any more."""

    reason: str


@immutable
class EndpointRecovered(EndpointEvent):
    """It takes deliveries again: all that waits, or what comes from now on."""

    recover: bool


@immutable
class DeliveryEvent(Event):
    """An event of one delivery."""

    delivery: Delivery

    @property
    def subject(self) -> str:
        """The aggregate that it changes."""
        return self.delivery.delivery_id


@immutable
class DeliveryQueued(DeliveryEvent):
    """An event waits to be sent to an endpoint."""

    url: str
    description: str


@immutable
class DeliveryEnded(DeliveryEvent):
    """It was sent, or nobody tries any more, after so many attempts."""

    url: str
    description: str
    attempts: int


@immutable
class DeliveryDelivered(DeliveryEnded):
    """The endpoint took it."""


@immutable
class DeliveryGivenUp(DeliveryEnded):
    """It does not reach the endpoint, unless it is sent again."""


@immutable
class DeliveryResent(DeliveryEvent):
    """It waits to be sent once more."""


AnyEvent = (
    EndpointRegistered
    | EndpointChanged
    | SecretRotated
    | EndpointDisabled
    | EndpointRecovered
    | DeliveryQueued
    | DeliveryDelivered
    | DeliveryGivenUp
    | DeliveryResent
)
