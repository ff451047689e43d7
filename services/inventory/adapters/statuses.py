"""The statuses that units had: a row for each change, which says when it happened and when it was recorded."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import text

from services.inventory.domain.events import AnyEvent, StatusChanged, UnitReceived

CHANGED = text("""
    insert into status_change (unit_id, status, at)
    select unit_id, status, at
    from unnest(cast(:unit_id as text[]), cast(:status as text[]), cast(:at as timestamptz[]))
        with ordinality as changed (unit_id, status, at, number)
    order by number""")


def rows(events: Iterable[AnyEvent]) -> Iterator[dict[str, Any]]:
    """The rows that events leave, in the order in which they were recorded."""
    for event in events:
        if isinstance(event, StatusChanged | UnitReceived) and event.status is not None:
            yield {"unit_id": event.unit_id, "status": event.status.value, "at": event.at}
