"""The history on a real PostgreSQL: every record once, its exact bytes, never changed."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from asyncpg.exceptions import PostgresError

from services.audit.adapters.store import HistoryStore
from services.audit.app import build
from services.audit.handlers import entry_of
from shared.contracts import samples
from shared.messaging.messages import KeptRecord, read
from shared.messaging.transaction import Change, Held
from shared.testing.conditions import eventually_async
from shared.testing.databases import Database
from shared.testing.topics import Sent
from tests.handlers.floor_records import record, recorded, rubbish, started
from tests.handlers.served import Served, served

LARGE = 2_000_000
RUBBISH = {
    "truncated": rubbish(b'{"specversion": "1.0", "id'),
    "empty": rubbish(b""),
    "not JSON": rubbish(b"hello"),
    "not UTF-8": rubbish(b"\xff\xfe\x00"),
    "2 MB": rubbish(b"x" * LARGE),
    "tombstone": rubbish(None),
    "no key": rubbish(b"{}", None),
    "NUL in the key": rubbish(b"{}", b"a\x00b"),
    "header without a value": rubbish(b"{}", ce_id=None, ce_type=None),
    "NUL in the name of a header": rubbish(b"{}", **{"ce_id": b"1", "ce_\x00": None}),
    "binary header": rubbish(b"{}", ce_id=b"\xff\x00", ce_type=b"t"),
    "deep": rubbish(b"[" * 100_000),
}


@pytest.fixture
def history(database: Callable[[str], Database]) -> Database:
    """The audit service's database, fresh."""
    return database("audit")


@pytest.fixture
async def audit(history: Database, tmp_path: Path) -> AsyncIterator[Served]:
    """The audit service, served; `audit.road.take(records)` gives it records."""
    async with served(build, history, tmp_path) as service:
        yield service


def rows(history: Database, *columns: str) -> list[tuple[Any, ...]]:
    """What the history holds, in its order."""
    found = history.rows(f"select {', '.join(columns)} from history order by position")
    return [tuple(row[name] for name in columns) for row in found]


async def take(audit: Served, batch: Sequence[KeptRecord]) -> Counter[str]:
    """How many records of a batch ended in which way; ways that none took are left out."""
    return +await audit.road.take(batch)


async def test_every_sample_of_every_type_is_appended(audit: Served, history: Database) -> None:
    """Facts, refusals and parked records of all services, and what the plant says."""
    batch = [
        record(Sent(one.entry.topics[0].name, one.key.encode(), one.value), number)
        for number, one in enumerate(samples.told())
    ]
    assert await take(audit, batch) == {"done": len(batch)}
    assert rows(history, "event_type", "value") == [(one.type, one.value) for one in samples.told()]


async def test_what_cannot_be_appended_is_told_of_once(audit: Served, history: Database) -> None:
    """Its announcement comes back to audit, which reads its own topic as well. Should that fail too, it ends here."""
    history.rows_as("audit_owner", "create trigger broken before insert on history execute function refuse_change()")
    assert await take(audit, [record(recorded())]) == {"parked": 1}
    (told,) = history.rows("select topic, key, body from outbox")
    assert told["topic"] == "asbuilt.audit"
    comes_back = record(Sent(told["topic"], told["key"].encode(), told["body"]), 1)
    assert await take(audit, [comes_back]) == {"parked": 1}
    assert (history.count("parked"), history.count("outbox")) == (2, 1)


async def test_what_stands_aside_and_comes_again_is_known(audit: Served, history: Database) -> None:
    """Neither appended nor told of a second time, though the history does not have it."""
    history.rows_as("audit_owner", "create trigger broken before insert on history execute function refuse_change()")
    assert await take(audit, [record(recorded())]) == {"parked": 1}
    history.rows_as("audit_owner", "drop trigger broken on history")
    assert await take(audit, [record(recorded()), record(started(), 1)]) == {"seen": 1, "done": 1}
    assert (history.count("parked"), history.count("outbox"), history.count("history")) == (1, 1, 1)


async def test_what_nobody_can_read_is_appended_and_not_set_aside(audit: Served, history: Database) -> None:
    """Exact bytes, with the reason; good records of the same batch are appended beside it."""
    batch = [record(one, number) for number, one in enumerate([recorded(), *RUBBISH.values(), started()])]
    assert await take(audit, batch) == {"done": len(batch)}
    assert rows(history, "key", "value") == [(one.key, one.value) for one in batch]
    reasons = [reason for (reason,) in rows(history, "unreadable")]
    assert (reasons[0], reasons[-1]) == (None, None)
    assert all(reasons[1:-1])
    assert (history.count("parked"), history.count("outbox")) == (0, 0)


async def test_headers_keep_their_exact_bytes(audit: Served, history: Database) -> None:
    """Also one without a value, and those with a name that is no plain text: it has a NUL, or is not UTF-8."""
    headers = (("a", None), ("b", b"\xff\x00"), ("c\x00", b"c"), ("d\udcff", b"d"), ("a", b""))
    await take(audit, [replace(record(started()), headers=headers)])
    (shown,) = [(await audit("viewer").get("/history/1")).json()["headers"]]
    assert shown == [
        {"name": "a", "value_base64": None},
        {"name": "b", "value_base64": "/wA="},
        {"name": "c\\x00", "value_base64": "Yw==", "name_base64": "YwA="},
        {"name": "d\\xff", "value_base64": "ZA==", "name_base64": "ZP8="},
        {"name": "a", "value_base64": ""},
    ]


