"""What can be asked about runs; reads only."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.run.adapters.store import RunStore
from services.run.domain.run import Run
from shared.messaging.transaction import Held
from shared.runtime.http import NotFound

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
