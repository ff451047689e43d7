"""One suite for every unit of work: the one in memory is only as good as it behaves like PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shared.messaging.messages import KeptRecord
from shared.messaging.postgres import FEW, PostgresUnitOfWork
from shared.messaging.transaction import (
    Announcement,
    Change,
    Conflict,
    FirstAnswer,
    Held,
    Parked,
    Parking,
    Transaction,
)
from shared.testing.databases import Database
from shared.testing.memory import MemoryUnitOfWork

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=10)


HARD_NAMES = tuple((name, b"") for name in ("naïve", "nul\x00", "na\udcefve", "back\\slash", "\\u0000", ""))
"""What PostgreSQL does not take as it is, and what looks as if it were that."""


class Ground(Protocol):
    """A unit of work, and what it wrote to its outbox."""

    def begin(self) -> AbstractAsyncContextManager[Transaction[int]]:
        """A new transaction."""
        ...

    async def outbox(self) -> list[str]:
        """The ids of what waits to be sent, in order."""
        ...


class InMemory:
    """The unit of work of fast tests."""

    def __init__(self) -> None:
        self._unit_of_work = MemoryUnitOfWork()
        self.begin = self._unit_of_work.begin

    async def outbox(self) -> list[str]:
        """The ids of what waits to be sent, in order."""
        return [one.event_id for one in self._unit_of_work.tables.outbox]


class Counters:
    """A store of the smallest aggregate there is: a number."""

    async def lock(self, connection: AsyncConnection, keys: Sequence[str]) -> Mapping[str, Held[int]]:
        """See `Store.lock`."""
        statement = text("select key, version, total from counter where key = any(:keys) order by key for update")
        rows = (await connection.execute(statement, {"keys": list(keys)})).all()
        return {row.key: Held(row.version, row.total) for row in rows}

    async def save(self, connection: AsyncConnection, changes: Sequence[Change[int]]) -> None:
        """See `Store.save`."""
        for change in changes:
            values = {"key": change.key, "version": change.after.version, "total": change.after.state}
            if change.before is None:
                insert = text("insert into counter values (:key, :version, :total) on conflict do nothing")
                if (await connection.execute(insert, values)).rowcount == 0:
                    raise Conflict
            else:
                update = text("update counter set version = :version, total = :total where key = :key")
                await connection.execute(update, values)

    def committed(self, changes: Sequence[Change[int]]) -> None:
        """See `Store.committed`."""


class OnPostgres:
    """The unit of work of the services."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.begin = PostgresUnitOfWork(engine, Counters()).begin

    async def outbox(self) -> list[str]:
        """The ids of what waits to be sent, in order."""
        async with self._engine.connect() as connection:
            return list((await connection.execute(text("select event_id from outbox order by outbox_id"))).scalars())


@pytest.fixture(params=["memory", "postgres"])
def kept_in(request: pytest.FixtureRequest) -> Database | None:
    """Each place in turn; memory needs no server."""
    if request.param == "memory":
        return None
    make: Callable[[str], Database] = request.getfixturevalue("database")
    database = make("run")
    database.rows_as("run_owner", "create table counter (key text primary key, version bigint, total bigint)")
    return database


@pytest.fixture
async def ground(kept_in: Database | None) -> AsyncIterator[Ground]:
    """Each unit of work in turn."""
    if kept_in is None:
        yield InMemory()
        return
    engine = create_async_engine(kept_in.url)
    yield OnPostgres(engine)
    await engine.dispose()


@dataclass(frozen=True)
class Place:
    """Where a record stood on its topic."""

    offset: int
    key: bytes | None = b"R-1"
    topic: str = "plant.steps"

    @property
    def record(self) -> KeptRecord:
        """The record that stood there, with headers that are hard to keep."""
        headers = (("text", "naïve".encode()), ("none", None), ("raw", b"\x00\xff"), *HARD_NAMES)
        return KeptRecord(self.topic, 0, self.offset, 1_795_000_000_000 + self.offset, self.key, b"\xfe{", headers)


