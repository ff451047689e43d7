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

from services.run.adapters import tables
from services.run.domain.events import RunCompleted, RunReopened, ValueRecorded
from services.run.domain.run import (
    Approval,
    Canceled,
    Completed,
    FieldDefinition,
    FieldKind,
    Installation,
    Issue,
    Order,
    Recording,
    Run,
    Step,
    StepDefinition,
    StepState,
)
from shared.kernel import Actor, plain
from shared.messaging.memory import Remembered
from shared.messaging.postgres import copy
from shared.messaging.rows import transposed
from shared.messaging.transaction import Change, Conflict, Held


@dataclass(frozen=True)
class RunProgress:
    """What the run row keeps besides its order."""

    decision: Completed | Canceled | None
    approvals: dict[str, Approval]
    installations: dict[str, Installation]
    issues: dict[str, Issue]
    operators: list[str]
    touched: list[str]
    completions: int
    as_built_version: int


@dataclass(frozen=True)
class StepProgress:
    """What a step row keeps: what happened to the step."""

    values: dict[str, Recording]
    started_at: datetime | None
    started_by: Actor | None
    signed_at: datetime | None
    signed_by: Actor | None


_order = TypeAdapter(Order)
_run_progress = TypeAdapter(RunProgress)
_step_progress = TypeAdapter(StepProgress)


class RunStore:
    """Locks, loads and writes runs, whole batches at a time."""

    def __init__(self, remembered: int) -> None:
        """``remembered``: how many runs are kept in memory between transactions."""
        self._remembered: Remembered[Run] = Remembered(remembered)

    async def lock(self, connection: AsyncConnection, keys: Sequence[str]) -> Mapping[str, Held[Run]]:
        """See `Store.lock`."""
        rows = (await connection.execute(tables.LOCK, {"ids": list(keys)})).all()
        held = self._remembered.of((row[0], row[1]) for row in rows)
        missing = [row[0] for row in rows if row[0] not in held]
        return {**held, **await self.load(connection, missing)} if missing else held

    async def save(self, connection: AsyncConnection, changes: Sequence[Change[Run]]) -> None:
        """See `Store.save`."""
        created = [change for change in changes if change.before is None]
        updated = [change for change in changes if change.before is not None]
        if created:
            done = await connection.execute(tables.CREATE, transposed(map(_created_row, created)))
            if done.rowcount != len(created):
                raise Conflict
        if updated:
            await connection.execute(tables.UPDATE, transposed(map(_updated_row, updated)))
        steps = [row for change in changes for row in _step_rows(change)]
        if steps:
            await connection.execute(tables.PUT_STEPS, transposed(steps))
        await self._append(connection, changes)

    def committed(self, changes: Sequence[Change[Run]]) -> None:
        """See `Store.committed`."""
        self._remembered.put((change.key, change.after) for change in changes)

    async def _append(self, connection: AsyncConnection, changes: Sequence[Change[Run]]) -> None:
        events = [event for change in changes for event in change.events]
        recorded = [_recording_row(event) for event in events if isinstance(event, ValueRecorded)]
        if recorded:
            await copy(connection, "recording", tables.RECORDING_COLUMNS, recorded)
        for event in events:
            if isinstance(event, RunCompleted):
                await connection.execute(tables.COMPLETE, _completion_row(event))
            elif isinstance(event, RunReopened):
                await connection.execute(tables.SUPERSEDE, _superseded_row(event))

    async def load(self, connection: AsyncConnection, keys: Sequence[str]) -> dict[str, Held[Run]]:
        """These runs as the database has them, without locking; absent ones are left out."""
        runs = (await connection.execute(tables.LOAD_RUNS, {"ids": list(keys)})).all()
        steps: dict[str, dict[str, Any]] = {}
        for row in (await connection.execute(tables.LOAD_STEPS, {"ids": list(keys)})).all():
            steps.setdefault(row.run_id, {})[row.step_id] = row
        return {row.run_id: Held(row.version, _run(row, steps.get(row.run_id, {}))) for row in runs}


def _created_row(change: Change[Run]) -> dict[str, Any]:
    run, order = change.after.state, change.after.state.order
    return {
        **_updated_row(change),
        "part_number": order.part_number,
        "revision": order.revision,
        "procedure": order.procedure,
        "procedure_version": order.procedure_version,
        "unit_id": order.target.unit_id,
        "work_order": order.work_order,
        "plant": order.plant,
        "line": order.line,
        "work_center": order.work_center,
        "ordered_at": run.ordered_at,
        "run_order": _order.dump_json(order).decode(),
    }


def _updated_row(change: Change[Run]) -> dict[str, Any]:
    run = change.after.state
    return {
        "run_id": change.key,
        "version": change.after.version,
        "status": run.status.value,
        "started_at": run.started_at,
        "completed_at": run.decision.at if isinstance(run.decision, Completed) else None,
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
    )


def _step_rows(change: Change[Run]) -> list[dict[str, Any]]:
    before = {} if change.before is None else change.before.state.steps
    return [
        {
            "run_id": change.key,
            "step_id": step_id,
            "state": step.state.value,
            "progress": _step_progress.dump_json(
                StepProgress(dict(step.values), step.started_at, step.started_by, step.signed_at, step.signed_by)
            ).decode(),
        }
        for step_id, step in change.after.state.steps.items()
        if step is not before.get(step_id) and not (change.before is None and step.state is StepState.TODO)
    ]


def _recording_row(event: ValueRecorded) -> tuple[object, ...]:
    value = plain(event.value) if isinstance(event.value, Decimal) else event.value
    return (
        event.run_id,
        event.step_id,
        event.field_id,
        event.number,
        to_json(value).decode(),
        event.unit,
        event.verdict,
        event.by.person,
        event.by.machine,
        event.at,
    )


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
        steps={one.step_id: _step(one, steps.get(one.step_id)) for one in order.steps},
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
    )


def _step(definition: StepDefinition, row: Any | None) -> Step:
    if row is None:
        return Step(definition)
    progress = _step_progress.validate_json(row.progress)
    return Step(
        definition,
        StepState(row.state),
        {name: _exact(definition.field(name), one) for name, one in progress.values.items()},
        progress.started_at,
        progress.started_by,
        progress.signed_at,
        progress.signed_by,
    )


def _exact(definition: FieldDefinition | None, recording: Recording) -> Recording:
    """A number is kept as text, so that its digits stay; here it is a number again."""
    if definition is None or definition.kind is not FieldKind.NUMBER:
        return recording
    number = Decimal(str(recording.value))
    return Recording(number, recording.verdict, recording.number, recording.by, recording.at)
