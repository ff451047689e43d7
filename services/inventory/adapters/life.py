"""What happened to a unit besides being put into others and split: one row for each, for exports of its life.

A serial unit's receipt is not among them: its own row in `unit` says when it came.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import zip_longest
from typing import Any

from sqlalchemy import text

from services.inventory.domain.events import (
    AnyEvent,
    QuantityReceived,
    UnitClaimed,
    UnitMoved,
    UnitReceived,
    UnitReleased,
    UnitReopened,
    UnitReturned,
    UnitScrapped,
)

LIVED = text("""
    insert into life (unit_id, what, quantity, location, run_id, at, done_by)
    select * from unnest(cast(:unit_id as text[]), cast(:what as text[]), cast(:quantity as numeric[]),
                         cast(:location as text[]), cast(:run_id as text[]), cast(:at as timestamptz[]),
                         cast(:done_by as jsonb[]))""")


class Lived(StrEnum):
    """What can happen to a unit."""

    RECEIVED = "received"
    COMMISSIONED = "commissioned"
    MOVED = "moved"
    SCRAPPED = "scrapped"
    RETURNED = "returned"
    RELEASED = "released"
    REOPENED = "reopened"


def rows(events: Sequence[AnyEvent]) -> Iterator[dict[str, Any]]:
    """The rows that events leave; most leave none."""
    for event, then in zip_longest(events, events[1:]):
        what, more = _lived(event, then)
        if what is not None:
            by = {"person": event.by.person, "machine": event.by.machine}
            nothing: dict[str, Any] = dict.fromkeys(("quantity", "location", "run_id"))
            yield {
                "unit_id": event.unit_id,
                "what": what.value,
                "at": event.at,
                "done_by": json.dumps(by),
                **nothing,
                **more,
            }


def _lived(event: AnyEvent, then: AnyEvent | None) -> tuple[Lived | None, dict[str, Any]]:
    match event:
        case UnitReceived():
            return _received(event, then)
        case QuantityReceived():
            return Lived.RECEIVED, {"quantity": event.quantity}
        case UnitMoved():
            return (None, {}) if event.moved_with is not None else (Lived.MOVED, {"location": event.location})
        case UnitScrapped():
            return Lived.SCRAPPED, {"quantity": event.quantity, "run_id": event.run_id}
        case UnitReturned():
            return Lived.RETURNED, {"quantity": event.quantity}
        case UnitReleased():
            return Lived.RELEASED, {"run_id": event.run_id}
        case UnitReopened():
            return Lived.REOPENED, {"run_id": event.run_id}
        case _:
            return None, {}


def _received(event: UnitReceived, then: AnyEvent | None) -> tuple[Lived | None, dict[str, Any]]:
    """A run that is created for a unit which nobody knew makes it known, in the same moment."""
    came = event.identification
    where = {"quantity": came.quantity, "location": came.location}
    if isinstance(then, UnitClaimed) and (then.unit_id, then.at, then.by) == (event.unit_id, event.at, event.by):
        return Lived.COMMISSIONED, where | {"run_id": then.run_id}
    is_told_elsewhere = came.serial is not None or came.origin_unit_id is not None
    return (None, {}) if is_told_elsewhere else (Lived.RECEIVED, where)


def is_commissioned(lived: Iterable[str]) -> bool:
    """Whether a run made the unit known."""
    return Lived.COMMISSIONED in lived
