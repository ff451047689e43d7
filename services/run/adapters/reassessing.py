"""Open runs are assessed again after the policies changed: what is ready under the new ones is announced, and what is
so no more. In bounded pages, down the one road; a run that was assessed once under some policies is so for good.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.run.domain.commands import AssessRun
from shared.kernel import Actor
from shared.messaging.messages import Message
from shared.messaging.patience import Patience
from shared.messaging.road import Road
from shared.messaging.rounds import Rounds, asked_by_itself

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


class Reassessor:
    """Looks every now and then whether open runs have to be assessed again."""

    def __init__(self, engine: AsyncEngine, road: Road, patience: Patience, *, interval_s: float) -> None:
        self._engine = engine
        self._road = road
        self.rounds = Rounds("reassessor", self._round, patience, pause_s=interval_s)

    async def _round(self) -> None:
        await self.rounds.pages(self.page, PAGE)

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
        """One command for each run; it counts once under these policies."""
        source, now = self._road.service.source, datetime.now(UTC)
        by = Actor(machine=source)
        return asked_by_itself(
            source, ((f"policies-{version}/{run_id}", run_id, AssessRun(run_id, by, now)) for run_id in run_ids)
        )
