"""Open runs are assessed again after the policies changed: what is ready under the new ones is announced, and what is
so no more. In bounded pages, down the one road; a run that was assessed once under some policies is so for good.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.run.domain.commands import AssessRun
from shared.kernel import Actor
from shared.messaging.messages import Ask, Message
from shared.messaging.patience import Patience
from shared.messaging.road import Road

PAGE = 100
"""Runs that are locked at once, at most: work on them waits for so long."""

DUE = text("""
    select l.run_id, p.version from run_list l, policies p
    where l.policies_version < p.version and l.status not in ('complete', 'canceled')
    order by l.policies_version limit :page""")

MARK = text("""
    with locked as (
        select run_id from run where run_id = any(cast(:ids as text[])) order by run_id for update
    )
    update run_list set policies_version = :version from locked
    where run_list.run_id = locked.run_id and policies_version < :version""")
"""In the order in which batches lock runs, so that neither waits for the other in a circle."""

_NOBODY: frozenset[str] = frozenset()


class Reassessor:
    """Looks every now and then whether open runs have to be assessed again."""

    def __init__(self, engine: AsyncEngine, road: Road, patience: Patience, *, interval_s: float) -> None:
        self._engine = engine
        self._road = road
        self._patience = patience
        self._interval_s = interval_s
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """End after the page in hand."""
        self._stopped.set()

    async def run(self) -> None:
        """One look after another, until stopped."""
        while not self._stopped.is_set():
            try:
                while await self.page() == PAGE and not self._stopped.is_set():
                    pass
                self._patience.relax("reassessor")
            except Exception as error:  # noqa: BLE001 - the runs are still due, and the next look tries again
                await self._patience.wait("reassessor", error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), timeout=self._interval_s)

    async def page(self) -> int:
        """Assess a page of the runs that are due; returns how many there were."""
        async with self._engine.connect() as connection:
            due = (await connection.execute(DUE, {"page": PAGE})).all()
        if due:
            version, ids = due[0].version, [row.run_id for row in due]
            await self._road.take_messages(self._asking(version, ids))
            async with self._engine.begin() as connection:
                await connection.execute(MARK, {"ids": ids, "version": version})
        return len(due)

    def _asking(self, version: int, run_ids: Sequence[str]) -> list[Message]:
        """One command for each run, the same one whoever gives it: it counts once under these policies."""
        now = datetime.now(UTC)
        by = Actor(machine=self._road.service.source)
        return [self._message(run_id, f"policies-{version}/{run_id}", by, now) for run_id in run_ids]

    def _message(self, run_id: str, name: str, by: Actor, now: datetime) -> Message:
        command = AssessRun(run_id, by, now)
        ask: Ask[Any] = Ask((run_id,), command)
        return Message(
            source=by.machine or "",
            id=name,
            type=type(command).__name__,
            happened_at=now,
            seed_ms=int(now.timestamp() * 1000),
            actor=by,
            roles=_NOBODY,
            correlation_id=name,
            ask=ask,
        )
