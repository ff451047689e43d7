"""How an event changes an endpoint or a delivery. Never fails on what `decide` returned."""

from dataclasses import replace
from typing import assert_never

from services.notification.domain.endpoint import Delivery, Endpoint, Secret
from services.notification.domain.events import (
    AnyEvent,
    DeliveryDelivered,
    DeliveryGivenUp,
    DeliveryQueued,
    DeliveryResent,
    EndpointChanged,
    EndpointDisabled,
    EndpointRecovered,
    EndpointRegistered,
    SecretRotated,
)


def evolve(before: Endpoint | Delivery | None, event: AnyEvent) -> Endpoint | Delivery:
    """The endpoint, or the delivery, after the event."""
    match event:
        case DeliveryQueued() | DeliveryDelivered() | DeliveryGivenUp() | DeliveryResent():
            return event.delivery
        case EndpointRegistered():
            return Endpoint(event.endpoint_id, event.url, event.description, event.events, (Secret(event.secret),))
        case _:
            assert isinstance(before, Endpoint), "an endpoint is registered first"  # noqa: S101
            return _evolved(before, event)


def _evolved(
    endpoint: Endpoint, event: EndpointChanged | SecretRotated | EndpointDisabled | EndpointRecovered
) -> Endpoint:
    match event:
        case EndpointChanged():
            return replace(endpoint, url=event.url, description=event.description, events=event.events)
        case SecretRotated():
            before = replace(endpoint.secrets[0], until=event.old_until)
            return replace(endpoint, secrets=(Secret(event.secret), before))
        case EndpointDisabled():
            return replace(endpoint, disabled_because=event.reason)
        case EndpointRecovered():
            return replace(endpoint, disabled_because=None)
        case _:
            assert_never(event)
