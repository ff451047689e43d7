"""Which deliveries are told to everybody, and what is told of them: those of completions and reopenings alone.

What is told of a delivery is never of these types, and it is not offered to endpoints: so nothing that is told of a
delivery leads to another one, whatever an endpoint subscribes to.
"""

import json
from typing import NamedTuple

from services.notification.domain.endpoint import Delivery

COMPLETED = "asbuilt.run.completed.v1"
REOPENED = "asbuilt.run.reopened.v1"
TOLD = frozenset({COMPLETED, REOPENED})
"""The types whose deliveries are told."""


class About(NamedTuple):
    """The run and the number of the completion record that an event is about, and what the event goes back to."""

    source: str
    correlation_id: str | None
    run_id: str
    number: int


def about(delivery: Delivery) -> About | None:
    """What a delivery is about; None where nobody is told of it."""
    if delivery.event_type not in TOLD:
        return None
    event = json.loads(delivery.body)
    data = event["data"]
    number = data["record"]["number"] if delivery.event_type == COMPLETED else data["number"]
    return About(event["source"], event.get("correlationid"), data["run_id"], number)
