"""The ceiling: the same records through FastStream's batch path, copied into one table. No parsing, no rules.

`python -m tests.bench.ceiling EVENTS` prints how fast so many were.
"""

import asyncio
import json
import sys
from time import perf_counter

import asyncpg
from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage
from faststream.kafka.message import FAKE_CONSUMER, KafkaAckableMessage

from shared.runtime.settings import load

TABLE = "create table record (topic text, partition int, record_offset bigint, key bytea, value bytea)"
COLUMNS = ("topic", "partition", "record_offset", "key", "value")


async def _parse(records: tuple[object, ...]) -> KafkaAckableMessage:
    return KafkaAckableMessage(raw_message=records, body=b"", consumer=FAKE_CONSUMER)


async def _decode(message: KafkaAckableMessage) -> object:
    return message.raw_message


async def main(events: int) -> None:
    """Copy so many records, then say how long it took."""
    settings = load()
    owner = settings.migration_database_url
    assert owner is not None
    connection = await asyncpg.connect(owner.get_secret_value().replace("+asyncpg", ""))
    await connection.execute(TABLE)
    broker = KafkaBroker(settings.kafka_bootstrap_servers, logger=None)
    app = FastStream(broker, logger=None)
    done, began = 0, 0.0

    async def handle(message: KafkaMessage) -> None:
        nonlocal done, began
        began = began or perf_counter()
        rows = [(one.topic, one.partition, one.offset, one.key, one.value) for one in message.raw_message]
        await connection.copy_records_to_table("record", records=rows, columns=COLUMNS)
        consumer = subscriber.consumer
        assert consumer is not None
        await consumer.commit()
        done += len(rows)
        if done >= events:
            app.exit()

    subscriber = broker.subscriber(
        "plant.steps",
        batch=True,
        group_id="bench-ceiling",
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.MANUAL,
        max_records=1_000,
        batch_timeout_ms=10,
        parser=_parse,
        decoder=_decode,
    )
    subscriber(handle)
    await app.run()
    took_s = perf_counter() - began
    print(json.dumps({"events": done, "seconds": took_s, "events_per_s": done / took_s}))  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
