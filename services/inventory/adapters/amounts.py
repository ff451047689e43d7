"""The quantities and as-built versions that units had: a row for each change of one, which says when it happened and
when it was recorded.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from services.inventory.domain.events import (
    AnyEvent,
    QuantityReceived,
    RequirementAdded,
    RequirementChanged,
    RequirementRemoved,
    UnitClaimed,
    UnitInstalled,
    UnitReceived,
    UnitRemoved,
    UnitReturned,
    UnitSplit,
)

CHANGED = text("""
    insert into amount (unit_id, quantity, as_built_version, at)
    select unit_id, quantity, as_built_version, at
    from unnest(cast(:unit_id as text[]), cast(:quantity as numeric[]), cast(:as_built_version as bigint[]),
                cast(:at as timestamptz[])) with ordinality as changed (unit_id, quantity, as_built_version, at, number)
    order by number""")

NOTHING_LEFT = Decimal(0)


def rows(events: Iterable[AnyEvent]) -> Iterator[dict[str, Any]]:
    """The rows that events leave, in the order in which they were recorded; None is what an event leaves as it was."""
    for event in events:
        quantity, version = _after(event)
        if quantity is not None or version is not None:
            yield {"unit_id": event.unit_id, "quantity": quantity, "as_built_version": version, "at": event.at}


def _after(event: AnyEvent) -> tuple[Decimal | None, int | None]:
    match event:
        case UnitReceived(identification=came):
            return came.quantity, 0
        case QuantityReceived(now=now):
            return now, None
        case UnitReturned():  # whole: of a part, it is the part that went back
            return NOTHING_LEFT, None
        case UnitSplit(left=left, as_built_version=version):
            return left, version
        case UnitClaimed() | UnitInstalled() | UnitRemoved() | RequirementAdded():
            return None, event.as_built_version
        case RequirementChanged() | RequirementRemoved():
            return None, event.as_built_version
        case _:
            return None, None
