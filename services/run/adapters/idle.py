"""Checks people out of steps on which nobody has seen them for long; runs beside the relay until stopped.

Several processes may do it at once: each check-out is decided on the run as it is, so it is done once.
"""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from services.run.adapters import tables
from services.run.domain.commands import EndIdleSessions
from shared.kernel import Actor
from shared.messaging.messages import Ask, Message
from shared.messaging.patience import Patience
from shared.messaging.road import Answer, Road
from shared.messaging.walk import Outcome
from shared.runtime.ids import new_id

PAGE = 500
"""Steps looked at together."""
PAGES_AT_MOST = 20
"""In one round; the next one begins where this one ended."""
BY_ITSELF = Actor(machine="urn:asbuilt:run")


class IdleSessions:
    """Ends sessions of people who did nothing for ``idle``."""

    def __init__(self, engine: AsyncEngine, road: Road, patience: Patience, *, idle: timedelta) -> None:
        self._engine = engine
        self._road = road
        self._patience = patience
        self._idle = idle
        self._stopped = asyncio.Event()
        self._after = ("", "")

    def stop(self) -> None:
        """End after the step in hand."""
        self._stopped.set()

    async def run(self) -> None:
        """One round after another, until stopped: ten times in the time that makes somebody idle."""
        pause_s = min(max(self._idle.total_seconds() / 10, 0.1), 60.0)
        while not self._stopped.is_set():
            try:
                await self.round()
                self._patience.relax("idle sessions")
            except Exception as error:  # noqa: BLE001 - the next round tries again
                await self._patience.wait("idle sessions", error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), timeout=pause_s)

    async def round(self) -> None:
        """Every step on which somebody is idle, in bounded pages."""
        for _page in range(PAGES_AT_MOST):
            rows = await self._found()
            for row in rows:
                if self._stopped.is_set():
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
        message = Message(
            source="urn:asbuilt:run",
            id=new_id(),
            type="EndIdleSessions",
            happened_at=at,
            seed_ms=int(at.timestamp() * 1000),
            actor=BY_ITSELF,
            ask=Ask((row.run_id,), command),
        )
        await self._road.command(message, "", _answer)


def _answer(outcome: Outcome) -> Answer:
    """Nobody waits for it."""
    assert outcome.refusal is None, outcome.refusal  # noqa: S101 - there is nothing to refuse
    return Answer(200, {})
