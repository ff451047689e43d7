"""How a delivery of a completion ended is told in the transaction that records it, on a real PostgreSQL."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from services.notification.adapters import tables
from services.notification.adapters.desk import Desk, Due, Result
from services.notification.adapters.store import EndpointStore
from services.notification.app import SERVICE
from services.notification.domain import commands
from services.notification.domain.target import TargetPolicy
from services.notification.handlers import OFFERED
from shared.messaging.postgres import PostgresUnitOfWork
from shared.messaging.road import Road
from shared.messaging.watch import Unwatched
from shared.runtime.database import is_waiting
from shared.runtime.permissions import PERMISSIONS, allowing
from shared.testing import feed
from shared.testing.conditions import eventually_async
from shared.testing.databases import Database
from tests.handlers.bench import EARLY_FOR, Bench
from tests.rules.notification.test_endpoints import BY, NOON, SECRET

E = "E-1"
URL = "https://erp.example.com/hooks?token=abc"
ENABLE = commands.EnableEndpoint(BY, NOON, E, recover=False)
COMPLETED = [
    record
    for wave in feed.waves(["asbuilt.runs"])
    for record in wave.records
    if json.loads(record.value or b"")["type"] == "asbuilt.run.completed.v1"
]


@pytest.fixture
async def engine(database: Callable[[str], Database]) -> AsyncIterator[AsyncEngine]:
    """The notification service's database, fresh."""
    made = create_async_engine(database("notification").url)
    yield made
    await made.dispose()


@pytest.fixture
async def bench(engine: AsyncEngine) -> Bench:
    """An endpoint for which two completions are queued."""
    bench = Bench(SERVICE)
    bench.road = Road(
        SERVICE,
        PostgresUnitOfWork(engine, EndpointStore()),
        clock=lambda: datetime(2026, 11, 24, 12, tzinfo=UTC),
        early_for=EARLY_FOR,
        allows=allowing(PERMISSIONS),
        is_waiting=is_waiting,
        watch=Unwatched(),
    )
    register = commands.RegisterEndpoint(BY, NOON, E, URL, "The ERP", ("*",), SECRET, OFFERED, TargetPolicy())
    assert (await bench.asked(register, E, key="register")).status == 200
    await bench.takes(*COMPLETED[:2])
    return bench


def at_once(engine: AsyncEngine) -> AsyncEngine:
    """Its connections commit by themselves, as the sender's does."""
    return engine.execution_options(isolation_level="AUTOCOMMIT")


async def told(engine: AsyncEngine) -> list[dict[str, Any]]:
    """What the outbox holds of deliveries."""
    async with engine.connect() as connection:
        bodies = (await connection.exec_driver_sql("select body from outbox order by outbox_id")).scalars()
        events = [json.loads(body) for body in bodies]
    return [one for one in events if one["type"].startswith("asbuilt.delivery.")]


def names(events: list[dict[str, Any]]) -> list[str]:
    """Their types, without prefix and version."""
    return [one["type"].split(".")[2] for one in events]


def result(due: Due, state: str) -> Result:
    """What came of the first attempt, half a second long."""
    return Result(due, 1, NOON, 500.0, 204, None, None, state, 1_000)


async def test_each_ending_is_told_once_and_what_goes_on_is_not(engine: AsyncEngine, bench: Bench) -> None:
    """A result that is recorded again, because the sender died in between, says nothing new."""
    async with at_once(engine).connect() as connection:
        desk = Desk(connection, 4)
        due, _ = await desk.due(())
        first, second = due
        assert {one.endpoint.url for one in due} == {URL}
        await desk.record([result(first, "waiting"), result(second, "given_up")])
        await desk.record([result(first, "delivered"), result(second, "given_up")])
    events = await told(engine)
    assert names(events) == ["queued", "queued", "given-up", "delivered"]
    assert [one["data"]["url"] for one in events] == ["https://erp.example.com/hooks"] * 4
    delivered = events[-1]
    assert (delivered["subject"], delivered["partitionkey"]) == (E, E)
    assert delivered["time"].startswith("2026-11-24T12:00:00.5")
    assert delivered["causationid"] == delivered["data"]["event_id"] == first.delivery.event_id
    assert "sequence" not in delivered


async def test_a_record_that_fails_tells_nothing(engine: AsyncEngine, bench: Bench) -> None:
    """The word and what it is about are one transaction."""
    async with at_once(engine).connect() as connection:
        desk = Desk(connection, 4)
        due, _ = await desk.due(())
        broken = replace(result(due[1], "delivered"), due=replace(due[1], delivery=replace(due[1].delivery, body=b"{")))
        with pytest.raises(ValueError, match="Expecting"):
            await desk.record([result(due[0], "delivered"), broken])
    assert names(await told(engine)) == ["queued", "queued"]


async def test_what_is_skipped_or_forgotten_is_given_up(engine: AsyncEngine, bench: Bench) -> None:
    """By whoever enables the endpoint from now on, or by time, while it stays disabled."""
    disable = commands.DisableEndpoint(BY, NOON, E, "It is being moved.")
    assert (await bench.asked(disable, E, key="disable")).status == 200
    assert (await bench.asked(ENABLE, E, key="enable")).status == 200
    skipped = await told(engine)
    assert names(skipped) == ["queued", "queued", "given-up", "given-up"]
    assert skipped[-1]["data"]["by"] == {"person": BY.person}
    await bench.takes(*COMPLETED[2:3])
    assert (await bench.asked(disable, E, key="again")).status == 200
    async with at_once(engine).connect() as connection:
        await Desk(connection, 4).trim(timedelta(0))
    assert names(await told(engine))[4:] == ["queued", "given-up"]


async def test_a_lane_to_which_something_was_added_meanwhile_is_not_closed(engine: AsyncEngine, bench: Bench) -> None:
    """The sender found nothing waiting in it, a moment before the next event of the same run came."""
    async with at_once(engine).connect() as connection, engine.connect() as other:
        desk = Desk(connection, 4)
        first, second = (await desk.due(()))[0]
        await desk.record([replace(result(one, "delivered"), after_ms=0) for one in (first, second)])
        due, empty = await desk.due(())
        assert (due, len(empty)) == ([], 2)
        again = {"endpoint_id": [E], "lane": [first.delivery.lane]}
        await other.execute(tables.OPEN_LANES, again)
        await other.execute(tables.QUEUE_AGAIN, {"ids": [first.delivery.delivery_id]})
        closing = asyncio.create_task(desk.close(empty))
        await eventually_async(lambda: waits_for_a_lock(engine), 10, "the sender waits for the lane")
        await other.commit()
        await closing
        assert [one.delivery for one in (await desk.due(()))[0]] == [first.delivery]
        lanes = (await connection.exec_driver_sql("select lane from lane")).scalars().all()
    assert lanes == [first.delivery.lane]


async def waits_for_a_lock(engine: AsyncEngine) -> bool:
    """Whether a statement in this database waits for another transaction."""
    waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    async with engine.connect() as connection:
        return bool((await connection.exec_driver_sql(waiting)).scalar())
