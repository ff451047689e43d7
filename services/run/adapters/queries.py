"""What can be asked about runs; reads only."""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.run.adapters import policies
from services.run.adapters.impact import impact_of
from services.run.adapters.store import RunStore
from services.run.adapters.views import comment_view
from services.run.domain.impact import Impact
from services.run.domain.policies import Policies
from services.run.domain.run import Run
from shared.messaging.transaction import Held
from shared.runtime.http import NotFound
from shared.runtime.pages import Page

IS_THERE = text("select 1 from run where run_id = :run_id")

COMMENTS = text("""
    select comment_id, step_id, text, person, machine, happened_at
    from comment
    where run_id = :run_id and (cast(:step_id as text) is null or step_id = :step_id)
      and (cast(:before_at as timestamptz) is null or (happened_at, comment_id) < (:before_at, :before_id))
    order by happened_at desc, comment_id desc limit :limit""")

COMPLETIONS = text("""
    select number, record, content_hash, completed_at, superseded_at, superseded_because
    from completion where run_id = :run_id order by number""")


class RunQueries:
    """Reads runs from the run service's own database; each statement by itself, so none is spent on a transaction."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def run(self, run_id: str) -> Held[Run]:
        """One run, whole.

        :raises NotFound: when there is none.
        """
        async with self._engine.connect() as connection:
            held = await RunStore(0).load(connection, [run_id])
        if run_id not in held:
            raise NotFound(what="run", which=run_id)
        return held[run_id]

    async def policies(self) -> Policies:
        """The policies of the moment."""
        async with self._engine.connect() as connection:
            return (await policies.load(connection)).state

    async def impact(self, run: Run) -> Impact:
        """What reopening the run would touch."""
        return await impact_of(self._engine, run)

    async def comments(self, run_id: str, page: Page, step_id: str | None = None) -> dict[str, Any]:
        """What was said about a run, or about one step of it, the newest first.

        :raises NotFound: when there is no such run.
        """
        before_at, before_id = page.begins_after(datetime.fromisoformat, str)
        values = {
            "run_id": run_id,
            "step_id": step_id,
            "before_at": before_at,
            "before_id": before_id,
            "limit": page.limit + 1,
        }
        async with self._engine.connect() as connection:
            rows = (await connection.execute(COMMENTS, values)).all()
            if not rows and (await connection.execute(IS_THERE, {"run_id": run_id})).first() is None:
                raise NotFound(what="run", which=run_id)
        return page.of(rows, lambda row: [row.happened_at.isoformat(), row.comment_id], comment_view)

    async def completions(self, run_id: str) -> list[dict[str, Any]]:
        """Every completion record, superseded ones too."""
        async with self._engine.connect() as connection:
            return await _dicts(connection, COMPLETIONS, run_id)


async def _dicts(connection: AsyncConnection, statement: Any, run_id: str) -> list[dict[str, Any]]:
    return [dict(row) for row in (await connection.execute(statement, {"run_id": run_id})).mappings()]
