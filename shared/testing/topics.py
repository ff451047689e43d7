"""Topics as a plant system and an ERP see them: publishing records, and reading what is announced."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any, TypeVar
from uuid import uuid4

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from pydantic import SecretStr

from shared.contracts.catalog import CATALOG, TOPICS
from shared.contracts.envelope import rfc3339
from shared.runtime import topics
from shared.runtime.settings import Settings
from shared.testing import sql
from shared.testing.conditions import eventually

T = TypeVar("T")

QUIET = {"log_level": 2, "reconnect.backoff.max.ms": 500}
"""A broker that stops in a test is no news, and is soon there again."""

TAKEN_WITHIN_S = 120
"""A broker that a test has stopped may take so long to come back where many tests run."""

STATION = "urn:plant:station-1"
Offsets = Mapping[tuple[str, int], int]
"""An offset for each (topic, partition)."""

Headers = Sequence[tuple[str, bytes | None]]


@dataclass(frozen=True)
class Sent:
    """A record to publish; ``timestamp_ms`` since 1970, now if 0."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    timestamp_ms: int = 0


@dataclass(frozen=True)
class Heard:
    """A record that was read."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: str | None
    value: bytes
    event: Mapping[str, Any] = field(repr=False)

    @property
    def id(self) -> str:
        """Id of the event."""
        return str(self.event["id"])

    @property
    def type(self) -> str:
        """Type of the event."""
        return str(self.event["type"])

    @property
    def data(self) -> Mapping[str, Any]:
        """What the event says."""
        data: Mapping[str, Any] = self.event["data"]
        return data

    @property
    def sequence(self) -> int | None:
        """Its number within its key; refusals have none."""
        return int(self.event["sequence"]) if "sequence" in self.event else None


def event(
    type_: str,
    data: Mapping[str, Any],
    *,
    id_: str | None = None,
    source: str = STATION,
    time: datetime | None = None,
    timestamp_ms: int = 0,
    key: str | None = None,
    **extensions: str,
) -> Sent:
    """A CloudEvent (structured mode) of the catalog as a record: its topic and key follow from its type."""
    entry = CATALOG[type_]
    document = {
        "specversion": "1.0",
        "id": id_ or str(uuid4()),
        "source": source,
        "type": type_,
        "time": rfc3339(time or datetime.now(UTC)),
        "datacontenttype": "application/json",
        **extensions,
        "data": dict(data),
    }
    return Sent(
        entry.topics[0].name,
        (key or str(data[entry.key])).encode(),
        json.dumps(document).encode(),
        (("content-type", b"application/cloudevents+json; charset=UTF-8"),),
        timestamp_ms,
    )


class Publisher:
    """Publishes as a plant system does: keys go where every Kafka client puts them."""

    def __init__(self, address: str, codec: str = "none") -> None:
        """``codec``: how batches are compressed: none, gzip, snappy, lz4 or zstd."""
        self._producer = Producer(
            {
                "bootstrap.servers": address,
                **QUIET,
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "linger.ms": 20,  # what is published together arrives together
                "message.max.bytes": 4_000_000,
                "compression.type": codec,
            }
        )

    def __call__(self, *records: Sent) -> Offsets:
        """Publish in order; see `all`."""
        return self.all(records)

    def event(self, type_: str, data: Mapping[str, Any], **more: Any) -> Sent:
        """Publish one CloudEvent; see `event`."""
        sent = event(type_, data, **more)
        self.all([sent])
        return sent

    def all(self, records: Iterable[Sent]) -> Offsets:
        """Publish many; returns, when the broker has them all, the offset after the last one of each partition."""
        failures: list[object] = []
        after: dict[tuple[str, int], int] = {}

        def said(error: object, message: Any) -> None:
            if error is not None:
                failures.append(error)
            else:
                after[message.topic(), message.partition()] = message.offset() + 1

        for one in records:
            self._put(one, said)
        left = self._producer.flush(TAKEN_WITHIN_S)
        assert not failures, failures
        assert left == 0, f"{left} records were not taken by the broker within {TAKEN_WITHIN_S} s"
        return after

    def _put(self, one: Sent, said: Callable[[object, Any], None]) -> None:
        for _try in range(600):
            try:
                self._producer.produce(
                    one.topic,
                    one.value,
                    one.key,
                    headers=list(one.headers),
                    timestamp=one.timestamp_ms,
                    on_delivery=said,
                )
            except BufferError:
                self._producer.poll(0.1)
            else:
                self._producer.poll(0)
                return
        raise AssertionError("the broker took no record for 60 s")


class Listener:
    """Reads topics from a given point on, as an ERP does; remembers everything it heard."""

    def __init__(self, address: str, starts: Offsets | None = None) -> None:
        """``starts``: the offset to begin at for each (topic, partition); their ends now if absent."""
        settings = {
            "bootstrap.servers": address,
            **QUIET,
            "group.id": f"listener-{uuid4()}",
            "enable.auto.commit": False,
        }
        self._consumer = Consumer({**settings, "auto.offset.reset": "earliest", "fetch.wait.max.ms": 20})
        self._address = address
        self.starts = dict(starts if starts is not None else ends(address))
        self._heard: dict[str, list[Heard]] = {name: [] for name, _ in self.starts}
        self._consumer.assign([TopicPartition(name, one, offset) for (name, one), offset in self.starts.items()])

    def __call__(
        self,
        topic: str,
        until: Callable[[list[Heard]], object] | int = 1,
        within_s: float = 30,
        what: str = "",
    ) -> list[Heard]:
        """Everything announced on a topic since the start, as soon as ``until`` is content: a condition on
        the list, or how many records at least.

        :raises AssertionError: saying what was heard, when that takes longer.
        """
        enough: Callable[[list[Heard]], object] = until if callable(until) else lambda heard: len(heard) >= until
        deadline = monotonic() + within_s
        while not enough(self._heard[topic]):
            if monotonic() > deadline:
                heard = [f"{one.type} {one.key} {one.sequence}" for one in self._heard[topic]]
                raise AssertionError(f"{topic}: {what or 'not announced'} within {within_s} s; heard {heard[-40:]}")
            self._listen(0.1)
        return list(self._heard[topic])

    def now(self, topic: str) -> list[Heard]:
        """Everything that is on a topic at this moment, since the start."""
        found = _again(lambda: ends(self._address, topic))
        ends_now = {at: end for at, end in found.items() if at in self.starts}
        is_read = lambda _: all(self._position(at) >= end for at, end in ends_now.items())  # noqa: E731
        return self(topic, is_read, what="not read to the end")

    def close(self) -> None:
        """Stop reading."""
        self._consumer.close()

    def _position(self, at: tuple[str, int]) -> int:
        offset = int(self._consumer.position([TopicPartition(*at)])[0].offset)
        return offset if offset >= 0 else self.starts[at]

    def _listen(self, for_s: float) -> None:
        for message in self._consumer.consume(500, for_s):
            if message.error() is None:
                heard = _heard(message)
                self._heard[heard.topic].append(heard)


def ends(address: str, *names: str) -> dict[tuple[str, int], int]:
    """The offset after the last record of every partition of the topics of these names, or of all of the catalog.

    Asked by a new client: one that lived through a restart of the broker may ask for a leader that it remembers.
    """
    consumer = Consumer({"bootstrap.servers": address, **QUIET, "group.id": "ends", "allow.auto.create.topics": True})
    try:
        found = {}
        for name in names or [topic.name for topic in TOPICS]:
            for one in consumer.list_topics(name, timeout=20).topics[name].partitions:
                _, high = consumer.get_watermark_offsets(TopicPartition(name, one), timeout=20)
                found[name, one] = max(0, int(high))  # the in-memory broker has none yet
        return found
    finally:
        consumer.close()


def begin_at(address: str, group: str, offsets: Offsets) -> None:
    """Let a consumer group that has no member begin at these offsets."""
    consumer = Consumer({"bootstrap.servers": address, **QUIET, "group.id": group, "enable.auto.commit": False})
    try:
        wanted = [TopicPartition(name, one, offset) for (name, one), offset in offsets.items()]
        _again(lambda: consumer.commit(offsets=wanted, asynchronous=False))
    finally:
        consumer.close()


class Group:
    """What a consumer group has committed."""

    def __init__(self, address: str, group: str) -> None:
        self._consumer = Consumer({"bootstrap.servers": address, **QUIET, "group.id": group})

    def committed(self, partitions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """The offset at which the group goes on; partitions without one are left out."""
        wanted = [TopicPartition(*at) for at in partitions]
        found = _again(lambda: self._consumer.committed(wanted, timeout=20))
        return {(one.topic, one.partition): one.offset for one in found if one.offset >= 0}

    def has_reached(self, offsets: Offsets) -> bool:
        """Whether everything before these offsets is committed."""
        committed = self.committed(offsets)
        return all(committed.get(at, 0) >= offset for at, offset in offsets.items())

    def close(self) -> None:
        """Stop asking."""
        self._consumer.close()


def answers(address: str) -> bool:
    """Whether a broker answers."""
    try:
        return bool(Producer({"bootstrap.servers": address, **QUIET}).list_topics(timeout=2).brokers)
    except KafkaException:
        return False


def make_topics(address: str) -> None:
    """Create the catalog's topics on a real broker, and wait until every partition has its leader."""
    settings = Settings(database_url=SecretStr("postgresql+asyncpg://not/asked"), kafka_bootstrap_servers=address)
    sql.run(topics.apply(settings))
    wait_for_leaders(address)


def wait_for_leaders(address: str) -> None:
    """A broker that has just started answers for its partitions a moment later."""
    eventually(lambda: _has_leaders(address), 30, "every partition has a leader")


def _has_leaders(address: str) -> bool:
    try:
        return bool(ends(address))
    except KafkaException:
        return False


def _again(ask: Callable[[], T]) -> T:
    """A broker that has just started has no coordinator for a second, and a client may not know a leader."""

    def look() -> tuple[T]:
        try:
            return (ask(),)
        except KafkaException as failure:
            raise AssertionError(failure) from None

    return eventually(look, 30, "the coordinator or the leader answers")[0]


def _heard(message: Any) -> Heard:
    key, value = message.key(), message.value() or b""
    return Heard(
        topic=message.topic(),
        partition=message.partition(),
        offset=message.offset(),
        timestamp_ms=message.timestamp()[1],
        key=None if key is None else key.decode(errors="replace"),
        value=value,
        event=_document(value),
    )


def _document(value: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(value)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
