"""One trace from the plant system through run, Kafka and inventory, and on to whoever reads what they announce."""

import json

from shared.testing.examples import ordered
from shared.testing.plant import PlantUnderTest
from shared.testing.topics import Heard, Sent

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def traced(record: Sent) -> Sent:
    """The same event, from a plant system that traces."""
    event = {**json.loads(record.value or b""), "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    return Sent(record.topic, record.key, json.dumps(event).encode(), record.headers)


def trace_ids(heard: list[Heard]) -> dict[str, str]:
    """The trace that each type of announcement belongs to."""
    return {one.type: str(one.event.get("traceparent")).split("-")[1] for one in heard}


def test_a_trace_goes_on_from_the_plant_through_run_and_inventory_and_back(plant: PlantUnderTest) -> None:
    """The order, the created run, the claimed unit and what run notes of it are one trace."""
    plant.serve("run", "inventory")
    plant.publish.all([traced(ordered("TRACED-1"))])
    runs = plant.announced(
        "asbuilt.runs", lambda heard: any(one.type == "asbuilt.run.target-noted.v1" for one in heard)
    )
    units = plant.announced(
        "asbuilt.inventory", lambda heard: any(one.type == "asbuilt.unit.claimed.v1" for one in heard)
    )
    assert trace_ids(runs) == {"asbuilt.run.created.v1": TRACE, "asbuilt.run.target-noted.v1": TRACE}
    assert set(trace_ids(units).values()) == {TRACE}
