"""A step that nobody works on: for now, because it is on hold, or for good, because it is optional and left out."""

from typing import assert_never

from services.run.domain import events
from services.run.domain.commands import CancelStep, HoldStep, ResumeStep
from services.run.domain.lookup import check_reason, step_of, workable_step
from services.run.domain.refusals import StepNotOnHold, StepRequired
from services.run.domain.run import Run, SessionEnd, StepState, with_step
from services.run.domain.sessions import everybody_out
from shared.kernel import changed

Events = tuple[events.AnyEvent, ...]
HoldingCommand = HoldStep | ResumeStep | CancelStep
HoldingEvent = events.StepHeld | events.StepResumed | events.StepCanceled


def decide(run: Run, command: HoldingCommand) -> Events:
    """What follows when a step is held, resumed or left out."""
    match command:
        case HoldStep():
            return _hold(run, command)
        case ResumeStep():
            return _resume(run, command)
        case CancelStep():
            return _cancel(run, command)
        case _:
            assert_never(command)


def evolve(run: Run, event: HoldingEvent) -> Run:
    """The run after that."""
    match event:
        case events.StepHeld():
            return _held(run, event)
        case events.StepResumed():
            return _resumed(run, event)
        case events.StepCanceled():
            return _canceled(run, event)
        case _:
            assert_never(event)


def _hold(run: Run, command: HoldStep) -> Events:
    """A step that is todo or in progress is held; said twice with the same reason, nothing changes."""
    step = step_of(run, command.step_id)
    if step.state is StepState.HOLD and step.because == command.reason:
        return ()
    workable_step(run, command.step_id)
    check_reason(command.reason)
    return (events.StepHeld(run.run_id, command.by, command.at, command.step_id, command.reason),)


def _resume(run: Run, command: ResumeStep) -> Events:
    """Back to the state that the step was held from; nobody is checked in by that.

    :raises StepNotOnHold: in any other state.
    """
    step = step_of(run, command.step_id)
    if step.state is not StepState.HOLD:
        raise StepNotOnHold(step_id=command.step_id, state=step.state)
    state = step.back_to or StepState.TODO
    return (events.StepResumed(run.run_id, command.by, command.at, command.step_id, state),)


def _cancel(run: Run, command: CancelStep) -> Events:
    """An optional step is left out, and what comes after it may start; left out twice, nothing changes.

    :raises StepRequired: because only a redline takes a required step away.
    """
    step = step_of(run, command.step_id)
    if step.state is StepState.CANCELED:
        return ()
    if step.definition.required:
        raise StepRequired(step_id=command.step_id)
    workable_step(run, command.step_id, StepState.HOLD, StepState.FAILED)
    check_reason(command.reason)
    return (events.StepCanceled(run.run_id, command.by, command.at, command.step_id, command.reason),)


def _held(run: Run, event: events.StepHeld) -> Run:
    step = run.steps[event.step_id]
    sessions = everybody_out(step, event.at, SessionEnd.HELD)
    held = changed(step, state=StepState.HOLD, back_to=step.state, because=event.reason, sessions=sessions)
    return with_step(run, held)


def _resumed(run: Run, event: events.StepResumed) -> Run:
    step = run.steps[event.step_id]
    return with_step(run, changed(step, state=event.state, back_to=None, because=None))


def _canceled(run: Run, event: events.StepCanceled) -> Run:
    step = run.steps[event.step_id]
    canceled = changed(
        step,
        state=StepState.CANCELED,
        back_to=None,
        because=event.reason,
        sessions=everybody_out(step, event.at, SessionEnd.CANCELED),
        signed_at=None,
        signed_by=None,
    )
    return with_step(run, canceled)
