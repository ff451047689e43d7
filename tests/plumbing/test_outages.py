"""Guarantee 4: the broker or the database goes away in the middle of a stream and comes back: nothing parked,
nothing lost, nothing doubled, and nobody has to help.
"""

from collections.abc import Iterator

import httpx
import pytest

from shared.testing.conditions import eventually
from shared.testing.examples import OPTIONAL_STEP, REMARK
from shared.testing.kafka import Kafka
from shared.testing.plant import PlantUnderTest
from shared.testing.postgres import Postgres
from shared.testing.stream import Stream, gaps

pytestmark = pytest.mark.real_kafka

RUNS = [f"A-{number}" for number in range(20)]
PATH = f"/runs/{RUNS[0]}/steps/{OPTIONAL_STEP}/fields/{REMARK}"


@pytest.fixture
def stoppable(kafka: Kafka) -> Iterator[Kafka]:
    """A broker that can be away; there again for the next test whatever happens."""
    if not kafka.can_stop:
        pytest.skip("the broker was given: it is not ours to stop")
    yield kafka
    kafka.start_if_stopped()


@pytest.fixture
def stoppable_postgres(postgres: Postgres) -> Iterator[Postgres]:
    """A server that can be away; there again for the next test whatever happens."""
    if not postgres.can_stop:
        pytest.skip("PostgreSQL was given: it is not ours to stop")
    yield postgres
    postgres.start_if_stopped()


def check(plant: PlantUnderTest, stream: Stream, more: int = 0) -> None:
    """Every value is recorded once and announced once, in order; nothing stands aside."""
    assert stream.recorded() == stream.total + more
    assert plant.database("run").count("parked") == 0
    heard = plant.announced.now("asbuilt.runs")
    assert gaps(heard) == {}
    values = {one.id for one in heard if one.type == "asbuilt.step.value-recorded.v1"}
    assert len(values) == stream.total + more


def test_a_broker_that_goes_away_and_comes_back_costs_nothing(stoppable: Kafka, plant: PlantUnderTest) -> None:
    """People go on working meanwhile; a service that is started while it is away begins when it is there."""
    run = plant.serve("run").process("run")
    plant.database("inventory")
    stream = Stream(plant, RUNS)
    stream.begin()
    stream.wait_for(200)
    stoppable.stop()
    late = plant.start("inventory")
    with plant.client("run", "operator") as client:
        assert client.put(PATH, json={"value": "Kafka is away"}).status_code == 200
    eventually(lambda: "waiting" in late.log.read_text(), 20, "the late service waits for Kafka")
    assert httpx.get(f"{run.url}/healthz/live").status_code == 200
    stoppable.start()
    stream.wait_for(200)
    stream.end()
    late.wait_ready()
    check(plant, stream, more=1)
    eventually(lambda: plant.database("inventory").count("unit") == len(RUNS), 30, "the late service catches up")
    assert plant.process("run").is_alive


def test_a_database_that_goes_away_and_comes_back_costs_nothing(
    stoppable_postgres: Postgres, plant: PlantUnderTest
) -> None:
    """People are told to try again meanwhile; the process lives, and says that it is not ready."""
    run = plant.serve("run").process("run")
    stream = Stream(plant, RUNS)
    stream.begin()
    stream.wait_for(200)
    stoppable_postgres.stop()
    with plant.client("run", "operator") as client:
        answer = client.put(PATH, json={"value": "PostgreSQL is away"})
        assert (answer.status_code, answer.json()["code"]) == (503, "try-again")
    assert httpx.get(f"{run.url}/healthz/live").status_code == 200
    assert httpx.get(f"{run.url}/healthz/ready").status_code == 503
    stoppable_postgres.start()
    stream.wait_for(200)
    stream.end()
    run.wait_ready()
    check(plant, stream)
