"""The ground that every part of the bench stands on: one broker, one PostgreSQL, topics, databases, processes."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import asyncpg
from confluent_kafka import Consumer, ConsumerGroupState, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from shared.runtime.embedded import children
from shared.runtime.embedded.plant import Plant
from tests.bench.load import Said


class Ground:
    """An embedded plant on real parts, in a directory that goes away."""

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="asbuilt-bench-")
        self.plant = Plant(Path(self._directory.name), broker="java")
        self.plant.start()

    def stop(self) -> None:
        """End everything."""
        self._counting.close()
        self.plant.stop()
        self._directory.cleanup()

    def publish(self, said: Iterable[Said]) -> int:
        """Put records on their topics; returns how many when the broker has them all."""
        producer = Producer(
            {
                "bootstrap.servers": self.plant.broker.address,
                "partitioner": "murmur2_random",
                "linger.ms": 50,
                "acks": "all",
                "queue.buffering.max.messages": 50_000,
            }
        )
        count = 0
        for topic, key, body in said:
            while True:
                try:
                    producer.produce(topic, body, key)
                except BufferError:
                    producer.poll(0.1)
                else:
                    break
            producer.poll(0)
            count += 1
        producer.flush(60)
        return count

    def make_topic(self, name: str) -> None:
        """A topic of the bench's own, with as many partitions as the others."""
        admin = AdminClient({"bootstrap.servers": self.plant.broker.address})
        for made in admin.create_topics([NewTopic(name, num_partitions=6, replication_factor=1)]).values():
            made.result(20)

    def on_topic(self, topic: str) -> int:
        """How many records a topic holds; a topic that was made a moment ago may have no leader yet."""
        counted: list[int] = []

        def count() -> bool:
            try:
                counted.append(self._count(topic))
            except KafkaException:
                return False
            return True

        until(count, 30, f"{topic} has leaders")
        return counted[0]

    def _count(self, topic: str) -> int:
        counting = self._counting
        partitions = counting.list_topics(topic, timeout=10).topics[topic].partitions
        ends = (counting.get_watermark_offsets(TopicPartition(topic, one), timeout=10) for one in partitions)
        return sum(high - low for low, high in ends)

    def members(self, service: str) -> int:
        """How many processes of a service have partitions, while none of them is joining or leaving."""
        admin = AdminClient({"bootstrap.servers": self.plant.broker.address})
        group = admin.describe_consumer_groups([f"asbuilt-{service}"])[f"asbuilt-{service}"].result(10)
        if group.state is not ConsumerGroupState.STABLE:
            return 0
        return sum(bool(one.assignment and one.assignment.topic_partitions) for one in group.members)

    @cached_property
    def _counting(self) -> Consumer:
        """One for all counts: making one takes processor time that belongs to what is measured."""
        return Consumer({"bootstrap.servers": self.plant.broker.address, "group.id": "bench-counts"})

    def process(self, module: str, *arguments: object, service: str = "run", **more: str) -> "Process":
        """Start a part's own process, with a service's environment."""
        log = self.plant.directory / f"{module}.log"
        environment = self.plant.environment(service, **more)
        command = [sys.executable, "-m", module, *arguments]
        return Process(children.start(command, log, environment=environment), log)

    async def copy_database(self, source: str, name: str) -> None:
        """A database with the rows of another, nobody being connected to it."""
        connection = await asyncpg.connect(self.plant.postgres.url)
        try:
            await connection.execute(f'create database "{name}" template "{source}" owner "{source}_owner"')
            await connection.execute(f'grant connect on database "{name}" to "{source}"')
        finally:
            await connection.close()

    async def settle(self) -> None:
        """Let PostgreSQL write out what an earlier part left to do, so that no part pays for another."""
        connection = await asyncpg.connect(self.plant.postgres.url)
        try:
            await connection.execute("checkpoint")
        finally:
            await connection.close()


class Process:
    """A part's process, which prints one JSON document when it ends."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def figures(self, within_s: float) -> dict[str, Any]:
        """What it measured, when it has ended."""
        if self._process.wait(within_s) != 0:
            raise children.DidNotStart(self._log.read_text()[-4000:])
        last = [line for line in self._log.read_text().splitlines() if line.startswith("{")][-1]
        figures: dict[str, Any] = json.loads(last)
        return figures

    def stop(self) -> None:
        """End it."""
        children.stop(self._process)


def until(answers: Callable[[], bool], within_s: float, what: str) -> None:
    """Wait for a condition.

    :raises TimeoutError: naming ``what`` did not happen.
    """
    deadline = monotonic() + within_s
    while not answers():
        if monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {within_s} s")
        sleep(0.05)
