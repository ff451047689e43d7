"""Publishes a feed: in order, no faster than it is due, never more in flight than is bounded."""

import asyncio
from asyncio import Future
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from time import monotonic
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaConnectionError, UnknownTopicOrPartitionError

from shared.runtime.command.feeds.sending import Sending
from shared.runtime.settings import Settings, kafka_arguments

MOST_IN_FLIGHT = 5_000
"""Records that the broker has not confirmed, at most."""

FIND_WITHIN_S = 5.0

CONFIRM_WITHIN_S = 40.0
"""Brokers that have not confirmed a record after so long are away; one that starts again needs less."""

STOP_WITHIN_S = 5.0

SLACK_S = 0.002
"""What is due within so long is sent at once: a shorter pause is not kept anyway."""

HEADERS = [("content-type", b"application/cloudevents+json; charset=UTF-8")]


class TopicMissing(Exception):
    """A topic does not exist; the message names it."""


class Publisher:
    """A plant's own producer: idempotent, every replica confirms, one record key keeps its order."""

    def __init__(self, settings: Settings) -> None:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=settings.kafka_bootstrap_servers.split(","),
            client_id="asbuilt-feed",
            acks="all",
            enable_idempotence=True,
            linger_ms=5,
            max_batch_size=131_072,
            **kafka_arguments(settings),
        )
        self._in_flight: deque[tuple[float, Future[Any]]] = deque()
        self._stop = asyncio.Event()
        self.confirmed = 0
        self.ends: dict[TopicPartition, int] = {}

    async def start(self) -> None:
        """Find the brokers."""
        await self._producer.start()

    async def find(self, topic: str) -> list[TopicPartition]:
        """The partitions of a topic; the in-memory broker makes it when it is first asked for.

        :raises TopicMissing: when there is no such topic.
        """
        try:
            found = await asyncio.wait_for(self._producer.partitions_for(topic), FIND_WITHIN_S)
        except (TimeoutError, UnknownTopicOrPartitionError):
            raise TopicMissing(topic) from None
        return [TopicPartition(topic, one) for one in sorted(found)]

    async def stop(self) -> None:
        """Send what is left, and close. What the brokers did not take was told with the first that they did not."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._producer.stop(), STOP_WITHIN_S)
        await asyncio.gather(*(one for _, one in self._in_flight if one.done()), return_exceptions=True)

    def enough(self) -> None:
        """Publish no more."""
        self._stop.set()

    async def publish(self, feed: Iterable[Sending], about_to_send: Callable[[Sending], None]) -> None:
        """Publish everything, or until it is `enough`; returns when the brokers have confirmed it. Then ``ends`` is,
        for each partition, the offset after the last record.

        :raises KafkaError: when the brokers do not take a record.
        :raises KafkaConnectionError: when they confirm nothing any more.
        """
        began = monotonic()
        for one in feed:
            await self._wait_until(began + one.due_s)
            if self._stop.is_set():
                break
            if len(self._in_flight) >= MOST_IN_FLIGHT:
                await self._confirm(MOST_IN_FLIGHT // 2)
            about_to_send(one)
            sent = await self._producer.send(one.topic, one.value, one.key.encode(), headers=HEADERS)
            self._in_flight.append((monotonic(), sent))
        await self._confirm(0)

    async def _wait_until(self, due: float) -> None:
        pause = due - monotonic()
        if pause > SLACK_S:
            while self._in_flight and self._is_due():
                await self._confirm(len(self._in_flight) - 1)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), max(0.0, due - monotonic()))

    def _is_due(self) -> bool:
        """Whether the oldest record was confirmed, or should have been."""
        sent_at, oldest = self._in_flight[0]
        return oldest.done() or monotonic() - sent_at > CONFIRM_WITHIN_S

    async def _confirm(self, down_to: int) -> None:
        while len(self._in_flight) > down_to:
            sent_at, oldest = self._in_flight.popleft()
            try:
                confirmed = await asyncio.wait_for(oldest, max(0.0, sent_at + CONFIRM_WITHIN_S - monotonic()))
            except TimeoutError:
                raise KafkaConnectionError(f"it confirmed nothing for {CONFIRM_WITHIN_S:g} s") from None
            self.confirmed += 1
            at = confirmed.topic_partition
            self.ends[at] = max(self.ends.get(at, 0), confirmed.offset + 1)
