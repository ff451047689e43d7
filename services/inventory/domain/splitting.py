"""Taking a quantity off a lot or an untracked quantity: the part is a unit of its own from then on, with a link to
where it came from, and nothing is created or lost (domain.md 4.2).

What was received stays the record of its lot for ever, also with nothing left of it: the next delivery of the same lot
adds to it. So taking the last of it splits as well; only what was split off, and what a run built, moves whole.
"""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from services.inventory.domain import events
from services.inventory.domain.events import AnyEvent, SplitReason
from services.inventory.domain.quantities import minus
from services.inventory.domain.refusals import (
    BeingBuilt,
    InsufficientQuantity,
    QuantityInvalid,
    ScrappedAlready,
    SerialIndivisible,
)
from services.inventory.domain.unit import Unit
from shared.kernel import Actor, plain


def goes_whole(unit: Unit, quantity: Decimal) -> bool:
    """Whether this quantity of a unit is the unit itself, so that nothing is split off."""
    is_stock = unit.identification.serial is None and unit.identification.origin_unit_id is None and unit.build is None
    return quantity == unit.identification.quantity and not is_stock


def split(
    origin: Unit, part_unit_id: str, quantity: Decimal, because: SplitReason, by: Actor, at: datetime
) -> tuple[AnyEvent, ...]:
    """The events of taking ``quantity`` off ``origin``, in the origin's unit of measure: first on the origin, then on
    the part.

    :raises SerialIndivisible: when the origin is a serial unit.
    :raises ScrappedAlready: when it is scrapped.
    :raises QuantityInvalid: when the quantity is not above 0.
    :raises InsufficientQuantity: when less is left.
    """
    what = origin.identification
    _check(origin, quantity)
    left = minus(what.quantity, quantity)
    part = replace(what, unit_id=part_unit_id, quantity=quantity, origin_unit_id=origin.unit_id)
    issues = tuple(origin.issues.values())
    return (
        events.UnitSplit(origin.unit_id, by, at, part_unit_id, quantity, left, because, origin.run_id),
        events.UnitReceived(part_unit_id, by, at, part, None, origin.location_blocked, issues),
    )


def check_divisible(unit: Unit) -> None:
    """Part of what an open run builds leaves it only by an issue's quarantine, or scrapped.

    :raises BeingBuilt: when one builds it.
    """
    if unit.build is not None and unit.build.is_open:
        raise BeingBuilt(unit_id=unit.unit_id, run_id=unit.build.run_id)


def _check(origin: Unit, quantity: Decimal) -> None:
    left = origin.identification.quantity
    if origin.identification.serial is not None:
        raise SerialIndivisible(unit_id=origin.unit_id)
    if origin.scrapped_quantity > 0:
        raise ScrappedAlready(unit_id=origin.unit_id)
    if quantity <= 0:
        raise QuantityInvalid(unit_id=origin.unit_id, wanted=plain(quantity), quantity=plain(left))
    if quantity > left:
        raise InsufficientQuantity(unit_id=origin.unit_id, quantity=plain(left), wanted=plain(quantity))


def evolve(unit: Unit, event: events.UnitSplit) -> Unit:
    """The origin with what is left; a run that builds it builds so much from then on."""
    what = replace(unit.identification, quantity=event.left)
    if event.as_built_version is None or unit.build is None:
        return replace(unit, identification=what)
    build = replace(unit.build, quantity=event.left)
    return replace(unit, identification=what, build=build, as_built_version=event.as_built_version)
