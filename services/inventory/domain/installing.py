"""Putting a component into a unit that a run builds (domain.md 4.2); taking it out again is `removing`."""

from collections.abc import Mapping
from decimal import Decimal

from services.inventory.domain import events
from services.inventory.domain.commands import Install
from services.inventory.domain.leaving import check_not_scrapped
from services.inventory.domain.lookup import known_unit
from services.inventory.domain.refusals import (
    AlreadyInstalled,
    DesignatorTaken,
    DesignatorUnknown,
    InsufficientQuantity,
    OnePerDesignator,
    PartNotApproved,
    QuantityInvalid,
    RequirementFull,
    UnitNotAvailable,
    UnitOfMeasureDiffers,
    WholeUnitsOnly,
    WouldCreateCycle,
)
from services.inventory.domain.requirements import (
    filled,
    free_designators,
    installed_for,
    is_exact,
    open_build,
    quantity_of,
    requirement_of,
    wanted,
    will_do,
)
from services.inventory.domain.splitting import goes_whole, split
from services.inventory.domain.status import standing
from services.inventory.domain.unit import Identification, Installation, Known, Requirement, Unit, UnitStatus
from shared.kernel import plain

DEEPEST = 1_000
"""More levels than any product has: the bound of a climb to the top."""

Events = tuple[events.AnyEvent, ...]


def install(known: Known, command: Install) -> Events:
    """Put a component into a unit, for a requirement of the open run that builds it.

    :raises Refused: naming the first obstacle.
    """
    parent, component = known_unit(known, command.unit_id), known_unit(known, command.component_id)
    build = open_build(parent)
    check_not_scrapped(parent)
    requirement = requirement_of(parent, build, command.requirement_id)
    check_part(requirement, component.identification)
    _check_usable(parent, component, command, known)
    _check_quantity(requirement, component.identification, command.quantity)
    _check_room(requirement, installed_for(parent, build.run_id, requirement.requirement_id), command)
    if goes_whole(component, command.quantity):
        return _placed(parent, build.run_id, requirement, component.identification, component.run_id, command)
    who = (command.by, command.at)
    taken = split(component, command.part_unit_id, command.quantity, events.SplitReason.INSTALL, *who)
    part = next(one.identification for one in taken if isinstance(one, events.UnitReceived))
    return (*taken, *_placed(parent, build.run_id, requirement, part, None, command))


def _placed(
    parent: Unit,
    run_id: str,
    requirement: Requirement,
    what: Identification,
    built_by: str | None,
    command: Install,
) -> Events:
    """Both sides of an installation: the parent holds it, the component is there."""
    installation = _installation(command, run_id, requirement, what)
    who, version = (command.by, command.at), parent.as_built_version + 1
    return (
        events.UnitInstalled(parent.unit_id, *who, run_id, installation, what, version),
        events.UnitPlaced(what.unit_id, *who, parent.unit_id, installation.installation_id, built_by, run_id),
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


def _check_usable(parent: Unit, component: Unit, command: Install, known: Mapping[str, Unit]) -> None:
    if component.parent_unit_id is not None:
        raise AlreadyInstalled(unit_id=component.unit_id, parent_unit_id=component.parent_unit_id)
    # What can be installed is the top of its own tree, so a cycle would close just when it is the parent's top.
    if top_of(known, parent.unit_id) == component.unit_id:
        raise WouldCreateCycle(unit_id=component.unit_id, parent_unit_id=parent.unit_id)
    if component.identification.quantity <= 0:
        raise InsufficientQuantity(unit_id=component.unit_id, quantity="nothing", wanted=plain(command.quantity))
    now = standing(component)
    if now.status is not UnitStatus.AVAILABLE:
        raise UnitNotAvailable(
            unit_id=component.unit_id, status=now.status, reason=now.reason, changes_when=now.changes_when
        )


def _check_quantity(requirement: Requirement, what: Identification, quantity: Decimal) -> None:
    facts = {"unit_id": what.unit_id, "quantity": plain(what.quantity), "wanted": plain(quantity)}
    if what.serial is None and (quantity <= 0 or not is_exact(quantity)):
        raise QuantityInvalid(**facts)
    if quantity > what.quantity:
        raise InsufficientQuantity(**facts)
    if what.serial is not None and quantity != what.quantity:
        raise WholeUnitsOnly(**facts)
    if what.unit_of_measure != requirement.unit_of_measure:
        raise UnitOfMeasureDiffers(
            unit_id=what.unit_id,
            unit_of_measure=what.unit_of_measure,
            requirement_id=requirement.requirement_id,
            wanted=requirement.unit_of_measure,
        )


def _check_room(requirement: Requirement, installed: list[Installation], command: Install) -> None:
    name = requirement.requirement_id
    if requirement.designators:
        _check_place(requirement, installed, command)
        return
    if command.designator is not None:
        raise DesignatorUnknown(designator=command.designator, requirement_id=name, free="it has none")
    has = quantity_of(installed)
    if has + command.quantity > requirement.quantity:
        raise RequirementFull(requirement_id=name, quantity=plain(requirement.quantity), installed=plain(has))


def _check_place(requirement: Requirement, installed: list[Installation], command: Install) -> None:
    """One for every assembly of the run: of a serial unit's run it takes one, whatever goes there."""
    name, designator = requirement.requirement_id, command.designator
    free = ", ".join(free_designators(requirement, installed)) or "none is free"
    if designator is None or designator not in requirement.designators:
        raise DesignatorUnknown(designator=designator or "(none)", requirement_id=name, free=free)
    has, takes = filled(installed).get(designator, Decimal(0)), requirement.per_designator
    if has >= takes:
        there = ", ".join(one.unit_id for one in installed if one.designator == designator)
        raise DesignatorTaken(designator=designator, requirement_id=name, unit_id=there, free=free)
    if has + command.quantity > takes or command.quantity % 1:
        room, asked = plain((takes - has).normalize()), plain(command.quantity)
        raise OnePerDesignator(designator=designator, requirement_id=name, room=room, wanted=asked)
