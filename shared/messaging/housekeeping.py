"""What has to be done now and then: take up records that stand aside, forget old events, measure."""

from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.messaging.patience import Patience
from shared.messaging.road import Road
from shared.messaging.rounds import Rounds
from shared.messaging.watch import Watch

EARLY_EVERY = 5
"""Early records are tried unasked on every so-many-th round, in case their moment was missed."""

TRIM_EVERY = 60
TRIM_ROWS = 10_000
TRIM_AT_MOST = 100
"""Times in one round: as much as a busy plant sends in the meantime, and more."""

COUNT_PARKED = text("select reason, count(*) from parked where settled_at is null group by reason")
TRIM = text("""
    delete from inbox where ctid = any(array(
        select ctid from inbox where received_at < now() - cast(:keep as interval) limit :limit))""")
"""In bounded batches, so that no other transaction waits for it."""

TRIM_SETTLED = text("""
    delete from parked where parked_id = any(array(
        select parked_id from parked where settled_at < now() - cast(:keep as interval) limit :limit))""")
"""What stood aside is forgotten with the inbox; the history has it for ever."""


class Measured(Protocol):
    """A relay: tells how much waits to be sent."""

    async def measure(self) -> None: ...


class Lagging(Protocol):
    """A consumer: tells how far behind it is, and joins anew when it was forgotten."""

    def measure(self) -> None: ...
    async def rejoin_if_homeless(self) -> None: ...


class Housekeeping:
    """Runs beside the consumer until stopped."""

    def __init__(
        self,
        engine: AsyncEngine,
        road: Road,
        relay: Measured,
        consumer: Lagging | None,
        *,
        patience: Patience,
        watch: Watch,
        interval_s: float,
        inbox_for: timedelta,
        on_round: Callable[[int], None] = lambda _: None,
    ) -> None:
        """``consumer`` is None in a process that does not read topics."""
        self._engine = engine
        self._road = road
        self._relay = relay
        self._consumer = consumer
        self._watch = watch
        self._inbox_for = inbox_for
        self._on_round = on_round
        self._number = 0
        self.rounds = Rounds("housekeeping", self._next, patience, pause_s=interval_s)

    async def _next(self) -> None:
        self._number += 1
        try:
            await self.round(self._number)
        finally:
            self._on_round(self._number)

    async def round(self, number: int) -> None:
        """Everything that is due in this round."""
        await self._road.take_up(early_too=number % EARLY_EVERY == 0)
        await self._measure()
        if self._consumer is not None:
            await self._consumer.rejoin_if_homeless()
        if number % TRIM_EVERY == 0:
            await self._trim()

    async def _measure(self) -> None:
        await self._relay.measure()
        if self._consumer is not None:
            self._consumer.measure()
        async with self._engine.connect() as connection:
            rows = (await connection.execute(COUNT_PARKED)).all()
        self._watch.parked({row[0]: row[1] for row in rows})

    async def _trim(self) -> None:
        for statement in (TRIM, TRIM_SETTLED):
            for _time in range(TRIM_AT_MOST):
                async with self._engine.begin() as connection:
                    done = await connection.execute(statement, {"keep": self._inbox_for, "limit": TRIM_ROWS})
                if done.rowcount < TRIM_ROWS or self.rounds.is_stopped:
                    break
