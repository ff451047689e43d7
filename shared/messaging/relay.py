"""The relay: sends what is in the outbox, in order, then deletes it. Nothing else publishes.

Rows get their ids before they commit, so the relay never remembers how far it came: it sends what is there in
id order and deletes just that. One relay per database is active, the one whose connection holds the lock, and it
reads and deletes on that very connection: who has lost the lock can no longer delete. Dying between sending and
deleting sends the same ids again, in the same order.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError
from aiokafka.partitioner import murmur2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.messaging.driver import driver_of
from shared.messaging.patience import Patience
from shared.messaging.watch import Seam, Watch

RELAY_LOCK = 0x6173_6275_696C_7401
"""The advisory lock of the one active relay of a database."""

ROUND = 4_000
"""At most so many announcements are sent before they are deleted."""

ROUND_BYTES = 8_000_000
"""No announcement is added to a round that has so much; one body may have 3.5 MB, so a round is in memory well."""

STOP_PRODUCER_S = 5.0
CUT_OFF_S = 1.0

HEADERS = [("content-type", b"application/cloudevents+json; charset=UTF-8")]

TAKE_LOCK = text("select pg_try_advisory_lock(:key)")
FETCH = """
    select outbox_id, topic, key, body from (
        select outbox_id, topic, key, body, sum(length(body)) over (order by outbox_id) - length(body) as before
        from outbox order by outbox_id limit $1) as round
    where before < $2 order by outbox_id"""
LOSE_DELETES = "set synchronous_commit = off"
"""A delete that is lost when the database's machine dies costs no more than sending the same ids again, in the same
order, as dying in front of it does.
"""
DELETE = "delete from outbox where outbox_id = any($1)"
DEPTH = text("select count(*), coalesce(extract(epoch from now() - min(written_at)), 0) from outbox")


class Relay:
    """Sends announcements to Kafka as long as it runs; several may run, one is active."""

    def __init__(
        self,
        engine: AsyncEngine,
        make_producer: Callable[[], AIOKafkaProducer],
        *,
        patience: Patience,
        watch: Watch,
        poll_interval_s: float,
    ) -> None:
        """``poll_interval_s``: how long at most it sleeps when nothing wakes it."""
        self._engine = engine
        self._make_producer = make_producer
        self._patience = patience
        self._watch = watch
        self._poll_interval_s = poll_interval_s
        self._woken = asyncio.Event()
        self._stopping = False
        self.is_active = False

    def wake(self) -> None:
        """There is something to send."""
        self._woken.set()

    def stop(self) -> None:
        """Finish the round in hand, then end."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Relay until stopped. An outage of the broker or the database is waited out."""
        while not self._stopping:
            try:
                async with self._engine.connect() as connection:
                    await self._on(await connection.execution_options(isolation_level="AUTOCOMMIT"))
            except Exception as error:  # noqa: BLE001 - whatever happened, the rows are still there
                await self._patience.wait("relay", error)
            finally:
                self.is_active = False

    async def _on(self, connection: AsyncConnection) -> None:
        if not (await connection.execute(TAKE_LOCK, {"key": RELAY_LOCK})).scalar():
            await self._sleep()
            return
        producer = self._make_producer()
        try:
            await producer.start()
            self.is_active = True
            driver = await driver_of(connection)
            await driver.execute(LOSE_DELETES)
            await driver.add_listener("outbox", lambda *_: self._woken.set())
            await self._drain(driver, producer)
        finally:
            await _stop(producer)
            await connection.invalidate()  # ends the session, and with it the lock

    async def _drain(self, driver: Any, producer: AIOKafkaProducer) -> None:
        """On the driver's own connection: it makes rows in a fifth of the time."""
        while not self._stopping:
            self._woken.clear()
            rows = await driver.fetch(FETCH, ROUND, ROUND_BYTES)
            self._watch.passed(Seam.FETCHED)
            if not rows:
                self._patience.relax("relay")
                await self._sleep()
                continue
            sent = await _send(producer, rows)
            self._watch.passed(Seam.SENT)
            await driver.execute(DELETE, sent)
            self._watch.passed(Seam.DELETED)

    async def _sleep(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), timeout=self._poll_interval_s)

    async def measure(self) -> None:
        """Tell the watch how much waits, and for how long."""
        async with self._engine.connect() as connection:
            depth, age_s = (await connection.execute(DEPTH)).one()
        self._watch.outbox(depth, float(age_s))


async def _stop(producer: AIOKafkaProducer) -> None:
    """Stop a producer. One that cannot get rid of its batches is cut off, or it would send them, old as they are,
    beside the next one.
    """
    with suppress(Exception):
        await asyncio.wait_for(producer.stop(), timeout=STOP_PRODUCER_S)
        return
    sending = producer._sender.sender_task  # noqa: SLF001 - its own stop() waits for the batches
    for _time in range(2):  # the first time it still waits for requests in the air, which the second one ends
        if sending is not None:
            sending.cancel()
        with suppress(Exception):
            await asyncio.wait_for(producer.client.close(), CUT_OFF_S)
        if sending is not None:
            await asyncio.wait({sending}, timeout=CUT_OFF_S)
    producer._message_accumulator.fail_all(KafkaConnectionError("The relay has ended."))  # noqa: SLF001 - as above


async def _send(producer: AIOKafkaProducer, rows: Sequence[Sequence[Any]]) -> list[int]:
    """Send rows in order; per partition one Kafka batch, so that none overtakes another when one fails.

    Returns the ids that the broker has acknowledged: all, or as many as fit into one batch per partition.
    """
    partitions = {topic: len(await _partitions(producer, topic)) for topic in {row[1] for row in rows}}
    lanes: dict[tuple[str, int], list[Sequence[Any]]] = {}
    for row in rows:
        _, topic, key, _ = row
        lanes.setdefault((topic, _partition(key, partitions[topic])), []).append(row)
    sent: list[int] = []
    waiting = []
    for (topic, partition), lane in lanes.items():
        acknowledged, taken = await _send_lane(producer, topic, partition, lane)
        sent += taken
        waiting.append(acknowledged)
    await asyncio.gather(*waiting)
    return sent


async def _send_lane(
    producer: AIOKafkaProducer, topic: str, partition: int, lane: Sequence[Sequence[Any]]
) -> tuple["asyncio.Future[Any]", list[int]]:
    batch = producer.create_batch()
    taken: list[int] = []
    for outbox_id, _, key, body in lane:
        if batch.append(key=key.encode(), value=body, timestamp=None, headers=HEADERS) is None:
            break
        taken.append(outbox_id)
    if not taken:
        outbox_id, _, key, body = lane[0]
        alone = await producer.send(topic, body, key=key.encode(), partition=partition, headers=HEADERS)
        return alone, [outbox_id]
    batch.close()
    return await producer.send_batch(batch, topic, partition=partition), taken


async def _partitions(producer: AIOKafkaProducer, topic: str) -> set[int]:
    """The topic's partitions, from the client's own metadata; asked of the broker only when unknown."""
    known: set[int] | None = producer.client.cluster.partitions_for_topic(topic)
    return known or await producer.partitions_for(topic)


@lru_cache(maxsize=100_000)
def _partition(key: str, partitions: int) -> int:
    """Where the default partitioner of every Kafka client puts this key."""
    return int((murmur2(key.encode()) & 0x7FFFFFFF) % partitions)
