"""An in-memory unit of work: for fast tests of handlers. It passes the same suite as the one on PostgreSQL."""

import asyncio
import copy
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from shared.messaging.messages import KeptRecord, Record
from shared.messaging.transaction import (
    Announcement,
    Aside,
    Change,
    Conflict,
    FirstAnswer,
    Held,
    Lane,
    Parked,
    Parking,
)

Widened = Callable[[Iterable[str], Mapping[str, Held[Any]]], Iterable[str]]
"""From the keys that are named, and all aggregates, to the keys that are locked."""


@dataclass(frozen=True)
class KeptAside:
    """A parked row."""

    parked_id: int
    parked: Parked
    settled_as: str | None = None

    @property
    def lane(self) -> tuple[str, str]:
        """What keeps its order; a record without a key stands alone."""
        record = self.parked.record
        return record.topic, record.key.decode() if record.key is not None else f"#{self.parked_id}"


@dataclass
class Tables:
    """What a database would hold."""

    inbox: dict[tuple[str, str], FirstAnswer | None] = field(default_factory=dict)
    aggregates: dict[str, Held[Any]] = field(default_factory=dict)
    outbox: list[Announcement] = field(default_factory=list)
    parked: dict[int, KeptAside] = field(default_factory=dict)


class MemoryTransaction:
    """One transaction on a copy of the tables."""

    def __init__(self, tables: Tables, widened: Widened) -> None:
        self._tables = tables
        self._widened = widened

    async def claim(self, ids: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """See `Transaction.claim`."""
        fresh = {one for one in ids if one not in self._tables.inbox}
        self._tables.inbox.update(dict.fromkeys(fresh))
        return fresh

    async def blocked(self, lanes: Iterable[Lane]) -> set[Lane]:
        """See `Transaction.blocked`."""
        return set(lanes) & {one.lane for one in self._unsettled()}

    async def lock(self, keys: Iterable[str]) -> Mapping[str, Held[Any]]:
        """See `Transaction.lock`."""
        aggregates = self._tables.aggregates
        wanted = self._widened(keys, aggregates)
        return {key: aggregates[key] for key in sorted(set(wanted)) if key in aggregates}

    async def save(self, changes: Sequence[Change[Any]]) -> None:
        """See `Transaction.save`."""
        for change in changes:
            if change.before is None and change.key in self._tables.aggregates:
                raise Conflict
            self._tables.aggregates[change.key] = change.after

    async def announce(self, announcements: Sequence[Announcement]) -> None:
        """See `Transaction.announce`."""
        self._tables.outbox.extend(announcements)

    async def park(self, records: Sequence[Parked]) -> None:
        """See `Transaction.park`."""
        for one in records:
            if one.parked_id is not None:
                kept = self._tables.parked[one.parked_id]
                again = replace(one, deadline=kept.parked.deadline)
                self._tables.parked[one.parked_id] = replace(kept, parked=again)
            elif _place(one.record) not in {_place(kept.parked.record) for kept in self._tables.parked.values()}:
                number = len(self._tables.parked) + 1
                self._tables.parked[number] = KeptAside(number, one)

    async def settle(self, parked_ids: Sequence[int], settled_as: str) -> None:
        """See `Transaction.settle`."""
        for one in parked_ids:
            self._tables.parked[one] = replace(self._tables.parked[one], settled_as=settled_as)

    async def retry(self, parked_id: int) -> Aside | None:
        """See `Transaction.retry`."""
        kept = self._standing(parked_id)
        if kept is None:
            return None
        again = replace(kept.parked, parking=Parking.RETRY)
        self._tables.parked[parked_id] = replace(kept, parked=again)
        return Aside(parked_id, _kept(again.record), is_overdue=False)

    async def discard(self, parked_id: int, settled_as: str) -> Aside | None:
        """See `Transaction.discard`."""
        kept = self._standing(parked_id)
        if kept is None:
            return None
        self._tables.parked[parked_id] = replace(kept, settled_as=settled_as)
        return Aside(parked_id, _kept(kept.parked.record), is_overdue=False)

    def _standing(self, parked_id: int) -> KeptAside | None:
        return next((one for one in self._unsettled() if one.parked_id == parked_id), None)

    async def reclaim(self, parked_ids: Sequence[int]) -> set[int]:
        """See `Transaction.reclaim`."""
        return set(parked_ids) & {one.parked_id for one in self._unsettled()}

    async def ready(self, now: datetime, created: Sequence[str], after: int | None, limit: int) -> Sequence[Aside]:
        """See `Transaction.ready`."""
        heads: dict[Lane, KeptAside] = {}
        for one in self._unsettled():
            heads.setdefault(one.lane, one)
        lanes = {lane for lane, head in heads.items() if _is_ready(head, now, created, after)}
        rows = [one for one in self._unsettled() if one.lane in lanes][:limit]
        return [Aside(one.parked_id, _kept(one.parked.record), one.parked.deadline <= now) for one in rows]

    async def first_answer(self, source: str, request_id: str) -> FirstAnswer | None:
        """See `Transaction.first_answer`."""
        return self._tables.inbox.get((source, request_id))

    async def answer(self, source: str, request_id: str, first: FirstAnswer) -> None:
        """See `Transaction.answer`."""
        self._tables.inbox[(source, request_id)] = first

    def _unsettled(self) -> list[KeptAside]:
        return [one for _, one in sorted(self._tables.parked.items()) if one.settled_as is None]


class MemoryUnitOfWork:
    """Transactions one after another; what fails leaves no trace."""

    def __init__(self, widened: Widened = lambda keys, _: keys) -> None:
        """``widened``: the keys that a store locks for those that are named, where decisions need more."""
        self.tables = Tables()
        self._widened = widened
        self._one_at_a_time = asyncio.Lock()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[MemoryTransaction]:
        """A transaction that commits on a clean exit and is forgotten otherwise."""
        async with self._one_at_a_time:
            work = Tables(
                copy.copy(self.tables.inbox),
                copy.copy(self.tables.aggregates),
                copy.copy(self.tables.outbox),
                copy.copy(self.tables.parked),
            )
            yield MemoryTransaction(work, self._widened)
            self.tables = work


def _is_ready(head: KeptAside, now: datetime, created: Sequence[str], after: int | None) -> bool:
    match head.parked.parking:
        case Parking.BEHIND | Parking.RETRY:
            return True
        case Parking.EARLY:
            is_late_look = after is not None and head.parked_id > after
            return head.parked.deadline <= now or head.parked.waits_for in created or is_late_look
        case Parking.STUCK:
            return False


def _place(record: Record) -> tuple[str, int, int, int]:
    return record.topic, record.partition, record.offset, record.timestamp


def _kept(record: Record) -> KeptRecord:
    return KeptRecord(
        record.topic,
        record.partition,
        record.offset,
        record.timestamp,
        record.key,
        record.value,
        tuple(record.headers),
    )
