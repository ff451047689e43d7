"""What must be installed into a target: which part in which revision will do, where it goes, and how an engineer edits
it while the run is open (domain.md 4.2). Until the run is complete inventory owns the requirements.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import assert_never

from services.inventory.domain import events
from services.inventory.domain.commands import AddRequirement, ChangeRequirement, EditingCommand, RemoveRequirement
from services.inventory.domain.refusals import (
    AsBuiltLocked,
    NotBeingBuilt,
    RequirementExists,
    RequirementInUse,
    RequirementInvalid,
    UnknownRequirement,
)
from services.inventory.domain.unit import Build, Installation, Requirement, Unit
from shared.kernel import plain

ANY_REVISION = "*"
"""What an engineer names where any revision will do."""
MOST_DIGITS = 12
"""Digits of a quantity, at most; products and sums of such quantities lose no digit."""

Events = tuple[events.AnyEvent, ...]


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


def requirement_of(unit: Unit, build: Build, requirement_id: str) -> Requirement:
    """One requirement of the run that builds a unit.

    :raises UnknownRequirement: listing those that it has.
    """
    requirement = build.requirements.get(requirement_id)
    if requirement is None:
        listed = ", ".join(build.requirements) or "it has none"
        raise UnknownRequirement(unit_id=unit.unit_id, requirement_id=requirement_id, known=listed)
    return requirement


def will_do(requirement: Requirement, part_number: str, revision: str | None) -> bool:
    """Whether a part in a revision may be installed for it: its own part in a revision that is interchangeable, or an
    approved substitute.
    """
    if part_number == requirement.part_number:
        return requirement.revision is None or revision in requirement.revisions
    return part_number in requirement.substitutes


def wanted(requirement: Requirement) -> str:
    """Everything that will do, in words."""
    revisions = f" (revision {' or '.join(requirement.revisions)})" if requirement.revisions else ""
    return " or ".join((f"{requirement.part_number}{revisions}", *requirement.substitutes))


def installed_for(unit: Unit, run_id: str, requirement_id: str) -> list[Installation]:
    """What a run has installed for one of its requirements."""
    return [one for one in unit.installed_by(run_id) if one.requirement_id == requirement_id]


def quantity_of(installed: Iterable[Installation]) -> Decimal:
    """Their quantity together."""
    return sum((one.quantity for one in installed), start=Decimal(0))


def filled(installed: Iterable[Installation]) -> dict[str, Decimal]:
    """What each designator has."""
    found: dict[str, Decimal] = {}
    for one in installed:
        if one.designator is not None:
            found[one.designator] = found.get(one.designator, Decimal(0)) + one.quantity
    return found


def free_designators(requirement: Requirement, installed: Iterable[Installation]) -> list[str]:
    """Those that have room."""
    has = filled(installed)
    return [one for one in requirement.designators if has.get(one, Decimal(0)) < requirement.per_designator]


def is_satisfied(requirement: Requirement, installed: Sequence[Installation]) -> bool:
    """It has its quantity, and with designators each of them has: what is too much at one fills no other."""
    return quantity_of(installed) >= requirement.quantity and not free_designators(requirement, installed)


def decide(unit: Unit, command: EditingCommand) -> Events:
    """What follows from an engineer's edit; one that changes nothing is fine.

    :raises Refused: when it contradicts itself, or what is installed.
    """
    build = open_build(unit)
    match command:
        case AddRequirement():
            return _add(unit, build, command)
        case ChangeRequirement():
            return _change(unit, build, command)
        case RemoveRequirement():
            return _remove(unit, build, command)
        case _:
            assert_never(command)


def _add(unit: Unit, build: Build, command: AddRequirement) -> Events:
    wanted_now = _for_the_run(command.requirement, command.requirement.quantity, build)
    there = build.requirements.get(command.requirement_id)
    if there == wanted_now:
        return ()
    if there is not None:
        raise RequirementExists(requirement_id=there.requirement_id, unit_id=unit.unit_id)
    _check(wanted_now, build)
    version = unit.as_built_version + 1
    return (
        events.RequirementAdded(
            unit.unit_id, command.by, command.at, build.run_id, wanted_now, command.reason, version
        ),
    )


def _change(unit: Unit, build: Build, command: ChangeRequirement) -> Events:
    there = requirement_of(unit, build, command.requirement_id)
    after = _changed(there, command, build)
    if after == there:
        return ()
    _check(after, build)
    _check_installed(unit, after, installed_for(unit, build.run_id, there.requirement_id))
    version = unit.as_built_version + 1
    return (
        events.RequirementChanged(unit.unit_id, command.by, command.at, build.run_id, after, command.reason, version),
    )


def _remove(unit: Unit, build: Build, command: RemoveRequirement) -> Events:
    there = requirement_of(unit, build, command.requirement_id)
    for one in installed_for(unit, build.run_id, there.requirement_id):
        _in_use(unit, there, one, f"{one.unit_id} is installed for it")
    version = unit.as_built_version + 1
    return (
        events.RequirementRemoved(unit.unit_id, command.by, command.at, build.run_id, there, command.reason, version),
    )


def _changed(there: Requirement, command: ChangeRequirement, build: Build) -> Requirement:
    """With what the command names; the rest stays."""
    revision = there.revision if command.revision is None else command.revision
    others = command.interchangeable_revisions
    after = replace(
        there,
        designators=there.designators if command.designators is None else command.designators,
        substitutes=there.substitutes if command.substitutes is None else command.substitutes,
        revision=None if revision == ANY_REVISION else revision,
        interchangeable_revisions=there.interchangeable_revisions if others is None else others,
    )
    if revision == ANY_REVISION and others is None:
        after = replace(after, interchangeable_revisions=())
    return after if command.quantity is None else _for_the_run(after, command.quantity, build)


def _for_the_run(requirement: Requirement, per_assembly: Decimal, build: Build) -> Requirement:
    """With the quantity per assembly times the run's.

    :raises RequirementInvalid: when there is none, or it has more digits than can be counted exactly.
    """
    if per_assembly <= 0 or not is_exact(per_assembly):
        what = f"its quantity is {plain(per_assembly)}, and it must be positive, of at most {MOST_DIGITS} digits"
        raise RequirementInvalid(requirement_id=requirement.requirement_id, what=what)
    return replace(requirement, quantity=per_assembly * build.quantity)


def is_exact(quantity: Decimal) -> bool:
    """Sums and products of such quantities lose no digit."""
    return len(quantity.as_tuple().digits) <= MOST_DIGITS and abs(quantity.adjusted()) <= MOST_DIGITS


def _check(requirement: Requirement, build: Build) -> None:
    """It does not contradict itself.

    :raises RequirementInvalid: saying what does.
    """
    for what in _contradictions(requirement, build):
        raise RequirementInvalid(requirement_id=requirement.requirement_id, what=what)


def _contradictions(requirement: Requirement, build: Build) -> Iterable[str]:
    for designator, times in Counter(requirement.designators).items():
        if times > 1:
            yield f"the designator {designator} is there {times} times"
    count = len(requirement.designators)
    if count and count * build.quantity != requirement.quantity:
        per_assembly = plain(requirement.quantity / build.quantity)
        yield f"it has {count} designators for the quantity {per_assembly} of an assembly"
    if requirement.interchangeable_revisions and requirement.revision is None:
        yield "any revision will do, so none is interchangeable with it"


def _check_installed(unit: Unit, after: Requirement, installed: list[Installation]) -> None:
    """What is installed still has its place after a change.

    :raises RequirementInUse: naming the first that would not.
    """
    has = quantity_of(installed)
    for one in installed:
        if not will_do(after, one.part_number, one.revision):
            _in_use(unit, after, one, f"{one.part_number} {one.revision} is installed for it as {one.unit_id}")
        if (one.designator is not None or after.designators) and one.designator not in after.designators:
            place = one.designator or "no designator"
            _in_use(unit, after, one, f"{one.unit_id} is installed for it at {place}")
        if has > after.quantity:
            _in_use(unit, after, one, f"{plain(has)} is installed for it already")


def _in_use(unit: Unit, requirement: Requirement, one: Installation, why: str) -> None:
    raise RequirementInUse(
        requirement_id=requirement.requirement_id, why=why, unit_id=one.unit_id, parent_unit_id=unit.unit_id
    )


def evolve(unit: Unit, event: events.EditingEvent) -> Unit:
    """The unit with the requirement as it is since."""
    build = unit.build
    assert build is not None  # noqa: S101 - the rules looked
    name = event.requirement.requirement_id
    match event:
        case events.RequirementAdded() | events.RequirementChanged():
            there = {**build.requirements, name: event.requirement}
        case events.RequirementRemoved():
            there = {other: one for other, one in build.requirements.items() if other != name}
        case _:
            assert_never(event)
    edited = {**build.edited, name: event.as_built_version}
    after = replace(build, requirements=there, edited=edited)
    return replace(unit, build=after, as_built_version=event.as_built_version)
