"""The plant floor: publishes what plant systems say, and reads what Asbuilt answers on its topics."""

import asyncio
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.contracts.base import PlantEvent
from shared.contracts.catalog import BY_CONTRACT
from shared.contracts.envelope import rfc3339, write
from shared.runtime.command.kafka import kafka_failed
from shared.runtime.ids import new_id
from shared.runtime.settings import Settings, kafka_arguments

WITHIN_S = 60

Row = tuple[str, bytes, bytes]
"""Topic, key, body."""


class Floor:
    """Everything on the plant floor that speaks Kafka."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kafka = settings.kafka_bootstrap_servers.split(",")

    def say(self, station: str, *events: PlantEvent) -> None:
        """A station publishes events; returns when the broker has them."""
        self._publish(_row(station, event) for event in events)

    def say_rubbish(self, topic: str, key: str, body: bytes) -> None:
        """A station publishes something that nobody can read."""
        self._publish([(topic, key.encode(), body)])

    def on_topic(self, topic: str) -> list[dict[str, Any]]:
        """Every event that a topic holds, read from its beginning to its end."""
        try:
            return [json.loads(body) for body in asyncio.run(self._bodies(topic))]
        except (KafkaError, OSError) as error:
            raise kafka_failed(self._settings, error) from None

    def _publish(self, rows: Iterable[Row]) -> None:
        try:
            asyncio.run(self._send(list(rows)))
        except (KafkaError, OSError) as error:
            raise kafka_failed(self._settings, error) from None

    async def _send(self, rows: list[Row]) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._kafka,
            acks="all",
            enable_idempotence=True,
            request_timeout_ms=WITHIN_S * 1000,
            **kafka_arguments(self._settings),
        )
        await producer.start()
        try:
            for topic, key, body in rows:
                await producer.send_and_wait(topic, body, key)
        finally:
            await producer.stop()

    async def _bodies(self, topic: str) -> list[bytes]:
        consumer = AIOKafkaConsumer(  # of no group: it reads every partition, and leaves no mark
            topic,
            bootstrap_servers=self._kafka,
            group_id=None,
            auto_offset_reset="earliest",
            **kafka_arguments(self._settings),
        )
        await consumer.start()
        try:
            return await _to_the_end(consumer)
        finally:
            await consumer.stop()


async def _to_the_end(consumer: AIOKafkaConsumer) -> list[bytes]:
    ends = await consumer.end_offsets(consumer.assignment())
    bodies: list[bytes] = []
    deadline = monotonic() + WITHIN_S
    while monotonic() < deadline:
        for records in (await consumer.getmany(timeout_ms=200)).values():
            bodies += [record.value for record in records]
        if all([await consumer.position(one) >= end for one, end in ends.items()]):
            return bodies
    raise KafkaError(f"a topic could not be read to its end within {WITHIN_S} s")


def _row(station: str, event: PlantEvent) -> Row:
    entry = BY_CONTRACT[type(event)]
    event = event.model_copy(update={"station": station})
    key = getattr(event, entry.key)
    now = rfc3339(datetime.now(UTC))
    attributes = {"id": new_id(), "source": f"urn:plant:{station}", "subject": key, "time": now}
    return entry.topics[0].name, key.encode(), write(entry, event, attributes)
