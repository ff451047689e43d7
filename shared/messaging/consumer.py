"""The consumer: hands batches of Kafka records to the road and commits offsets after it. While one batch is in the
database, the next is polled and read.

FastStream's batch subscriber makes the member of the group and its loop. Its own poll, parser and ack are not used:
after a poll that brought nothing it sleeps, one record with a strange header would cost its whole batch, and an ack
commits what was polled, not what was done.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import chain
from time import monotonic
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaAckableMessage

from shared.messaging.batches import take_whatever_comes
from shared.messaging.messages import Heard, Record
from shared.messaging.patience import Patience, Waiting
from shared.messaging.watch import Seam, Watch

_log = structlog.get_logger(__name__)

HANDOVER_S = 6.0
"""How long a rebalance waits for the batch in hand, so that it need not be done twice; well inside Kafka's
rebalance timeout of 10 s."""

STOP_S = 3.5
"""How long the end of the process waits for the batch in hand; then it is rolled back, and comes again."""

POLL_MS = 500
"""How long a poll waits for the first record; what comes is handed over at once."""

COMMIT_S = 1.0
"""How long it waits for the offsets: the broker may be away, and what is not committed comes again too."""

MANY = 50
"""Records at once: where so many come, more are on their way."""

GATHER_S = 0.1
"""Then the next are left to gather for so long: polling, the transaction and the offsets cost what many cost, however
few there are. Who speaks now and then is heard at once, and where there is a backlog nothing is waited for.
"""

HOMELESS_S = 300.0
"""A member without a partition for so long joins anew: it may have been forgotten (aiokafka #1187)."""


class Consumer(ConsumerRebalanceListener):  # type: ignore[misc]
    """Polls the topics of one service and takes every batch to the end: done, refused or parked, or waits.

    Offsets are committed at once, but every ``commit_every_s`` seconds at most: what is not committed comes again when
    the process dies, and is known.
    """

    def __init__(
        self,
        broker: KafkaBroker,
        *,
        group: str,
        topics: Sequence[str],
        read: Callable[[Sequence[Record]], Awaitable[Heard]],
        take: Callable[[Heard], Awaitable[object]],
        is_waiting: Waiting,
        patience: Patience,
        watch: Watch,
        max_records: int,
        commit_every_s: float,
    ) -> None:
        take_whatever_comes()
        self._broker = broker
        self._read = read
        self._take = take
        self._is_waiting = is_waiting
        self._patience = patience
        self._watch = watch
        self._max_records = max_records
        self._commit_every_s = commit_every_s
        self._stopping = False
        self._batch: asyncio.Task[None] | None = None
        self._done: dict[TopicPartition, int] = {}
        self._committing: asyncio.Task[None] | None = None
        self._committed_at = 0.0
        self._hurry = asyncio.Event()
        self._revocations = 0
        self._has_joined = False
        self._homeless_since: float | None = None
        self.batch_since: float | None = None
        self._subscriber = broker.subscriber(
            *topics,
            batch=True,
            group_id=group,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.MANUAL,
            max_records=max_records,
            session_timeout_ms=10_000,
            heartbeat_interval_ms=1_000,
            max_poll_interval_ms=300_000,
            listener=self,
            parser=_parse,
            decoder=_decode,
        )
        self._subscriber.get_msg = self._poll  # type: ignore[method-assign]
        self._subscriber(self._handle)

    async def start(self) -> None:
        """Join the group and poll."""
        await self._broker.start()

    async def stop(self) -> None:
        """Finish the batch in hand, commit its offsets, leave the group."""
        self._stopping = True
        await self._batch_ended(STOP_S)
        if self._batch is not None:
            self._batch.cancel()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._committed(), COMMIT_S)
        await self._broker.stop()

    async def abandon(self) -> None:
        """Close what a failed start left open, so that it can be tried again."""
        await self._broker.stop()

    @property
    def has_joined(self) -> bool:
        """Whether this member is in its group, with partitions or with none left for it."""
        return self._has_joined and self.is_polling

    @property
    def assignment(self) -> frozenset[TopicPartition]:
        """The partitions that this member reads now."""
        consumer = self._consumer
        return frozenset(consumer.assignment()) if consumer else frozenset()

    @property
    def is_polling(self) -> bool:
        """Whether the loop that polls is alive."""
        return any(not task.done() for task in self._subscriber.tasks)

    @property
    def has_stalled(self) -> bool:
        """Whether it joined its group and then its loop ended, though nobody stopped it."""
        return self._has_joined and not self._stopping and not self.is_polling

    async def on_partitions_revoked(self, revoked: object) -> None:
        """Somebody joined or left: hand over after the batch in hand."""
        if revoked:
            self._revocations += 1
            await self._batch_ended(HANDOVER_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._committed(), HANDOVER_S)
            self._done.clear()

    async def on_partitions_assigned(self, assigned: object) -> None:  # noqa: ARG002 - its listener's form
        """Nothing to prepare: what is known is read from the database."""
        self._has_joined = True

    async def rejoin_if_homeless(self) -> None:
        """The watchdog: a member that has had no partition for long joins anew."""
        if self.assignment or self._stopping:
            self._homeless_since = None
            return
        since = self._homeless_since = self._homeless_since or monotonic()
        if monotonic() - since > HOMELESS_S:
            _log.warning("rejoining", because="no partition was assigned for long")
            self._homeless_since = None
            await self._subscriber.stop()
            await self._subscriber.start()

    def measure(self) -> None:
        """Tell the watch how far behind each partition is."""
        consumer = self._consumer
        if consumer is None:
            return
        behind = {}
        for partition in consumer.assignment():
            end = consumer.highwater(partition)
            with suppress(KafkaError, KeyError, AttributeError):
                state = consumer._subscription.subscription.assignment.state_value(partition)  # noqa: SLF001
                if end is not None and state.has_valid_position:
                    behind[(partition.topic, partition.partition)] = max(0, end - state.position)
        self._watch.lag(behind)

    @property
    def _consumer(self) -> AIOKafkaConsumer | None:
        return self._subscriber.consumer

    async def _poll(self, consumer: AIOKafkaConsumer) -> tuple[Record, ...]:
        fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=self._max_records)
        return tuple(chain.from_iterable(fetched.values()))

    async def _handle(self, records: tuple[Any, ...]) -> None:
        """Read a batch, wait for the one before, let it begin. One that was revoked or came too late meanwhile is
        left alone: its offsets are not committed, so it comes again.
        """
        if self._stopping:
            return
        revocations = self._revocations
        self._watch.passed(Seam.POLLED)
        heard = await self._read(records)
        await self._batch_ended()
        if not self._stopping and revocations == self._revocations:
            self._batch = asyncio.create_task(self._end(heard, _next_offsets(records)))
            if MANY <= len(records) < self._max_records:
                await asyncio.sleep(GATHER_S)

    async def _end(self, heard: Heard, offsets: dict[TopicPartition, int]) -> None:
        """Take a batch to its end, then let its offsets be committed."""
        self._watch.passed(Seam.BEGUN)
        self.batch_since = monotonic()
        try:
            is_taken = await self._taken(heard)
        finally:
            self.batch_since = None
        if is_taken:
            self._done |= offsets
            if self._committing is None or self._committing.done():
                self._committing = asyncio.create_task(self._commit_all())

    async def _batch_ended(self, within_s: float | None = None) -> None:
        if self._batch is not None:
            await asyncio.wait({self._batch}, timeout=within_s)

    async def _taken(self, heard: Heard) -> bool:
        """Take the batch, however long the database stays away; False when stopped meanwhile."""
        while True:
            try:
                await self._take(heard)
            except Exception as error:  # noqa: BLE001 - nothing may lose a batch
                if not self._is_waiting(error):
                    _log.exception("batch failed", records=len(heard.messages))
                if self._stopping:
                    return False
                await self._patience.wait("consumer", error)
                if self._stopping:
                    return False
            else:
                self._patience.relax("consumer")
                return True

    async def _commit_all(self) -> None:
        """Commit what is done, and what gets done meanwhile."""
        while self._done:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), self._committed_at + self._commit_every_s - monotonic())
            offsets, self._done = self._done, {}
            if offsets:
                await self._commit(offsets)
                self._committed_at = monotonic()

    async def _commit(self, offsets: dict[TopicPartition, int]) -> None:
        consumer = self._consumer
        if consumer is None:
            return
        try:
            await consumer.commit(offsets)
            self._watch.passed(Seam.OFFSETS)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not keep later offsets from being committed
            # Another member has the partition, or the broker is away: these records come again and are known.
            _log.info("offsets not committed", because=f"{type(error).__name__}: {error}")

    async def _committed(self) -> None:
        """Commit what is done now."""
        if self._committing is not None:
            self._hurry.set()
            try:
                await self._committing
            finally:
                self._hurry.clear()


def _next_offsets(records: Sequence[Record]) -> dict[TopicPartition, int]:
    offsets = {(one.topic, one.partition): one.offset + 1 for one in records}
    return {TopicPartition(*partition): offset for partition, offset in offsets.items()}


async def _parse(records: tuple[Any, ...]) -> KafkaAckableMessage:
    return KafkaAckableMessage(raw_message=records, body=b"", consumer=FAKE_CONSUMER)


async def _decode(message: KafkaAckableMessage) -> object:
    return message.raw_message
