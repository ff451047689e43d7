"""Work on steps: what may be done to a step, and what that changes (domain.md 3.2)."""

from datetime import datetime

from services.run.domain import events
from services.run.domain.command import Command
from services.run.domain.commands import RecordValue, SignOff, StartStep
from services.run.domain.importing import check_imported
from services.run.domain.lookup import (
    check_attached,
    check_not_closed,
    not_workable,
    step_of,
)
from services.run.domain.measuring import fitting, verdict_on
from services.run.domain.order import FieldKind
from services.run.domain.ranges import check_ranges, issue_wanted
from services.run.domain.refusals import (
    FieldsMissing,
    UnknownField,
    UpstreamNotComplete,
)
from services.run.domain.run import OUT_OF_THE_WAY, Recording, Run, SessionEnd, Step, StepState, with_step
from services.run.domain.sessions import checked_in, everybody_out, seen
from shared.kernel import Actor, changed

Events = tuple[events.AnyEvent, ...]


def start(run: Run, command: StartStep) -> Events:
    """Begin work on a step; begun before, nothing changes, unless it is told late that it began even earlier."""
    step = step_of(run, command.step_id)
    if step.started_at is not None and step.state is StepState.IN_PROGRESS and command.at < step.started_at:
        return (events.StepStarted(run.run_id, command.by, command.at, command.step_id),)
    return begin(run, step, command)


def begin(run: Run, step: Step, command: Command) -> Events:
    """The start of a step; empty when it was started before.

    A plant system may record or sign off a step that is still todo: that implies its start, at the same time.
    """
    definition = step.definition
    match step.state:
        case StepState.IN_PROGRESS:
            return ()
        case StepState.TODO | StepState.COMPLETE:
            if step.state is StepState.COMPLETE:
                check_not_closed(run, step)
            _check_upstream(run, step)
            return (events.StepStarted(run.run_id, command.by, command.at, definition.step_id),)
        case StepState.FAILED | StepState.HOLD | StepState.REDLINE | StepState.CANCELED:
            raise not_workable(run, step)


def _check_upstream(run: Run, step: Step) -> None:
    """What is upstream is complete, or was left out."""
    waiting = [one for one in step.definition.after if run.steps[one].state not in OUT_OF_THE_WAY]
    if waiting:
        raise UpstreamNotComplete(step_id=step.definition.step_id, upstream=", ".join(waiting))


def record(run: Run, command: RecordValue) -> Events:
    """Record a value of a field; on a step that is todo it implies the start."""
    step = step_of(run, command.step_id)
    definition = step.definition.field(command.field_id)
    if definition is None:
        known = ", ".join(one.field_id for one in step.definition.fields) or "it has none"
        raise UnknownField(step_id=command.step_id, field_id=command.field_id, known=known)
    started = begin(run, step, command)
    value = fitting(definition, command.value, command.roles)
    verdict = verdict_on(definition, value)
    if definition.kind is FieldKind.FILE:
        check_attached(run, str(value))
    before = step.values.get(command.field_id)
    recorded = events.ValueRecorded(
        run.run_id,
        command.by,
        command.at,
        command.step_id,
        command.field_id,
        value,
        definition.unit,
        verdict,
        1 if before is None else before.number + 1,
        step.attempt,
        issue_wanted(run, step, command.field_id, verdict),
    )
    return (*started, recorded)


def sign_off(run: Run, command: SignOff) -> Events:
    """Sign a step off; on a step that is todo it implies the start.

    :raises FieldsMissing: when a required field has no value.
    :raises Refused: when the step's policy does not allow a value that is out of range; see `ranges`.
    """
    check_imported(run, command.at, command.imported)
    step = step_of(run, command.step_id)
    started = begin(run, step, command)
    check_fields(step)
    check_ranges(run, step)
    return (*started, events.StepSignedOff(run.run_id, command.by, command.at, command.step_id, command.imported))


def check_fields(step: Step, way_out: str = "") -> None:
    """Every required field has a value of this attempt.

    :raises FieldsMissing: naming those that have none; ``way_out`` where it is not just to record them.
    """
    missing = [one.field_id for one in step.definition.fields if one.required and step.current(one.field_id) is None]
    if missing:
        fields = ", ".join(missing)
        way_out = way_out or f"Record a value for {fields}."
        raise FieldsMissing(step_id=step.definition.step_id, fields=fields, way_out=way_out)


def started(run: Run, event: events.StepStarted) -> Run:
    """The step is in progress and its person checked in; the first start of a run stamps its start."""
    step = run.steps[event.step_id]
    again = step.state is StepState.COMPLETE
    begun = changed(
        begun_at(step, event.by, event.at),
        state=StepState.IN_PROGRESS,
        signed_at=None,
        signed_by=None,
        sessions=checked_in(step, event.by.person, event.at),
        imported=None,
    )
    return with_step(
        run,
        begun,
        started_at=event.at if run.started_at is None else min(run.started_at, event.at),
        operators=with_operator(run, event.by.person),
        touched=run.touched | {event.step_id} if again else run.touched,
    )


def begun_at(step: Step, by: Actor, at: datetime) -> Step:
    """The step with its first start, which may be told late."""
    is_first = step.started_at is None or at < step.started_at
    return changed(step, started_at=at, started_by=by) if is_first else step


def recorded(run: Run, event: events.ValueRecorded) -> Run:
    """The field has its latest value."""
    step = run.steps[event.step_id]
    recording = Recording(event.value, event.verdict, event.number, event.by, event.at, event.attempt)
    values = {**step.values, event.field_id: recording}
    after = changed(step, values=values, sessions=seen(step, event.by.person, event.at))
    return with_step(run, after, operators=with_operator(run, event.by.person))


def signed_off(run: Run, event: events.StepSignedOff) -> Run:
    """The step is complete and everybody is checked out."""
    step = run.steps[event.step_id]
    sessions = everybody_out(step, event.at, SessionEnd.SIGNED_OFF)
    signed = changed(
        step,
        state=StepState.COMPLETE,
        signed_at=event.at,
        signed_by=event.by,
        imported=event.imported,
        sessions=sessions,
    )
    return with_step(run, signed, operators=with_operator(run, event.by.person))


def with_operator(run: Run, person: str | None) -> frozenset[str]:
    """Who worked on the run's steps, this person included."""
    return run.operators if person is None or person in run.operators else run.operators | {person}
