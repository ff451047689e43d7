"""What `/metrics` says is what happened."""

from collections.abc import Mapping

import httpx
import pytest
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from shared.runtime.telemetry import Telemetry
from shared.testing.conditions import eventually
from shared.testing.examples import order, ordered
from shared.testing.plant import PlantUnderTest
from shared.testing.topics import Sent

Told = Mapping[tuple[str, str], float]
"""Values by name and by the one label that matters: ending, reason, topic and partition."""

DISTINGUISHING = ("ending", "reason", "topic", "partition", "le")


def told(text: str) -> Told:
    """The values of a page of metrics."""
    return {
        (one.name, " ".join(one.labels[name] for name in DISTINGUISHING if name in one.labels)): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def test_a_batch_and_a_command_are_counted_and_timed(plant: PlantUnderTest) -> None:
    """Two orders, one of them twice, rubbish and a person's order; nobody relays, so the announcements wait."""
    process = plant.start("run", "services.run", "serve", "--only", "http", "--only", "consumer").wait_ready()
    batch = [ordered("M-1", id_="once"), ordered("M-2"), ordered("M-1", id_="once")]
    ordered_at = plant.publish.all(batch)
    eventually(lambda: plant.has_reached("run", ordered_at), 30, "the orders are done")
    said_at = plant.publish.all([Sent("plant.steps", b"M-2", b"rubbish")])
    eventually(lambda: plant.has_reached("run", said_at), 30, "the rubbish stands aside")
    with plant.client("run", "lead") as lead:
        assert lead.post("/runs", json=order("M-3")).status_code == 201
    waiting = plant.database("run").count("outbox")
    assert waiting == 5, "three orders, the record that stands aside, and the note of it on its run"

    def measured() -> Told:
        """The metrics, once the gauges, which are set one after the other, have seen it all."""
        now = told(httpx.get(f"{process.url}/metrics").text)
        assert now.get(("asbuilt_outbox_depth", "")) == waiting
        assert now.get(("asbuilt_parked", "not-json")) == 1
        assert {n for (name, _), n in now.items() if name == "asbuilt_consumer_lag"} == {0}
        return now

    now = eventually(measured, 10, "outbox, lag and what stands aside are measured")
    endings = {label: int(n) for (name, label), n in now.items() if name == "asbuilt_events_total"}
    assert endings == {"done": 3, "seen": 1, "parked": 1}
    assert now[("asbuilt_batch_size_sum", "")] == 5


def test_a_command_takes_its_time(plant: PlantUnderTest) -> None:
    """What a person waits for is measured, not guessed."""
    process = plant.start("run", "services.run", "serve", "--only", "http").wait_ready()
    with plant.client("run", "lead") as lead:
        assert lead.post("/runs", json=order("M-4")).status_code == 201
    now = told(httpx.get(f"{process.url}/metrics").text)
    assert now[("asbuilt_batch_duration_ms_count", "")] == 1
    assert now[("asbuilt_batch_duration_ms_sum", "")] > 0


@pytest.mark.parametrize(("kept", "seen"), [({("plant.steps", 1): 5}, {"plant.steps 1"}), ({}, set())])
def test_a_partition_that_another_process_reads_now_is_not_told_of(
    kept: Mapping[tuple[str, int], int], seen: set[str]
) -> None:
    """Its lag would stand still for ever, and raise an alarm about nothing."""
    telemetry = Telemetry("run")
    try:
        telemetry.lag({("plant.steps", 0): 7, ("plant.steps", 1): 5})
        telemetry.lag(kept)
        page = told(generate_latest(REGISTRY).decode())
        assert {label for name, label in page if name == "asbuilt_consumer_lag"} == seen
    finally:
        telemetry.close()


def test_metrics_name_the_service_as_its_traces_do() -> None:
    """A dashboard joins the two by it."""
    telemetry = Telemetry("run")
    try:
        families = text_string_to_metric_families(generate_latest(REGISTRY).decode())
        (target,) = (one for family in families for one in family.samples if one.name == "target_info")
        assert target.labels["service_name"] == "asbuilt-run"
    finally:
        telemetry.close()
