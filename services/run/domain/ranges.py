"""Values out of range: what the policy of their step says to them, when they are recorded and at sign-off.

A value's issue is one of this run, in whatever state, that names the value's field, or its step and no field.
"""

from collections.abc import Iterator
from decimal import Decimal

from services.run.domain.order import FieldDefinition, OutOfRange
from services.run.domain.refusals import IssueAwaited, IssueNeeded, ValueOutOfRange
from services.run.domain.run import Issue, IssueWanted, Recording, Run, Step, Verdict
from shared.kernel import plain


def issue_wanted(run: Run, step: Step, field_id: str, verdict: Verdict | None) -> IssueWanted | None:
    """The issue that the step's policy opens on this value; none while one that names its field is not resolved."""
    if verdict is not Verdict.OUT_OF_RANGE or step.definition.out_of_range is not OutOfRange.OPENS_ISSUE:
        return None
    on_field = [one for one in issues_of(run, step, field_id) if one.field_id == field_id]
    if any(one.state != "resolved" for one in on_field):
        return None
    return IssueWanted(len(on_field) + 1, run.order.target.unit_id)


def check_ranges(run: Run, step: Step) -> None:
    """The step may be signed off with the values that it has (domain.md 3.2).

    :raises ValueOutOfRange: when the policy refuses such a value whatever anybody says.
    :raises IssueNeeded: when nobody opened an issue on it.
    :raises IssueAwaited: when its issue is being opened, unasked, and is not known yet.
    """
    policy = step.definition.out_of_range
    if policy is OutOfRange.WARN:
        return
    for definition, recording in out_of_range(step):
        if policy is OutOfRange.REFUSED:
            raise ValueOutOfRange(**_facts(step, definition, recording))
        if not issues_of(run, step, definition.field_id):
            facts = _facts(step, definition, recording)
            if policy is OutOfRange.NEEDS_ISSUE:
                raise IssueNeeded(run_id=run.run_id, **facts)
            raise IssueAwaited(awaited_on(run.run_id, step.definition.step_id), **facts)


def out_of_range(step: Step) -> Iterator[tuple[FieldDefinition, Recording]]:
    """The step's values that are out of range, with their fields."""
    for definition in step.definition.fields:
        recording = step.current(definition.field_id)
        if recording is not None and recording.verdict is Verdict.OUT_OF_RANGE:
            yield definition, recording


def issues_of(run: Run, step: Step, field_id: str) -> list[Issue]:
    """The issues that are linked to a value."""
    name = step.definition.step_id
    return [one for one in run.issues.values() if one.step_id == name and one.field_id in (None, field_id)]


def awaited_on(run_id: str, step_id: str) -> str:
    """What a sign-off waits for while an issue on its step is being opened."""
    return f"an issue on {run_id}/{step_id}"


def _facts(step: Step, definition: FieldDefinition, recording: Recording) -> dict[str, str]:
    value = recording.value
    return {
        "step_id": step.definition.step_id,
        "field_id": definition.field_id,
        "value": plain(value) if isinstance(value, Decimal) else str(value),
        "limits": _limits(definition),
    }


def _limits(definition: FieldDefinition) -> str:
    low, high = definition.minimum, definition.maximum
    unit = f" {definition.unit}" if definition.unit else ""
    if low is not None and high is not None:
        return f"{plain(low)} to {plain(high)}{unit}"
    if low is not None:
        return f"at least {plain(low)}{unit}"
    return f"at most {plain(high)}{unit}" if high is not None else "no limit"
