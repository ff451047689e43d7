"""What a fetch brought of one partition, whatever producers wrote into it; takes the place of aiokafka's own reader.

To Kafka a header's name is bytes; to aiokafka it is UTF-8, and it raises where it is not, as it does for whatever
else it cannot decode. It does so in the middle of a poll, and that costs more than the record: its batch comes again
for ever, and what the poll had taken of other partitions is lost. So nothing is raised here. What aiokafka can
decode, its C extension decodes. A batch in which it gives up is decoded once more, record by record, and what nobody
can decode is handed over as bytes with a word about it (`Undecoded`), to be set aside like any other record.

A batch whose checksum is wrong is not what a producer wrote: the broker is not well, and that is an outage. It is
waited out: asked for again with every poll, while other partitions go on.

The format: https://kafka.apache.org/documentation/#recordbatch
"""

from collections.abc import Iterator
from struct import Struct
from time import monotonic
from typing import Any, ClassVar, NamedTuple

import structlog
from aiokafka import codec
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.legacy_records import LegacyRecordBatch
from aiokafka.record.util import decode_varint_py

from shared.messaging.messages import Undecoded

_log = structlog.get_logger(__name__)

OVERHEAD = Struct(">qi")
"""How every batch begins: with the offset of its first record, and how many bytes follow."""

MAGIC_AT = 16
"""Where every batch names its format."""

TODAYS_MAGIC = 2

HEAD = Struct(">qiibIhiqqqhii")
"""How a batch of today's format begins; its records follow, compressed together."""

SMALLEST_LEGACY = 26

DECOMPRESS = (bytes, codec.gzip_decode, codec.snappy_decode, codec.lz4_decode, codec.zstd_decode)
"""By the number in a batch's attributes."""

COMPRESSION = 0x07
APPEND_TIME = 0x08

COMPLAIN_EVERY_S = 10.0


class Head(NamedTuple):
    """What a batch says about its records; times in milliseconds since 1970."""

    base_offset: int
    length: int
    leader_epoch: int
    magic: int
    checksum: int
    attributes: int
    last_offset_delta: int
    first_timestamp: int
    max_timestamp: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    record_count: int

    @property
    def last_offset(self) -> int:
        """The offset of its last record."""
        return self.base_offset + self.last_offset_delta


class Decoded(NamedTuple):
    """A record in the form that aiokafka's fetcher takes."""

    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    checksum: None = None


def take_whatever_comes() -> None:
    """From here on every consumer of this process reads with `Batches`. Doing it again changes nothing."""
    fetcher.MemoryRecords = Batches


class Batches:
    """The whole batches in what was fetched, one after the other, up to one whose checksum is wrong."""

    __slots__ = ("_begin", "_end", "_fetched")
    _complained_at: ClassVar[float] = -COMPLAIN_EVERY_S

    def __init__(self, fetched: bytes) -> None:
        self._fetched = memoryview(fetched)
        self._begin = self._end = 0
        self._look_ahead()

    def size_in_bytes(self) -> int:
        """Asked where there is no whole batch, to pass over a record as too large. None is: a large one comes alone."""
        return 0

    def has_next(self) -> bool:
        """Whether there is one more whole batch."""
        return self._begin < self._end <= len(self._fetched)

    def next_batch(self) -> "Batch | Unsound":
        """The next one, of which there must be one."""
        raw = self._fetched[self._begin : self._end]
        batch = _opened(raw)
        if batch is None:
            self._begin = self._end  # what is behind it waits
            return self._unsound(raw)
        self._look_ahead()
        return batch

    def _look_ahead(self) -> None:
        begin = self._begin = self._end
        if len(self._fetched) - begin >= OVERHEAD.size:
            self._end = begin + OVERHEAD.size + max(OVERHEAD.unpack_from(self._fetched, begin)[1], 0)

    @classmethod
    def _unsound(cls, raw: memoryview) -> "Unsound":
        """It is told about now and then only, because it is asked for many times in a second."""
        (base_offset, _) = OVERHEAD.unpack_from(raw)
        if monotonic() - cls._complained_at >= COMPLAIN_EVERY_S:
            cls._complained_at = monotonic()
            because = "a batch came from Kafka with a wrong checksum; the lag of its partition grows until it is well"
            _log.error("waiting", who="consumer", because=because, offset=base_offset)
        return Unsound(base_offset)


def _opened(raw: memoryview) -> "Batch | None":
    """A batch by aiokafka's own reader, which looks at no length itself; None if it is not as it was written."""
    magic = raw[MAGIC_AT] if len(raw) > MAGIC_AT else 0
    if len(raw) < (HEAD.size if magic >= TODAYS_MAGIC else SMALLEST_LEGACY):
        return None
    fast = DefaultRecordBatch(raw) if magic >= TODAYS_MAGIC else LegacyRecordBatch(raw, magic)
    return Batch(raw, fast) if fast.validate_crc() else None


