"""Record batches put together by hand: for what no client library writes, and for what belongs in one batch."""

from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from shared.testing import sql
from shared.testing.topics import Offsets, Sent

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
"""In the order of the numbers that Kafka has for them."""

MOST_BYTES = 4_000_000
"""What the broker takes as one batch."""


class _Name(str):
    """A header's name that is written as the bytes that it stands for, whether they are UTF-8 or not."""

    __slots__ = ()

    def encode(self, *_: object) -> bytes:
        """Lone surrogates become the bytes that they were made of."""
        return str.encode(self, "utf-8", "surrogateescape")


def batch(records: Sequence[Sent], codec: str = "none") -> bytes:
    """One batch as it is on the wire."""
    builder = _builder(codec)
    for number, one in enumerate(records):
        assert builder.append(number, one.timestamp_ms, one.key, one.value, _headers(one)) is not None
    return bytes(builder.build())


def publish_together(
    address: str, records: Sequence[Sent], *, topic: str, partition: int = 0, codec: str = "none"
) -> Offsets:
    """Publish records as one batch, on one partition whatever their keys; the offset after the last one."""
    return sql.run(_publish(address, records, topic, partition, codec))


async def _publish(address: str, records: Sequence[Sent], topic: str, partition: int, codec: str) -> Offsets:
    async with AIOKafkaProducer(bootstrap_servers=address, acks="all", max_request_size=MOST_BYTES) as producer:
        together = producer.create_batch()
        together._builder = _builder(codec)  # noqa: SLF001 - its own writes names in UTF-8 only
        for one in records:
            taken = together.append(
                key=one.key, value=one.value, timestamp=one.timestamp_ms or None, headers=_headers(one)
            )
            assert taken is not None, "too much for one batch"
        sent = await (await producer.send_batch(together, topic, partition=partition))
    return {(topic, partition): sent.offset + len(records)}


def _headers(one: Sent) -> list[tuple[str, bytes | None]]:
    return [(_Name(name), value) for name, value in one.headers]


def _builder(codec: str) -> Any:
    return _DefaultRecordBatchBuilderPy(
        magic=2,
        compression_type=CODECS.index(codec),
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=MOST_BYTES,
    )
