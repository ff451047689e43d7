"""Guarantee 10: events published by somebody else's CloudEvents SDK are understood, from Kafka to the announcement."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from shared.testing.examples import STEP, ordered
from shared.testing.plant import PlantUnderTest
from shared.testing.topics import Sent

pytestmark = pytest.mark.real_kafka

MORNING = datetime(2026, 11, 23, 7, 4, tzinfo=UTC)
RECORDED = Path(__file__).parent / "foreign" / "javascript.json"


def said_by_python(id_: str, run_id: str, mode: str) -> Sent:
    """The start of a step as the Python SDK says it; its extension `partitionkey` becomes the record's key."""
    attributes = {
        "id": id_,
        "type": "plant.step.started.v1",
        "source": "urn:plant:gateway-py",
        "time": MORNING,
        "datacontenttype": "application/json",
        "partitionkey": run_id,
    }
    said = CloudEvent(attributes, {"run_id": run_id, "step_id": STEP, "operator": "Jürgen"})
    message: KafkaMessage = (to_binary if mode == "binary" else to_structured)(said, JSONFormat())
    key = message.key if isinstance(message.key, bytes) else str(message.key).encode()
    return Sent("plant.steps", key, message.value, tuple(message.headers.items()))


def said_by_javascript() -> list[Sent]:
    """The same as the JavaScript SDK says it, recorded."""
    return [
        Sent(
            "plant.steps",
            one["key"].encode(),
            one["value"].encode(),
            tuple((name, text.encode()) for name, text in one["headers"].items()),
        )
        for one in json.loads(RECORDED.read_text())
    ]


def test_events_of_other_sdks_are_understood_in_both_modes(plant: PlantUnderTest) -> None:
    """With what the SDKs send by default; who did it and when it happened arrive with it."""
    runs = ["PY-1", "PY-2", "JS-1", "JS-2"]
    plant.serve("run")
    plant.wait_done("run", plant.publish.all(map(ordered, runs)))
    said = [said_by_python("py-1", "PY-1", "binary"), said_by_python("py-2", "PY-2", "structured")]
    plant.wait_done("run", plant.publish.all([*said, *said_by_javascript()]))

    heard = [one for one in plant.announced.now("asbuilt.runs") if one.type == "asbuilt.step.started.v1"]
    assert {(one.key, one.event["causationid"]) for one in heard} == {
        ("PY-1", "py-1"),
        ("PY-2", "py-2"),
        ("JS-1", "js-1"),
        ("JS-2", "js-2"),
    }
    assert {one.data["by"]["person"] for one in heard} == {"Jürgen"}
    assert {datetime.fromisoformat(one.event["time"]) for one in heard} == {MORNING}
    assert plant.database("run").count("parked") == 0
