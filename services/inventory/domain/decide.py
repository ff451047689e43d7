"""What inventory says to a command: events on one or several units, or a refusal. No clock, no id, no I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import assert_never

from services.inventory.domain import (
    contesting,
    events,
    installing,
    leaving,
    removing,
    requirements,
    stock,
    withholding,
)
from services.inventory.domain.commands import (
    AddRequirement,
    AnyCommand,
    ChangeRequirement,
    ClaimTarget,
    FailBuild,
    Free,
    Install,
    MoveUnit,
    NoteIssue,
    Quarantine,
    ReceiveUnit,
    Release,
    Remove,
    RemoveRequirement,
    Reopen,
    ReturnUnit,
    ScrapUnit,
)
from services.inventory.domain.events import AnyEvent, UnitReceived
from services.inventory.domain.evolve import evolve
from services.inventory.domain.expecting import IssueExpected, expect
from services.inventory.domain.locations import ConfigureLocation, LocationConfigured, configure
from services.inventory.domain.lookup import OWN, known_unit
from services.inventory.domain.moving import with_contents
from services.inventory.domain.receiving import arrived
from services.inventory.domain.refusals import TargetNotAvailable
from services.inventory.domain.reopening import with_components
from services.inventory.domain.status import Standing, standing
from services.inventory.domain.unit import Identification, Known, Unit
from shared.kernel import plain

Events = tuple[AnyEvent, ...]


def decide(known: Known, command: AnyCommand) -> Events:
    """The events that follow from a command, what units above hear of it and changes of status included.

    :raises Refused: when the rules say no; when nothing changes the answer is an empty tuple.
    """
    return with_status(known, with_contents(known, with_components(known, _decided(known, command))))


def decide_any(
    known: Known, command: AnyCommand | ConfigureLocation
) -> tuple[AnyEvent | LocationConfigured | IssueExpected, ...]:
    """`decide`, what issues say about units that are not known, and what a location's change means to everything that
    lies there.
    """
    if isinstance(command, NoteIssue):
        return (*decide(known, command), *expect(known, command))
    if not isinstance(command, ConfigureLocation):
        return decide(known, command)
    changed = configure(known, command)
    return () if changed is None else (changed[0], *with_status(known, changed[1]))


def with_status(known: Known, happened: Iterable[AnyEvent]) -> Events:
    """The events, and after them a change of status for every unit whose computed status changed; the first status of
    a unit comes with its receipt.
    """
    happened = tuple(happened)
    after: dict[str, Unit] = {}
    for event in happened:
        after[event.unit_id] = evolve(after.get(event.unit_id) or known.get(event.unit_id), event)
    last = {event.unit_id: event for event in happened}
    first = {event.unit_id: standing(after[event.unit_id]) for event in happened if isinstance(event, UnitReceived)}
    changes = []
    for unit_id, unit in after.items():
        if unit_id not in first and (now := standing(unit)).status is not unit.announced_status:
            by, at = last[unit_id].by, last[unit_id].at
            changes.append(events.StatusChanged(unit_id, by, at, now.status, unit.announced_status, now.reason))
    return (*_received_with(first, happened), *changes)


def _received_with(first: Mapping[str, Standing], happened: Events) -> Events:
    if not first:
        return happened
    return tuple(
        replace(one, status=first[one.unit_id].status, status_reason=first[one.unit_id].reason)
        if isinstance(one, UnitReceived)
        else one
        for one in happened
    )


def _decided(known: Known, command: AnyCommand) -> Events:  # noqa: C901 - one line for each command
    match command:
        case ReceiveUnit() | MoveUnit() | ScrapUnit() | ReturnUnit():
            return stock.decide(known, command)
        case NoteIssue():
            return withholding.note(known, command)
        case Quarantine():
            return withholding.quarantine(known, command)
        case ClaimTarget():
            return _claim(known, command)
        case AddRequirement() | ChangeRequirement() | RemoveRequirement():
            return requirements.decide(known_unit(known, command.unit_id), command)
        case Install():
            return installing.install(known, command)
        case Remove():
            return removing.remove(known, command)
        case Release():
            return _release(known, command)
        case Reopen():
            return _reopen(known_unit(known, command.unit_id), command)
        case FailBuild():
            return _fail(known_unit(known, command.unit_id), command)
        case Free():
            return _free(known_unit(known, command.unit_id), command)
        case _:
            assert_never(command)


def _claim(known: Known, command: ClaimTarget) -> Events:
    if command.unit_id.startswith(OWN):
        own = f"an id of Asbuilt's own, as each that begins with {OWN}"
        raise TargetNotAvailable(unit_id=command.unit_id, run_id=command.run_id, why=own)
    unit = known.get(command.unit_id)
    if unit is None:
        return (*arrived(known, command.by, command.at, command.identification), _claimed(command, 1))
    if unit.build is not None and unit.build.run_id == command.run_id:
        return ()
    if why := _not_claimable(unit, command.identification):
        raise TargetNotAvailable(unit_id=command.unit_id, run_id=command.run_id, why=why)
    return (_claimed(command, unit.as_built_version + 1),)


def _claimed(command: ClaimTarget, version: int) -> events.UnitClaimed:
    return events.UnitClaimed(
        command.unit_id,
        command.by,
        command.at,
        command.run_id,
        command.requirements,
        version,
        command.identification.quantity,
    )


def _not_claimable(unit: Unit, wanted: Identification) -> str | None:
    there = unit.identification
    if there.part_number != wanted.part_number:
        return f"{there.part_number}, not {wanted.part_number}"
    if unit.scrapped_quantity >= there.quantity > 0:
        return "scrapped"
    if (wanted.quantity, wanted.unit_of_measure) != (there.quantity, there.unit_of_measure):
        return f"{plain(there.quantity)} {there.unit_of_measure}, not {plain(wanted.quantity)} {wanted.unit_of_measure}"
    if unit.parent_unit_id is not None:
        return f"installed in {unit.parent_unit_id}"
    if unit.build is not None and unit.build.is_open:
        return f"the target of the open run {unit.build.run_id}"
    return None


def _release(known: Known, command: Release) -> Events:
    unit = known_unit(known, command.unit_id)
    build = unit.build
    if build is None or build.run_id != command.run_id or command.number <= build.completions:
        return ()
    who = (command.by, command.at)
    if not contesting.is_as_reviewed(unit, command):
        return (contesting.contested(unit, command),)
    consumed = (
        events.UnitConsumed(one.unit_id, *who, command.run_id, unit.unit_id)
        for one in unit.installed_by(command.run_id)
        if known[one.unit_id].consumed_by != command.run_id
    )
    released = events.UnitReleased(unit.unit_id, *who, command.run_id, command.number, unit.as_built_version)
    return (released, *consumed, *leaving.at_completion(unit, command))


def _reopen(unit: Unit, command: Reopen) -> Events:
    if unit.build is None or unit.build.run_id != command.run_id:
        return ()
    if unit.build.is_open and not unit.is_contested:
        return ()
    return (events.UnitReopened(unit.unit_id, command.by, command.at, command.run_id),)


def _fail(unit: Unit, command: FailBuild) -> Events:
    """Its unit stays work in progress (domain.md 4.3); a run that builds it no more, or failed before, says nothing."""
    if unit.build is None or unit.build.run_id != command.run_id or unit.build.failed_because is not None:
        return ()
    return (events.BuildFailed(unit.unit_id, command.by, command.at, command.run_id, command.reason),)


def _free(unit: Unit, command: Free) -> Events:
    if unit.build is None or unit.build.run_id != command.run_id:
        return ()
    return (events.UnitFreed(unit.unit_id, command.by, command.at, command.run_id),)
