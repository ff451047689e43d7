"""A step that fails: everybody leaves it, an issue is opened, and somebody decides what becomes of it.

Either its failure is acknowledged, with the issue that covers it, or it is done again (domain.md 3.2). The issue
service opens the issue when it hears of the failure.
"""

from dataclasses import replace
from typing import assert_never

from services.run.domain import events
from services.run.domain.commands import AcknowledgeFailure, FailStep, ReworkStep
from services.run.domain.lookup import check_reason, step_of, workable_step
from services.run.domain.refusals import IssueNotOnStep, StepNotFailed
from services.run.domain.run import Failure, Run, SessionEnd, StepState, with_step
from services.run.domain.sessions import everybody_out
from services.run.domain.steps import check_fields, with_operator
from shared.kernel import changed

Events = tuple[events.AnyEvent, ...]
FailingCommand = FailStep | AcknowledgeFailure | ReworkStep
FailingEvent = events.StepFailed | events.FailureAcknowledged | events.StepSentToRework


def decide(run: Run, command: FailingCommand) -> Events:
    """What follows when a step fails, or when somebody deals with its failure."""
    match command:
        case FailStep():
            return _fail(run, command)
        case AcknowledgeFailure():
            return _acknowledge(run, command)
        case ReworkStep():
            return _rework(run, command)
        case _:
            assert_never(command)


def evolve(run: Run, event: FailingEvent) -> Run:
    """The run after that."""
    match event:
        case events.StepFailed():
            return _failed(run, event)
        case events.FailureAcknowledged():
            return _acknowledged(run, event)
        case events.StepSentToRework():
            return _sent_to_rework(run, event)
        case _:
            assert_never(event)


def _fail(run: Run, command: FailStep) -> Events:
    """A step that is todo or in progress fails; said twice with the same reason, nothing changes."""
    step = step_of(run, command.step_id)
    if step.state is StepState.FAILED and step.failure is not None and step.failure.reason == command.reason:
        return ()
    workable_step(run, command.step_id)
    check_reason(command.reason)
    unit_id = run.order.target.unit_id
    return (events.StepFailed(run.run_id, command.by, command.at, command.step_id, unit_id, command.reason),)


def _acknowledge(run: Run, command: AcknowledgeFailure) -> Events:
    """The failed step counts as complete, and as failed-then-resolved.

    :raises StepNotFailed: when there is no failure that waits for this.
    :raises IssueNotOnStep: when the issue is not one of this run on that step, or not known yet.
    :raises FieldsMissing: when a required field has no value: no record may lack one.
    """
    step = step_of(run, command.step_id)
    if step.state is not StepState.FAILED:
        if step.failure is not None and step.failure.acknowledged_issue == command.issue_id:
            return ()
        raise StepNotFailed(step_id=command.step_id, state=step.state)
    _check_issue(run, command)
    check_fields(step, "Send the step to rework, or have a redline change what it asks for.")
    return (events.FailureAcknowledged(run.run_id, command.by, command.at, command.step_id, command.issue_id),)


def _check_issue(run: Run, command: AcknowledgeFailure) -> None:
    on_step = [one.issue_id for one in run.issues.values() if one.step_id == command.step_id]
    if command.issue_id not in on_step:
        known = ", ".join(on_step) or "there is none"
        raise IssueNotOnStep(issue_id=command.issue_id, step_id=command.step_id, run_id=run.run_id, known=known)


def _rework(run: Run, command: ReworkStep) -> Events:
    """The step may be done again; what was recorded stays as evidence and is not its value any more.

    :raises StepNotFailed: when there is nothing to do again.
    """
    step = step_of(run, command.step_id)
    if step.state is not StepState.FAILED:
        raise StepNotFailed(step_id=command.step_id, state=step.state)
    return (events.StepSentToRework(run.run_id, command.by, command.at, command.step_id, step.attempt + 1),)


def _failed(run: Run, event: events.StepFailed) -> Run:
    step = run.steps[event.step_id]
    failed = changed(
        step,
        state=StepState.FAILED,
        failure=Failure(event.reason, event.by, event.at),
        sessions=everybody_out(step, event.at, SessionEnd.FAILED),
        signed_at=None,
        signed_by=None,
    )
    touched = run.touched | {event.step_id} if step.state is StepState.COMPLETE else run.touched
    return with_step(run, failed, operators=with_operator(run, event.by.person), touched=touched)


def _acknowledged(run: Run, event: events.FailureAcknowledged) -> Run:
    step = run.steps[event.step_id]
    assert step.failure is not None  # noqa: S101 - a failed step has one
    failure = replace(step.failure, acknowledged_issue=event.issue_id)
    done = changed(step, state=StepState.COMPLETE, signed_at=event.at, signed_by=event.by, failure=failure)
    return with_step(run, done)


def _sent_to_rework(run: Run, event: events.StepSentToRework) -> Run:
    step = run.steps[event.step_id]
    return with_step(run, changed(step, state=StepState.TODO, attempt=event.attempt))
