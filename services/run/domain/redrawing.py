"""What a redline makes of a run's steps: their definitions and their graph, and the way back."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from services.run.domain.lookup import redline_on, signed_off, step_in_redline, step_of
from services.run.domain.order import StepDefinition
from services.run.domain.ordering import contradictions
from services.run.domain.redline import (
    AddStep,
    ChangeDependencies,
    ChangeStep,
    MarkNotApplicable,
    Redline,
    Redrawn,
    StepChange,
)
from services.run.domain.refusals import RedlineHasEvidence, RedlineInvalid, RedlineNotUndoable
from services.run.domain.run import Run, SessionEnd, Step, StepState, in_order
from services.run.domain.sessions import everybody_out
from shared.kernel import changed

_INTO_THE_GRAPH = ("change-step", "change-dependencies", "add-step", "mark-not-applicable")
"""The order in which changes build on each other, whatever order they were written in."""


def check_touched(run: Run, redline: Redline) -> None:
    """Whether its steps may be changed at all.

    :raises UnknownStep: naming those that there are.
    :raises StepInRedline: when another open redline changes one of them.
    :raises StepIsSigned: because a signed step is never changed.
    :raises RedlineInvalid: when one is left out.
    """
    for step_id in redline.touched:
        step = step_of(run, step_id)
        other = redline_on(run, step_id)
        if other is not None:
            raise step_in_redline(step_id, other)
        if step.state is StepState.COMPLETE:
            raise signed_off(run, step)
        if step.state is StepState.CANCELED:
            raise RedlineInvalid(what=f"the step {step_id} is left out")


def redrawn(run: Run, redline: Redline) -> tuple[Redrawn, ...]:
    """What the redline makes of each step that it changes or adds.

    :raises RedlineInvalid: when the steps of the run would contradict each other.
    """
    _check_consistent(redline)
    drawn = {step_id: run.steps[step_id].definition for step_id in redline.touched}
    for change in sorted(redline.changes, key=lambda one: _INTO_THE_GRAPH.index(one.kind)):
        drawn |= _drawn(change, drawn)
    added = [change.step for change in redline.changes if isinstance(change, AddStep)]
    _check_graph([*_definitions(run, drawn), *added])
    left_out = {change.step_id for change in redline.changes if isinstance(change, MarkNotApplicable)}
    return (
        *(Redrawn(name, run.steps[name].definition, None if name in left_out else drawn[name]) for name in drawn),
        *(Redrawn(one.step_id, None, one) for one in added),
    )


def undone(run: Run, redline: Redline) -> tuple[Redrawn, ...]:
    """The way back from an applied redline; of a proposal there is none to go.

    :raises RedlineHasEvidence: when a step was signed as the redline changed it.
    :raises RedlineNotUndoable: when later redlines build on it, so that the steps would form a circle.
    """
    signed = [one.step_id for one in redline.redrawn if run.steps[one.step_id].state is StepState.COMPLETE]
    if signed:
        raise RedlineHasEvidence(redline_id=redline.redline_id, steps=", ".join(signed))
    back = tuple(one.undone for one in redline.redrawn)
    restored = {one.step_id: one.after for one in back if one.after is not None}
    for what in contradictions(_definitions(run, restored)):
        raise RedlineNotUndoable(redline_id=redline.redline_id, what=what)
    return back


def _check_consistent(redline: Redline) -> None:
    if not redline.changes:
        raise RedlineInvalid(what="it changes nothing")
    named = Counter((change.kind, step_id) for change in redline.changes for step_id in set(change.touches))
    for (kind, step_id), times in named.items():
        if times > 1 and kind != "add-step":
            raise RedlineInvalid(what=f"it says {kind} of the step {step_id} {times} times")
        if kind == "mark-not-applicable" and sum(step_id == other for _, other in named) > 1:
            raise RedlineInvalid(what=f"it marks the step {step_id} not applicable, and changes it as well")


def _drawn(change: StepChange, drawn: dict[str, StepDefinition]) -> dict[str, StepDefinition]:
    """The definitions that one change makes of those that the changes before it left."""
    match change:
        case ChangeStep(step):
            return {step.step_id: _in_its_place(step, drawn[step.step_id])}
        case ChangeDependencies(step_id, after):
            return {step_id: replace(drawn[step_id], after=after)}
        case AddStep(step, before):
            return {name: _after(drawn[name], step.step_id) for name in before}
        case MarkNotApplicable():
            return {}
        case _:
            assert_never(change)


def _in_its_place(step: StepDefinition, before: StepDefinition) -> StepDefinition:
    if step.after not in ((), before.after):
        raise RedlineInvalid(what=f"it gives the step {step.step_id} another place; change its dependencies for that")
    return replace(step, after=before.after)


def _after(step: StepDefinition, upstream: str) -> StepDefinition:
    return step if upstream in step.after else replace(step, after=(*step.after, upstream))


def _definitions(run: Run, instead: dict[str, StepDefinition]) -> list[StepDefinition]:
    return [instead.get(step_id, step.definition) for step_id, step in run.steps.items()]


def _check_graph(steps: Sequence[StepDefinition]) -> None:
    for what in contradictions(steps):
        raise RedlineInvalid(what=what)


def in_redline(run: Run, step_ids: Iterable[str], at: datetime) -> Run:
    """Nobody works on these steps. One that was on hold keeps its reason and what it was held from."""
    return _with(run, {name: _into(run.steps[name], at) for name in step_ids})


def _into(step: Step, at: datetime) -> Step:
    back_to = step.back_to if step.state is StepState.HOLD else step.state
    sessions = everybody_out(step, at, SessionEnd.REDLINED)
    return changed(step, state=StepState.REDLINE, back_to=back_to, sessions=sessions)


def out_of_redline(run: Run, step_ids: Iterable[str]) -> Run:
    """These steps stand where they stood."""
    return _with(run, {name: _out_of(run.steps[name]) for name in step_ids})


def _out_of(step: Step) -> Step:
    if step.because is not None:
        return changed(step, state=StepState.HOLD)
    return changed(step, state=step.back_to or StepState.TODO, back_to=None)


def with_redrawn(run: Run, steps: Iterable[Redrawn], because: str) -> Run:
    """The steps as they are defined from now on, todo; what was recorded before stays as evidence."""
    return _with(run, {one.step_id: _with_definition(run.steps.get(one.step_id), one, because) for one in steps})


def _with_definition(step: Step | None, change: Redrawn, because: str) -> Step:
    if step is None:
        assert change.after is not None  # noqa: S101 - a step that is added has a definition
        return Step(change.after)
    begun = changed(step, back_to=None, because=None, attempt=step.attempt + 1)
    if change.after is None:
        return changed(begun, state=StepState.CANCELED, because=because)
    return changed(begun, state=StepState.TODO, definition=change.after)


def _with(run: Run, steps: dict[str, Step]) -> Run:
    return changed(run, steps=in_order(run.order, {**run.steps, **steps}))
