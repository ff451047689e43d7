"""Guarantee 4: the broker, and then the database, goes away in the middle of a stream and comes back: nothing parked,
nothing lost, nothing doubled, and nobody has to help. All services at once, as in a plant.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator

import httpx
import pytest

from shared.contracts.catalog import TOPICS
from shared.testing import feed
from shared.testing.conditions import eventually
from shared.testing.examples import OPTIONAL_STEP, REMARK, ordered
from shared.testing.kafka import Kafka
from shared.testing.plant import PlantUnderTest, heard_by
from shared.testing.postgres import Postgres
from shared.testing.record import left_in
from shared.testing.stream import Stream, floor_at_work, gaps
from shared.testing.topics import Sent

pytestmark = [pytest.mark.real_kafka, pytest.mark.timeout(400)]

LATE = "inventory"
"""Is started while the broker is away."""

DECIDING = ("run", "inventory", "issue")
"""What these make of a stream follows from it; what audit and notification must have is seen on the topics."""

AT_ONCE = 20
"""Batches that are published together where nothing goes away."""

RUN = "OUTAGE-1"
WAITED = ('"reason": "early"', '"reason": "behind"', '"code": "early"', '"code": "behind"', "It was taken after all.")
"""In what is told of a record that came before its time, and on its run until it was taken."""

OF_THE_MOMENT = re.compile(
    r"(?<=^run \['SIM-7-\d{6}', )\d+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)"
)
"""Ids that were made, and times; and the version of a run, which counts what was noted while something waited."""


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


def save(plant: PlantUnderTest, remark: str) -> httpx.Response:
    """Somebody notes something on a run."""
    with plant.client("run", "operator") as client:
        return client.put(f"/runs/{RUN}/steps/{OPTIONAL_STEP}/fields/{REMARK}", json={"value": remark})


def report(plant: PlantUnderTest, title: str) -> httpx.Response:
    """Somebody raises an issue; again, where the answer was to try again."""
    key = {"idempotency-key": title.replace(" ", "-")}
    with plant.client("issue", "operator") as client:
        return client.post("/issues", json={"title": title, "run_id": RUN}, headers=key)


def healths(plant: PlantUnderTest, what: str) -> dict[str, int]:
    """What each process says about itself."""
    return {one.service: httpx.get(f"{one.url}/healthz/{what}", timeout=10).status_code for one in plant.processes}


def with_the_broker_away(plant: PlantUnderTest, kafka: Kafka, stream: Stream) -> None:
    """People go on working; a service that is started meanwhile begins when the broker is there."""
    stream.wait_for(50)
    kafka.stop()
    late = plant.start(LATE)
    assert save(plant, "Kafka is away").status_code == 200
    assert report(plant, "Kafka is away").status_code == 201
    eventually(lambda: "waiting" in late.log.read_text(), 30, "the late service waits for Kafka")
    assert set(healths(plant, "live").values()) == {200}
    kafka.start()
    stream.wait_for(50)
    late.wait_ready()


def with_the_database_away(plant: PlantUnderTest, postgres: Postgres, stream: Stream) -> None:
    """People are told to try again; every process lives, and says that it is not ready."""
    postgres.stop()
    for answer in (save(plant, "PostgreSQL is away"), report(plant, "PostgreSQL is away")):
        assert (answer.status_code, answer.json()["code"]) == (503, "try-again")
    assert set(healths(plant, "live").values()) == {200}
    assert set(healths(plant, "ready").values()) == {503}
    postgres.start()
    stream.wait_for(50)
    assert report(plant, "PostgreSQL is away").status_code == 201


def undisturbed(plant: PlantUnderTest, published: list[list[Sent]]) -> PlantUnderTest:
    """The same in a plant where nothing goes away."""
    plant.serve(*DECIDING)
    for begin in range(0, len(published), AT_ONCE):
        together = [one for batch in published[begin : begin + AT_ONCE] for one in batch]
        plant.wait_done("run", heard_by("run", plant.publish.all(together)))
    assert save(plant, "Kafka is away").status_code == 200
    for title in ("Kafka is away", "PostgreSQL is away"):
        assert report(plant, title).status_code == 201
    plant.wait_quiet(*DECIDING)
    return plant


def effects(plant: PlantUnderTest, service: str) -> Counter[str]:
    """Every row and every announcement of a service, ids that were made and times left out. Announcements of different
    topics have no order towards each other, and a record that came before its time says that it waited; so neither
    counts.
    """
    left = left_in(plant, service)
    rows = (f"{table} {row}" for table, rows in left.rows.items() if table not in {"inbox", "parked"} for row in rows)
    told = (
        f"{topic} {key} {type_} {said}"
        for (topic, key), all_ in left.told.items()
        for _, type_, _, said in all_
        if not any(one in said for one in WAITED)
    )
    return Counter(OF_THE_MOMENT.sub("…", one) for one in (*rows, *told))


def check_the_rest(plant: PlantUnderTest) -> None:
    """The history has every record that there is, once; each event is queued for its endpoint once."""
    heard = {topic.name: plant.announced.now(topic.name) for topic in TOPICS}
    records = Counter((one.topic, one.partition, one.offset, one.value) for told in heard.values() for one in told)
    kept = plant.database("audit").rows("select topic, partition, record_offset, value from history")
    assert Counter(tuple(row.values()) for row in kept) == records
    events = {one.id for topic in feed.service("notification").topics for one in heard[topic]}
    queued = plant.database("notification").rows("select event_id from delivery")
    assert Counter(row["event_id"] for row in queued) == Counter(events)
    assert (
        gaps([one for topic in ("asbuilt.runs", "asbuilt.inventory", "asbuilt.issues") for one in heard[topic]]) == {}
    )


def test_a_broker_and_a_database_that_go_away_and_come_back_cost_nothing(
    stoppable: Kafka,
    stoppable_postgres: Postgres,
    fresh: Callable[[str], PlantUnderTest],
    make_plant: Callable[[], PlantUnderTest],
) -> None:
    """A plant that was disturbed twice ends with the rows and the announcements of one that was not."""
    plant = fresh("notification")
    plant.database(LATE)
    plant.serve(*(one for one in feed.services() if one != LATE))
    plant.wait_done("run", plant.publish.all([ordered(RUN)]))
    stream = Stream(plant, floor_at_work(seed=7, at_once=20), pause_s=0.1)
    stream.begin()
    with_the_broker_away(plant, stoppable, stream)
    with_the_database_away(plant, stoppable_postgres, stream)
    stream.end()
    plant.wait_quiet(*feed.services())
    assert set(healths(plant, "ready").values()) == {200}
    assert len(plant.processes) == len(feed.services()), "nobody helped"
    reasons = {one: left_in(plant, one).reasons_aside for one in feed.services()}
    assert [one for one, found in reasons.items() if found - {"early", "behind"}] == []
    check_the_rest(plant)
    disturbed = {service: effects(plant, service) for service in DECIDING}
    plant.stop()
    twin = undisturbed(make_plant(), [[ordered(RUN)], *stream.sent])
    for service in DECIDING:
        expected = effects(twin, service)
        assert sum(expected.values()) > 0
        assert disturbed[service] - expected == expected - disturbed[service] == Counter(), service
