"""Units in stock: how they come in, move, are scrapped and go back to their supplier (domain.md 4.1, 4.2)."""

from dataclasses import replace
from typing import assert_never

from services.inventory.domain import events, leaving, moving, receiving
from services.inventory.domain.commands import MoveUnit, ReceiveUnit, ReturnUnit, ScrapUnit, StockCommand
from services.inventory.domain.lookup import known_unit
from services.inventory.domain.quantities import minus, plus
from services.inventory.domain.unit import Known, Receipt, Unit

MOST_DELIVERIES = 200
"""The deliveries of a lot by which one that is told twice is recognised: the last so many."""


def decide(known: Known, command: StockCommand) -> tuple[events.AnyEvent, ...]:
    """What follows from something that happens in the warehouse.

    :raises Refused: when the rules say no.
    """
    match command:
        case ReceiveUnit():
            return receiving.receive(known, command)
        case MoveUnit():
            return moving.move(known, known_unit(known, command.unit_id), command)
        case ScrapUnit():
            return leaving.scrap(known_unit(known, command.unit_id), command)
        case ReturnUnit():
            return leaving.give_back(known_unit(known, command.unit_id), command)
        case _:
            assert_never(command)


def received(event: events.UnitReceived) -> Unit:
    """A unit that is new."""
    what = event.identification
    return Unit(
        what,
        receipt=Receipt(what.quantity, what.location),
        deliveries=() if event.delivery is None else (event.delivery,),
        location_blocked=event.location_blocked,
        issues={one.issue_id: one for one in event.issues},
        announced_status=event.status,
    )


def evolve(unit: Unit, event: events.StockEvent) -> Unit:
    """The unit after something happened to it in the warehouse."""
    match event:
        case events.QuantityReceived(now=now, delivery=delivery):
            deliveries = unit.deliveries if delivery is None else (*unit.deliveries, delivery)[-MOST_DELIVERIES:]
            what = replace(unit.identification, quantity=now)
            return replace(unit, identification=what, deliveries=deliveries)
        case events.UnitMoved(location=location, location_blocked=blocked):
            return _at(unit, location, blocked)
        case events.LocationNoted(location_blocked=blocked):
            return replace(unit, location_blocked=blocked)
        case events.UnitScrapped(quantity=quantity):
            return replace(unit, scrapped_quantity=quantity)
        case events.UnitReturned(quantity=quantity):
            what = replace(unit.identification, quantity=minus(unit.identification.quantity, quantity))
            return replace(unit, identification=what, returned_quantity=plus(unit.returned_quantity, quantity))
        case _:
            assert_never(event)


def placed(unit: Unit, event: events.UnitPlaced) -> Unit:
    """What is installed is where its parent is, as far as that is known."""
    return unit if event.location is None else _at(unit, event.location, event.location_blocked)


def _at(unit: Unit, location: str, blocked: str | None) -> Unit:
    return replace(unit, identification=replace(unit.identification, location=location), location_blocked=blocked)
