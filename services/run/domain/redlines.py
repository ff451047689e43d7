"""Redlines: changes to one run's steps while it is executed (domain.md 3.2a).

The procedure and other runs never see them. What they make of the steps is `redrawing`'s.
"""

from dataclasses import replace
from typing import assert_never

from services.run.domain import events
from services.run.domain.commands import NoteIssue
from services.run.domain.lookup import redline_of
from services.run.domain.redline import Acceptance, Redline, RedlineState
from services.run.domain.redline_commands import (
    AcceptRedline,
    ApplyRedline,
    CancelRedline,
    ProposeRedline,
    RedlineCommand,
    RejectRedline,
)
from services.run.domain.redline_events import (
    RedlineAccepted,
    RedlineApplied,
    RedlineCanceled,
    RedlineEvent,
    RedlineProposed,
    RedlineRejected,
    RedlineReviewed,
)
from services.run.domain.redrawing import check_touched, in_redline, out_of_redline, redrawn, undone, with_redrawn
from services.run.domain.refusals import (
    RedlineAlreadyApplied,
    RedlineInvalid,
    RedlineNotApplied,
    RedlineNotOpen,
    ReviewNotWanted,
    RoleNotHeld,
)
from services.run.domain.run import Run
from shared.kernel import changed

Events = tuple[events.AnyEvent, ...]


def decide(run: Run, command: RedlineCommand) -> Events:
    """What follows when somebody proposes a redline, or decides about one."""
    match command:
        case ProposeRedline():
            return _propose(run, command)
        case ApplyRedline():
            return _apply(run, command)
        case AcceptRedline():
            return _accept(run, command)
        case RejectRedline():
            return _reject(run, command)
        case CancelRedline():
            return _cancel(run, command)
        case _:
            assert_never(command)


def evolve(run: Run, event: RedlineEvent) -> Run:
    """The run after that."""
    match event:
        case RedlineProposed():
            return _proposed(run, event)
        case RedlineApplied():
            return _applied(run, event)
        case RedlineReviewed():
            return _reviewed(run, event)
        case RedlineAccepted():
            return _closed(run, event, RedlineState.ACCEPTED)
        case RedlineRejected():
            return _rejected(run, event)
        case RedlineCanceled():
            return _canceled(run, event)
        case _:
            assert_never(event)


def _propose(run: Run, command: ProposeRedline) -> Events:
    """A change to steps that nobody signed, and that no other open redline changes.

    :raises RedlineInvalid: when the run could not be worked through as it would be then.
    """
    redline = Redline(
        command.redline_id,
        command.by,
        command.at,
        command.reason,
        command.changes,
        command.roles,
        command.issue_id,
    )
    if redline.redline_id in run.redlines:
        raise RedlineInvalid(what=f"the run has a redline {redline.redline_id} already")
    if not redline.reason.strip():
        raise RedlineInvalid(what="it gives no reason")
    check_touched(run, redline)
    redrawn(run, redline)
    return (
        RedlineProposed(
            run.run_id,
            command.by,
            command.at,
            redline.redline_id,
            redline.reason,
            redline.changes,
            redline.roles,
            redline.issue_id,
        ),
    )


def _apply(run: Run, command: ApplyRedline) -> Events:
    """Change the steps; applied before, nothing changes.

    :raises RedlineInvalid: when what happened since it was proposed contradicts it.
    """
    redline = _open(run, command.redline_id)
    if redline.state is RedlineState.APPLIED:
        return ()
    return _application(run, redline, command)


def _application(run: Run, redline: Redline, cause: ApplyRedline | NoteIssue) -> tuple[RedlineEvent, ...]:
    """One that wants nobody's review is accepted with that."""
    who = (run.run_id, cause.by, cause.at, redline.redline_id)
    issue_id = cause.issue.issue_id if isinstance(cause, NoteIssue) else None
    applied = RedlineApplied(*who, redrawn(run, redline), issue_id)
    return (applied,) if redline.roles else (applied, RedlineAccepted(*who))


def applied_with(run: Run, command: NoteIssue) -> Events:
    """Proposals that wait for the disposition of this issue are applied when it is approved.

    One that contradicts the run by now stays a proposal: whoever applies it hears why.
    """
    happened: Events = ()
    for redline in run.redlines.values():
        if redline.state is RedlineState.PROPOSED and redline.issue_id == command.issue.issue_id:
            applied = _applied_if_it_can_be(run, redline, command)
            for event in applied:
                run = evolve(run, event)
            happened += applied
    return happened


