"""What a delivery to a webhook is, as a run hears of it."""

from datetime import datetime
from enum import StrEnum

from shared.kernel import Actor, immutable


class DeliveryState(StrEnum):
    """Where it is."""

    ON_ITS_WAY = "on-its-way"
    DELIVERED = "delivered"
    GIVEN_UP = "given-up"


@immutable
class Delivery:
    """A completion or a reopening on its way to an endpoint. ``number`` is the completion record's."""

    delivery_id: str
    number: int
    endpoint_id: str
    url: str
    description: str
    event_id: str
    event_type: str
    state: DeliveryState
    attempts: int


@immutable
class DeliveryNoted:
    """A completion or a reopening is on its way to a webhook, was taken there, or was given up."""

    run_id: str
    by: Actor
    at: datetime
    delivery: Delivery
