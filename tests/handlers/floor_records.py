"""Records as a consumer hands them over, readable and not."""

import json
from datetime import UTC, datetime
from typing import Any

from shared.messaging.messages import KeptRecord
from shared.testing.topics import Sent, event

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NOON_MS = int(NOON.timestamp() * 1000)


def record(
    sent: Sent, offset: int = 0, *, partition: int = 0, topic: str | None = None, later_ms: int = 0
) -> KeptRecord:
    """A record at a place; written at noon, or so much later."""
    headers = tuple(sent.headers)
    return KeptRecord(topic or sent.topic, partition, offset, NOON_MS + later_ms, sent.key, sent.value, headers)


def recorded(run_id: str = "RUN-1", value: str = "12.50", **more: Any) -> Sent:
    """A torque tool measured something."""
    data = {"run_id": run_id, "step_id": "press", "field_id": "force", "value": value, "operator": "olga"}
    return event("plant.step.value-recorded.v1", data, **({"time": NOON} | more))


def told(type_: str, **data: Any) -> Sent:
    """One of the services says something."""
    return event(type_, {"by": {"person": "lena"}} | data, source="urn:asbuilt:run", time=NOON)


def started(run_id: str = "RUN-1", step_id: str = "press") -> Sent:
    """The run service says that a step was started."""
    return told("asbuilt.step.started.v1", run_id=run_id, step_id=step_id)


def rubbish(value: bytes | None, key: bytes | None = b"RUN-1", **headers: bytes | None) -> Sent:
    """What nobody can read, on the topic of steps."""
    return Sent("plant.steps", key, value, tuple(headers.items()))


def unknown(type_: str, data: Any) -> Sent:
    """A whole CloudEvent of a type that nobody knows."""
    document = {"specversion": "1.0", "id": "id-1", "source": "urn:tool:9", "type": type_, "data": data}
    return rubbish(json.dumps(document).encode())
