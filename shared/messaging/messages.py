"""What arrives: Kafka records, read or unreadable, and commands of people."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Generic, NamedTuple, Protocol, Self, TypeVar

from shared.contracts import envelope
from shared.contracts.base import Contract, Fact, PlantEvent
from shared.contracts.catalog import ASBUILT_TOPICS, CATALOG
from shared.contracts.envelope import Envelope, Unreadable
from shared.kernel import Actor, derived_id, immutable

C = TypeVar("C")

OURS = frozenset(topic.name for topic in ASBUILT_TOPICS)
"""The topics that the services write."""

TOPICS_OF = {entry.type: frozenset(topic.name for topic in entry.topics) for entry in CATALOG.values()}
"""Where each type may be said."""

PLANT = "plant"
NO_ROLES: frozenset[str] = frozenset()
MACHINE = frozenset({"machine"})
"""The role in which plant systems act."""

LATEST_MS = 253_370_764_800_000
"""The year 9999: a record's time is whatever its sender wrote there, and a calendar ends."""


class Record(Protocol):
    """A Kafka record as a consumer hands it over; times in milliseconds since 1970."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """A record that was set aside, as it came."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


class Undecoded(bytes):
    """The value of a record that stands for bytes in which no record could be found; ``why`` tells what is wrong."""

    why: str

    def __new__(cls, raw: bytes, why: str) -> Self:
        """Bytes, with a word about them."""
        made = super().__new__(cls, raw)
        made.why = why
        return made


@immutable
class Ask(Generic[C]):
    """A command, and the ids of everything it may change; all are locked in one order."""

    keys: tuple[str, ...]
    command: C


@dataclass(slots=True)
class Message:
    """One thing that asks for a change: an event that was read, or a person's command. Never changed once made;
    not frozen, because a frozen one takes three times as long to make.

    ``happened_at`` is when it happened, ``seed_ms`` the time (ms) from which ids are derived: the record's,
    so that doing it again gives the same ids.
    """

    source: str
    id: str
    type: str
    happened_at: datetime
    seed_ms: int
    actor: Actor
    roles: frozenset[str] = frozenset()
    traceparent: str | None = None
    correlation_id: str | None = None
    data: Contract | None = None
    key: str | None = None
    expected_key: str | None = None
    record: Record | None = None
    unreadable: Unreadable | None = None
    ask: Ask[Any] | None = None
    parked_id: int | None = None
    is_overdue: bool = False

    def derived_id(self, what: str) -> str:
        """A UUIDv7 for ``what`` follows from this message: the same when it is handled again."""
        return derived_id(self.seed_ms, self.source, self.id, what)

    @property
    def identity(self) -> tuple[str, str]:
        """What tells one event or request from another: its source and id."""
        return self.source, self.id

    @property
    def place(self) -> tuple[str, str]:
        """What tells one record from another, whatever it says."""
        assert self.record is not None  # noqa: S101 - only records have a place
        return _place(self.record)

    @property
    def lane(self) -> tuple[str, str] | None:
        """What keeps its order: the topic and key it came on."""
        return None if self.record is None or self.key is None else (self.record.topic, self.key)


@dataclass(frozen=True, slots=True)
class Heard:
    """What a batch of records says: the messages of those that something may come of; how many there were besides."""

    messages: Sequence[Message]
    unheeded: int = 0


PassedBy = frozenset[tuple[str, bytes]]
"""Topics of ours, each with a type on it that a service does nothing with."""


@lru_cache(maxsize=100)
def passed_by(heeded: frozenset[str]) -> PassedBy:
    """What is passed by where only these types are heeded."""
    ours = ((topic.name, entry) for entry in CATALOG.values() for topic in entry.topics if topic.name in OURS)
    return frozenset((topic, entry.type.encode()) for topic, entry in ours if entry.type not in heeded)


def is_passed_by(record: Record, passed: PassedBy) -> bool:
    """Whether nothing can come of a record, as its first words say; nobody need read the rest."""
    if not passed or record.topic not in OURS:
        return False
    return (record.topic, envelope.type_at_once(record.value, record.headers)) in passed


