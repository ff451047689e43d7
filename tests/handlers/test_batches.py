"""Batches as a broker hands them over: whatever is in them, aiokafka's fetcher gets records, and never an error."""

from collections.abc import Callable
from struct import pack_into
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_UNCOMMITTED, PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder
from aiokafka.record.util import calc_crc32c
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from shared.contracts.envelope import name_bytes
from shared.messaging.batches import Batches, one_by_one
from shared.messaging.messages import Undecoded, read
from shared.testing.batches import CODECS, batch
from shared.testing.topics import Sent

GOOD = [Sent("plant.steps", b"RUN-1", f"good {number}".encode() * 10, (("a", b"1"),), 1_000) for number in range(3)]
STRANGE = Sent("plant.steps", b"RUN-2", b"strange" * 10, (("ok", None), ("na\udcff\udcfeme", b"\xff")), 1_000)

ATTRIBUTES_AT = 21
CRC_AT = 17
COUNT_AT = 57

said = st.binary(max_size=30)
records = st.builds(
    Sent,
    st.just("plant.steps"),
    st.none() | said,
    st.none() | said,
    st.lists(st.tuples(st.text(max_size=5), st.none() | said), max_size=3).map(tuple),
    st.integers(0, 2**41),
)


def fetched(*raw: bytes, begin: int = 0) -> tuple[list[Any], int]:
    """What the fetcher makes of batches that it was given at an offset, and the offset at which it goes on."""
    partition = TopicPartition("plant.steps", 3)
    given_ = PartitionRecords(partition, Batches(b"".join(raw)), [], begin, None, None, True, READ_UNCOMMITTED)
    return list(given_), given_.next_fetch_offset


def at(offset: int, raw: bytes) -> bytes:
    """The batch where the broker has put it."""
    placed = bytearray(raw)
    pack_into(">q", placed, 0, offset)
    return bytes(placed)


def signed(raw: bytearray) -> bytes:
    """The batch with the checksum that it should have."""
    pack_into(">I", raw, CRC_AT, calc_crc32c(bytes(raw[ATTRIBUTES_AT:])))
    return bytes(raw)


def spoiled(spoil: Callable[[bytearray], None]) -> bytes:
    """Three good records, spoiled by whoever wrote them."""
    raw = bytearray(batch(GOOD))
    spoil(raw)
    return signed(raw)


@given(st.lists(records, min_size=1, max_size=5), st.sampled_from(CODECS))
def test_decoded_one_by_one_records_are_what_the_fast_decoder_makes_of_them(sent: list[Sent], codec: str) -> None:
    """Every field of every record, whatever the compression."""
    raw = batch(sent, codec)

    def fields(one: Any) -> tuple[Any, ...]:
        return one.offset, one.timestamp, one.timestamp_type, one.key, one.value, tuple(one.headers)

    assert [fields(one) for one in one_by_one(memoryview(raw))] == [fields(one) for one in DefaultRecordBatch(raw)]


@pytest.mark.parametrize("codec", CODECS)
def test_a_name_that_is_not_utf_8_costs_nothing_else(codec: str) -> None:
    """Its record comes with the name's exact bytes, among the others of its batch, and the next batch follows."""
    found, goes_on = fetched(at(7, batch([GOOD[0], STRANGE, *GOOD[1:]], codec)), at(11, batch(GOOD)), begin=7)
    assert [one.offset for one in found] == list(range(7, 14))
    assert goes_on == 14
    (strange,) = (one for one in found if one.key == STRANGE.key)
    assert [(name_bytes(name), value) for name, value in strange.headers] == [(b"ok", None), (b"na\xff\xfeme", b"\xff")]
    assert (strange.value, strange.timestamp) == (STRANGE.value, 1_000)


def test_what_was_taken_before_is_not_taken_again() -> None:
    """A fetch in the middle of a batch brings the whole batch."""
    found, goes_on = fetched(at(7, batch([*GOOD, STRANGE])), begin=9)
    assert ([one.offset for one in found], goes_on) == ([9, 10], 11)


