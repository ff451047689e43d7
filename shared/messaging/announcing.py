"""How something is told: a contract becomes rows of the outbox, with every attribute of its envelope. No I/O."""

from datetime import datetime
from functools import lru_cache

from shared.contracts.base import Contract
from shared.contracts.catalog import BY_CONTRACT, Entry
from shared.contracts.envelope import MAX_FACT_BYTES, rfc3339, write
from shared.kernel import RefusalKind, Refused
from shared.messaging.messages import Message
from shared.messaging.service import Service
from shared.messaging.transaction import Announcement

LONGEST_SUBJECT = 200
"""Characters of a strange record's key that it is announced with; ids have no more."""


class AnnouncementTooLarge(Refused):
    """What follows from this would be told in {bytes} bytes; at most {most} can be sent."""

    code = "announcement-too-large"
    kind = RefusalKind.INVALID
    resolve = "Say less at once: shorter texts, or fewer steps and values in one run."


def announcements_of(
    told: Contract,
    cause: Message,
    what: str,
    *,
    source: str,
    at: datetime,
    now: datetime,
    sequence: int | None = None,
) -> list[Announcement]:
    """One row for each topic of the contract; ``what`` tells it from what else follows from the same cause.

    :raises AnnouncementTooLarge: because the broker would refuse it for ever, and hold up everything behind it.
    """
    entry: Entry = BY_CONTRACT[type(told)]
    key = getattr(told, entry.key)
    event_id = cause.derived_id(what)
    attributes: dict[str, str | datetime] = {
        "id": event_id,
        "source": source,
        "subject": key,
        "time": at,
        "recordedtime": _written_once(now),
        "partitionkey": key,
        "correlationid": cause.correlation_id or cause.id,
        "causationid": cause.id,
    }
    if sequence is not None and entry.is_fact:
        attributes["sequence"] = str(sequence)
    if cause.traceparent:
        attributes["traceparent"] = cause.traceparent
    body = write(entry, told, attributes)
    if len(body) > MAX_FACT_BYTES:
        raise AnnouncementTooLarge(bytes=len(body), most=MAX_FACT_BYTES)
    return [Announcement(event_id, topic.name, key, body) for topic in entry.topics]


@lru_cache(maxsize=16)
def _written_once(now: datetime) -> str:
    """The same moment for a whole batch."""
    return rfc3339(now)


def subject_of(key: str | None, service: Service) -> str:
    """What an announcement about a record is about: its key as it came, or the service where it has none."""
    return (key or service.name)[:LONGEST_SUBJECT]
