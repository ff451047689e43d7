"""Guarantee 7: SIGTERM finishes the batch in flight and exits 0 within 10 s."""

import signal
import socket
from time import monotonic

import pytest

from shared.testing.conditions import eventually
from shared.testing.examples import ordered, started
from shared.testing.plant import PlantUnderTest

pytestmark = pytest.mark.real_kafka

RUNS = [f"T-{number:03}" for number in range(20)]
HELD = [f"H-{number:03}" for number in range(20)]
WAITING = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


def test_a_batch_in_flight_is_finished_before_the_process_ends(plant: PlantUnderTest) -> None:
    """A batch waits in the database for a row when SIGTERM comes: it is done, its offsets are committed, exit 0."""
    run = plant.serve("run").process("run")
    plant.wait_done("run", plant.publish.all(map(ordered, RUNS)))
    database = plant.database("run")
    with database.session() as holding:
        holding.do("begin")
        holding.do("select 1 from run where run_id = $1 for update", RUNS[0])
        published = plant.publish.all([started(RUNS[0])])
        eventually(lambda: database.rows(WAITING), 10, "the batch waits for the row")
        terminated_at = monotonic()
        run.process.send_signal(signal.SIGTERM)
        eventually(lambda: '"stopping"' in run.log.read_text(), 5, "the process stops")
        assert run.is_alive
        holding.do("rollback")
    assert run.died(within_s=10) == 0
    assert monotonic() - terminated_at < 10
    assert plant.has_reached("run", published), "offsets of the batch were not committed"
    assert database.value("select started_at is not null from run where run_id = $1", RUNS[0])


def test_a_batch_that_cannot_end_is_given_up_in_time_and_done_by_the_next_process(plant: PlantUnderTest) -> None:
    """Somebody holds the row for ever: the process ends within 10 s all the same, and nothing is lost."""
    run = plant.serve("run").process("run")
    plant.wait_done("run", plant.publish.all(map(ordered, HELD)))
    database = plant.database("run")
    with database.session() as holding:
        holding.do("begin")
        holding.do("select 1 from run where run_id = $1 for update", HELD[0])
        published = plant.publish.all(map(started, HELD))
        eventually(lambda: database.rows(WAITING), 10, "the batch waits for the row")
        run.process.send_signal(signal.SIGTERM)
        assert run.died(within_s=10) == 0
        assert not plant.has_reached("run", published), "offsets were committed for what was not done"
        holding.do("rollback")
    plant.serve("run")
    plant.wait_done("run", published)
    assert database.value("select count(*) from run where started_at is not null") == len(HELD)


def test_an_idle_service_ends_at_once(plant: PlantUnderTest) -> None:
    """And a second SIGTERM changes nothing."""
    run = plant.serve("run").process("run")
    run.process.send_signal(signal.SIGTERM)
    run.process.send_signal(signal.SIGTERM)
    assert run.died(within_s=5) == 0


def test_a_service_ends_though_its_database_and_broker_are_out_of_reach(plant: PlantUnderTest) -> None:
    """It waits for nothing that may never come back."""
    nowhere = {
        "ASBUILT_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "ASBUILT_DATABASE_URL": "postgresql+asyncpg://run:run@127.0.0.1:1/run",
    }
    run = plant.start("run", **nowhere)
    eventually(lambda: run.log.exists() and '"waiting"' in run.log.read_text(), 30, "it waits for what is away")
    assert run.stop(within_s=10) == 0


def test_a_service_ends_though_its_collector_of_traces_hangs(plant: PlantUnderTest) -> None:
    """It takes the connection and never answers; the last spans are let go."""
    with socket.create_server(("127.0.0.1", 0)) as collector:
        run = plant.start("run", ASBUILT_OTLP_ENDPOINT=f"http://127.0.0.1:{collector.getsockname()[1]}")
        plant.wait_done("run", plant.publish.all(map(ordered, ("C-1", "C-2"))))
        run.process.send_signal(signal.SIGTERM)
        assert run.died(within_s=10) == 0
