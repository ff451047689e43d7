"""What can be asked about runs; reads only."""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.run.adapters.store import RunStore
from services.run.domain.run import Run
from shared.messaging.transaction import Held
from shared.runtime.http import NotFound
from shared.runtime.pages import Page

LIST = text("""
    select run_id, status, part_number, revision, unit_id, work_order, ordered_at, started_at, completed_at
    from run
    where (cast(:status as text) is null or status = :status)
      and (cast(:unit_id as text) is null or unit_id = :unit_id)
      and (cast(:before_at as timestamptz) is null or (ordered_at, run_id) < (:before_at, :before_id))
    order by ordered_at desc, run_id desc limit :limit""")

RECORDINGS = text("""
    select step_id, field_id, number, value, unit, verdict, person, machine, happened_at
    from recording where run_id = :run_id order by step_id, field_id, number""")

COMPLETIONS = text("""
    select number, record, content_hash, completed_at, superseded_at, superseded_because
    from completion where run_id = :run_id order by number""")


class RunQueries:
    """Reads runs from the run service's own database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def run(self, run_id: str) -> Held[Run]:
        """One run, whole.

        :raises NotFound: when there is none.
        """
        async with self._engine.connect() as connection:
            held = await RunStore(0).load(connection, [run_id])
        if run_id not in held:
            raise NotFound(what="run", which=run_id)
        return held[run_id]

    async def runs(self, page: Page, status: str | None, unit_id: str | None) -> dict[str, Any]:
        """Runs, the newest first."""
        before_at, before_id = page.begins_after(datetime.fromisoformat, str)
        values = {
            "status": status,
            "unit_id": unit_id,
            "before_at": before_at,
            "before_id": before_id,
            "limit": page.limit + 1,
        }
        async with self._engine.connect() as connection:
            rows = (await connection.execute(LIST, values)).all()
        return page.of(rows, lambda row: [row.ordered_at.isoformat(), row.run_id], lambda row: dict(row._mapping))  # noqa: SLF001

    async def recordings(self, run_id: str) -> list[dict[str, Any]]:
        """Every value that was ever recorded, in order."""
        async with self._engine.connect() as connection:
            return await _dicts(connection, RECORDINGS, run_id)

    async def completions(self, run_id: str) -> list[dict[str, Any]]:
        """Every completion record, superseded ones too."""
        async with self._engine.connect() as connection:
            return await _dicts(connection, COMPLETIONS, run_id)


async def _dicts(connection: AsyncConnection, statement: Any, run_id: str) -> list[dict[str, Any]]:
    return [dict(row) for row in (await connection.execute(statement, {"run_id": run_id})).mappings()]
