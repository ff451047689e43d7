"""Taking a component out of a unit that a run builds, whole or in part (domain.md 4.2).

A part that is taken out is split off what is installed, and has been in the unit as long as that: the rest stays as it
was installed, and both ends of what went stay visible.
"""

from dataclasses import replace
from decimal import Decimal

from services.inventory.domain import events
from services.inventory.domain.commands import Remove
from services.inventory.domain.lookup import known_unit
from services.inventory.domain.quantities import minus
from services.inventory.domain.refusals import MoreThanInstalled, NotInstalled, QuantityInvalid, SeveralInstalled
from services.inventory.domain.requirements import is_exact, open_build
from services.inventory.domain.splitting import split
from services.inventory.domain.unit import Installation, Known, Unit
from shared.kernel import plain, unit_id_of

MOST_LISTED = 10
"""Installations that a refusal names."""

Events = tuple[events.AnyEvent, ...]


def remove(known: Known, command: Remove) -> Events:
    """Take a component, or part of it, out of a unit; the installation stays visible with its end.

    :raises Refused: when the as-built is locked, the component is not there or not in that quantity, or several things
        are that it may be.
    """
    parent = known_unit(known, command.unit_id)
    run_id = open_build(parent).run_id
    one = _the_installation(parent, command)
    component = known_unit(known, one.unit_id)
    if command.quantity is not None and command.quantity != one.quantity:
        return _part_out(parent, run_id, one, component, command, command.quantity)
    return _out(parent, run_id, one, component, command)


def evolve(parent: Unit, event: events.UnitRemoved) -> Unit:
    """The parent without it; what stays of it is in its place."""
    gone, rest = event.installation.installation_id, event.rest
    left = {name: one for name, one in parent.installations.items() if name != gone}
    if rest is not None:
        left[rest.installation_id] = rest
    return replace(parent, installations=left, as_built_version=event.as_built_version)


def _out(parent: Unit, run_id: str, one: Installation, component: Unit, command: Remove) -> Events:
    who, version = (command.by, command.at), parent.as_built_version + 1
    built_by = None if component.identification.origin_unit_id else component.run_id
    out = (
        events.UnitRemoved(parent.unit_id, *who, run_id, one, command.reason, version, command.scrapped),
        events.UnitPlaced(one.unit_id, *who, None, None, built_by, None),
    )
    if not command.scrapped:
        return out
    quantity = component.identification.quantity
    return (*out, events.UnitScrapped(one.unit_id, *who, quantity, command.reason, component.run_id))


def _part_out(
    parent: Unit, run_id: str, one: Installation, component: Unit, command: Remove, quantity: Decimal
) -> Events:
    """What is taken splits off, as when part of a lot is installed, and is in stock since, or scrapped."""
    _check_quantity(parent, one, quantity)
    who, version = (command.by, command.at), parent.as_built_version + 1
    taken = split(component, command.part_unit_id, quantity, events.SplitReason.REMOVE, *who)
    rest = replace(one, quantity=minus(one.quantity, quantity))
    gone = replace(one, installation_id=command.installation_id, unit_id=command.part_unit_id, quantity=quantity)
    out = events.UnitRemoved(parent.unit_id, *who, run_id, gone, command.reason, version, command.scrapped, rest)
    if not command.scrapped:
        return (*taken, out)
    return (*taken, out, events.UnitScrapped(gone.unit_id, *who, quantity, command.reason, component.run_id))


def _check_quantity(parent: Unit, one: Installation, quantity: Decimal) -> None:
    is_broken = one.designator is not None and quantity % 1
    if quantity <= 0 or not is_exact(quantity) or is_broken:
        raise QuantityInvalid(unit_id=one.unit_id, wanted=plain(quantity), quantity=plain(one.quantity))
    if quantity > one.quantity:
        facts = {"unit_id": one.unit_id, "parent_unit_id": parent.unit_id}
        raise MoreThanInstalled(**facts, quantity=plain(one.quantity), wanted=plain(quantity))


def _the_installation(parent: Unit, command: Remove) -> Installation:
    """The one that is meant: of what was taken off a lot the lot may be named, as its label says."""
    found = [one for one in parent.installations.values() if _is_meant(one, command)]
    if not found:
        raise NotInstalled(unit_id=command.component_id, parent_unit_id=parent.unit_id)
    exact = [one for one in found if one.unit_id == command.component_id]
    if len(exact or found) > 1:
        listed = ", ".join(f"{one.unit_id} for {one.designator or one.requirement_id}" for one in found[:MOST_LISTED])
        raise SeveralInstalled(unit_id=command.component_id, parent_unit_id=parent.unit_id, listed=listed)
    return (exact or found)[0]


def _is_meant(one: Installation, command: Remove) -> bool:
    names = (one.unit_id, unit_id_of(one.part_number, one.serial, one.lot))
    return (
        command.component_id in names
        and command.requirement_id in (None, one.requirement_id)
        and command.designator in (None, one.designator)
    )
