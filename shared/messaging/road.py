"""One transaction for a batch: claim, lock, decide, save, announce, commit. There is no other way to change
anything.

A batch of records and a person's command (a batch of one) take the same road.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import structlog

from shared.kernel import Actor, RefusalKind, Refused
from shared.messaging.losers import Losers
from shared.messaging.messages import Ask, Heard, Message, PassedBy, Record, is_passed_by, passed_by, read, read_again
from shared.messaging.service import Dealt, Service
from shared.messaging.transaction import Announcement, Aside, Conflict, FirstAnswer, Lane, Transaction, UnitOfWork
from shared.messaging.walk import Allows, Outcome, Walk
from shared.messaging.watch import Seam, Watch

_log = structlog.get_logger(__name__)

READ_AT_ONCE = 50
"""Records; a third of a millisecond."""

CONFLICT_TRIES = 5
"""How often a batch is done again at once because somebody created the same aggregate at the same moment."""


Tell = Callable[[Message], Sequence[Announcement]]

Heeded = Callable[[], Awaitable[frozenset[str]]]
"""The types that something comes of at this moment."""


class KeyReused(Refused):
    """The idempotency key {key} was used before, for another request."""

    code = "idempotency-key-reused"
    kind = RefusalKind.INVALID
    resolve = "Use a new key for a new request; repeat a key only with the same request."


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command got: an HTTP-like status and a JSON document; the same one again when it is repeated."""

    status: int
    document: Mapping[str, Any]
    is_repeated: bool = False


