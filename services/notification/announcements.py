"""Domain event to public contract. Every endpoint event is said, without its secret; a queued delivery is not:
what it carries was announced by others.
"""

from typing import assert_never

from services.notification.domain import events
from shared.contracts import notification as contracts
from shared.contracts.base import Contract
from shared.messaging.service import by


def announce(event: events.AnyEvent) -> Contract | None:
    """The public contract of an event; None for what nobody is told."""
    match event:
        case events.EndpointRegistered(who, _, endpoint_id, url, _, patterns):
            return contracts.EndpointRegistered(by=by(who), endpoint_id=endpoint_id, url=url, events=patterns)
        case events.EndpointChanged(who, _, endpoint_id, url, _, patterns):
            return contracts.EndpointChanged(by=by(who), endpoint_id=endpoint_id, url=url, events=patterns)
        case events.SecretRotated():
            return contracts.EndpointSecretRotated(
                by=by(event.by), endpoint_id=event.endpoint_id, old_until=event.old_until
            )
        case events.EndpointDisabled(who, _, endpoint_id, reason):
            return contracts.EndpointDisabled(by=by(who), endpoint_id=endpoint_id, reason=reason)
        case events.EndpointRecovered(who, _, endpoint_id, recover):
            return contracts.EndpointRecovered(by=by(who), endpoint_id=endpoint_id, recover=recover)
        case events.DeliveryQueued() | events.DeliveryResent():
            return None
        case _:
            assert_never(event)
