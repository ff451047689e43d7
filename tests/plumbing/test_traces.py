"""One trace from the plant system through run, Kafka and inventory, and on to whoever reads what they announce; and
what a collector gets to see of it.
"""

import json

from shared.testing.batches import publish_together
from shared.testing.conditions import eventually
from shared.testing.examples import ordered
from shared.testing.plant import PlantUnderTest
from shared.testing.topics import Heard, Sent
from tests.plumbing.collector import Collector, Span, collecting

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACES = [f"4bf92f3577b34da6a3ce929d0e0e47{number:02x}" for number in range(20)]
EXPORTED_WITHIN_S = 30
"""The exporter's own delay is 5 s."""


def traced(record: Sent, trace_id: str = TRACE) -> Sent:
    """The same event, from a plant system that traces."""
    event = {**json.loads(record.value or b""), "traceparent": f"00-{trace_id}-{SPAN}-01"}
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


def test_a_batch_goes_out_as_one_span_with_links_to_the_traces_of_its_records(plant: PlantUnderTest) -> None:
    """Whoever looks at a plant system's trace finds the batch that took its event, and from a batch what was in it."""
    orders = [traced(ordered(f"LINKED-{number}"), trace_id) for number, trace_id in enumerate(TRACES)]
    with collecting() as collector:
        plant.serve("run", ASBUILT_OTLP_ENDPOINT=collector.url)
        plant.wait_done("run", publish_together(plant.kafka, orders, topic="plant.orders"))
        batch = eventually(lambda: linked(collector), EXPORTED_WITHIN_S, "a batch with links goes out")
    assert [(one.service, one.name) for one in batch] == [("asbuilt-run", "run batch")]
    assert sorted(batch[0].links) == [(trace_id, SPAN) for trace_id in TRACES]
    assert batch[0].trace_id not in TRACES, "a batch belongs to no record's trace"
    assert collector.odd == []


def linked(collector: Collector) -> list[Span]:
    """What links to anything, as far as a collector knows."""
    return [one for one in collector.spans if one.links]
