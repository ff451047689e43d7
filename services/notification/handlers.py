"""Message to command: every event that the services announce is to be delivered."""

from collections.abc import Mapping
from types import MappingProxyType

from services.notification.domain.commands import Deliver
from services.notification.domain.endpoint import EVERYBODY
from shared.contracts import notification, run
from shared.contracts.base import Contract
from shared.contracts.catalog import CATALOG, INVENTORY, ISSUES, NOTIFICATIONS, RUNS
from shared.contracts.envelope import rfc3339, write
from shared.messaging.messages import Ask, Message, Record
from shared.messaging.service import Handler

OUTBOUND = (RUNS, INVENTORY, ISSUES, NOTIFICATIONS)
"""What is delivered. `asbuilt.completions` is left out: it carries the same events as `asbuilt.runs`."""

NEVER_DELIVERED = (notification.DeliveryNotice, run.DeliveryNoted)
"""What is said of deliveries is not delivered: it would tell one endpoint of another, and each delivery would lead to
more.
"""

OFFERED = tuple(
    entry.type
    for entry in CATALOG.values()
    if entry.topics[0] in OUTBOUND and not issubclass(entry.contract, NEVER_DELIVERED)
)
"""The types that an endpoint can subscribe to."""


def deliver(message: Message) -> Ask[Deliver]:
    """Deliver this event to whoever subscribes to it, as it came."""
    record = message.record
    assert record is not None  # noqa: S101 - for the type checker; only records are delivered
    command = Deliver(
        message.actor,
        message.happened_at,
        message.source,
        message.id,
        message.type,
        f"{record.topic}/{message.key}",
        _body(message, record),
        message.traceparent,
    )
    return Ask((EVERYBODY,), command)


HANDLERS: Mapping[type[Contract], Handler] = MappingProxyType(
    {CATALOG[offered].contract: Handler(deliver) for offered in OFFERED}
)
"""From the catalog, so a new type is delivered without a line here."""


def _body(message: Message, record: Record) -> bytes:
    """The exact bytes of an event in structured mode; one in binary mode is written anew."""
    if not any(name.lower() == "ce_id" for name, _ in record.headers):
        return record.value or b""
    assert message.data is not None  # noqa: S101 - for the type checker; it was read
    attributes = {"id": message.id, "source": message.source, "time": rfc3339(message.happened_at)}
    return write(CATALOG[message.type], message.data, attributes | {"subject": message.key or ""})
