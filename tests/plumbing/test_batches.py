"""Guarantee 1, one layer below records: batches that are compressed, or that no client library of ours can read."""

import json
from pathlib import Path

import pytest

from shared.contracts.envelope import name_bytes
from shared.messaging.asides import headers_from_json
from shared.runtime.embedded.java_kafka import JavaKafka
from shared.testing.batches import CODECS, publish_together
from shared.testing.conditions import eventually
from shared.testing.examples import ordered, started
from shared.testing.kafka import Kafka
from shared.testing.plant import PlantUnderTest
from shared.testing.topics import Publisher, Sent

pytestmark = pytest.mark.real_kafka

RUNS = {codec: [f"{codec}-{number}" for number in range(20)] for codec in CODECS}
STRANGE = {codec: f"strange-{codec}" for codec in CODECS}


def strangely_headed(run_id: str) -> Sent:
    """The start of a step, with a header whose name is not UTF-8: a gateway of another age wrote it in Latin-1."""
    record = started(run_id)
    return Sent(record.topic, record.key, record.value, (*record.headers, ("pr\udcfcfstand", b"\xfc")))


def test_whatever_its_compression_every_record_of_a_batch_ends(plant: PlantUnderTest) -> None:
    """Of each batch, compressed by librdkafka or by Python, all is done but the one record with a header that is no
    text: it stands aside with its exact bytes, and is told about so that its sender can be found.
    """
    plant.serve("run")
    orders: dict[tuple[str, int], int] = {}
    for codec, runs in RUNS.items():
        orders |= Publisher(plant.kafka, codec).all(map(ordered, [*runs, STRANGE[codec]]))
    plant.wait_done("run", orders)
    spoiled = {run_id: strangely_headed(run_id) for run_id in STRANGE.values()}
    for codec, runs in RUNS.items():
        batch = [*map(started, runs[:10]), spoiled[STRANGE[codec]], *map(started, runs[10:])]
        starts = publish_together(plant.kafka, batch, topic="plant.steps", codec=codec)
    plant.wait_done("run", starts)

    database = plant.database("run")
    begun = {row["run_id"] for row in database.rows("select run_id from run where started_at is not null")}
    assert begun == {run_id for runs in RUNS.values() for run_id in runs}
    aside = database.rows("select key, reason, detail, value, headers from parked order by parked_id")
    assert [(row["key"], row["reason"]) for row in aside] == [(key, "header-unreadable") for key in spoiled]
    assert {row["detail"] for row in aside} == {"The name of the header pr\\xfcfstand is not UTF-8 at byte 2."}
    assert [row["value"] for row in aside] == [one.value for one in spoiled.values()]
    for row, one in zip(aside, spoiled.values(), strict=True):
        kept = headers_from_json(json.loads(row["headers"]))
        assert kept == one.headers
        assert (b"pr\xfcfstand", b"\xfc") in [(name_bytes(name), value) for name, value in kept]
    told = [one for one in plant.announced.now("asbuilt.runs") if one.type == "asbuilt.run.record-parked.v1"]
    assert sorted(one.data["subject_id"] for one in told) == sorted(spoiled)


def flip(segment: Path, size: int) -> None:
    """One bit near the end of what was so long; the second time it is as it was."""
    with segment.open("r+b") as file:
        file.seek(size - 10)
        (byte,) = file.read(1)
        file.seek(size - 10)
        file.write(bytes([byte ^ 1]))


def test_a_batch_that_rotted_on_the_brokers_disk_is_waited_out(kafka: Kafka, plant: PlantUnderTest) -> None:
    """It is not what was written, so nothing is made of it, and nothing is passed over: other partitions go on, the
    log says why, and once the broker has the batch as it was, it is done.
    """
    broker = kafka._broker
    if not isinstance(broker, JavaKafka):
        pytest.skip(f"the disk of a broker that is {kafka.kind} is not ours to spoil")
    plant.database("run")
    runs = [f"ROT-{number}" for number in range(20)]
    rotten = publish_together(plant.kafka, list(map(ordered, runs[:10])), topic="plant.orders", partition=0)
    sound = publish_together(plant.kafka, list(map(ordered, runs[10:])), topic="plant.orders", partition=1)
    (segment,) = (broker._data / "plant.orders-0").glob("*.log")
    size = segment.stat().st_size
    flip(segment, size)
    run = plant.serve("run").process("run")
    plant.wait_done("run", sound)
    eventually(lambda: "wrong checksum" in run.log.read_text(), 10, "the log says why it waits")
    assert not plant.has_reached("run", rotten)
    assert plant.database("run").count("run") == 10
    flip(segment, size)
    plant.wait_done("run", rotten)
    assert (plant.database("run").count("run"), plant.database("run").count("parked")) == (20, 0)