def aside(place: Place, parking: Parking, **more: Any) -> Parked:
    """A record to set aside."""
    given: dict[str, Any] = {"reason": "a reason", "detail": "a detail", "event_id": None, "event_type": None}
    return Parked(record=place.record, parking=parking, **{**given, "deadline": LATER, **more})


async def park(ground: Ground, *records: Parked) -> None:
    """Set records aside, in a transaction of its own."""
    async with ground.begin() as transaction:
        await transaction.park(records)


async def ready(ground: Ground, now: datetime = NOON, *created: str, after: int | None = None) -> list[int]:
    """The offsets of what may be tried again."""
    async with ground.begin() as transaction:
        return [one.record.offset for one in await transaction.ready(now, created, after, 100)]


async def parked_ids(ground: Ground) -> dict[int, int]:
    """The parked id of every record that may be tried, at the end of time, by offset."""
    async with ground.begin() as transaction:
        found = await transaction.ready(datetime(2100, 1, 1, tzinfo=UTC), (), None, 100)
        return {one.record.offset: one.parked_id for one in found}


async def settle(ground: Ground, *parked: int) -> None:
    """Deal with records, in a transaction of its own."""
    async with ground.begin() as transaction:
        await transaction.settle(parked, "done")


class BrokenOff(Exception):
    """What ends a transaction in these stories."""


async def test_an_event_is_claimed_once(ground: Ground) -> None:
    """The first transaction gets it, a later one does not; another source's event of the same id is another."""
    async with ground.begin() as transaction:
        assert await transaction.claim([("a", "1"), ("a", "2")]) == {("a", "1"), ("a", "2")}
    async with ground.begin() as transaction:
        assert await transaction.claim([("a", "1"), ("a", "3"), ("b", "1")]) == {("a", "3"), ("b", "1")}


async def test_a_transaction_that_broke_off_leaves_no_trace(ground: Ground) -> None:
    """Inbox, aggregate, outbox, answer and parked record go together or not at all."""

    async def break_off() -> None:
        async with ground.begin() as transaction:
            await transaction.claim([("a", "1")])
            await transaction.save([Change("R-1", None, Held(1, 10), ())])
            await transaction.announce([Announcement("e-1", "asbuilt.runs", "R-1", b"{}")])
            await transaction.answer("a", "1", FirstAnswer("f", {"status": 200}))
            await transaction.park([aside(Place(1), Parking.RETRY)])
            raise BrokenOff

    with pytest.raises(BrokenOff):
        await break_off()
    async with ground.begin() as transaction:
        assert await transaction.claim([("a", "1")]) == {("a", "1")}
        assert await transaction.first_answer("a", "1") is None
        assert await transaction.lock(["R-1"]) == {}
    assert await ground.outbox() == []
    assert await ready(ground) == []


async def test_of_two_transactions_that_claim_the_same_event_at_once_one_gets_it(ground: Ground) -> None:
    """The second waits for the first, and then has seen it before."""
    first_has_claimed = asyncio.Event()

    async def first() -> set[tuple[str, str]]:
        async with ground.begin() as transaction:
            claimed = await transaction.claim([("a", "1")])
            first_has_claimed.set()
            for _turn in range(5):
                await asyncio.sleep(0)  # the other one has its chance to come in between
            return claimed

    async def second() -> set[tuple[str, str]]:
        await first_has_claimed.wait()
        async with ground.begin() as transaction:
            return await transaction.claim([("a", "1")])

    assert await asyncio.gather(first(), second()) == [{("a", "1")}, set()]


async def test_an_aggregate_is_held_in_the_version_that_was_saved_last(ground: Ground) -> None:
    """What a transaction saves the next one locks; what is not there is left out."""
    async with ground.begin() as transaction:
        await transaction.save([Change("R-1", None, Held(1, 10), ()), Change("R-2", None, Held(2, 20), ())])
    async with ground.begin() as transaction:
        held = await transaction.lock(["R-2", "R-1", "R-3", "R-1"])
        assert held == {"R-1": Held(1, 10), "R-2": Held(2, 20)}
        await transaction.save([Change("R-1", held["R-1"], Held(3, 30), ())])
    async with ground.begin() as transaction:
        assert await transaction.lock(["R-1"]) == {"R-1": Held(3, 30)}
        assert await transaction.lock([]) == {}