class Road:
    """Takes batches of records and single commands through one service's rules."""

    def __init__(
        self,
        service: Service,
        unit_of_work: UnitOfWork[Any],
        *,
        clock: Callable[[], datetime],
        early_for: timedelta,
        allows: Allows,
        is_waiting: Callable[[BaseException], bool],
        watch: Watch,
        wake: Callable[[], None] = lambda: None,
        heeded: Heeded | None = None,
    ) -> None:
        """``is_waiting`` tells an outage (try again) from a culprit in the data; ``wake`` is called when there
        is something to send; ``heeded`` is asked for every batch, where it is not always the same that is heeded.
        """
        self.service = service
        self._unit_of_work = unit_of_work
        self._clock = clock
        self._early_for = early_for
        self._allows = allows
        self._is_waiting = is_waiting
        self._watch = watch
        self._wake = wake
        self._look_after = 0
        self._passed_by = passed_by(service.heeded)
        self._heeded = heeded
        self._losers = Losers()

    async def take(self, records: Sequence[Record]) -> Counter[str]:
        """Take a batch of Kafka records, in order; returns how many ended in which way.

        :raises Exception: only what ``is_waiting`` recognises; nothing was changed then, try again later.
        """
        return await self.take_heard(await self.read(records))

    async def read(self, records: Sequence[Record]) -> Heard:
        """What records say. Changes nothing, so it may be done while the batch before is in the database;
        every now and then it lets that batch, the relay and HTTP have their turn.
        """
        passed = await self._passed_by_now()
        messages: list[Message] = []
        for start in range(0, len(records), READ_AT_ONCE):
            heeded = [one for one in records[start : start + READ_AT_ONCE] if not is_passed_by(one, passed)]
            messages += [message for message in map(read, heeded) if not self.service.ignores(message)]
            await asyncio.sleep(0)
        self._watch.passed(Seam.READ)
        return Heard(messages, len(records) - len(messages))

    async def _passed_by_now(self) -> PassedBy:
        """Asked after the records came: what was heeded before they were said is heeded now. It spares work, and no
        more than that: where it cannot be told, nothing is passed by.
        """
        if self._heeded is None:
            return self._passed_by
        try:
            return passed_by(await self._heeded())
        except Exception:  # noqa: BLE001 - whatever it is, the batch itself meets it too, and waits
            return frozenset()

    async def take_heard(self, heard: Heard) -> Counter[str]:
        """The rest of `take`. What nothing can come of is done, and leaves no trace."""
        if heard.unheeded:
            self._watch.took(heard.unheeded, 0.0, {"done": heard.unheeded})
        endings = await self.take_messages(heard.messages) if heard.messages else Counter()
        return endings + Counter(done=heard.unheeded) if heard.unheeded else endings

    async def take_messages(self, messages: Sequence[Message]) -> Counter[str]:
        """Take messages, in order."""
        started = perf_counter()
        traces = [message.traceparent for message in messages if message.traceparent]
        with self._watch.batch(traces):
            endings, created = await self._divide(messages, set())
        self._watch.took(len(messages), (perf_counter() - started) * 1000, endings)
        if created and self.service.everything is None:
            await self.take_up(created)
        return endings

    async def take_up(self, created: Sequence[str] = (), limit: int = 500, *, early_too: bool = False) -> int:
        """Try records again that stood aside: waiting for ``created``, overdue, or next in line; with
        ``early_too``, a page of the early ones as well, another one each time, as a safety net.

        Goes on until none is ready, at most 100 rounds; returns how many were settled.
        """
        settled = 0
        for _round in range(100):
            messages = await self._ready(created, limit, early_too=early_too)
            if not messages:
                break
            endings, appeared = await self._divide(messages, set())
            settled += sum(endings.values()) - endings["parked"]
            created = (*created, *appeared)
            if endings.total() == endings["parked"]:
                break
        return settled

    async def retry_parked(self, parked_id: int, tell: Tell) -> bool:
        """Mark a record that stands aside to be tried again, and tell it; False when no such record does.

        ``tell`` gives what is announced about the record.
        """
        async with self._unit_of_work.begin() as transaction:
            aside = await transaction.retry(parked_id)
            return aside is not None and await self._tell(transaction, self._walk(), tell, _again(aside))

    async def discard_parked(self, parked_id: int, dealt: Dealt, tell: Tell) -> bool:
        """Give a record that stands aside up for good, note it and tell it; False when no such record does."""
        async with self._unit_of_work.begin() as transaction:
            aside = await transaction.discard(parked_id, f"discarded by {dealt.by}")
            if aside is None:
                return False
            walk, message = self._walk(), _again(aside)
            walk.note(message, dealt)
            await self._take_notes(transaction, walk)
            return await self._tell(transaction, walk, tell, message)

    async def _tell(self, transaction: Transaction[Any], walk: Walk, tell: Tell, message: Message) -> bool:
        walk.announcements += tell(message)
        await self._write(transaction, walk)
        return True

    async def command(self, message: Message, fingerprint: str | None, answer: Callable[[Outcome], Answer]) -> Answer:
        """Take a person's command; a repeated one (same source and id) gets the first answer. Without a fingerprint
        nobody can repeat it, for nobody else knows its id; then no answer is kept.

        ``answer`` turns the outcome, a refusal included, into what is kept and said.

        :raises KeyReused: when the id was used before with another fingerprint.
        """
        for attempt in range(CONFLICT_TRIES):
            try:
                given, created = await self._command(message, fingerprint, answer)
            except Conflict:
                if attempt == CONFLICT_TRIES - 1:
                    raise
            else:
                if created:
                    await self._take_up_quietly(created)
                return given
        raise AssertionError("unreachable")

    async def _take_up_quietly(self, created: Sequence[str]) -> None:
        """What is early is taken up by the next sweep too; the command was already answered with yes."""
        with suppress(Exception):
            await self.take_up(created)

    async def _command(
        self, message: Message, fingerprint: str | None, answer: Callable[[Outcome], Answer]
    ) -> tuple[Answer, list[str]]:
        ask = message.ask
        assert ask is not None  # noqa: S101 - a command always asks
        started = perf_counter()
        walk = self._walk()
        async with self._unit_of_work.begin() as transaction:
            if fingerprint is not None and not await transaction.claim([message.identity]):
                return await self._repeated(transaction, message, fingerprint), []
            walk.load(await transaction.lock(ask.keys))
            outcome = walk.take(message, ask)
            assert outcome is not None  # noqa: S101 - commands are never set aside
            given = answer(outcome)
            await self._write(transaction, walk)
            if fingerprint is not None:
                first = FirstAnswer(fingerprint, {"status": given.status, "document": given.document})
                await transaction.answer(message.source, message.id, first)
        self._committed(walk)
        self._watch.took(1, (perf_counter() - started) * 1000, walk.endings)
        return given, walk.created

    async def _repeated(self, transaction: Transaction[Any], message: Message, fingerprint: str) -> Answer:
        first = await transaction.first_answer(message.source, message.id)
        if first is None or first.fingerprint != fingerprint:
            raise KeyReused(key=message.id)
        return Answer(first.answer["status"], first.answer["document"], is_repeated=True)

    async def _divide(self, messages: Sequence[Message], aside: set[Lane]) -> tuple[Counter[str], list[str]]:
        """The batch in one transaction; where one message makes it fail, halves, until it stands alone. ``aside`` are
        the lanes in which a record of an earlier half was set aside: what is behind it in a later one waits too.
        """
        try:
            return await self._batch_at_last(messages, aside)
        except Exception as error:
            if self._comes_again(messages, error) or (len(messages) == 1 and messages[0].record is None):
                raise  # a command cannot stand aside: who gave it is told
            if len(messages) == 1:
                return await self._set_aside(messages[0], error, aside), []
        middle = len(messages) // 2
        endings, created = await self._divide(messages[:middle], aside)
        more, appeared = await self._divide(messages[middle:], aside)
        return endings + more, created + appeared

    def _comes_again(self, messages: Sequence[Message], error: Exception) -> bool:
        """Whether it is for the caller to try all of it once more. A message that others are always faster than is
        looked for as a culprit is: what came before it is done, and it holds up what comes after it not for ever.
        """
        if not isinstance(error, Conflict):
            return self._is_waiting(error)
        return len(messages) == 1 and not self._losers.loses_for_ever(self._identity(messages[0]))

    async def _batch_at_last(self, messages: Sequence[Message], aside: set[Lane]) -> tuple[Counter[str], list[str]]:
        """The batch; again at once when somebody created one of its aggregates at the same moment."""
        for _attempt in range(CONFLICT_TRIES - 1):
            with suppress(Conflict):
                return await self._batch(messages, aside)
        return await self._batch(messages, aside)

    async def _batch(self, messages: Sequence[Message], aside: set[Lane]) -> tuple[Counter[str], list[str]]:
        walk = self._walk()
        async with self._unit_of_work.begin() as transaction:
            fresh = await self._fresh(transaction, messages, walk)
            lanes = {lane for m in fresh if m.parked_id is None and (lane := m.lane) is not None}
            walk.stood_aside(aside | await transaction.blocked(lanes))
            self._watch.passed(Seam.CLAIMED)
            asks = [(ask, at) for at, message in enumerate(fresh) if (ask := walk.ask(message, at)) is not None]
            walk.load(await transaction.lock(walk.noted_keys.union(*(ask.keys for ask, _ in asks))))
            self._watch.passed(Seam.LOCKED)
            for ask, at in asks:
                walk.take(fresh[at], ask, at)
            walk.take_notes()
            self._watch.passed(Seam.DECIDED)
            await self._write(transaction, walk)
        self._committed(walk)
        aside.update(walk.blocked)
        self._losers.have_ended(map(self._identity, messages))
        return walk.endings, walk.created

    async def _fresh(self, transaction: Transaction[Any], messages: Sequence[Message], walk: Walk) -> list[Message]:
        """Messages never seen before, once each; those that stood aside were claimed when they came."""
        identities = [self._identity(message) for message in messages]
        ids = {one for one, message in zip(identities, messages, strict=True) if message.parked_id is None}
        aside = [m.parked_id for m in messages if m.parked_id is not None]
        unseen = await transaction.claim(list(ids)) if ids else set()
        unsettled = await transaction.reclaim(aside) if aside else set()
        fresh = []
        for message, identity in zip(messages, identities, strict=True):
            if message.parked_id in unsettled or (message.parked_id is None and identity in unseen):
                unseen.discard(identity)
                fresh.append(message)
        walk.endings["seen"] += len(messages) - len(fresh)
        return fresh

    def _identity(self, message: Message) -> tuple[str, str]:
        """An event counts once, whatever topics it is on; where everything is taken, every record counts."""
        return message.identity if self.service.everything is None else message.place

    async def _set_aside(self, message: Message, error: Exception, aside: set[Lane]) -> Counter[str]:
        walk = self._walk()
        async with self._unit_of_work.begin() as transaction:
            if message.parked_id is None:
                await transaction.claim([self._identity(message)])
            walk.park_culprit(message, error)
            await self._take_notes(transaction, walk)
            await self._write(transaction, walk)
        self._committed(walk)
        aside.update(walk.blocked)
        self._losers.have_ended([self._identity(message)])
        return walk.endings

    async def _take_notes(self, transaction: Transaction[Any], walk: Walk) -> None:
        """The notes of a walk on which nothing else was decided."""
        if walk.notes:
            walk.load(await transaction.lock(walk.noted_keys))
            walk.take_notes()

    async def _write(self, transaction: Transaction[Any], walk: Walk) -> None:
        if walk.happened:
            await transaction.save(walk.changes)
        self._watch.passed(Seam.SAVED)
        if walk.parked:
            await transaction.park(walk.parked)
        for ending in {ending for _, ending in walk.settled}:
            await transaction.settle([one for one, as_ in walk.settled if as_ == ending], ending)
        if walk.announcements:
            await transaction.announce(walk.announcements)
        self._watch.passed(Seam.ANNOUNCED)

    def _committed(self, walk: Walk) -> None:
        self._watch.passed(Seam.COMMITTED)
        for code in walk.refusals:
            self._watch.refused(code)
        for parked, error in walk.defects:  # ours to mend, and only its trace tells where
            one = parked.record
            _log.error("defect", topic=one.topic, partition=one.partition, offset=one.offset, exc_info=error)
        if walk.announcements:
            self._wake()

    async def _ready(self, created: Sequence[str], limit: int, *, early_too: bool) -> list[Message]:
        after = self._look_after if early_too else None
        async with self._unit_of_work.begin() as transaction:
            aside = await transaction.ready(self._clock(), created, after, limit)
        if early_too:
            self._look_after = aside[-1].parked_id if len(aside) == limit else 0
        return [_again(one) for one in aside]

    def _walk(self) -> Walk:
        return Walk(self.service, self._clock(), self._early_for, self._allows)


def _again(aside: Aside) -> Message:
    return read_again(aside.record, aside.parked_id, is_overdue=aside.is_overdue)


def command(
    name: str,
    ask: Ask[Any],
    *,
    by: Actor,
    roles: frozenset[str],
    at: datetime,
    request_id: str,
    traceparent: str | None = None,
) -> Message:
    """A person's command as a message. ``request_id`` is the idempotency key, or a fresh id."""
    return Message(
        source=f"urn:asbuilt:request:{by.person or by.machine}",
        id=request_id,
        type=name,
        happened_at=at,
        seed_ms=int(at.timestamp() * 1000),
        actor=by,
        roles=roles,
        traceparent=traceparent,
        correlation_id=request_id,
        ask=ask,
    )


def fingerprint_of(*parts: str) -> str:
    """What tells one request from another: a digest of its method, path and canonical body."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
