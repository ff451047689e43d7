"""The unit of work: one transaction over inbox, state, outbox and parked records.

Two implementations pass the same suite: PostgreSQL (`shared.messaging.postgres`) and memory
(`shared.testing.memory`).
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from shared.kernel import immutable
from shared.messaging.messages import KeptRecord, Record

A = TypeVar("A")

Lane = tuple[str, str]
"""Topic and key: what keeps its order."""


class Conflict(Exception):
    """Another transaction created the same aggregate at the same moment."""

    def __str__(self) -> str:
        """For who looks at a record that is set aside for it."""
        return "another transaction was first, each time"


@immutable
class Held(Generic[A]):
    """An aggregate and its version: the number of events so far, and the sequence of the last one."""

    version: int
    state: A


@immutable
class Change(Generic[A]):
    """An aggregate before and after a transaction; ``events`` are those that led there, in order."""

    key: str
    before: Held[A] | None
    after: Held[A]
    events: tuple[Any, ...]


class Announcement(NamedTuple):
    """One outbox row: an event on its way to a topic. ``body`` is the CloudEvent, structured mode."""

    event_id: str
    topic: str
    key: str
    body: bytes


class Parking(StrEnum):
    """Why a record stands aside, and so what takes it up again."""

    STUCK = "stuck"  # a person must look: unreadable, or a defect of ours
    EARLY = "early"  # what it is about is not known yet; taken up when it appears
    BEHIND = "behind"  # an earlier record of its key stands aside; order holds
    RETRY = "retry"  # a person asked to try it again


@dataclass(frozen=True, slots=True)
class Parked:
    """A record to set aside, or to leave aside for a new reason when ``parked_id`` is given; the first
    ``deadline`` stays.
    """

    record: Record
    parking: Parking
    reason: str
    detail: str
    event_id: str | None
    event_type: str | None
    deadline: datetime
    waits_for: str | None = None
    parked_id: int | None = None


@dataclass(frozen=True, slots=True)
class Aside:
    """A record that stands aside and may be tried again."""

    parked_id: int
    record: KeptRecord
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """What a repeated request gets: the fingerprint of the first one, and its answer."""

    fingerprint: str
    answer: Mapping[str, Any]


class Transaction(Protocol[A]):
    """One transaction of a service's own database."""

    async def claim(self, ids: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Take (source, id) pairs into the inbox; returns those never seen before. Waits for a concurrent
        transaction that claims the same ones.
        """
        ...

    async def blocked(self, lanes: Iterable[Lane]) -> set[Lane]:
        """Those lanes of which an earlier record stands aside."""
        ...

    async def lock(self, keys: Iterable[str]) -> Mapping[str, Held[A]]:
        """Lock the aggregates in key order and load them; absent ones are left out."""
        ...

    async def save(self, changes: Sequence[Change[A]]) -> None:
        """Write what changed.

        :raises Conflict: when a new aggregate exists by now.
        """
        ...

    async def announce(self, announcements: Sequence[Announcement]) -> None:
        """Append to the outbox, in order."""
        ...

    async def park(self, records: Sequence[Parked]) -> None:
        """Set records aside."""
        ...

    async def settle(self, parked_ids: Sequence[int], settled_as: str) -> None:
        """Mark records that stood aside as dealt with."""
        ...

    async def first_answer(self, source: str, request_id: str) -> FirstAnswer | None:
        """The answer that a request got before; ``None`` when it has none."""
        ...

    async def answer(self, source: str, request_id: str, first: FirstAnswer) -> None:
        """Keep the answer to a request that this transaction claimed."""
        ...

    async def ready(self, now: datetime, created: Sequence[str], after: int | None, limit: int) -> Sequence[Aside]:
        """Records that may be tried again, in order within each lane, lanes with a stuck head left out:
        those that wait for one of ``created``, those overdue at ``now``, those to retry, those whose
        predecessors are settled, and, unless ``after`` is None, early ones with a parked id above it.
        """
        ...

    async def retry(self, parked_id: int) -> Aside | None:
        """Mark a record that stands aside to be tried again; ``None`` when no such record does."""
        ...

    async def discard(self, parked_id: int, settled_as: str) -> Aside | None:
        """Give a record that stands aside up for good; ``None`` when no such record does."""
        ...

    async def reclaim(self, parked_ids: Sequence[int]) -> set[int]:
        """Lock records that stand aside; returns those that nobody settled meanwhile."""
        ...


class UnitOfWork(Protocol[A]):
    """Opens transactions; commits on a clean exit and only then, rolls back otherwise."""

    def begin(self) -> AbstractAsyncContextManager[Transaction[A]]:
        """A new transaction."""
        ...