async def test_an_aggregate_that_somebody_else_created_meanwhile_is_a_conflict(ground: Ground) -> None:
    """The batch is then done again, and sees it."""
    async with ground.begin() as transaction:
        await transaction.save([Change("R-1", None, Held(1, 10), ())])
    with pytest.raises(Conflict):
        async with ground.begin() as transaction:
            await transaction.save([Change("R-1", None, Held(1, 99), ())])
    async with ground.begin() as transaction:
        assert await transaction.lock(["R-1"]) == {"R-1": Held(1, 10)}


@pytest.mark.parametrize("count", [1, FEW, FEW + 1])
async def test_announcements_stand_in_the_order_in_which_they_were_made(ground: Ground, count: int) -> None:
    """Within a transaction and from one to the next, whether they are few or many."""
    made = [f"e-{transaction}-{number}" for transaction in (1, 2) for number in reversed(range(count))]
    for events in (made[:count], made[count:]):
        async with ground.begin() as transaction:
            await transaction.announce([Announcement(one, "asbuilt.runs", "R-1", b"{}") for one in events])
    assert await ground.outbox() == made


async def test_the_first_answer_is_kept_with_its_fingerprint(ground: Ground) -> None:
    """A request that claimed its id and got no answer has none."""
    first = FirstAnswer("fingerprint", {"status": 201, "document": {"run_id": "R-1", "steps": [1, None, "µ"]}})
    async with ground.begin() as transaction:
        await transaction.claim([("a", "1"), ("a", "2")])
        await transaction.answer("a", "1", first)
    async with ground.begin() as transaction:
        assert await transaction.first_answer("a", "1") == first
        assert await transaction.first_answer("a", "2") is None
        assert await transaction.first_answer("a", "3") is None


async def test_a_record_stands_aside_as_it_came(ground: Ground) -> None:
    """Its bytes, its time and its headers, those without a value and those that are not text as well."""
    await park(ground, aside(Place(7), Parking.RETRY))
    async with ground.begin() as transaction:
        (found,) = await transaction.ready(NOON, (), None, 10)
    assert found.record == Place(7).record
    assert found.is_overdue is False


async def test_a_record_stands_aside_once(ground: Ground) -> None:
    """It may come again after a rebalance."""
    await park(ground, aside(Place(7), Parking.RETRY))
    await park(ground, aside(Place(7), Parking.RETRY), aside(Place(8), Parking.BEHIND))
    assert await ready(ground) == [7, 8]


async def test_a_lane_is_blocked_as_long_as_a_record_of_it_stands_aside(ground: Ground) -> None:
    """A lane is a topic and a key: the same key on another topic flows."""
    lane, other = ("plant.steps", "R-1"), ("plant.orders", "R-1")
    await park(ground, aside(Place(7), Parking.RETRY))
    async with ground.begin() as transaction:
        assert await transaction.blocked([lane, other, ("plant.steps", "R-2")]) == {lane}
        assert await transaction.blocked([]) == set()
    await settle(ground, *(await parked_ids(ground)).values())
    async with ground.begin() as transaction:
        assert await transaction.blocked([lane]) == set()


async def test_a_record_without_a_key_stands_alone(ground: Ground) -> None:
    """It blocks nobody, and nobody blocks it."""
    await park(ground, aside(Place(1, None), Parking.STUCK), aside(Place(2, None), Parking.RETRY))
    assert await ready(ground) == [2]


async def test_behind_a_record_that_is_stuck_its_lane_waits(ground: Ground) -> None:
    """Order holds; other lanes go on."""
    await park(ground, aside(Place(1), Parking.STUCK), aside(Place(2), Parking.BEHIND))
    await park(ground, aside(Place(3, b"R-2"), Parking.RETRY), aside(Place(4, b"R-2"), Parking.BEHIND))
    assert await ready(ground) == [3, 4]


