"""Records that stand aside, as rows: the statements of their table, and their exact bytes there and back."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import text

from shared.contracts.envelope import name_bytes, shown_name
from shared.messaging.messages import KeptRecord, Record
from shared.messaging.transaction import Aside, Parked

PARK = text("""
    insert into parked (topic, partition, record_offset, record_timestamp, key, raw_key, value, headers,
                        parking, reason, detail, event_id, event_type, waits_for, deadline)
    values (:topic, :partition, :record_offset, :record_timestamp, :key, :raw_key, :value,
            cast(:headers as jsonb), :parking, :reason, :detail, :event_id, :event_type, :waits_for, :deadline)
    on conflict (topic, partition, record_offset, record_timestamp) do nothing""")

PARK_AGAIN = text("""
    update parked set parking = :parking, reason = :reason, detail = :detail, waits_for = :waits_for
    where parked_id = :parked_id""")

RECLAIM = text("""
    select parked_id from parked where parked_id = any(cast(:parked_ids as bigint[])) and settled_at is null
    order by parked_id for update""")

SETTLE = text("""
    update parked set settled_at = now(), settled_as = :settled_as
    where parked_id = any(cast(:parked_ids as bigint[]))""")

RETRY = text("""
    update parked set parking = 'retry' where parked_id = :parked_id and settled_at is null
    returning parked_id, topic, partition, record_offset, record_timestamp, raw_key, value, headers,
              false as is_overdue""")

DISCARD = text("""
    update parked set settled_at = now(), settled_as = :settled_as
    where parked_id = :parked_id and settled_at is null
    returning parked_id, topic, partition, record_offset, record_timestamp, raw_key, value, headers,
              false as is_overdue""")

READY = text("""
    with head as (
        select distinct on (topic, key is null, coalesce(key, parked_id::text))
               parked_id, topic, key, parking, waits_for, deadline
        from parked where settled_at is null
        order by topic, key is null, coalesce(key, parked_id::text), parked_id
    ), ready as (
        select parked_id, topic, key from head
        where parking in ('behind', 'retry')
           or (parking = 'early' and (deadline <= :now or waits_for = any(cast(:created as text[]))
                                      or parked_id > :after))
    )
    select p.parked_id, p.topic, p.partition, p.record_offset, p.record_timestamp, p.raw_key, p.value, p.headers,
           p.deadline <= :now as is_overdue
    from parked p join ready r on p.topic = r.topic and (p.key = r.key or p.parked_id = r.parked_id)
    where p.settled_at is null
    order by p.parked_id limit :limit""")
"""A lane is tried when its head may be: heads that are stuck keep their lane waiting."""

NEVER = 2**62
"""Above every parked id."""


def headers_as_json(headers: Iterable[tuple[str, bytes | None]]) -> str:
    """Record headers as JSON that keeps their exact bytes: name and value (base64). A name that PostgreSQL does not
    take is kept as a person reads it, and its bytes (base64) behind the value.
    """
    return json.dumps([[*_kept_header(name, value)] for name, value in headers])


def _kept_header(name: str, value: bytes | None) -> Iterator[str | None]:
    shown = storable(shown_name(name))
    yield shown
    yield None if value is None else b64encode(value).decode()
    if shown != name:
        yield b64encode(name_bytes(name)).decode()


def headers_from_json(kept: Iterable[Sequence[Any]]) -> tuple[tuple[str, bytes | None], ...]:
    """The inverse of `headers_as_json`, after JSON parsing."""
    return tuple(_header(*one) for one in kept)


def _header(shown: str, value: str | None, exact: str | None = None) -> tuple[str, bytes | None]:
    name = shown if exact is None else b64decode(exact).decode("utf-8", "surrogateescape")
    return name, None if value is None else b64decode(value)


def parked_row(parked: Parked) -> dict[str, object]:
    """What `PARK` writes of a record that stands aside for the first time."""
    record: Record = parked.record
    key = None if record.key is None else record.key.decode(errors="backslashreplace")
    return {
        "topic": record.topic,
        "partition": record.partition,
        "record_offset": record.offset,
        "record_timestamp": record.timestamp,
        "key": storable(key),
        "raw_key": record.key,
        "value": record.value,
        "headers": headers_as_json(record.headers),
        "event_id": storable(parked.event_id),
        "event_type": storable(parked.event_type),
        "deadline": parked.deadline,
        **again_row(parked, with_id=False),
    }


def again_row(parked: Parked, *, with_id: bool = True) -> dict[str, object]:
    """What `PARK_AGAIN` writes of one that was tried in vain."""
    row: dict[str, object] = {
        "parking": parked.parking.value,
        "reason": parked.reason,
        "detail": storable(parked.detail),
        "waits_for": storable(parked.waits_for),
    }
    return row | {"parked_id": parked.parked_id} if with_id else row


def storable(name: str | None) -> str | None:
    """Text as PostgreSQL takes it: it knows no NUL and no lone surrogates."""
    return name and name.encode(errors="backslashreplace").decode().replace("\x00", "\\x00")


def aside_of(row: Any) -> Aside:
    """A record that stands aside, from its row: as Kafka gave it."""
    return Aside(row.parked_id, _kept(row), row.is_overdue)


def _kept(row: Any) -> KeptRecord:
    return KeptRecord(
        topic=row.topic,
        partition=row.partition,
        offset=row.record_offset,
        timestamp=row.record_timestamp,
        key=row.raw_key,
        value=row.value,
        headers=headers_from_json(row.headers),
    )
