"""Moving units: whole, in part, and with everything that is in them (domain.md 4.2)."""

from collections.abc import Iterator
from dataclasses import replace

from services.inventory.domain import events
from services.inventory.domain.commands import MoveUnit
from services.inventory.domain.events import AnyEvent, SplitReason
from services.inventory.domain.locations import blocked
from services.inventory.domain.lookup import contents
from services.inventory.domain.refusals import StillInstalled
from services.inventory.domain.splitting import check_divisible, split
from services.inventory.domain.unit import Known, Unit

Events = tuple[AnyEvent, ...]


def move(known: Known, unit: Unit, command: MoveUnit) -> Events:
    """A unit, or part of a lot, is at another location since, and everything in it too.

    :raises StillInstalled: when it is installed: it is where its parent is.
    :raises Refused: when such a part cannot be split off.
    """
    check_loose(unit)
    if command.location == unit.identification.location:
        return ()
    if command.quantity is None or command.quantity == unit.identification.quantity:
        return (_moved(known, unit, command), *_with_it(known, unit, command))
    check_divisible(unit)
    taken = split(unit, command.part_unit_id, command.quantity, SplitReason.MOVE, command.by, command.at)
    return (*taken, _moved(known, unit, command, command.part_unit_id))


def check_loose(unit: Unit) -> None:
    """It is in no other unit.

    :raises StillInstalled: when it is.
    """
    if unit.parent_unit_id is not None:
        raise StillInstalled(unit_id=unit.unit_id, parent_unit_id=unit.parent_unit_id)


def with_contents(known: Known, happened: Events) -> Events:
    """What was installed is where its parent is, and so is everything in it."""
    return tuple(told for event in happened for told in _placed(known, event))


def _placed(known: Known, event: AnyEvent) -> Iterator[AnyEvent]:
    if not isinstance(event, events.UnitPlaced) or event.parent_unit_id is None:
        yield event
        return
    parent = known[event.parent_unit_id]
    place = parent.identification.location
    yield replace(event, location=place, location_blocked=parent.location_blocked)
    component = known.get(event.unit_id)
    if place is not None and component is not None:
        who = (event.by, event.at)
        for one in contents(known, component):
            if (was := one.identification.location) != place:
                yield events.UnitMoved(one.unit_id, *who, place, was, event.unit_id, parent.location_blocked)


def _moved(known: Known, unit: Unit, command: MoveUnit, unit_id: str | None = None) -> events.UnitMoved:
    place, was = command.location, unit.identification.location
    name = unit_id or unit.unit_id
    return events.UnitMoved(name, command.by, command.at, place, was, None, blocked(known, place))


def _with_it(known: Known, unit: Unit, command: MoveUnit) -> Iterator[AnyEvent]:
    place, where = command.location, blocked(known, command.location)
    for one in contents(known, unit):
        was = one.identification.location
        yield events.UnitMoved(one.unit_id, command.by, command.at, place, was, unit.unit_id, where)