async def test_what_waited_behind_is_ready_when_the_head_of_its_lane_is_dealt_with(ground: Ground) -> None:
    """And not a moment before."""
    await park(ground, aside(Place(1), Parking.EARLY, waits_for="R-1"), aside(Place(2), Parking.BEHIND))
    assert await ready(ground) == []
    head = (await parked_ids(ground))[1]
    await settle(ground, head)
    assert await ready(ground) == [2]


async def test_an_early_record_is_ready_when_what_it_waits_for_appears_and_its_lane_with_it(ground: Ground) -> None:
    """Or when its time is up, which it is told."""
    await park(ground, aside(Place(1), Parking.EARLY, waits_for="R-1"), aside(Place(2), Parking.BEHIND))
    await park(ground, aside(Place(3, b"R-2"), Parking.EARLY, waits_for="R-2"))
    assert await ready(ground) == []
    assert await ready(ground, NOON, "R-1") == [1, 2]
    assert await ready(ground, LATER) == [1, 2, 3]
    async with ground.begin() as transaction:
        assert [one.is_overdue for one in await transaction.ready(LATER, (), None, 1)] == [True]


async def test_early_records_are_paged_through_as_a_safety_net(ground: Ground) -> None:
    """Those above a number, as many as asked for."""
    places = [Place(number, f"R-{number}".encode()) for number in range(1, 6)]
    await park(ground, *(aside(one, Parking.EARLY, waits_for="nobody") for one in places))
    ids = await parked_ids(ground)
    async with ground.begin() as transaction:
        page = await transaction.ready(NOON, (), 0, 2)
        assert [one.record.offset for one in page] == [1, 2]
        assert [one.record.offset for one in await transaction.ready(NOON, (), ids[2], 10)] == [3, 4, 5]


async def test_a_record_left_aside_for_a_new_reason_keeps_its_first_deadline(ground: Ground) -> None:
    """Or it would never be overdue."""
    await park(ground, aside(Place(1), Parking.EARLY, waits_for="R-1"))
    parked_id = (await parked_ids(ground))[1]
    much_later = LATER + timedelta(days=1)
    await park(ground, aside(Place(1), Parking.EARLY, waits_for="R-9", deadline=much_later, parked_id=parked_id))
    assert await ready(ground, NOON, "R-1") == []
    assert await ready(ground, NOON, "R-9") == [1]
    assert await ready(ground, LATER) == [1]


async def test_only_what_nobody_dealt_with_meanwhile_is_taken_up(ground: Ground) -> None:
    """Two sweeps may find the same record."""
    await park(ground, aside(Place(1), Parking.RETRY), aside(Place(2, b"R-2"), Parking.RETRY))
    ids = await parked_ids(ground)
    await settle(ground, ids[1])
    async with ground.begin() as transaction:
        assert await transaction.reclaim(sorted(ids.values())) == {ids[2]}


async def test_a_person_has_a_record_that_is_stuck_tried_again_or_gives_it_up(ground: Ground) -> None:
    """Once it is given up, nobody can decide about it any more; its lane goes on."""
    await park(ground, aside(Place(1), Parking.RETRY), aside(Place(2), Parking.BEHIND))
    head = (await parked_ids(ground))[1]
    await park(ground, aside(Place(1), Parking.STUCK, parked_id=head))
    assert await ready(ground) == []
    async with ground.begin() as transaction:
        again = await transaction.retry(head)
        assert again is not None
        assert (again.parked_id, again.record, again.is_overdue) == (head, Place(1).record, False)
    assert await ready(ground) == [1, 2]
    async with ground.begin() as transaction:
        given_up = await transaction.discard(head, "discarded by ada")
        assert given_up is not None
        assert given_up.record == Place(1).record
    async with ground.begin() as transaction:
        assert await transaction.discard(head, "discarded by ada") is None
        assert await transaction.retry(head) is None
        assert await transaction.retry(999) is None
    assert await ready(ground) == [2]
