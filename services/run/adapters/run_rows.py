"""A run as rows, and back: its order as it was ordered, what happened to it, and a row for each step that something
happened to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter

from services.run.domain.order import Order, Requirement, StepDefinition
from services.run.domain.redline import Redline
from services.run.domain.run import (
    Approval,
    AttachedFile,
    Canceled,
    Completed,
    Failed,
    Failure,
    Imported,
    Installation,
    Issue,
    Placement,
    Recording,
    RefusedEvidence,
    Run,
    Session,
    Step,
    StepState,
    in_order,
)
from shared.kernel import Actor
from shared.messaging.transaction import Change


@dataclass(frozen=True)
class RunProgress:
    """What the run row keeps besides its order."""

    decision: Completed | Canceled | Failed | None
    approvals: dict[str, Approval]
    installations: dict[str, Installation]
    issues: dict[str, Issue]
    operators: list[str]
    touched: list[str]
    completions: int
    as_built_version: int
    redlines: dict[str, Redline]
    refused_evidence: dict[str, RefusedEvidence]
    reopened_components: dict[str, str]
    placement: Placement | None
    is_ready: bool
    first_completed_at: datetime | None
    imported: Imported | None
    files: tuple[AttachedFile, ...]
    edited: tuple[Requirement, ...] | None
    left: Decimal | None


@dataclass(frozen=True)
class StepProgress:
    """What a step row keeps: what happened to the step, and its definition where a redline gave it another one than the
    order. ``numbers`` are the fields whose value is an exact number: it is kept as text, so that its digits stay.
    """

    values: dict[str, Recording]
    numbers: list[str]
    started_at: datetime | None
    started_by: Actor | None
    signed_at: datetime | None
    signed_by: Actor | None
    attempt: int
    back_to: StepState | None
    because: str | None
    failure: Failure | None
    sessions: tuple[Session, ...]
    imported: Imported | None
    files: tuple[AttachedFile, ...]
    definition: StepDefinition | None


_order = TypeAdapter(Order)
_run_progress = TypeAdapter(RunProgress)
_step_progress = TypeAdapter(StepProgress)


def created_row(change: Change[Run]) -> dict[str, Any]:
    """What `CREATE` writes of a run that was ordered."""
    run = change.after.state
    return {
        **updated_row(change),
        "ordered_at": run.ordered_at,
        "run_order": _order.dump_json(run.order).decode(),
    }


def updated_row(change: Change[Run]) -> dict[str, Any]:
    """What `UPDATE` writes of a run that changed."""
    run = change.after.state
    return {
        "run_id": change.key,
        "version": change.after.version,
        "started_at": run.started_at,
        "progress": _run_progress.dump_json(_progress(run)).decode(),
    }


def _progress(run: Run) -> RunProgress:
    return RunProgress(
        decision=run.decision,
        approvals=dict(run.approvals),
        installations=dict(run.installations),
        issues=dict(run.issues),
        operators=sorted(run.operators),
        touched=sorted(run.touched),
        completions=run.completions,
        as_built_version=run.as_built_version,
        redlines=dict(run.redlines),
        refused_evidence=dict(run.refused_evidence),
        reopened_components=dict(run.reopened_components),
        placement=run.placement,
        is_ready=run.is_ready,
        first_completed_at=run.first_completed_at,
        imported=run.imported,
        files=run.files,
        edited=run.edited,
        left=run.left,
    )


def step_rows(change: Change[Run]) -> list[dict[str, Any]]:
    """What `PUT_STEPS` writes: steps that are another object than before. One that nothing happened to has no row."""
    before = {} if change.before is None else change.before.state.steps
    ordered = {one.step_id: one for one in change.after.state.order.steps}
    return [
        {
            "run_id": change.key,
            "step_id": step_id,
            "state": step.state.value,
            "progress": _step_progress.dump_json(_step_done(step, ordered.get(step_id))).decode(),
            **_attendance(step),
        }
        for step_id, step in change.after.state.steps.items()
        if step is not before.get(step_id) and not (change.before is None and step.state is StepState.TODO)
    ]


_UNATTENDED = {"is_attended": False, "seen_from": None, "seen_until": None}


def _attendance(step: Step) -> dict[str, Any]:
    """Whether somebody is on the step, and when the first and the last of them were last seen there."""
    seen = [one.seen_at for one in step.sessions if one.ended_at is None]
    if not seen:
        return _UNATTENDED
    return {"is_attended": True, "seen_from": min(seen), "seen_until": max(seen)}


def _step_done(step: Step, ordered: StepDefinition | None) -> StepProgress:
    return StepProgress(
        values=dict(step.values),
        numbers=[name for name, one in step.values.items() if isinstance(one.value, Decimal)],
        started_at=step.started_at,
        started_by=step.started_by,
        signed_at=step.signed_at,
        signed_by=step.signed_by,
        attempt=step.attempt,
        back_to=step.back_to,
        because=step.because,
        failure=step.failure,
        sessions=step.sessions,
        imported=step.imported,
        files=step.files,
        definition=None if step.definition == ordered else step.definition,
    )


def run_of(row: Any, steps: Mapping[str, Any]) -> Run:
    """A run from its row and those of its steps, by their ids."""
    order = _order.validate_json(row.run_order)
    progress = _run_progress.validate_json(row.progress)
    return Run(
        order=order,
        steps=_steps(order, steps),
        ordered_at=row.ordered_at,
        decision=progress.decision,
        started_at=row.started_at,
        approvals=progress.approvals,
        installations=progress.installations,
        issues=progress.issues,
        operators=frozenset(progress.operators),
        touched=frozenset(progress.touched),
        completions=progress.completions,
        as_built_version=progress.as_built_version,
        redlines=progress.redlines,
        refused_evidence=progress.refused_evidence,
        reopened_components=progress.reopened_components,
        placement=progress.placement,
        is_ready=progress.is_ready,
        first_completed_at=progress.first_completed_at,
        imported=progress.imported,
        files=progress.files,
        edited=progress.edited,
        left=progress.left,
    )


def _steps(order: Order, rows: Mapping[str, Any]) -> dict[str, Step]:
    """Those that were ordered, and those that redlines added."""
    steps = {one.step_id: _step(one, rows.get(one.step_id)) for one in order.steps}
    added = {step_id: _step(None, row) for step_id, row in rows.items() if step_id not in steps}
    return in_order(order, steps | added) if added else steps


def _step(ordered: StepDefinition | None, row: Any | None) -> Step:
    if row is None:
        assert ordered is not None  # noqa: S101 - a step is in the order, or has a row
        return Step(ordered)
    progress = _step_progress.validate_json(row.progress)
    definition = progress.definition or ordered
    assert definition is not None  # noqa: S101 - a step that a redline added keeps its definition
    return Step(
        definition,
        StepState(row.state),
        {name: _exact(one) if name in progress.numbers else one for name, one in progress.values.items()},
        progress.started_at,
        progress.started_by,
        progress.signed_at,
        progress.signed_by,
        progress.attempt,
        progress.back_to,
        progress.because,
        progress.failure,
        progress.sessions,
        progress.imported,
        progress.files,
    )


def _exact(recording: Recording) -> Recording:
    """With a number again: what a field held stays what it was, whatever kind a redline gives the field."""
    number = Decimal(str(recording.value))
    return Recording(number, recording.verdict, recording.number, recording.by, recording.at, recording.attempt)
