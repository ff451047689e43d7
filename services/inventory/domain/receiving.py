"""Receiving: serial units, lots and untracked quantities (domain.md 4.1).

A serial comes once, and again after it was returned. Of a lot, or of an untracked quantity, more may come: a receipt
that names another delivery adds to it, one that names a delivery known already changes nothing. Where no delivery is
named nobody can tell one more pallet from a scanner that says it twice, so the same receipt changes nothing, and
another one is refused with the way out.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from services.inventory.domain import events
from services.inventory.domain.commands import ReceiveUnit
from services.inventory.domain.expecting import awaiting
from services.inventory.domain.locations import blocked
from services.inventory.domain.lookup import OWN
from services.inventory.domain.quantities import plus
from services.inventory.domain.refusals import DuplicateSerial, LotKnown, ReceiptInvalid, UnitIdInvalid
from services.inventory.domain.unit import Identification, Known, Unit
from shared.kernel import LONGEST_ID, Actor, plain, unit_id_of

Events = tuple[events.AnyEvent, ...]


def receive(known: Known, command: ReceiveUnit) -> Events:
    """A unit came in, more of it, or all of it again.

    :raises UnitIdInvalid: when its id does not follow from its serial or lot.
    :raises ReceiptInvalid: when it contradicts itself.
    :raises DuplicateSerial: when the serial is another unit.
    :raises LotKnown: when it does not go together with what is known of the lot.
    """
    came = command.identification
    _check(came)
    unit = known.get(command.unit_id)
    if unit is None:
        return arrived(known, command.by, command.at, came, command.delivery)
    if came.serial is None:
        return _more(unit, command)
    return _again(known, unit, command)


def _check(came: Identification) -> None:
    expected = unit_id_of(came.part_number, came.serial, came.lot)
    if came.unit_id != expected:
        raise UnitIdInvalid(unit_id=came.unit_id, expected=expected)
    for what in _contradictions(came):
        raise ReceiptInvalid(unit_id=came.unit_id, what=what)


def _contradictions(came: Identification) -> Iterator[str]:
    if len(came.unit_id) > LONGEST_ID:
        yield f"its id is longer than {LONGEST_ID} characters"
    if came.unit_id.startswith(OWN):
        yield f"an id that begins with {OWN} is Asbuilt's own"
    if came.quantity <= 0:
        yield f"its quantity is {plain(came.quantity)}"
    if came.serial is not None and came.quantity != 1:
        yield f"a serial unit is 1, not {plain(came.quantity)}"


def arrived(known: Known, by: Actor, at: datetime, came: Identification, delivery: str | None = None) -> Events:
    """A unit that is new. Each issue that was kept for it speaks of it from here on, and is told its part."""
    unit_id, where = came.unit_id, blocked(known, came.location)
    awaited = (events.IssueNoted(unit_id, by, at, says, came.part_number) for says in awaiting(known, unit_id))
    return (events.UnitReceived(unit_id, by, at, came, delivery, where), *awaited)


def _again(known: Known, unit: Unit, command: ReceiveUnit) -> Events:
    came, there = command.identification, unit.identification
    if came == _first_receipt(unit) and unit.returned_quantity == 0:
        return ()
    if not _is_same_thing(came, there) or unit.returned_quantity == 0:
        raise DuplicateSerial(unit_id=there.unit_id, part_number=there.part_number, revision=there.revision)
    if there.quantity > 0:
        return ()
    return (_added(unit, command), *_put(known, unit, command))


def _put(known: Known, unit: Unit, command: ReceiveUnit) -> Events:
    """What comes back may come to another place."""
    place, was = command.identification.location, unit.identification.location
    if place is None or place == was:
        return ()
    return (events.UnitMoved(unit.unit_id, command.by, command.at, place, was, None, blocked(known, place)),)


def _more(unit: Unit, command: ReceiveUnit) -> Events:
    came, delivery = command.identification, command.delivery
    if delivery is not None and delivery in unit.deliveries:
        return ()
    if delivery is None and came == _first_receipt(unit):
        return ()
    for what, way_out in _in_the_way(unit, command):
        raise LotKnown(unit_id=unit.unit_id, what=what, way_out=way_out)
    return (_added(unit, command),)


def _in_the_way(unit: Unit, command: ReceiveUnit) -> Iterator[tuple[str, str]]:
    came, there = command.identification, unit.identification
    if not _is_same_thing(came, there):
        known_as = f"it is known as {there.part_number} {there.revision}, measured in {there.unit_of_measure}"
        yield known_as, "Check part, revision and unit of measure; another revision is another lot"
    if command.delivery is None:
        yield f"its first receipt was of {plain(_first_receipt(unit).quantity)}", "Name the delivery, if it is one more"
    if unit.build is not None:
        yield f"the run {unit.build.run_id} built it", "Receive it under a lot of its own"
    if unit.parent_unit_id is not None or unit.scrapped_quantity > 0:
        yield "all that was there is installed or scrapped", "Receive it under a lot of its own"
    if came.location is not None and came.location != there.location:
        where = f"it lies at {there.location}" if there.location else "nobody said where it lies"
        yield where, "Receive it there, and move what lies elsewhere"


def _added(unit: Unit, command: ReceiveUnit) -> events.QuantityReceived:
    quantity = command.identification.quantity
    now = plus(unit.identification.quantity, quantity)
    return events.QuantityReceived(unit.unit_id, command.by, command.at, quantity, now, command.delivery)


def _first_receipt(unit: Unit) -> Identification:
    first = unit.receipt
    if first is None:
        return unit.identification
    return replace(unit.identification, quantity=first.quantity, location=first.location)


def _is_same_thing(came: Identification, there: Identification) -> bool:
    return came == replace(there, quantity=came.quantity, location=came.location)
