"""What Asbuilt answers to a feed: listens to its announcements, and knows when its services have read everything."""

import asyncio
import json
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from time import monotonic
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from shared.contracts.catalog import INVENTORY, PLANT_INSTALLS, PLANT_ORDERS, PLANT_STEPS, PLANT_UNITS, RUNS
from shared.runtime.settings import Settings, kafka_arguments

READERS = {
    PLANT_ORDERS.name: ("run", RUNS.name),
    PLANT_STEPS.name: ("run", RUNS.name),
    PLANT_UNITS.name: ("inventory", INVENTORY.name),
    PLANT_INSTALLS.name: ("inventory", INVENTORY.name),
}
"""Who reads a plant topic, and where it answers."""


class Answers:
    """Listens from the moment of its start on, so start it before the first record is published."""

    def __init__(self, settings: Settings, hear: Callable[[Mapping[str, Any]], None]) -> None:
        reach = {
            "bootstrap_servers": settings.kafka_bootstrap_servers.split(","),
            "client_id": "asbuilt-feed",
            **kafka_arguments(settings),
        }
        self._consumer = AIOKafkaConsumer(**reach, enable_auto_commit=False, auto_offset_reset="earliest")
        self._admin = AIOKafkaAdminClient(**reach)
        self._groups = settings.kafka_group_prefix
        self._hear = hear
        self.last_heard = monotonic()

    async def start(self, partitions: Collection[TopicPartition]) -> None:
        """Stand at the end of each of these partitions."""
        await self._consumer.start()
        await self._admin.start()
        ends = await self._consumer.end_offsets(list(partitions))
        self._consumer.assign(list(partitions))
        for at, end in ends.items():
            self._consumer.seek(at, max(0, end))

    async def stop(self) -> None:
        """Stop listening. While the broker is away aiokafka lets the end of its own fetches out as a cancellation."""
        await self._admin.close()
        with suppress(asyncio.CancelledError):
            await self._consumer.stop()

    async def listen(self) -> None:
        """Hear what is announced, until cancelled."""
        while True:
            found = await self._consumer.getmany(timeout_ms=200, max_records=2_000)
            for record in (one for records in found.values() for one in records):
                self.last_heard = monotonic()
                self._hear(_document(record.value))

    async def unread(self, ends: Mapping[TopicPartition, int]) -> int | None:
        """How many records before ``ends`` the services have not read and committed; None when nobody can tell."""
        left = 0
        try:
            for service in {READERS[at.topic][0] for at in ends}:
                mine = {at: end for at, end in ends.items() if READERS[at.topic][0] == service}
                group = f"{self._groups}-{service}"
                committed = await self._admin.list_consumer_group_offsets(group, partitions=list(mine))
                left += sum(max(0, end - _place(committed.get(at))) for at, end in mine.items())
        except KafkaError:
            return None  # a group's coordinator moves or is away; asked again soon
        return left


def _document(body: bytes | None) -> Mapping[str, Any]:
    """What was announced; nothing, where somebody else wrote on the topic."""
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _place(committed: Any) -> int:
    return 0 if committed is None else max(0, int(committed.offset))
