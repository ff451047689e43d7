"""Runs in PostgreSQL: versions are locked first, bodies loaded only where memory is behind, and only what
changed is written.
"""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncConnection

from services.run.adapters import deliveries, listing, policies, tables
from services.run.adapters.run_rows import created_row, run_of, step_rows, updated_row
from services.run.domain.delivery import DeliveryNoted
from services.run.domain.events import Commented, RunCompleted, RunReopened, ValueRecorded
from services.run.domain.policies import POLICIES, Policies
from services.run.domain.run import Run
from shared.kernel import plain
from shared.messaging.driver import copy
from shared.messaging.memory import Remembered
from shared.messaging.rows import transposed
from shared.messaging.transaction import Change, Conflict, Held


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
            done = await connection.execute(tables.CREATE, transposed(map(created_row, created)))
            if done.rowcount != len(created):
                raise Conflict
        if updated:
            await connection.execute(tables.UPDATE, transposed(map(updated_row, updated)))
        await listing.put(connection, changes)
        steps = [row for change in changes for row in step_rows(change)]
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
        return {row.run_id: Held(row.version, run_of(row, steps.get(row.run_id, {}))) for row in runs}


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