async def test_a_batch_delivered_again_appends_nothing(audit: Served, history: Database) -> None:
    """In one batch, in two, and in part beside new records."""
    batch = [record(one, number) for number, one in enumerate([recorded(), rubbish(b"{"), started()])]
    assert await take(audit, [*batch, *batch]) == {"done": 3, "seen": 3}
    assert await take(audit, [*batch, record(recorded(), 3)]) == {"done": 1, "seen": 3}
    assert history.count("history") == 4


async def test_a_record_delivered_again_long_after_appends_nothing(audit: Served, history: Database) -> None:
    """Kafka may keep a topic for ever; an inbox does not, so the history asks itself what it has."""
    batch = [record(recorded(), 0), record(rubbish(b"{"), 1)]
    await take(audit, batch)
    assert history.count("inbox") == 0
    await take(audit, [*batch, record(started(), 2)])
    assert rows(history, "record_offset") == [(0,), (1,), (2,)]


async def test_a_topic_that_was_made_anew_is_not_taken_for_the_old_one(audit: Served, history: Database) -> None:
    """Its offsets begin at 0 again, and nothing of it is lost."""
    await take(audit, [record(recorded(), 0)])
    assert await take(audit, [record(recorded(value="13.00"), 0, later_ms=5)]) == {"done": 1}
    assert history.count("history") == 2


async def test_an_event_on_two_topics_is_appended_twice(audit: Served, history: Database) -> None:
    """Every record of every topic is kept."""
    sent = started()
    await take(audit, [record(sent, 0, topic="asbuilt.runs"), record(sent, 0, topic="asbuilt.completions")])
    assert rows(history, "topic") == [("asbuilt.runs",), ("asbuilt.completions",)]


async def test_a_batch_is_appended_in_the_order_in_which_it_was_written(audit: Served, history: Database) -> None:
    """So that a cause stands before its effect, though their topics are read side by side."""
    await take(audit, [record(started(), 0, later_ms=30), record(recorded(), 0, later_ms=10)])
    assert rows(history, "event_type") == [("plant.step.value-recorded.v1",), ("asbuilt.step.started.v1",)]


async def test_two_replicas_append_what_both_were_given_once(audit: Served, history: Database) -> None:
    """During a rebalance both hold the same records for a while; neither waits for ever, nothing is doubled."""
    batch = [record(recorded(), number, partition=number % 3) for number in range(300)]
    other_order = sorted(batch, key=lambda one: (-one.partition, one.offset))
    endings = await asyncio.gather(*(audit.road.take(given) for given in (batch, other_order) * 3))
    assert sum((one["done"] for one in endings), 0) == len(batch)
    assert history.count("history") == len(batch)


async def test_positions_become_visible_in_their_order(audit: Served, history: Database) -> None:
    """Who has read up to a position misses nothing before it: who appends waits for whoever appended before."""
    waiting = "select 1 from pg_locks where locktype = 'advisory' and not granted"
    async with audit.app.state.engine.begin() as first:
        one = record(recorded(), 0)
        await HistoryStore().claim(first, [read(one).place])
        await HistoryStore().save(first, [appended(one)])
        second = asyncio.create_task(audit.road.take([record(started(), 1)]))
        await eventually_async(lambda: asyncio.to_thread(history.rows, waiting), 20, "the second waits")
        assert history.count("history") == 0
    assert +await second == {"done": 1}
    assert rows(history, "position", "record_offset") == [(1, 0), (2, 1)]


def appended(one: KeptRecord) -> Change[None]:
    """What the road saves when it has taken a record."""
    return Change("history", None, Held(1, None), (entry_of(read(one)),))


@pytest.mark.parametrize(
    "statement",
    [
        "update history set person = 'nobody'",
        "delete from history",
        "truncate history",
        "alter table history disable trigger all",
        "drop trigger history_is_insert_only on history",
        "drop table history",
        "create trigger t before insert on history execute function refuse_change()",
    ],
)
async def test_the_service_itself_cannot_change_the_history(audit: Served, history: Database, statement: str) -> None:
    """Its role may read and append, nothing else: PostgreSQL refuses before any trigger is asked."""
    await take(audit, [record(recorded())])
    with pytest.raises(PostgresError, match=r"permission denied|must be owner"):
        history.rows_as("audit", statement)
    assert rows(history, "person") == [("olga",)]


@pytest.mark.parametrize(
    "statement", ["update history set person = 'nobody'", "delete from history", "truncate history"]
)
@pytest.mark.parametrize("role", ["audit_owner", "administrator"])
async def test_nobody_changes_the_history_by_a_statement(
    audit: Served, history: Database, statement: str, role: str
) -> None:
    """The owner of the table and the administrator of the server meet the trigger."""
    await take(audit, [record(recorded())])
    with pytest.raises(PostgresError, match="the history is never changed"):
        history.rows(statement) if role == "administrator" else history.rows_as(role, statement)
    assert rows(history, "person") == [("olga",)]


async def test_replication_roles_meet_the_trigger_too(audit: Served, history: Database) -> None:
    """A session that switches ordinary triggers off does not switch this one off."""
    await take(audit, [record(recorded())])
    replica = "do $$ begin set local session_replication_role = replica; delete from history; end $$"
    with pytest.raises(PostgresError, match="the history is never changed"):
        history.rows(replica)
    assert history.count("history") == 1


async def test_the_service_can_work_on_the_tables_of_the_road(history: Database) -> None:
    """Its inbox, outbox and parked records are its own to change."""
    for table in ("inbox", "outbox", "parked"):
        history.rows_as("audit", f"delete from {table}")
