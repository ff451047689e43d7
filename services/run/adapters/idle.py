"""Checks people out of steps on which nobody has seen them for long; runs beside the relay until stopped.

Several processes may do it at once: each check-out is decided on the run as it is, so it is done once.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from services.run.adapters import tables
from services.run.domain.commands import EndIdleSessions
from shared.kernel import Actor
from shared.messaging.patience import Patience
from shared.messaging.road import Answer, Road
from shared.messaging.rounds import Rounds, asked_by_itself
from shared.messaging.walk import Outcome
from shared.runtime.ids import new_id

PAGE = 500
"""Steps looked at together."""
PAGES_AT_MOST = 20
"""In one round; the next one begins where this one ended."""
SOURCE = "urn:asbuilt:run"
BY_ITSELF = Actor(machine=SOURCE)


class IdleSessions:
    """Ends sessions of people who did nothing for ``idle``."""

    def __init__(self, engine: AsyncEngine, road: Road, patience: Patience, *, idle: timedelta) -> None:
        self._engine = engine
        self._road = road
        self._idle = idle
        self._after = ("", "")
        # Ten times in the time that makes somebody idle.
        pause_s = min(max(idle.total_seconds() / 10, 0.1), 60.0)
        self.rounds = Rounds("idle sessions", self.round, patience, pause_s=pause_s)

    async def round(self) -> None:
        """Every step on which somebody is idle, in bounded pages."""
        for _page in range(PAGES_AT_MOST):
            rows = await self._found()
            for row in rows:
                if self.rounds.is_stopped:
                    return
                await self._end(row)
            self._after = (rows[-1].run_id, rows[-1].step_id) if len(rows) == PAGE else ("", "")
            if len(rows) < PAGE:
                return

    async def _found(self) -> list[Any]:
        run_id, step_id = self._after
        given = {"idle": self._idle, "run_id": run_id, "step_id": step_id, "limit": PAGE}
        async with self._engine.connect() as connection:
            return list((await connection.execute(tables.IDLE, given)).all())

    async def _end(self, row: Any) -> None:
        at = datetime.now(UTC)
        command = EndIdleSessions(row.run_id, BY_ITSELF, at, row.step_id, self._idle, row.quiet_since)
        (message,) = asked_by_itself(SOURCE, [(new_id(), row.run_id, command)])
        await self._road.command(message, None, _answer)


def _answer(outcome: Outcome) -> Answer:
    """Nobody waits for it."""
    assert outcome.refusal is None, outcome.refusal  # noqa: S101 - there is nothing to refuse
    return Answer(200, {})
