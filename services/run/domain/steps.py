"""Work on steps: what may be done to a step, and what that changes (domain.md 3.2)."""

from services.run.domain import events
from services.run.domain.commands import RecordValue, SignOff, StartStep
from services.run.domain.lookup import redline_on, step_in_redline, step_of
from services.run.domain.measuring import fitting, verdict_on
from services.run.domain.refusals import (
    FieldsMissing,
    StepNotWorkable,
    StepSignedOff,
    UnknownField,
    UpstreamNotComplete,
)
from services.run.domain.run import Recording, Run, Step, StepState
from shared.kernel import changed

Events = tuple[events.AnyEvent, ...]

_OUT_OF_THE_WAY = (StepState.COMPLETE, StepState.CANCELED)


def start(run: Run, command: StartStep) -> Events:
    """Begin work on a step; begun before, nothing changes."""
    step = step_of(run, command.step_id)
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
        case StepState.REDLINE if (redline := redline_on(run, definition.step_id)) is not None:
            raise step_in_redline(definition.step_id, redline)
        case StepState.FAILED | StepState.HOLD | StepState.REDLINE | StepState.CANCELED:
            raise StepNotWorkable(step_id=definition.step_id, state=step.state)


def _was_touched(run: Run, step: Step) -> bool:
    """Signed again since the run was reopened, so it is closed like any signed step."""
    return step.definition.step_id in run.touched


def _check_upstream(run: Run, step: Step) -> None:
    """What is upstream is complete, or was left out."""
    waiting = [one for one in step.definition.after if run.steps[one].state not in _OUT_OF_THE_WAY]
    if waiting:
        raise UpstreamNotComplete(step_id=step.definition.step_id, upstream=", ".join(waiting))


def record(run: Run, command: RecordValue) -> Events:
    """Record a value of a field; on a step that is todo it implies the start."""
    step = step_of(run, command.step_id)
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


def sign_off(run: Run, command: SignOff) -> Events:
    """Sign a step off; on a step that is todo it implies the start.

    :raises FieldsMissing: when a required field has no value.
    """
    step = step_of(run, command.step_id)
    started = _started(run, step, command)
    missing = [one.field_id for one in step.definition.fields if one.required and step.current(one.field_id) is None]
    if missing:
        raise FieldsMissing(step_id=command.step_id, fields=", ".join(missing))
    return (*started, events.StepSignedOff(run.run_id, command.by, command.at, command.step_id))


def started(run: Run, event: events.StepStarted) -> Run:
    """The step is in progress; the first start of a run stamps its start."""
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


def recorded(run: Run, event: events.ValueRecorded) -> Run:
    """The field has its latest value."""
    step = run.steps[event.step_id]
    recording = Recording(event.value, event.verdict, event.number, event.by, event.at, step.attempt)
    after = changed(step, values={**step.values, event.field_id: recording})
    operators = _with_operator(run, event.by.person)
    return changed(run, steps={**run.steps, event.step_id: after}, operators=operators)


def signed_off(run: Run, event: events.StepSignedOff) -> Run:
    """The step is complete."""
    step = run.steps[event.step_id]
    signed = changed(step, state=StepState.COMPLETE, signed_at=event.at, signed_by=event.by)
    operators = _with_operator(run, event.by.person)
    return changed(run, steps={**run.steps, event.step_id: signed}, operators=operators)


def _with_operator(run: Run, person: str | None) -> frozenset[str]:
    return run.operators if person is None or person in run.operators else run.operators | {person}
