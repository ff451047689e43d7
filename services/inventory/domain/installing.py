"""Putting a component into a unit that a run builds, and taking it out again (domain.md 4.2)."""

from collections.abc import Mapping
from decimal import Decimal

from services.inventory.domain import events
from services.inventory.domain.commands import Install, Remove
from services.inventory.domain.refusals import (
    AlreadyInstalled,
    DesignatorTaken,
    DesignatorUnknown,
    InsufficientQuantity,
    NotInstalled,
    PartNotApproved,
    RequirementFull,
    UnitNotAvailable,
    UnknownUnit,
    WholeUnitsOnly,
    WouldCreateCycle,
)
from services.inventory.domain.requirements import (
    filled,
    free_designators,
    installed_for,
    open_build,
    quantity_of,
    requirement_of,
    wanted,
    will_do,
)
from services.inventory.domain.status import standing
from services.inventory.domain.unit import Identification, Installation, Known, Requirement, Unit, UnitStatus
from shared.kernel import plain

DEEPEST = 1_000
"""More levels than any product has: the bound of a climb to the top."""

Events = tuple[events.AnyEvent, ...]


def known_unit(known: Known, unit_id: str) -> Unit:
    """A unit that must be known.

    :raises UnknownUnit: when it is not, or not yet.
    """
    unit = known.get(unit_id)
    if unit is None:
        raise UnknownUnit(unit_id)
    return unit


def install(known: Known, command: Install) -> Events:
    """Put a component into a unit, for a requirement of the open run that builds it.

    :raises Refused: naming the first obstacle.
    """
    parent, component = known_unit(known, command.unit_id), known_unit(known, command.component_id)
    build = open_build(parent)
    requirement = requirement_of(parent, build, command.requirement_id)
    check_part(requirement, component.identification)
    _check_usable(parent, component, known)
    _check_quantity(component, command.quantity)
    _check_room(requirement, installed_for(parent, build.run_id, requirement.requirement_id), command)
    what = component.identification
    installation = _installation(command, build.run_id, requirement, what)
    who, version = (command.by, command.at), parent.as_built_version + 1
    placed = (parent.unit_id, installation.installation_id, component.run_id, build.run_id)
    return (
        events.UnitInstalled(parent.unit_id, *who, build.run_id, installation, what, version),
        events.UnitPlaced(component.unit_id, *who, *placed),
    )


def _installation(command: Install, run_id: str, requirement: Requirement, what: Identification) -> Installation:
    return Installation(
        command.installation_id,
        run_id,
        requirement.requirement_id,
        what.unit_id,
        what.part_number,
        command.quantity,
        command.designator,
        what.part_number != requirement.part_number,
        what.revision,
        what.serial,
        what.lot,
    )


def remove(known: Known, command: Remove) -> Events:
    """Take a component out of a unit; the installation stays visible with its end.

    :raises Refused: when the as-built is locked, or the component is not there.
    """
    parent = known_unit(known, command.unit_id)
    run_id = open_build(parent).run_id
    installation = next((one for one in parent.installations.values() if one.unit_id == command.component_id), None)
    if installation is None:
        raise NotInstalled(unit_id=command.component_id, parent_unit_id=parent.unit_id)
    version = parent.as_built_version + 1
    who = (command.by, command.at)
    return (
        events.UnitRemoved(parent.unit_id, *who, run_id, installation, command.reason, version),
        events.UnitPlaced(command.component_id, *who, None, None, known[command.component_id].run_id, None),
    )


def top_of(known: Mapping[str, Unit], unit_id: str) -> str:
    """The unit at the top of the tree that a unit is part of."""
    for _ in range(DEEPEST):
        unit = known.get(unit_id)
        if unit is None or unit.parent_unit_id is None:
            return unit_id
        unit_id = unit.parent_unit_id
    raise AssertionError(f"no top above {unit_id} within {DEEPEST} levels")


def check_part(requirement: Requirement, component: Identification) -> None:
    """An approved part in an approved revision.

    :raises PartNotApproved: otherwise.
    """
    if not will_do(requirement, component.part_number, component.revision):
        raise PartNotApproved(
            part_number=component.part_number,
            revision=component.revision,
            requirement_id=requirement.requirement_id,
            wanted=wanted(requirement),
        )


def _check_usable(parent: Unit, component: Unit, known: Mapping[str, Unit]) -> None:
    if component.parent_unit_id is not None:
        raise AlreadyInstalled(unit_id=component.unit_id, parent_unit_id=component.parent_unit_id)
    # What can be installed is the top of its own tree, so a cycle would close just when it is the parent's top.
    if top_of(known, parent.unit_id) == component.unit_id:
        raise WouldCreateCycle(unit_id=component.unit_id, parent_unit_id=parent.unit_id)
    now = standing(component)
    if now.status is not UnitStatus.AVAILABLE:
        raise UnitNotAvailable(
            unit_id=component.unit_id, status=now.status, reason=now.reason, changes_when=now.changes_when
        )


def _check_quantity(component: Unit, quantity: Decimal) -> None:
    left = component.identification.quantity
    facts = {"unit_id": component.unit_id, "quantity": plain(left), "wanted": plain(quantity)}
    if quantity > left:
        raise InsufficientQuantity(**facts)
    if quantity != left:
        raise WholeUnitsOnly(**facts)


def _check_room(requirement: Requirement, installed: list[Installation], command: Install) -> None:
    name = requirement.requirement_id
    if requirement.designators:
        _check_place(requirement, installed, command)
    elif command.designator is not None:
        raise DesignatorUnknown(designator=command.designator, requirement_id=name, free="it has none")
    has = quantity_of(installed)
    if has + command.quantity > requirement.quantity:
        raise RequirementFull(requirement_id=name, quantity=plain(requirement.quantity), installed=plain(has))


def _check_place(requirement: Requirement, installed: list[Installation], command: Install) -> None:
    name = requirement.requirement_id
    free = ", ".join(free_designators(requirement, installed)) or "none is free"
    if command.designator is None or command.designator not in requirement.designators:
        raise DesignatorUnknown(designator=command.designator or "(none)", requirement_id=name, free=free)
    has = filled(installed).get(command.designator, Decimal(0))
    if has >= requirement.per_designator:
        there = ", ".join(one.unit_id for one in installed if one.designator == command.designator)
        raise DesignatorTaken(designator=command.designator, requirement_id=name, unit_id=there, free=free)
