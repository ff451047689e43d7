"""The unit of work on PostgreSQL: whole batches in a handful of statements, every one with a name and a reason."""

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Protocol, TypeVar, runtime_checkable

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.messaging import asides
from shared.messaging.driver import by_key, copy
from shared.messaging.transaction import Announcement, Aside, Change, FirstAnswer, Held, Lane, Parked

A = TypeVar("A")

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

FIRST_ANSWER = text("select fingerprint, answer from inbox where source = :source and id = :id")

KEEP_ANSWER = text("""
    update inbox set fingerprint = :fingerprint, answer = cast(:answer as jsonb)
    where source = :source and id = :id""")


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
        again = [asides.again_row(one) for one in records if one.parked_id is not None]
        first = [asides.parked_row(one) for one in records if one.parked_id is None]
        if again:
            await self._connection.execute(asides.PARK_AGAIN, again)
        if first:
            await self._connection.execute(asides.PARK, first)

    async def settle(self, parked_ids: Sequence[int], settled_as: str) -> None:
        """See `Transaction.settle`."""
        await self._connection.execute(asides.SETTLE, {"parked_ids": list(parked_ids), "settled_as": settled_as})

    async def reclaim(self, parked_ids: Sequence[int]) -> set[int]:
        """See `Transaction.reclaim`."""
        return {row[0] for row in await self._rows(asides.RECLAIM, parked_ids=list(parked_ids))}

    async def retry(self, parked_id: int) -> Aside | None:
        """See `Transaction.retry`."""
        rows = await self._rows(asides.RETRY, parked_id=parked_id)
        return next(map(asides.aside_of, rows), None)

    async def discard(self, parked_id: int, settled_as: str) -> Aside | None:
        """See `Transaction.discard`."""
        rows = await self._rows(asides.DISCARD, parked_id=parked_id, settled_as=settled_as)
        return next(map(asides.aside_of, rows), None)

    async def ready(self, now: datetime, created: Sequence[str], after: int | None, limit: int) -> Sequence[Aside]:
        """See `Transaction.ready`."""
        after = asides.NEVER if after is None else after
        rows = await self._rows(asides.READY, now=now, created=list(created), after=after, limit=limit)
        return [asides.aside_of(row) for row in rows]

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
