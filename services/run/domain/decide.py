"""What a run says to a command: events, or a refusal. No clock, no id, no I/O."""

from typing import assert_never

from services.run.domain import events, ordering
from services.run.domain.commands import (
    AnyCommand,
    ApproveGate,
    CancelRun,
    CompleteRun,
    LoseTarget,
    NoteInstallation,
    NoteIssue,
    NoteRemoval,
    NoteTarget,
    OrderRun,
    RecordValue,
    ReopenRun,
    SignOff,
    StartStep,
)
from services.run.domain.completion import complete
from services.run.domain.events import AnyEvent
from services.run.domain.measuring import fitting, verdict_on
from services.run.domain.refusals import (
    FieldsMissing,
    RoleNotHeld,
    RunExists,
    RunLocked,
    RunNotComplete,
    RunNotOpen,
    StepNotWorkable,
    StepSignedOff,
    UnknownField,
    UnknownGate,
    UnknownRun,
    UnknownStep,
    UpstreamNotComplete,
)
from services.run.domain.run import Canceled, Completed, Run, Step, StepState

Events = tuple[AnyEvent, ...]


def decide(run: Run | None, command: AnyCommand) -> Events:  # noqa: C901 - one line for each command
    """The events that follow from a command.

    :raises Refused: when the rules say no; when nothing changes the answer is an empty tuple.
    """
    match command:
        case OrderRun():
            return _order(run, command)
        case StartStep():
            return _start(_open(run, command), command)
        case RecordValue():
            return _record(_open(run, command), command)
        case SignOff():
            return _sign_off(_open(run, command), command)
        case ApproveGate():
            return _approve_gate(_open(run, command), command)
        case NoteTarget():
            return _note_target(_known(run, command), command)
        case LoseTarget():
            return _lose_target(_known(run, command), command)
        case NoteInstallation():
            return _note_installation(_known(run, command), command)
        case NoteRemoval():
            return _note_removal(_known(run, command), command)
        case NoteIssue():
            return _note_issue(_known(run, command), command)
        case CompleteRun():
            return (complete(_open(run, command), command),)
        case CancelRun():
            return _cancel(_open(run, command), command)
        case ReopenRun():
            return _reopen(_known(run, command), command)
        case _:
            assert_never(command)


def _known(run: Run | None, command: AnyCommand) -> Run:
    if run is None:
        raise UnknownRun(command.run_id)
    return run


def _open(run: Run | None, command: AnyCommand) -> Run:
    known = _known(run, command)
    match known.decision:
        case None:
            return known
        case Completed():
            raise RunLocked(run_id=known.run_id)
        case Canceled():
            raise RunNotOpen(run_id=known.run_id, status=known.status)


def _order(run: Run | None, command: OrderRun) -> Events:
    if run is not None:
        if run.order != command.order:
            raise RunExists(run_id=command.run_id)
        return ()
    ordering.check(command.order)
    return (events.RunCreated(command.run_id, command.by, command.at, command.order),)


def _cancel(run: Run, command: CancelRun) -> Events:
    unit_id = run.order.target.unit_id
    return (events.RunCanceled(run.run_id, command.by, command.at, unit_id, command.reason),)


def _start(run: Run, command: StartStep) -> Events:
    step = _step(run, command.step_id)
    if step.state is StepState.IN_PROGRESS:
        return ()
    return _started(run, step, command)


def _started(run: Run, step: Step, command: StartStep | RecordValue | SignOff) -> Events:
    """The start of a step; empty when it was started before.

    A plant system may record or sign off a step that is still todo: that implies its start, at the same time.
    """
    definition = step.definition
    match step.state:
        case StepState.IN_PROGRESS:
            return ()
        case StepState.COMPLETE if run.completions == 0 or _was_touched(run, step):
            raise StepSignedOff(step_id=definition.step_id)
        case StepState.TODO | StepState.COMPLETE:
            _check_upstream(run, step)
            return (events.StepStarted(run.run_id, command.by, command.at, definition.step_id),)
        case StepState.FAILED | StepState.HOLD | StepState.REDLINE | StepState.CANCELED:
            raise StepNotWorkable(step_id=definition.step_id, state=step.state)


