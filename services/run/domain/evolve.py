"""How an event changes a run. Never fails on what `decide` returned."""

from collections.abc import Mapping
from typing import TypeVar, assert_never

from services.run.domain.events import (
    AnyEvent,
    GateApproved,
    InstallationNoted,
    IssueNoted,
    RemovalNoted,
    RunCanceled,
    RunCompleted,
    RunCreated,
    RunReopened,
    StepSignedOff,
    StepStarted,
    TargetNoted,
    ValueRecorded,
)
from services.run.domain.run import Approval, Canceled, Completed, Recording, Run, Step, StepState
from shared.kernel import changed

T = TypeVar("T")


def evolve(run: Run | None, event: AnyEvent) -> Run:
    """The run after the event."""
    if isinstance(event, RunCreated):
        steps = {step.step_id: Step(step) for step in event.order.steps}
        return Run(order=event.order, steps=steps, ordered_at=event.at)
    assert run is not None, f"{type(event).__name__} before the run was created"  # noqa: S101
    return _evolved(run, event)


def _evolved(run: Run, event: AnyEvent) -> Run:  # noqa: C901 - one line for each event
    match event:
        case StepStarted():
            return _started(run, event)
        case ValueRecorded():
            return _recorded(run, event)
        case StepSignedOff():
            return _signed_off(run, event)
        case GateApproved():
            return changed(run, approvals={**run.approvals, event.gate_id: Approval(event.by, event.at)})
        case TargetNoted():
            return changed(run, as_built_version=event.as_built_version)
        case InstallationNoted():
            one = event.installation
            installations = {**run.installations, one.installation_id: one}
            return changed(run, installations=installations, as_built_version=event.as_built_version)
        case RemovalNoted():
            left = _without(run.installations, event.installation_id)
            return changed(run, installations=left, as_built_version=event.as_built_version)
        case IssueNoted():
            return changed(run, issues={**run.issues, event.issue.issue_id: event.issue})
        case RunCompleted():
            return changed(run, decision=Completed(event.at, event.by, event.number), completions=event.number)
        case RunReopened():
            return changed(run, decision=None, touched=frozenset())
        case RunCanceled():
            return changed(run, decision=Canceled(event.at, event.by, event.reason))
        case RunCreated():
            raise AssertionError("a run is created once")
        case _:
            assert_never(event)


def _started(run: Run, event: StepStarted) -> Run:
    step = run.steps[event.step_id]
    again = step.state is StepState.COMPLETE
    started = changed(
        step,
        state=StepState.IN_PROGRESS,
        started_at=step.started_at or event.at,
        started_by=step.started_by or event.by,
        signed_at=None,
        signed_by=None,
    )
    return changed(
        run,
        steps={**run.steps, event.step_id: started},
        started_at=event.at if run.started_at is None else min(run.started_at, event.at),
        operators=_with_operator(run, event.by.person),
        touched=run.touched | {event.step_id} if again else run.touched,
    )


def _recorded(run: Run, event: ValueRecorded) -> Run:
    step = run.steps[event.step_id]
    recording = Recording(event.value, event.verdict, event.number, event.by, event.at)
    after = changed(step, values={**step.values, event.field_id: recording})
    operators = _with_operator(run, event.by.person)
    return changed(run, steps={**run.steps, event.step_id: after}, operators=operators)


def _signed_off(run: Run, event: StepSignedOff) -> Run:
    step = run.steps[event.step_id]
    signed = changed(step, state=StepState.COMPLETE, signed_at=event.at, signed_by=event.by)
    operators = _with_operator(run, event.by.person)
    return changed(run, steps={**run.steps, event.step_id: signed}, operators=operators)


def _with_operator(run: Run, person: str | None) -> frozenset[str]:
    return run.operators if person is None or person in run.operators else run.operators | {person}


def _without(things: Mapping[str, T], key: str) -> Mapping[str, T]:
    return {name: one for name, one in things.items() if name != key}
