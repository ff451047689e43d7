"""Message to entry: what the history keeps of a record, and what the record is about.

There are no rules here: whatever came is appended, readable or not.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from shared.contracts.base import ChangeRefused, Contract, Id, RecordParked, RecordSettled
from shared.contracts.catalog import BY_CONTRACT, CATALOG
from shared.messaging.asides import headers_as_json, storable
from shared.messaging.messages import Ask, Message

NAMES = ("run_id", "step_id", "unit_id", "parent_unit_id", "issue_id")
"""What a record can be about; the attributes of contracts, and columns of the history."""

KEYS: Mapping[str, str] = {
    topic.name: entry.key for entry in reversed(tuple(CATALOG.values())) for topic in entry.topics if entry.key in NAMES
}
"""What the key of each topic names, for records that say nothing themselves."""

HISTORY = "history"
"""The one thing that every record changes."""

SUBJECTS = {"run": "run_id", "inventory": "unit_id", "issue": "issue_id"}
"""What each service's refusals are about."""

TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*", re.ASCII)

_id = TypeAdapter(Id)


class Entry(NamedTuple):
    """A record as the history keeps it; ``event_…`` are None where no event could be read."""

    topic: str
    partition: int
    record_offset: int
    record_timestamp: int
    key: bytes | None
    value: bytes | None
    headers: str
    event_source: str | None
    event_id: str | None
    event_type: str | None
    happened_at: datetime
    person: str | None
    machine: str | None
    run_id: str | None
    step_id: str | None
    unit_id: str | None
    parent_unit_id: str | None
    issue_id: str | None
    trace_id: str | None
    unreadable: str | None
    detail: str | None


def append(message: Message) -> Ask[Entry]:
    """Append a record to the history, whatever it is."""
    return Ask((HISTORY,), entry_of(message))


def entry_of(message: Message) -> Entry:
    """What the history keeps of a record."""
    record, unreadable = message.record, message.unreadable
    assert record is not None  # noqa: S101 - the history takes no commands
    is_event = unreadable is None or unreadable.envelope is not None
    names = names_of(message)
    return Entry(
        topic=record.topic,
        partition=record.partition,
        record_offset=record.offset,
        record_timestamp=record.timestamp,
        key=record.key,
        value=record.value,
        headers=_headers(tuple(record.headers)),
        event_source=message.source if is_event else None,
        event_id=message.id if is_event else None,
        event_type=message.type if is_event else None,
        happened_at=_utc(message.happened_at),
        person=message.actor.person,
        machine=message.actor.machine,
        run_id=names.get("run_id"),
        step_id=names.get("step_id"),
        unit_id=names.get("unit_id"),
        parent_unit_id=names.get("parent_unit_id"),
        issue_id=names.get("issue_id"),
        trace_id=_trace_id(message.traceparent),
        unreadable=None if unreadable is None else unreadable.reason,
        detail=None if unreadable is None else storable(unreadable.detail),
    )


@lru_cache(maxsize=256)
def _headers(headers: tuple[tuple[str, bytes | None], ...]) -> str:
    """As JSON; most records have the same few headers."""
    return headers_as_json(headers)


def names_of(message: Message) -> dict[str, str]:
    """What a record is about: what its data names, and, where that cannot be read, its key."""
    match message.data:
        case None:
            return _guessed(message)
        case ChangeRefused() as refused:
            return _with_subject(_named(refused), SUBJECTS.get(BY_CONTRACT[type(refused)].owner), refused.subject_id)
        case (RecordParked() | RecordSettled()) as parked:
            return _with_subject({}, KEYS.get(parked.topic), parked.subject_id)
        case data:
            return _named(data)


def _named(data: Contract) -> dict[str, str]:
    return {name: named for name in _columns(type(data)) if (named := getattr(data, name)) is not None}


@cache
def _columns(contract: type[Contract]) -> tuple[str, ...]:
    return tuple(name for name in NAMES if name in contract.model_fields)


def _with_subject(names: dict[str, str], name: str | None, subject: str) -> dict[str, str]:
    """A subject is named too. A service that has no better one names itself, which is none."""
    if name is None or subject in SUBJECTS:
        return names
    is_parent = name == "unit_id" and names.get(name, subject) != subject
    return {"parent_unit_id" if is_parent else name: subject, **names}


def _guessed(message: Message) -> dict[str, str]:
    """An unreadable record still belongs to the run or unit that its attributes or its key name."""
    envelope = message.unreadable and message.unreadable.envelope
    said: dict[str, Any] = envelope.data if envelope and isinstance(envelope.data, dict) else {}
    topic = message.record.topic if message.record else ""
    candidates = {KEYS.get(topic): message.key} | {name: said[name] for name in NAMES if name in said}
    return {name: found for name, found in candidates.items() if name is not None and _is_id(found)}


def _is_id(found: object) -> bool:
    try:
        _id.validate_python(found, strict=True)
    except ValidationError:
        return False
    return True


def _trace_id(traceparent: str | None) -> str | None:
    """https://www.w3.org/TR/trace-context/#traceparent-header"""
    found = TRACEPARENT.fullmatch(traceparent) if traceparent else None
    return found and found[1]


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # the first or last hours of the calendar, in a zone beyond it
        return moment.replace(tzinfo=UTC)
