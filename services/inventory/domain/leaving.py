"""How units leave stock for good: scrapped, or returned to their supplier; whole, or in part (domain.md 4.1).

What comes out of an assembly goes back to stock by its removal; a return is to the supplier. A part that is scrapped or
returned is split off first, so that every record is scrapped or returned as a whole, and says why.
"""

from decimal import Decimal

from services.inventory.domain import events
from services.inventory.domain.commands import Release, ReturnUnit, ScrapUnit
from services.inventory.domain.events import AnyEvent, SplitReason
from services.inventory.domain.moving import check_loose
from services.inventory.domain.refusals import BeingBuilt, NothingLeft, ScrappedAlready
from services.inventory.domain.scaling import taken_off
from services.inventory.domain.splitting import split
from services.inventory.domain.unit import Unit

Events = tuple[AnyEvent, ...]


def scrap(unit: Unit, command: ScrapUnit) -> Events:
    """A unit, or a quantity of it, will never be used. One that is scrapped stays so.

    :raises StillInstalled: when it is installed.
    :raises NothingLeft: when there is nothing to scrap.
    :raises Refused: when such a part cannot be split off.
    """
    check_loose(unit)
    _check_there(unit)
    if _is_scrapped(unit):
        return ()
    if not _is_part(unit, command.quantity):
        return (scrapped(unit, unit.unit_id, unit.identification.quantity, command),)
    quantity = command.quantity or Decimal(0)
    taken = taken_off(unit, command.part_unit_id, quantity, SplitReason.SCRAP, command.by, command.at)
    return (*taken, scrapped(unit, command.part_unit_id, quantity, command))


def at_completion(unit: Unit, command: Release) -> Events:
    """What the completion of its run says is no good: the whole unit, or a part, which is split off; the rest is good.

    :raises InsufficientQuantity: when that is more than there is.
    """
    quantity, by, at = command.scrapped_quantity, command.by, command.at
    if not quantity:
        return ()
    reason = f"scrapped at the completion of the run {command.run_id}"
    if not _is_part(unit, quantity):
        return (events.UnitScrapped(unit.unit_id, by, at, quantity, reason, command.run_id),)
    taken = split(unit, command.part_unit_id, quantity, SplitReason.SCRAP, by, at)
    return (*taken, events.UnitScrapped(command.part_unit_id, by, at, quantity, reason, command.run_id))


def scrapped(unit: Unit, unit_id: str, quantity: Decimal, command: ScrapUnit) -> events.UnitScrapped:
    """That a unit, or what was split off from it as ``unit_id``, is scrapped."""
    return events.UnitScrapped(unit_id, command.by, command.at, quantity, command.reason, unit.run_id)


def give_back(unit: Unit, command: ReturnUnit) -> Events:
    """A unit, or a quantity of it, goes back to its supplier.

    :raises StillInstalled: when it is installed.
    :raises NothingLeft: when there is nothing to return.
    :raises ScrappedAlready: when it is scrapped.
    :raises BeingBuilt: when a run that is open builds it.
    :raises Refused: when such a part cannot be split off.
    """
    check_loose(unit)
    _check_there(unit)
    check_not_scrapped(unit)
    if unit.build is not None and unit.build.is_open:
        raise BeingBuilt(unit_id=unit.unit_id, run_id=unit.build.run_id)
    who = (command.by, command.at)
    if not _is_part(unit, command.quantity):
        return (events.UnitReturned(unit.unit_id, *who, unit.identification.quantity, command.reason),)
    quantity = command.quantity or Decimal(0)
    taken = split(unit, command.part_unit_id, quantity, SplitReason.RETURN, *who)
    return (*taken, events.UnitReturned(command.part_unit_id, *who, quantity, command.reason))


def _is_part(unit: Unit, quantity: Decimal | None) -> bool:
    return quantity is not None and quantity != unit.identification.quantity


def check_not_scrapped(unit: Unit) -> None:
    """It may still be of use, so that something may be done with it or put into it.

    :raises ScrappedAlready: otherwise.
    """
    if _is_scrapped(unit):
        raise ScrappedAlready(unit_id=unit.unit_id)


def _is_scrapped(unit: Unit) -> bool:
    return unit.scrapped_quantity >= unit.identification.quantity > 0


def _check_there(unit: Unit) -> None:
    if unit.identification.quantity <= 0:
        raise NothingLeft(unit_id=unit.unit_id)
