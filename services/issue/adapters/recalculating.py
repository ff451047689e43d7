"""Issues follow their disposition types: after one was configured with another availability, each issue that has it is
announced again. In bounded pages, down the one road; an issue that follows already is left alone, so that beginning
again after a restart repeats nothing.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.issue.domain.commands import FollowType
from shared.kernel import Actor
from shared.messaging.messages import Ask, Message
from shared.messaging.patience import Patience
from shared.messaging.road import Road

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

_NOBODY: frozenset[str] = frozenset()


class Recalculator:
    """Looks every now and then whether issues have to follow their types."""

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
                self._patience.relax("recalculator")
            except Exception as error:  # noqa: BLE001 - the issues are still due, and the next look tries again
                await self._patience.wait("recalculator", error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), timeout=self._interval_s)

    async def page(self) -> int:
        """Let a page of issues follow; returns how many there were."""
        async with self._engine.connect() as connection:
            due = (await connection.execute(DUE, {"page": PAGE})).all()
        if due:
            await self._road.take_messages(self._asking(due[0].version, sorted(row.issue_id for row in due)))
        return len(due)

    def _asking(self, version: int, issue_ids: Sequence[str]) -> list[Message]:
        """One command for each issue, the same one whoever gives it: it counts once under these types."""
        now = datetime.now(UTC)
        by = Actor(machine=self._road.service.source)
        return [self._message(issue_id, f"disposition-types-{version}/{issue_id}", by, now) for issue_id in issue_ids]

    def _message(self, issue_id: str, name: str, by: Actor, now: datetime) -> Message:
        command = FollowType(issue_id, by, now)
        ask: Ask[Any] = Ask((issue_id,), command)
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