def test_a_broken_record_is_handed_over_as_its_bytes_among_good_ones() -> None:
    """Its key says that it is longer than the record; its neighbours are read."""
    size_at = batch(GOOD).index(b"\x0aRUN-1", batch(GOOD).index(GOOD[0].value or b""))
    found, goes_on = fetched(spoiled(lambda raw: raw.__setitem__(size_at, 0x7E)))
    assert ([one.offset for one in found], goes_on) == ([0, 1, 2], 3)
    assert [one.value for one in found[::2]] == [GOOD[0].value, GOOD[2].value]
    assert isinstance(found[1].value, Undecoded)
    assert b"\x7eRUN-1" in found[1].value
    assert found[1].value.endswith((GOOD[1].value or b"") + b"\x02\x02a\x021")
    assert "bytes are announced and" in found[1].value.why


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: pack_into(">h", raw, ATTRIBUTES_AT, 7),  # a compression that nobody knows
        lambda raw: pack_into(">h", raw, ATTRIBUTES_AT, 4),  # it is not zstd
    ],
)
def test_a_batch_that_nobody_can_unpack_is_handed_over_as_one_record(spoil: Callable[[bytearray], None]) -> None:
    """With all its bytes, at its last offset; the next batch follows."""
    raw = spoiled(spoil)
    found, goes_on = fetched(raw, at(3, batch(GOOD)))
    assert ([one.offset for one in found], goes_on) == ([2, 3, 4, 5], 6)
    assert found[0].value == raw
    message = read(found[0])
    assert message.unreadable is not None
    assert message.unreadable.reason == "undecodable"
    assert "the records 0 to 2" in message.unreadable.detail


def test_fewer_records_than_a_batch_says_are_read() -> None:
    """It is over when its bytes are."""
    found, goes_on = fetched(spoiled(lambda raw: pack_into(">i", raw, COUNT_AT, 2_000_000_000)), at(3, batch(GOOD)))
    assert ([one.value for one in found], goes_on) == ([one.value for one in [*GOOD, *GOOD]], 6)


def test_a_batch_with_a_wrong_checksum_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not what was written. What is before it is read, what is behind it waits, and it is said why, once."""
    monkeypatch.setattr(Batches, "_complained_at", -1e9)
    wrong = bytearray(at(3, batch(GOOD)))
    wrong[-1] ^= 1
    with capture_logs() as logs:
        found, goes_on = fetched(batch(GOOD), bytes(wrong), at(6, batch(GOOD)))
        assert ([one.offset for one in found], goes_on) == ([0, 1, 2], 3)
        assert fetched(bytes(wrong), at(6, batch(GOOD)), begin=3) == ([], 3)
    assert [(one["event"], one["offset"]) for one in logs] == [("waiting", 3)]


@pytest.mark.parametrize("length", [-5, 0, 5, 30])
def test_a_batch_that_is_too_short_to_be_one_is_asked_for_again(length: int) -> None:
    """Its bytes are not looked at any further."""
    raw = bytearray(batch(GOOD))
    pack_into(">i", raw, 8, length)
    assert fetched(bytes(raw), begin=0) == ([], 0)


@pytest.mark.parametrize("size", [0, 5, 20, 80])
def test_the_beginning_of_a_batch_is_none_yet(size: int) -> None:
    """A fetch may end in the middle of one; it comes whole with the next."""
    assert fetched(batch(GOOD), at(3, batch(GOOD))[:size])[1] == 3
    assert not Batches(batch(GOOD)[:size]).has_next()


def test_batches_of_the_old_formats_are_read() -> None:
    """A broker that was upgraded may still hold some."""
    builder = LegacyRecordBatchBuilder(magic=1, compression_type=0, batch_size=10_000)
    builder.append(0, 1_000, b"RUN-1", b"old")
    found, goes_on = fetched(bytes(builder.build()), at(1, batch(GOOD)))
    assert ([one.value for one in found], goes_on) == ([b"old", *(one.value for one in GOOD)], 4)