def _applied_if_it_can_be(run: Run, redline: Redline, command: NoteIssue) -> tuple[RedlineEvent, ...]:
    try:
        return _application(run, redline, command)
    except RedlineInvalid:
        return ()


def _accept(run: Run, command: AcceptRedline) -> Events:
    """Accept for one wanted role; accepted before for that role, nothing changes.

    :raises ReviewNotWanted: when nobody asked for that role's review.
    :raises RoleNotHeld: when the person does not hold it.
    """
    redline = redline_of(run, command.redline_id)
    if command.role not in redline.roles:
        wanted = ", ".join(redline.roles) or "nobody"
        raise ReviewNotWanted(redline_id=redline.redline_id, role=command.role, wanted=wanted)
    if command.role not in command.roles:
        raise RoleNotHeld(what=f"The review of the redline {redline.redline_id}", role=command.role)
    if command.role in redline.reviews:
        return ()
    if _open(run, command.redline_id).state is RedlineState.PROPOSED:
        raise RedlineNotApplied(redline_id=redline.redline_id)
    who = (run.run_id, command.by, command.at, redline.redline_id)
    reviewed = RedlineReviewed(*who, command.role)
    is_last = set(redline.roles) == {*redline.reviews, command.role}
    return (reviewed, RedlineAccepted(*who)) if is_last else (reviewed,)


def _reject(run: Run, command: RejectRedline) -> Events:
    """Turn a redline down: a proposal, or an applied one while nobody signed what it changed."""
    redline = _open(run, command.redline_id)
    steps = undone(run, redline)
    return (RedlineRejected(run.run_id, command.by, command.at, redline.redline_id, command.reason, steps),)


def _cancel(run: Run, command: CancelRedline) -> Events:
    """Take a proposal back; its steps go on where they stood.

    :raises RedlineAlreadyApplied: because what was changed is undone by rejecting it.
    """
    redline = _open(run, command.redline_id)
    if redline.state is RedlineState.APPLIED:
        raise RedlineAlreadyApplied(redline_id=redline.redline_id)
    return (RedlineCanceled(run.run_id, command.by, command.at, redline.redline_id, command.reason),)


def _open(run: Run, redline_id: str) -> Redline:
    redline = redline_of(run, redline_id)
    if not redline.is_open:
        raise RedlineNotOpen(redline_id=redline_id, state=redline.state)
    return redline


def _proposed(run: Run, event: RedlineProposed) -> Run:
    redline = Redline(event.redline_id, event.by, event.at, event.reason, event.changes, event.roles, event.issue_id)
    return _with(in_redline(run, redline.touched, event.at), redline)


def _applied(run: Run, event: RedlineApplied) -> Run:
    before = run.redlines[event.redline_id]
    redline = replace(before, state=RedlineState.APPLIED, redrawn=event.steps, applied_at=event.at, applied_by=event.by)
    return _with(with_redrawn(run, event.steps, before.reason), redline)


def _reviewed(run: Run, event: RedlineReviewed) -> Run:
    redline = run.redlines[event.redline_id]
    reviews = {**redline.reviews, event.role: Acceptance(event.by, event.at)}
    return _with(run, replace(redline, reviews=reviews))


def _rejected(run: Run, event: RedlineRejected) -> Run:
    touched = run.redlines[event.redline_id].touched
    back = with_redrawn(run, event.steps, event.reason) if event.steps else out_of_redline(run, touched)
    return _closed(back, event, RedlineState.REJECTED, event.reason)


def _canceled(run: Run, event: RedlineCanceled) -> Run:
    back = out_of_redline(run, run.redlines[event.redline_id].touched)
    return _closed(back, event, RedlineState.CANCELED, event.reason)


def _closed(run: Run, event: RedlineEvent, state: RedlineState, because: str | None = None) -> Run:
    redline = run.redlines[event.redline_id]
    closed = replace(redline, state=state, closed_at=event.at, closed_by=event.by, closed_because=because)
    return _with(run, closed)


def _with(run: Run, redline: Redline) -> Run:
    return changed(run, redlines={**run.redlines, redline.redline_id: redline})
