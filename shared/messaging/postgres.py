"""The unit of work on PostgreSQL: whole batches in a handful of statements, every one with a name and a reason."""

import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Protocol, TypeVar, runtime_checkable

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.contracts.envelope import name_bytes, shown_name
from shared.messaging.messages import KeptRecord, Record
from shared.messaging.transaction import Announcement, Aside, Change, FirstAnswer, Held, Lane, Parked

A = TypeVar("A")

BEGIN_BY_KEY = """
    begin;
    set local plan_cache_mode = force_generic_plan;
    set local enable_seqscan = off;
    set local enable_hashjoin = off;
    set local enable_mergejoin = off"""
"""For this transaction, and in one round trip. Every statement of the road names its rows by their keys, a batch of
them: it is planned once for each connection, and goes from key to key along the index. Left to itself PostgreSQL plans
each of them anew, name by name, which takes longer than doing it; or it keeps the plan that was right for tables that
were all but empty.
"""

CLAIM = text("""
    with given as (
        select source, id from unnest(cast(:sources as text[]), cast(:ids as text[])) as given (source, id)
    ), claimed as (
        insert into inbox (source, id) select source, id from given order by source, id
        on conflict do nothing returning source, id
    )
    select source, id from given where (source, id) not in (select source, id from claimed)""")
"""In one sorted order, or two consumers that hold the same records for a moment would deadlock. Answers with those
that were there before: mostly none.
"""

BLOCKED = text("""
    select named.topic, named.key from unnest(cast(:topics as text[]), cast(:keys as text[])) as named (topic, key)
    cross join lateral (
        select from parked where topic = named.topic and key = named.key and settled_at is null limit 1
    ) as aside""")

NOTIFY = text("select pg_notify('outbox', '')")
"""Wakes the relay when this transaction commits, in whichever process it runs."""

ANNOUNCE_FEW = text("""
    with told as (
        insert into outbox (event_id, topic, key, body)
        select event_id, topic, key, body
        from unnest(cast(:event_id as text[]), cast(:topic as text[]), cast(:key as text[]), cast(:body as bytea[]))
            with ordinality as told (event_id, topic, key, body, number)
        order by number
    )
    select pg_notify('outbox', '')""")
"""In order, and the relay is woken, in one round trip where COPY and `NOTIFY` take three: a person waits for it."""

FEW = 20
"""Announcements; with more, COPY costs less."""

PARK = text("""
    insert into parked (topic, partition, record_offset, record_timestamp, key, raw_key, value, headers,
                        parking, reason, detail, event_id, event_type, waits_for, deadline)
    values (:topic, :partition, :record_offset, :record_timestamp, :key, :raw_key, :value,
            cast(:headers as jsonb), :parking, :reason, :detail, :event_id, :event_type, :waits_for, :deadline)
    on conflict (topic, partition, record_offset, record_timestamp) do nothing""")

PARK_AGAIN = text("""
    update parked set parking = :parking, reason = :reason, detail = :detail, waits_for = :waits_for
    where parked_id = :parked_id""")

RECLAIM = text("""
    select parked_id from parked where parked_id = any(cast(:parked_ids as bigint[])) and settled_at is null
    order by parked_id for update""")

SETTLE = text("""
    update parked set settled_at = now(), settled_as = :settled_as
    where parked_id = any(cast(:parked_ids as bigint[]))""")

RETRY = text("""
    update parked set parking = 'retry' where parked_id = :parked_id and settled_at is null
    returning parked_id, topic, partition, record_offset, record_timestamp, raw_key, value, headers,
              false as is_overdue""")

DISCARD = text("""
    update parked set settled_at = now(), settled_as = :settled_as
    where parked_id = :parked_id and settled_at is null
    returning parked_id, topic, partition, record_offset, record_timestamp, raw_key, value, headers,
              false as is_overdue""")

READY = text("""
    with head as (
        select distinct on (topic, key is null, coalesce(key, parked_id::text))
               parked_id, topic, key, parking, waits_for, deadline
        from parked where settled_at is null
        order by topic, key is null, coalesce(key, parked_id::text), parked_id
    ), ready as (
        select parked_id, topic, key from head
        where parking in ('behind', 'retry')
           or (parking = 'early' and (deadline <= :now or waits_for = any(cast(:created as text[]))
                                      or parked_id > :after))
    )
    select p.parked_id, p.topic, p.partition, p.record_offset, p.record_timestamp, p.raw_key, p.value, p.headers,
           p.deadline <= :now as is_overdue
    from parked p join ready r on p.topic = r.topic and (p.key = r.key or p.parked_id = r.parked_id)
    where p.settled_at is null
    order by p.parked_id limit :limit""")
"""A lane is tried when its head may be: heads that are stuck keep their lane waiting."""