def _was_touched(run: Run, step: Step) -> bool:
    """Signed again since the run was reopened, so it is closed like any signed step."""
    return step.definition.step_id in run.touched


def _check_upstream(run: Run, step: Step) -> None:
    waiting = [one for one in step.definition.after if run.steps[one].state is not StepState.COMPLETE]
    if waiting:
        raise UpstreamNotComplete(step_id=step.definition.step_id, upstream=", ".join(waiting))


def _record(run: Run, command: RecordValue) -> Events:
    step = _step(run, command.step_id)
    definition = step.definition.field(command.field_id)
    if definition is None:
        known = ", ".join(one.field_id for one in step.definition.fields) or "it has none"
        raise UnknownField(step_id=command.step_id, field_id=command.field_id, known=known)
    started = _started(run, step, command)
    value = fitting(definition, command.value, command.roles)
    before = step.values.get(command.field_id)
    recorded = events.ValueRecorded(
        run.run_id,
        command.by,
        command.at,
        command.step_id,
        command.field_id,
        value,
        definition.unit,
        verdict_on(definition, value),
        1 if before is None else before.number + 1,
    )
    return (*started, recorded)


def _sign_off(run: Run, command: SignOff) -> Events:
    step = _step(run, command.step_id)
    started = _started(run, step, command)
    missing = [one.field_id for one in step.definition.fields if one.required and one.field_id not in step.values]
    if missing:
        raise FieldsMissing(step_id=command.step_id, fields=", ".join(missing))
    return (*started, events.StepSignedOff(run.run_id, command.by, command.at, command.step_id))


def _approve_gate(run: Run, command: ApproveGate) -> Events:
    gate = next((one for one in run.order.gates if one.gate_id == command.gate_id), None)
    if gate is None:
        known = ", ".join(one.gate_id for one in run.order.gates) or "it has none"
        raise UnknownGate(run_id=run.run_id, gate_id=command.gate_id, known=known)
    if gate.role not in command.roles:
        raise RoleNotHeld(what=f"The gate {gate.gate_id}", role=gate.role)
    if gate.gate_id in run.approvals:
        return ()
    return (events.GateApproved(run.run_id, command.by, command.at, gate.gate_id, gate.role),)


def _note_target(run: Run, command: NoteTarget) -> Events:
    noted = events.TargetNoted(run.run_id, command.by, command.at, command.unit_id, command.as_built_version)
    return (noted,) if command.as_built_version > run.as_built_version else ()


def _lose_target(run: Run, command: LoseTarget) -> Events:
    """Canceled with that reason; a run that was completed before inventory answered is opened for it first."""
    who = (run.run_id, command.by, command.at)
    unit_id = run.order.target.unit_id
    canceled = events.RunCanceled(*who, unit_id, command.reason)
    match run.decision:
        case None:
            return (canceled,)
        case Completed(number=number):
            return (events.RunReopened(*who, unit_id, number, command.reason), canceled)
        case Canceled():
            return ()


def _note_installation(run: Run, command: NoteInstallation) -> Events:
    version = command.as_built_version
    return (events.InstallationNoted(run.run_id, command.by, command.at, command.installation, version),)


def _note_removal(run: Run, command: NoteRemoval) -> Events:
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


def _note_issue(run: Run, command: NoteIssue) -> Events:
    if run.issues.get(command.issue.issue_id) == command.issue:
        return ()
    return (events.IssueNoted(run.run_id, command.by, command.at, command.issue),)


def _reopen(run: Run, command: ReopenRun) -> Events:
    if command.number is not None and not _stands(run, command.number):
        return ()  # a completion that is superseded already
    if not isinstance(run.decision, Completed):
        raise RunNotComplete(run_id=run.run_id)
    number = run.decision.number
    unit_id = run.order.target.unit_id
    return (events.RunReopened(run.run_id, command.by, command.at, unit_id, number, command.reason),)


def _stands(run: Run, number: int) -> bool:
    return isinstance(run.decision, Completed) and run.decision.number == number


def _step(run: Run, step_id: str) -> Step:
    step = run.steps.get(step_id)
    if step is None:
        raise UnknownStep(run_id=run.run_id, step_id=step_id, known=", ".join(run.steps))
    return step
