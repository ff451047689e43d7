"""Records that nothing can come of: done as soon as their first words say what they are, and they leave no trace."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from services.notification.adapters.subscribed import subscribed
from services.notification.app import build
from shared.testing import feed
from shared.testing.databases import Database
from shared.testing.topics import Sent
from tests.handlers.bench import Bench
from tests.handlers.floor_records import started
from tests.handlers.run_records import ordered, recorded, signed
from tests.handlers.served import Served, served

READY = "asbuilt.run.ready.v1"


async def told() -> list[Sent]:
    """What the run service says of a run that is built, byte for byte."""
    bench = Bench(feed.service("run"))
    await bench.takes(ordered(), recorded(), signed(), signed("test"))
    return [Sent(one.topic, one.key.encode(), one.body) for one in bench.work.tables.outbox]


def types(sent: list[Sent]) -> set[str]:
    """The types of what was said."""
    return {json.loads(one.value or b"")["type"] for one in sent}


async def test_what_is_said_in_vain_is_done_and_leaves_no_trace() -> None:
    """However often it comes: issue opens nothing for a value in range, or for a step that was started."""
    said, issue = await told(), Bench(feed.service("issue"))
    assert {"asbuilt.step.started.v1", "asbuilt.step.value-recorded.v1"} <= types(said)
    for _time in range(2):
        assert +await issue.takes(*said) == {"done": len(said)}
    assert (issue.work.tables.inbox, issue.told) == ({}, [])


async def test_what_is_heeded_is_claimed_beside_it() -> None:
    """Of the same batch: inventory claims the unit that the run is to build, once."""
    said, inventory = await told(), Bench(feed.service("inventory"))
    await inventory.takes(*said, *said)
    assert len(inventory.work.tables.inbox) == 1
    assert inventory.types == ["unit.received", "unit.claimed"]


@pytest.mark.parametrize(
    ("type_", "topic", "ending"),
    [
        ("asbuilt.step.started.v1", "asbuilt.runs", "done"),
        ("asbuilt.step.failed.v1", "asbuilt.runs", "parked"),
        ("asbuilt.step.started.v1", "plant.steps", "parked"),
        ("asbuilt.step.begun.v1", "asbuilt.runs", "parked"),
    ],
    ids=["of no concern here", "of concern", "where anybody writes", "of a type that nobody knows"],
)
async def test_the_first_words_are_enough_only_where_a_service_wrote_them(type_: str, topic: str, ending: str) -> None:
    """The rest of it is broken; nobody looks at that where nothing would come of it anyway."""
    broken = f'{{"specversion":"1.0","type":"{type_}","datacontenttype":'.encode()
    issue = Bench(feed.service("issue"))
    assert +await issue.takes(Sent(topic, b"RUN-1", broken)) == {ending: 1}


async def test_a_body_does_not_speak_for_an_event_in_binary_mode() -> None:
    """There the headers say what it is: this one is a failure, and opens an issue."""
    failed = {"by": {"person": "lena"}, "run_id": "RUN-1", "step_id": "press", "unit_id": "SN-1", "reason": "Leaks."}
    body = json.dumps({"specversion": "1.0", "type": "asbuilt.step.started.v1"} | failed, separators=(",", ":"))
    names = {"specversion": "1.0", "id": "f-1", "source": "urn:asbuilt:run", "type": "asbuilt.step.failed.v1"}
    headers = tuple((f"CE_{name}", value.encode()) for name, value in names.items())
    issue = Bench(feed.service("issue"))
    await issue.takes(Sent("asbuilt.runs", b"RUN-1", body.encode(), headers))
    assert issue.types == ["issue.opened"]


async def test_a_fact_under_a_wrong_key_is_refused_though_nothing_would_come_of_it() -> None:
    """Its order could not be promised, and whoever sends the next one so should know."""
    (value,) = [one for one in await told() if types([one]) == {"asbuilt.step.value-recorded.v1"}]
    issue = Bench(feed.service("issue"))
    assert +await issue.takes(replace(value, key=b"RUN-9")) == {"refused": 1}


@pytest.fixture
def database_of_webhooks(database: Callable[[str], Database]) -> Database:
    """The notification service's database, fresh."""
    return database("notification")


@pytest.fixture
async def webhooks(database_of_webhooks: Database, tmp_path: Path) -> AsyncIterator[Served]:
    """The notification service, served."""
    async with served(build, database_of_webhooks, tmp_path) as service:
        yield service


async def subscribes(webhooks: Served, *patterns: str) -> str:
    """An ERP registers for types of events; the id of its endpoint."""
    endpoint: dict[str, Any] = {"url": "https://erp.example.com/hooks", "events": patterns}
    answer = (await webhooks("admin").post("/endpoints", json=endpoint)).raise_for_status()
    return str(answer.json()["endpoint_id"])


async def test_what_nobody_subscribes_to_is_passed_by_until_somebody_does(
    webhooks: Served, database_of_webhooks: Database
) -> None:
    """From the answer to its registration on, an endpoint misses nothing; what it did not ask for leaves no trace."""
    said = await told()
    assert +await webhooks.takes(*said) == {"done": len(said)}
    assert database_of_webhooks.count("inbox") == 0
    await subscribes(webhooks, "run.ready")
    assert +await webhooks.takes(*said) == {"done": len(said)}
    assert [row["event_type"] for row in database_of_webhooks.rows("select event_type from delivery")] == [READY]
    assert database_of_webhooks.count("inbox") == 1


async def test_what_is_subscribed_to_is_asked_of_the_database(webhooks: Served, database_of_webhooks: Database) -> None:
    """Whichever replica took the registration; a disabled endpoint misses nothing either."""
    engine = create_async_engine(database_of_webhooks.url)
    try:
        ask = subscribed(engine)
        assert await ask() == frozenset()
        endpoint = await subscribes(webhooks, "run.ready", "step.sig*")
        (
            await webhooks("admin").post(f"/endpoints/{endpoint}/disable", json={"reason": "It moves."})
        ).raise_for_status()
        assert await ask() == {READY, "asbuilt.step.signed-off.v1"}
    finally:
        await engine.dispose()


async def test_where_it_cannot_be_told_what_is_heeded_nothing_is_passed_by() -> None:
    """It spares work and no more: the batch is read, and waits where the database is away."""

    async def away() -> frozenset[str]:
        raise OSError

    issue = Bench(feed.service("issue"), heeded=away)
    broken = Sent("asbuilt.runs", b"RUN-1", b'{"specversion":"1.0","type":"asbuilt.step.started.v1","datacontenttype":')
    assert +await issue.takes(started(), broken) == {"done": 1, "parked": 1}