class Batch:
    """One batch, with what aiokafka's fetcher asks of it; iterating it never raises."""

    __slots__ = ("_fast", "_raw", "is_control_batch", "next_offset")

    def __init__(self, raw: memoryview, fast: Any) -> None:
        self._raw = raw
        self._fast = fast
        self.is_control_batch: bool = fast.is_control_batch
        self.next_offset: int = fast.next_offset

    def validate_crc(self) -> bool:
        """Done before."""
        return True

    def __iter__(self) -> Iterator[Any]:
        try:
            yield from self._fast
        except Exception as error:  # noqa: BLE001 - whatever it is, these records must end
            yield from self._again(error)

    def _again(self, error: Exception) -> Iterator[Decoded]:
        """From the beginning: the fetcher passes over what it has already taken, by its offset."""
        if self._raw[MAGIC_AT] >= TODAYS_MAGIC:
            yield from one_by_one(self._raw)
        else:
            yield undecoded(self._raw, self.next_offset - 1, 0, f"the batch: {error!r}")


class Unsound:
    """Stands for a batch that is not as it was written: empty, and the next fetch begins with it again."""

    is_control_batch = False

    def __init__(self, base_offset: int) -> None:
        self.next_offset = base_offset

    def validate_crc(self) -> bool:
        """It is not right; but told so, aiokafka would raise."""
        return True

    def __iter__(self) -> Iterator[Any]:
        return iter(())


def one_by_one(raw: memoryview) -> Iterator[Decoded]:
    """The records of a batch of today's format; those that cannot be decoded as their bytes."""
    head = Head(*HEAD.unpack_from(raw))
    try:
        rest = Cursor(DECOMPRESS[head.attributes & COMPRESSION](bytes(raw[HEAD.size :])))
    except Exception as error:  # noqa: BLE001 - each codec has its own
        what = f"the batch of the records {head.base_offset} to {head.last_offset}, for it cannot be decompressed"
        yield undecoded(raw, head.last_offset, head.max_timestamp, f"{what}: {error!r}")
        return
    before = head.base_offset - 1
    while rest.left:
        one = _next(rest, head, before)
        yield one
        before = one.offset


def _next(rest: "Cursor", head: Head, before: int) -> Decoded:
    body = rest.field_or_rest()
    try:
        return _record(Cursor(body), head, before)
    except (IndexError, ValueError) as error:
        return undecoded(body, min(before + 1, head.last_offset), head.max_timestamp, f"the record: {error}")


def _record(cursor: "Cursor", head: Head, before: int) -> Decoded:
    cursor.take(1)  # attributes, of which there are none yet
    timestamp = head.first_timestamp + cursor.number()
    offset = head.base_offset + cursor.number()
    key, value = cursor.field(), cursor.field()
    headers = tuple((name_of(cursor.field()), cursor.field()) for _ in range(cursor.number()))
    if cursor.left or not before < offset <= head.last_offset:
        raise ValueError(f"it is followed by {cursor.left} bytes, or its offset {offset} is out of order")
    if head.attributes & APPEND_TIME:
        return Decoded(offset, head.max_timestamp, 1, key, value, headers)
    return Decoded(offset, timestamp, 0, key, value, headers)


def name_of(raw: bytes | None) -> str:
    """A header's name; bytes that are not UTF-8 become lone surrogates, so that they can be told, and written, back."""
    if raw is None:
        raise ValueError("a header has no name")
    return raw.decode("utf-8", "surrogateescape")


def undecoded(raw: memoryview | bytes, offset: int, timestamp: int, what: str) -> Decoded:
    """A record that stands for what nobody can decode."""
    return Decoded(offset, timestamp, 0, None, Undecoded(bytes(raw), f"Kafka's own format is broken in {what}."), ())


class Cursor:
    """Reads one thing after the other.

    :raises IndexError: or ValueError, where they end too early.
    """

    def __init__(self, body: bytes) -> None:
        self._body = bytearray(body)
        self._at = 0

    @property
    def left(self) -> int:
        """Bytes that are left."""
        return len(self._body) - self._at

    def number(self) -> int:
        """A whole number."""
        found, self._at = decode_varint_py(self._body, self._at)
        return int(found)

    def take(self, size: int) -> bytes:
        """So many bytes."""
        if not 0 <= size <= self.left:
            raise ValueError(f"{size} bytes are announced and {self.left} are there")
        begin, self._at = self._at, self._at + size
        return bytes(self._body[begin : self._at])

    def field(self) -> bytes | None:
        """As many bytes as it says; None where it has none."""
        size = self.number()
        return None if size == -1 else self.take(size)

    def field_or_rest(self) -> bytes:
        """As many bytes as it says, or whatever is left where that is too much."""
        begin = self._at
        try:
            return self.field() or b""
        except (IndexError, ValueError):
            self._at = begin
            return self.take(self.left)
