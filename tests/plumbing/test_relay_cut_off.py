"""A relay that ends while the broker is away leaves nothing behind that could send later."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from sqlalchemy.ext.asyncio import create_async_engine

from shared.messaging import relay
from shared.messaging.patience import Patience
from shared.messaging.relay import Relay
from shared.messaging.watch import Unwatched
from shared.testing.conditions import eventually_async
from shared.testing.databases import Database
from shared.testing.kafka import Kafka

WRITE = "insert into outbox (event_id, topic, key, body) values ($1, 'asbuilt.runs', 'RUN-1', 'x')"


class Counting(AIOKafkaProducer):  # type: ignore[misc]
    """A producer that counts the batches it was given."""

    given = 0

    async def send_batch(self, *arguments: Any, **more: Any) -> Any:
        """As it does, counted."""
        acknowledged = await super().send_batch(*arguments, **more)
        self.given += 1
        return acknowledged


@pytest.fixture
async def stoppable(kafka: Kafka) -> AsyncIterator[Kafka]:
    """A broker that can be away; there again for the next test whatever happens."""
    if not kafka.can_stop:
        pytest.skip("the broker was given: it is not ours to stop")
    yield kafka
    await asyncio.to_thread(kafka.start_if_stopped)


def kafka_tasks() -> list[str]:
    """What the Kafka client still does in this process."""
    codes = [getattr(task.get_coro(), "cr_code", None) for task in asyncio.all_tasks()]
    return [code.co_qualname for code in codes if code is not None and "/aiokafka/" in code.co_filename]


async def test_a_producer_that_cannot_get_rid_of_its_batches_is_cut_off(
    stoppable: Kafka, database: Callable[[str], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its task and its connections end with the relay; what it had to send is in the outbox still."""
    monkeypatch.setattr(relay, "STOP_PRODUCER_S", 0.2)
    run = database("run")
    engine = create_async_engine(run.url)
    made: list[Counting] = []

    def producer() -> Counting:
        made.append(Counting(bootstrap_servers=stoppable.address, acks="all", enable_idempotence=True))
        return made[-1]

    async def was_given(batches: int) -> bool:
        return bool(made) and made[-1].given == batches

    async def is_empty() -> bool:
        return await asyncio.to_thread(run.count, "outbox") == 0

    before = kafka_tasks()
    patience = Patience(initial_s=0.1, max_s=1)
    relaying = Relay(engine, producer, patience=patience, watch=Unwatched(), poll_interval_s=0.05)
    running = asyncio.create_task(relaying.run())
    run.rows(WRITE, "sent")
    await eventually_async(is_empty, 10, "the first is sent")
    await asyncio.to_thread(stoppable.stop)
    run.rows(WRITE, "kept")
    await eventually_async(lambda: was_given(2), 10, "the second is in hand")
    running.cancel()
    await asyncio.wait({running}, timeout=10)
    assert running.done()
    assert kafka_tasks() == before
    await engine.dispose()
    assert [row["event_id"] for row in run.rows("select event_id from outbox")] == ["kept"]
