"""What inventory and the issue service said, kept as the run's copy. Noted whatever became of the run."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar, assert_never

from services.run.domain import events
from services.run.domain.commands import (
    LoseTarget,
    NoteInstallation,
    NoteIssue,
    NoteQuantity,
    NoteRemoval,
    NoteRequirement,
    NoteTarget,
)
from services.run.domain.redlines import applied_with
from services.run.domain.run import Canceled, Completed, Failed, Issue, Run
from shared.kernel import changed

T = TypeVar("T")
Events = tuple[events.AnyEvent, ...]
NotingCommand = NoteTarget | LoseTarget | NoteInstallation | NoteRemoval | NoteQuantity | NoteRequirement | NoteIssue
NotingEvent = events.InstallationNoted | events.RemovalNoted | events.QuantityNoted | events.RequirementNoted


def decide(run: Run, command: NotingCommand) -> Events:
    """What follows from a fact of another service, whatever became of the run."""
    match command:
        case NoteTarget():
            return note_target(run, command)
        case LoseTarget():
            return lose_target(run, command)
        case NoteInstallation():
            return note_installation(run, command)
        case NoteRemoval():
            return note_removal(run, command)
        case NoteQuantity():
            return note_quantity(run, command)
        case NoteRequirement():
            return note_requirement(run, command)
        case NoteIssue():
            return note_issue(run, command)
        case _:
            assert_never(command)


def note_target(run: Run, command: NoteTarget) -> Events:
    """Inventory claimed the target."""
    noted = events.TargetNoted(run.run_id, command.by, command.at, command.unit_id, command.as_built_version)
    return (noted,) if command.as_built_version > run.as_built_version else ()


def lose_target(run: Run, command: LoseTarget) -> Events:
    """Canceled with that reason; a run that was completed before inventory answered is opened for it first."""
    who = (run.run_id, command.by, command.at)
    unit_id = run.order.target.unit_id
    canceled = events.RunCanceled(*who, unit_id, command.reason)
    match run.decision:
        case None | Failed():
            return (canceled,)
        case Completed(number=number):
            return (events.RunReopened(*who, unit_id, number, command.reason), canceled)
        case Canceled():
            return ()


def note_installation(run: Run, command: NoteInstallation) -> Events:
    """Inventory installed a unit for this run."""
    version = command.as_built_version
    return (events.InstallationNoted(run.run_id, command.by, command.at, command.installation, version),)


def note_removal(run: Run, command: NoteRemoval) -> Events:
    """Inventory removed a unit of this run; of what was taken out in part, the rest is noted as it is since."""
    there = run.installations.get(command.left_id or "")
    if there is not None and command.left is not None:
        rest = replace(there, quantity=command.left)
        return (events.InstallationNoted(run.run_id, command.by, command.at, rest, command.as_built_version),)
    return (
        events.RemovalNoted(
            run.run_id,
            command.by,
            command.at,
            command.installation_id,
            command.requirement_id,
            command.unit_id,
            command.as_built_version,
        ),
    )


def note_quantity(run: Run, command: NoteQuantity) -> Events:
    """Part of what the run builds was split off: put in quarantine, or scrapped."""
    return (events.QuantityNoted(run.run_id, command.by, command.at, command.quantity, command.as_built_version),)


def note_requirement(run: Run, command: NoteRequirement) -> Events:
    """An engineer edited a requirement of this run."""
    edited = (command.requirement, command.is_removed, command.as_built_version)
    return (events.RequirementNoted(run.run_id, command.by, command.at, *edited),)


def note_issue(run: Run, command: NoteIssue) -> Events:
    """An issue of this run was opened or changed; its approved disposition applies the redlines that wait for it."""
    before = run.issues.get(command.issue.issue_id)
    if before == command.issue:
        return ()
    needs = (one.part_number for one in run.requirements if one.requirement_id == command.issue.requirement_id)
    parts = (run.order.part_number, *needs)
    what = (command.issue, parts, run.order.target.unit_id)
    noted = events.IssueNoted(run.run_id, command.by, command.at, *what)
    if run.decision is None and _is_approved_now(before, command.issue):
        return (noted, *applied_with(run, command))
    return (noted,)


def _is_approved_now(before: Issue | None, after: Issue) -> bool:
    """Approved, and not only still so: another disposition is another approval."""
    return after.approved and (before is None or not before.approved or before.disposition != after.disposition)


def evolve(run: Run, event: NotingEvent) -> Run:
    """The run with what inventory said."""
    match event:
        case events.InstallationNoted():
            return _installed(run, event)
        case events.RemovalNoted():
            return _removed(run, event)
        case events.QuantityNoted(quantity=quantity, as_built_version=version):
            return changed(run, left=quantity, as_built_version=version)
        case events.RequirementNoted():
            return _edited(run, event)
        case _:
            assert_never(event)


def _installed(run: Run, event: events.InstallationNoted) -> Run:
    """What is in the target, and the as-built version since."""
    one = event.installation
    installations = {**run.installations, one.installation_id: one}
    return changed(run, installations=installations, as_built_version=event.as_built_version)


def _removed(run: Run, event: events.RemovalNoted) -> Run:
    """What is left in the target, and the as-built version since."""
    left = _without(run.installations, event.installation_id)
    return changed(run, installations=left, as_built_version=event.as_built_version)


def _edited(run: Run, event: events.RequirementNoted) -> Run:
    """The requirements as they are since, in their order; a new one comes last."""
    name = event.requirement.requirement_id
    by_id = {one.requirement_id: one for one in run.requirements} | {name: event.requirement}
    edited = tuple(one for one in by_id.values() if one.requirement_id != name or not event.is_removed)
    return changed(run, edited=edited, as_built_version=event.as_built_version)


def _without(things: Mapping[str, T], key: str) -> Mapping[str, T]:
    return {name: one for name, one in things.items() if name != key}