def read(record: Record) -> Message:
    """The message in a record; where it cannot be understood, ``unreadable`` says why."""
    try:
        _check_decoded(record.value)
        most_bytes = envelope.MAX_FACT_BYTES if record.topic in OURS else envelope.MAX_EVENT_BYTES
        opened = envelope.read(record.value, record.headers, most_bytes)
        entry, data = envelope.contract_of(opened)
        _check_topic(record, opened)
    except Unreadable as unreadable:
        return _unread(record, unreadable)
    except Exception as error:  # noqa: BLE001 - a defect of ours stops one record, never its batch
        return _unread(record, Unreadable("defect", f"{type(error).__name__}: {error}"[:2000]))
    return Message(
        source=opened.source,
        id=opened.id,
        type=opened.type,
        happened_at=opened.time or _moment(record),
        seed_ms=record.timestamp,
        actor=_actor(opened, data),
        roles=MACHINE if entry.owner == PLANT else NO_ROLES,
        traceparent=opened.traceparent,
        correlation_id=opened.correlationid or opened.id,
        data=data,
        key=_text(record.key),
        expected_key=getattr(data, entry.key),
        record=record,
    )


def _check_decoded(value: bytes | None) -> None:
    if isinstance(value, Undecoded):
        raise Unreadable("undecodable", value.why)


def _check_topic(record: Record, opened: Envelope) -> None:
    """Who may write to a topic is Kafka's to say; so what is said there must be for its writers to say."""
    places = TOPICS_OF[opened.type]
    if record.topic not in places:
        known = ", ".join(sorted(places))
        raise Unreadable("wrong-topic", f"{opened.type} belongs on {known}, not on {record.topic}.", opened)


def read_again(record: Record, parked_id: int, *, is_overdue: bool) -> Message:
    """The message in a record that was set aside."""
    return replace(read(record), parked_id=parked_id, is_overdue=is_overdue)


def _unread(record: Record, unreadable: Unreadable) -> Message:
    opened = unreadable.envelope
    source, name = (opened.source, opened.id) if opened else _place(record)
    return Message(
        source=source,
        id=name,
        type=opened.type if opened else "unreadable",
        happened_at=_moment(record),
        seed_ms=record.timestamp,
        actor=Actor(machine=opened.source if opened else None),
        traceparent=opened.traceparent if opened else None,
        correlation_id=opened.correlationid or opened.id if opened else None,
        key=_text(record.key),
        record=record,
        unreadable=unreadable,
    )


def _place(record: Record) -> tuple[str, str]:
    return place_of(record.topic, record.partition, record.offset, record.timestamp)


class Place(NamedTuple):
    """Where and when a record was written; a topic that was made anew counts its offsets from 0 again."""

    topic: str
    partition: int
    offset: int
    timestamp: int


def place_of(topic: str, partition: int, offset: int, timestamp: int) -> tuple[str, str]:
    """A place, in the form of what tells one event from another."""
    return f"kafka:{topic}", f"{partition}/{offset}@{timestamp}"


def place_in(name: tuple[str, str]) -> Place:
    """The inverse of `place_of`."""
    partition, _, rest = name[1].partition("/")
    offset, _, timestamp = rest.partition("@")
    return Place(name[0].removeprefix("kafka:"), int(partition), int(offset), int(timestamp))


def _actor(opened: Envelope, data: Contract) -> Actor:
    if isinstance(data, PlantEvent):
        return _known(data.operator, data.station or opened.source)
    if isinstance(data, Fact):
        return _known(data.by.person, data.by.machine)
    return _known(None, opened.source)


@lru_cache(maxsize=10_000)
def _known(person: str | None, machine: str | None) -> Actor:
    """The same few people and machines, again and again."""
    return Actor(person, machine)


def _moment(record: Record) -> datetime:
    return datetime.fromtimestamp(min(max(record.timestamp, 0), LATEST_MS) / 1000, UTC)


def _text(key: bytes | None) -> str | None:
    return None if key is None else key.decode(errors="backslashreplace").replace("\x00", "\\x00")
