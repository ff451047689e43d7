"""Domain event to public contract. Every endpoint event is said, without its secret; of deliveries only those of
completions and reopenings: what others carry was announced by others, and nobody asks where it went.
"""

from typing import Any, assert_never

from services.notification.domain import events
from services.notification.domain.target import bare
from services.notification.domain.told import about
from shared.contracts import notification as contracts
from shared.contracts.base import Contract
from shared.messaging.service import by


def announce(event: events.AnyEvent) -> Contract | None:
    """The public contract of an event; None for what nobody is told."""
    match event:
        case events.EndpointRegistered(who, _, endpoint_id, url, _, patterns):
            return contracts.EndpointRegistered(by=by(who), endpoint_id=endpoint_id, url=bare(url), events=patterns)
        case events.EndpointChanged(who, _, endpoint_id, url, _, patterns):
            return contracts.EndpointChanged(by=by(who), endpoint_id=endpoint_id, url=bare(url), events=patterns)
        case events.SecretRotated():
            return contracts.EndpointSecretRotated(
                by=by(event.by), endpoint_id=event.endpoint_id, old_until=event.old_until
            )
        case events.EndpointDisabled(who, _, endpoint_id, reason):
            return contracts.EndpointDisabled(by=by(who), endpoint_id=endpoint_id, reason=reason)
        case events.EndpointRecovered(who, _, endpoint_id, recover):
            return contracts.EndpointRecovered(by=by(who), endpoint_id=endpoint_id, recover=recover)
        case events.DeliveryQueued() | events.DeliveryDelivered() | events.DeliveryGivenUp():
            return _delivery(event)
        case events.DeliveryResent():
            return None
        case _:
            assert_never(event)


def _delivery(event: events.DeliveryQueued | events.DeliveryDelivered | events.DeliveryGivenUp) -> Contract | None:
    one, found = event.delivery, about(event.delivery)
    if found is None:
        return None
    told: dict[str, Any] = {
        "by": by(event.by),
        "endpoint_id": one.endpoint_id,
        "url": bare(event.url),
        "description": event.description,
        "delivery_id": one.delivery_id,
        "event_id": one.event_id,
        "event_type": one.event_type,
        "run_id": found.run_id,
        "number": found.number,
    }
    match event:
        case events.DeliveryQueued():
            return contracts.DeliveryQueued(**told)
        case events.DeliveryDelivered(attempts=attempts):
            return contracts.DeliveryDelivered(**told, attempts=attempts)
        case events.DeliveryGivenUp(attempts=attempts):
            return contracts.DeliveryGivenUp(**told, attempts=attempts)
        case _:
            assert_never(event)