FIRST_ANSWER = text("select fingerprint, answer from inbox where source = :source and id = :id")

KEEP_ANSWER = text("""
    update inbox set fingerprint = :fingerprint, answer = cast(:answer as jsonb)
    where source = :source and id = :id""")

NEVER = 2**62
"""Above every parked id."""


class Store(Protocol[A]):
    """A service's own tables: locks, loads and writes its aggregates, whole batches at a time."""

    async def lock(self, connection: AsyncConnection, keys: Sequence[str]) -> Mapping[str, Held[A]]:
        """Lock these aggregates, given in key order, and load them; may widen the keys where a decision
        needs more than a message names. Absent ones are left out.
        """
        ...

    async def save(self, connection: AsyncConnection, changes: Sequence[Change[A]]) -> None:
        """Write what changed.

        :raises Conflict: when a new aggregate exists by now.
        """
        ...

    def committed(self, changes: Sequence[Change[A]]) -> None:
        """These changes are committed: what is remembered between transactions may follow."""
        ...


@runtime_checkable
class ClaimingStore(Protocol):
    """A store whose own rows name the record that each came from, so that the inbox need not name it again."""

    async def claim(self, connection: AsyncConnection, places: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """See `Transaction.claim`; each is the place of a record."""
        ...


class PostgresTransaction:
    """One transaction on one connection."""

    def __init__(self, connection: AsyncConnection, store: Store[Any]) -> None:
        self._connection = connection
        self._store = store
        self.changes: Sequence[Change[Any]] = ()

    async def _rows(self, statement: TextClause, **values: object) -> Sequence[Any]:
        return (await self._connection.execute(statement, values)).all()

    async def claim(self, ids: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """See `Transaction.claim`."""
        if isinstance(self._store, ClaimingStore):
            return await self._store.claim(self._connection, ids)
        return await self._claimed(ids)

    async def _claimed(self, ids: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        sources, names = [source for source, _ in ids], [name for _, name in ids]
        seen = await self._rows(CLAIM, sources=sources, ids=names)
        return set(ids).difference((row[0], row[1]) for row in seen)

    async def blocked(self, lanes: Iterable[Lane]) -> set[Lane]:
        """See `Transaction.blocked`."""
        wanted = list(lanes)
        if not wanted:
            return set()
        topics, keys = [topic for topic, _ in wanted], [key for _, key in wanted]
        return {(row[0], row[1]) for row in await self._rows(BLOCKED, topics=topics, keys=keys)}

    async def lock(self, keys: Iterable[str]) -> Mapping[str, Held[Any]]:
        """See `Transaction.lock`."""
        wanted = sorted(set(keys))
        return await self._store.lock(self._connection, wanted) if wanted else {}

    async def save(self, changes: Sequence[Change[Any]]) -> None:
        """See `Transaction.save`."""
        await self._store.save(self._connection, changes)
        self.changes = changes

    async def announce(self, announcements: Sequence[Announcement]) -> None:
        """See `Transaction.announce`."""
        if len(announcements) <= FEW:
            columns = zip(Announcement._fields, map(list, zip(*announcements, strict=True)), strict=True)
            await self._connection.execute(ANNOUNCE_FEW, dict(columns))
            return
        await copy(self._connection, "outbox", Announcement._fields, announcements)
        await self._connection.execute(NOTIFY)

    async def park(self, records: Sequence[Parked]) -> None:
        """See `Transaction.park`."""
        again = [_again(one) for one in records if one.parked_id is not None]
        first = [_row(one) for one in records if one.parked_id is None]
        if again:
            await self._connection.execute(PARK_AGAIN, again)
        if first:
            await self._connection.execute(PARK, first)

    async def settle(self, parked_ids: Sequence[int], settled_as: str) -> None:
        """See `Transaction.settle`."""
        await self._connection.execute(SETTLE, {"parked_ids": list(parked_ids), "settled_as": settled_as})

    async def reclaim(self, parked_ids: Sequence[int]) -> set[int]:
        """See `Transaction.reclaim`."""
        return {row[0] for row in await self._rows(RECLAIM, parked_ids=list(parked_ids))}

    async def retry(self, parked_id: int) -> Aside | None:
        """See `Transaction.retry`."""
        rows = await self._rows(RETRY, parked_id=parked_id)
        return next(map(_aside, rows), None)

    async def discard(self, parked_id: int, settled_as: str) -> Aside | None:
        """See `Transaction.discard`."""
        rows = await self._rows(DISCARD, parked_id=parked_id, settled_as=settled_as)
        return next(map(_aside, rows), None)

    async def ready(self, now: datetime, created: Sequence[str], after: int | None, limit: int) -> Sequence[Aside]:
        """See `Transaction.ready`."""
        after = NEVER if after is None else after
        rows = await self._rows(READY, now=now, created=list(created), after=after, limit=limit)
        return [_aside(row) for row in rows]

    async def first_answer(self, source: str, request_id: str) -> FirstAnswer | None:
        """See `Transaction.first_answer`."""
        for row in await self._rows(FIRST_ANSWER, source=source, id=request_id):
            return FirstAnswer(row.fingerprint, row.answer) if row.fingerprint else None
        return None

    async def answer(self, source: str, request_id: str, first: FirstAnswer) -> None:
        """See `Transaction.answer`."""
        answer = json.dumps(first.answer)
        values = {"source": source, "id": request_id, "fingerprint": first.fingerprint, "answer": answer}
        await self._connection.execute(KEEP_ANSWER, values)


class PostgresUnitOfWork:
    """Transactions on a service's own database. The only place that commits."""

    def __init__(self, engine: AsyncEngine, store: Store[Any]) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._store = store

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[PostgresTransaction]:
        """A transaction that commits on a clean exit and rolls back otherwise."""
        async with self._engine.connect() as connection, by_key(connection):
            transaction = PostgresTransaction(connection, self._store)
            yield transaction
        if transaction.changes:
            self._store.committed(transaction.changes)


@asynccontextmanager
async def by_key(connection: AsyncConnection) -> AsyncIterator[None]:
    """A transaction that the driver begins and ends: to SQLAlchemy the connection commits by itself. A connection
    whose transaction cannot be ended is closed, and what it did is rolled back with it.
    """
    driver = await driver_of(connection)
    await driver.execute(BEGIN_BY_KEY)
    try:
        yield
        await driver.execute("commit")
    except BaseException:
        try:
            await driver.execute("rollback")
        except BaseException:  # noqa: BLE001 - the first error is the one to tell
            await connection.invalidate()
        raise


async def driver_of(connection: AsyncConnection) -> Any:
    """The asyncpg connection under this one."""
    return (await connection.get_raw_connection()).driver_connection


async def copy(
    connection: AsyncConnection, table: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]]
) -> None:
    """Append many rows by COPY, in this transaction; a third of what an insert of arrays costs."""
    driver = await driver_of(connection)
    await driver.copy_records_to_table(table, columns=columns, records=rows)


def headers_as_json(headers: Iterable[tuple[str, bytes | None]]) -> str:
    """Record headers as JSON that keeps their exact bytes: name and value (base64). A name that PostgreSQL does not
    take is kept as a person reads it, and its bytes (base64) behind the value.
    """
    return json.dumps([[*_kept_header(name, value)] for name, value in headers])


def _kept_header(name: str, value: bytes | None) -> Iterator[str | None]:
    shown = storable(shown_name(name))
    yield shown
    yield None if value is None else b64encode(value).decode()
    if shown != name:
        yield b64encode(name_bytes(name)).decode()


def headers_from_json(kept: Iterable[Sequence[Any]]) -> tuple[tuple[str, bytes | None], ...]:
    """The inverse of `headers_as_json`, after JSON parsing."""
    return tuple(_header(*one) for one in kept)


def _header(shown: str, value: str | None, exact: str | None = None) -> tuple[str, bytes | None]:
    name = shown if exact is None else b64decode(exact).decode("utf-8", "surrogateescape")
    return name, None if value is None else b64decode(value)


def _row(parked: Parked) -> dict[str, object]:
    record: Record = parked.record
    key = None if record.key is None else record.key.decode(errors="backslashreplace")
    return {
        "topic": record.topic,
        "partition": record.partition,
        "record_offset": record.offset,
        "record_timestamp": record.timestamp,
        "key": storable(key),
        "raw_key": record.key,
        "value": record.value,
        "headers": headers_as_json(record.headers),
        "event_id": storable(parked.event_id),
        "event_type": storable(parked.event_type),
        "deadline": parked.deadline,
        **_again(parked, with_id=False),
    }


def _again(parked: Parked, *, with_id: bool = True) -> dict[str, object]:
    row: dict[str, object] = {
        "parking": parked.parking.value,
        "reason": parked.reason,
        "detail": storable(parked.detail),
        "waits_for": storable(parked.waits_for),
    }
    return row | {"parked_id": parked.parked_id} if with_id else row


def storable(name: str | None) -> str | None:
    """Text as PostgreSQL takes it: it knows no NUL and no lone surrogates."""
    return name and name.encode(errors="backslashreplace").decode().replace("\x00", "\\x00")


def _aside(row: Any) -> Aside:
    return Aside(row.parked_id, _kept(row), row.is_overdue)


def _kept(row: Any) -> KeptRecord:
    return KeptRecord(
        topic=row.topic,
        partition=row.partition,
        offset=row.record_offset,
        timestamp=row.record_timestamp,
        key=row.raw_key,
        value=row.value,
        headers=headers_from_json(row.headers),
    )
