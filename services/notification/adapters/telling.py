"""Tells what became of deliveries: rows of the outbox, in the transaction that records it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notification.announcements import announce
from services.notification.domain.endpoint import Delivery, Endpoint
from services.notification.domain.events import DeliveryDelivered, DeliveryGivenUp
from services.notification.domain.told import about
from shared.kernel import Actor
from shared.messaging.announcing import announcements_of
from shared.messaging.messages import Message
from shared.messaging.postgres import ANNOUNCE_FEW
from shared.messaging.transaction import Announcement

SOURCE = "urn:asbuilt:notification"
ITSELF = Actor(machine=SOURCE)

Ended = DeliveryDelivered | DeliveryGivenUp


async def tell(connection: AsyncConnection, ended: Iterable[Ended]) -> None:
    """Announce these, as far as anybody is told of them; the relay sends them when the transaction commits."""
    now = datetime.now(UTC)
    rows = [row for one in ended for row in told(one, now)]
    if rows:
        columns = zip(Announcement._fields, map(list, zip(*rows, strict=True)), strict=True)
        await connection.execute(ANNOUNCE_FEW, dict(columns))


def told(ended: Ended, now: datetime) -> Sequence[Announcement]:
    """What is announced of one; nothing where nobody is told. It has no place in the sequence of its endpoint."""
    found, contract = about(ended.delivery), announce(ended)
    if found is None or contract is None:
        return ()
    cause = Message(
        source=found.source,
        id=ended.delivery.event_id,
        type=ended.delivery.event_type,
        happened_at=ended.at,
        seed_ms=int(ended.at.timestamp() * 1000),
        actor=ended.by,
        traceparent=ended.delivery.traceparent,
        correlation_id=found.correlation_id,
    )
    what = f"{type(ended).__name__}-{ended.delivery.delivery_id}"
    return announcements_of(contract, cause, what, source=SOURCE, at=ended.at, now=now)


def delivery_of(row: Any) -> Delivery:
    """A delivery as its row holds it."""
    return Delivery(
        row.delivery_id,
        row.endpoint_id,
        row.lane,
        row.event_id,
        row.event_type,
        row.body,
        row.traceparent,
    )


def given_up(row: Any, endpoint: Endpoint, by: Actor, at: datetime) -> DeliveryGivenUp:
    """The delivery of a row that nobody tries any more."""
    return DeliveryGivenUp(by, at, delivery_of(row), endpoint.url, endpoint.description, row.attempts)
