"""Endpoints as HTTP shows them: plain documents, secrets left out."""

from typing import Any

from services.notification.domain.endpoint import Endpoint
from services.notification.domain.target import bare
from shared.messaging.transaction import Held
from shared.messaging.walk import Outcome


def endpoint_view(held: Held[Endpoint]) -> dict[str, Any]:
    """An endpoint; of its secrets only how many there are, of its URL what is no secret."""
    endpoint = held.state
    return {
        "endpoint_id": endpoint.endpoint_id,
        "version": held.version,
        "url": bare(endpoint.url),
        "has_query": "?" in endpoint.url,
        "description": endpoint.description,
        "events": list(endpoint.events),
        "enabled": endpoint.is_enabled,
        "disabled_because": endpoint.disabled_because,
        "secrets": len(endpoint.secrets),
    }


def answered(outcome: Outcome) -> dict[str, Any]:
    """What a command about an endpoint is answered with; nothing beside a refusal."""
    if outcome.refusal is not None or not isinstance(outcome.state, Endpoint):
        return {}
    return endpoint_view(Held(outcome.version, outcome.state))


def answered_with_secret(outcome: Outcome) -> dict[str, Any]:
    """The same with the newest secret: shown here and never again."""
    shown = answered(outcome)
    return {**shown, "secret": outcome.state.secrets[0].text} if shown else shown
