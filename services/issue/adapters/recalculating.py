"""Issues follow their disposition types: after one was configured with another availability, each issue that has it is
announced again. In bounded pages, down the one road; an issue that follows already is left alone, so that beginning
again after a restart repeats nothing.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.issue.domain.commands import FollowType
from shared.kernel import Actor
from shared.messaging.messages import Message
from shared.messaging.patience import Patience
from shared.messaging.road import Road
from shared.messaging.rounds import Rounds, asked_by_itself

PAGE = 100
"""Issues that are locked at once, at most: work on them waits for so long."""

DUE = text("""
    select i.issue_id, t.version
    from disposition_types t
    cross join lateral jsonb_each(t.body->'configured') configured (name, one)
    cross join unnest(array['immediate', 'release-on-resolve', 'permanently-unavailable']) other (availability)
    join issue i on i.disposition = configured.name and i.availability = other.availability
    where other.availability <> configured.one->'type'->>'availability'
    limit :page""")
"""Found by the index of types and availabilities: a look at every type and each availability that it has not."""


class Recalculator:
    """Looks every now and then whether issues have to follow their types."""

    def __init__(self, engine: AsyncEngine, road: Road, patience: Patience, *, interval_s: float) -> None:
        self._engine = engine
        self._road = road
        self.rounds = Rounds("recalculator", self._round, patience, pause_s=interval_s)

    async def _round(self) -> None:
        await self.rounds.pages(self.page, PAGE)

    async def page(self) -> int:
        """Let a page of issues follow; returns how many there were."""
        async with self._engine.connect() as connection:
            due = (await connection.execute(DUE, {"page": PAGE})).all()
        if due:
            await self._road.take_messages(self._asking(due[0].version, sorted(row.issue_id for row in due)))
        return len(due)

    def _asking(self, version: int, issue_ids: Sequence[str]) -> list[Message]:
        """One command for each issue; it counts once under these types."""
        source, now = self._road.service.source, datetime.now(UTC)
        by = Actor(machine=source)
        return asked_by_itself(
            source, ((f"disposition-types-{version}/{one}", one, FollowType(one, by, now)) for one in issue_ids)
        )
