"""Whether a component may go into a unit."""

from collections.abc import Mapping
from decimal import Decimal

from services.inventory.domain.commands import Install
from services.inventory.domain.refusals import (
    AlreadyInstalled,
    AsBuiltLocked,
    DesignatorTaken,
    DesignatorUnknown,
    InsufficientQuantity,
    NotBeingBuilt,
    PartNotApproved,
    RequirementFull,
    UnitNotAvailable,
    UnknownRequirement,
    WholeUnitsOnly,
    WouldCreateCycle,
)
from services.inventory.domain.status import standing
from services.inventory.domain.unit import Build, Identification, Requirement, Unit, UnitStatus
from shared.kernel import plain

DEEPEST = 1_000
"""More levels than any product has: the bound of a climb to the top."""


def open_build(unit: Unit) -> Build:
    """The open run that builds a unit.

    :raises NotBeingBuilt: when no run does, or not yet.
    :raises AsBuiltLocked: when it is complete.
    """
    if unit.build is None:
        raise NotBeingBuilt(unit.unit_id)
    if not unit.build.is_open:
        raise AsBuiltLocked(unit_id=unit.unit_id, run_id=unit.build.run_id)
    return unit.build


def check(parent: Unit, component: Unit, command: Install, known: Mapping[str, Unit]) -> Requirement:
    """The requirement that the component may be installed for.

    :raises Refused: naming the first obstacle.
    """
    build = open_build(parent)
    requirement = build.requirements.get(command.requirement_id)
    if requirement is None:
        listed = ", ".join(build.requirements) or "it has none"
        raise UnknownRequirement(unit_id=parent.unit_id, requirement_id=command.requirement_id, known=listed)
    check_part(requirement, component.identification)
    _check_usable(parent, component, known)
    _check_quantity(component, command.quantity)
    _check_room(parent, build.run_id, requirement, command)
    return requirement


def is_substitute(requirement: Requirement, component: Identification) -> bool:
    """Whether the component stands in for the part that was asked for."""
    return component.part_number != requirement.part_number


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
    is_part = component.part_number == requirement.part_number and requirement.revision in (None, component.revision)
    if not is_part and component.part_number not in requirement.substitutes:
        wanted = " or ".join((requirement.part_number, *requirement.substitutes))
        wanted = f"{wanted} (revision {requirement.revision})" if requirement.revision else wanted
        raise PartNotApproved(
            part_number=component.part_number,
            revision=component.revision,
            requirement_id=requirement.requirement_id,
            wanted=wanted,
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


def _check_quantity(component: Unit, wanted: Decimal) -> None:
    left = component.identification.quantity
    facts = {"unit_id": component.unit_id, "quantity": plain(left), "wanted": plain(wanted)}
    if wanted > left:
        raise InsufficientQuantity(**facts)
    if wanted != left:
        raise WholeUnitsOnly(**facts)


def _check_room(parent: Unit, run_id: str, requirement: Requirement, command: Install) -> None:
    name = requirement.requirement_id
    present = [one for one in parent.installed_by(run_id) if one.requirement_id == name]
    filled = {one.designator: one.unit_id for one in present}
    free = ", ".join(one for one in requirement.designators if one not in filled) or "none is free"
    if command.designator in filled and command.designator is not None:
        unit_id = filled[command.designator]
        raise DesignatorTaken(designator=command.designator, requirement_id=name, unit_id=unit_id, free=free)
    if requirement.designators and command.designator not in requirement.designators:
        raise DesignatorUnknown(designator=command.designator or "(none)", requirement_id=name, free=free)
    installed = sum((one.quantity for one in present), start=Decimal(0))
    if installed + command.quantity > requirement.quantity:
        raise RequirementFull(requirement_id=name, quantity=plain(requirement.quantity), installed=plain(installed))
