"""Runs in PostgreSQL: versions are locked first, bodies loaded only where memory is behind, and only what
changed is written.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncConnection

from services.run.adapters import deliveries, listing, policies, tables
from services.run.domain.delivery import DeliveryNoted
from services.run.domain.events import Commented, RunCompleted, RunReopened, ValueRecorded
from services.run.domain.order import Order, Requirement, StepDefinition
from services.run.domain.policies import POLICIES, Policies
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
from shared.kernel import Actor, plain
from shared.messaging.memory import Remembered
from shared.messaging.postgres import copy
from shared.messaging.rows import transposed
from shared.messaging.transaction import Change, Conflict, Held


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


class RunStore:
    """Locks, loads and writes runs, whole batches at a time."""

    def __init__(self, remembered: int) -> None:
        """``remembered``: how many runs are kept in memory between transactions."""
        self._remembered: Remembered[Run] = Remembered(remembered)
        self._policies: Held[Policies] | None = None

    async def lock(self, connection: AsyncConnection, keys: Sequence[str]) -> Mapping[str, Held[Any]]:
        """See `Store.lock`; widened by the policies, which are locked only where they are named themselves."""
        if POLICIES in keys:
            await connection.execute(policies.LOCK)
        rows = (await connection.execute(tables.LOCK, {"ids": list(keys)})).all()
        runs = [(row[0], row[1]) for row in rows if row[0] is not None]
        held = self._remembered.of(runs)
        missing = [run_id for run_id, _ in runs if run_id not in held]
        found = {**held, **await self.load(connection, missing)} if missing else held
        of_the_moment = next(row[1] for row in rows if row[0] is None)
        return {**found, POLICIES: await self._policies_of(connection, of_the_moment)}

    async def _policies_of(self, connection: AsyncConnection, version: int) -> Held[Policies]:
        """Those that are remembered, unless there are others by now."""
        if self._policies is None or self._policies.version != version:
            self._policies = await policies.load(connection)
        return self._policies

    async def save(self, connection: AsyncConnection, changes: Sequence[Change[Any]]) -> None:
        """See `Store.save`."""
        await self._save_runs(connection, [one for one in changes if one.key != POLICIES])
        for change in changes:
            if change.key == POLICIES:
                await policies.put(connection, change)

    async def _save_runs(self, connection: AsyncConnection, changes: Sequence[Change[Run]]) -> None:
        created = [change for change in changes if change.before is None]
        updated = [change for change in changes if change.before is not None]
        if created:
            done = await connection.execute(tables.CREATE, transposed(map(_created_row, created)))
            if done.rowcount != len(created):
                raise Conflict
        if updated:
            await connection.execute(tables.UPDATE, transposed(map(_updated_row, updated)))
        await listing.put(connection, changes)
        steps = [row for change in changes for row in _step_rows(change)]
        if steps:
            await connection.execute(tables.PUT_STEPS, transposed(steps))
        await self._append(connection, changes)

    def committed(self, changes: Sequence[Change[Any]]) -> None:
        """See `Store.committed`."""
        self._remembered.put((change.key, change.after) for change in changes if change.key != POLICIES)

    async def _append(self, connection: AsyncConnection, changes: Sequence[Change[Run]]) -> None:
        events = [event for change in changes for event in change.events]
        recorded = [_recording_row(event) for event in events if isinstance(event, ValueRecorded)]
        if recorded:
            await copy(connection, "recording", tables.RECORDING_COLUMNS, recorded)
        commented = [_comment_row(event) for event in events if isinstance(event, Commented)]
        if commented:
            await copy(connection, "comment", tables.COMMENT_COLUMNS, commented)
        for event in events:
            if isinstance(event, RunCompleted):
                await connection.execute(tables.COMPLETE, _completion_row(event))
            elif isinstance(event, RunReopened):
                await connection.execute(tables.SUPERSEDE, _superseded_row(event))
            elif isinstance(event, DeliveryNoted):
                await deliveries.put(connection, event)

    async def load(self, connection: AsyncConnection, keys: Sequence[str]) -> dict[str, Held[Run]]:
        """These runs as the database has them, without locking; absent ones are left out."""
        runs = (await connection.execute(tables.LOAD_RUNS, {"ids": list(keys)})).all()
        steps: dict[str, dict[str, Any]] = {}
        for row in (await connection.execute(tables.LOAD_STEPS, {"ids": list(keys)})).all():
            steps.setdefault(row.run_id, {})[row.step_id] = row
        return {row.run_id: Held(row.version, _run(row, steps.get(row.run_id, {}))) for row in runs}


def _created_row(change: Change[Run]) -> dict[str, Any]:
    run = change.after.state
    return {
        **_updated_row(change),
        "ordered_at": run.ordered_at,
        "run_order": _order.dump_json(run.order).decode(),
    }


def _updated_row(change: Change[Run]) -> dict[str, Any]:
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


def _step_rows(change: Change[Run]) -> list[dict[str, Any]]:
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


def _recording_row(event: ValueRecorded) -> tuple[object, ...]:
    value = plain(event.value) if isinstance(event.value, Decimal) else event.value
    return (
        event.run_id,
        event.step_id,
        event.field_id,
        event.number,
        event.attempt,
        to_json(value).decode(),
        event.unit,
        event.verdict,
        event.by.person,
        event.by.machine,
        event.at,
    )


def _comment_row(event: Commented) -> tuple[object, ...]:
    by = event.by
    return (event.comment_id, event.run_id, event.step_id, event.text, by.person, by.machine, event.at)


def _completion_row(event: RunCompleted) -> dict[str, Any]:
    return {
        "run_id": event.run_id,
        "number": event.number,
        "record": json.dumps(event.record),
        "content_hash": event.record["content_hash"],
        "completed_at": event.at,
    }


def _superseded_row(event: RunReopened) -> dict[str, Any]:
    return {
        "run_id": event.run_id,
        "number": event.number,
        "superseded_at": event.at,
        "because": event.reason,
    }


def _run(row: Any, steps: Mapping[str, Any]) -> Run:
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
