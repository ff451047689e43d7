"""The sender: brings what waits to the endpoints, in order per key, each endpoint on its own.

Every endpoint has its own hands (so many requests at once) and its own connections, and nobody waits for another's.
In each lane one delivery is in the air at a time; the next one starts when it has succeeded or was given up. One
sender per database is active, the one whose connection holds the lock. Dying in mid-delivery leaves the delivery
waiting: it is sent again, first, with the same ``webhook-id``.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from random import random
from time import monotonic

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.notification.adapters.courier import Attempt, Courier
from services.notification.adapters.desk import ROUND, Desk, Due, Lane, Result
from services.notification.domain.retry import Answer, Decision, RetryPolicy, Verdict, judge
from shared.messaging.patience import Patience

FINISH_WITHIN_S = 3.0
"""How long requests in the air may still take when the process stops; after that they are sent again later."""
TRIM_EVERY_S = 60.0

STATE = {Verdict.DELIVERED: "delivered", Verdict.GIVEN_UP: "given_up"}

Disable = Callable[[Due, str], Awaitable[None]]
"""Disables the endpoint of a delivery for a reason, through the road."""

_log = structlog.get_logger(__name__)


class Sender:
    """Sends as long as it runs; several may run, one is active."""

    def __init__(
        self,
        engine: AsyncEngine,
        courier: Courier,
        policy: RetryPolicy,
        *,
        disable: Disable,
        patience: Patience,
        concurrency: int,
        poll_interval_s: float,
        keep: timedelta,
        luck: Callable[[], float] = random,
    ) -> None:
        """``poll_interval_s``: how long at most it sleeps when nothing wakes it."""
        self._engine = engine
        self._courier = courier
        self._policy = policy
        self._disable = disable
        self._patience = patience
        self._concurrency = concurrency
        self._poll_interval_s = poll_interval_s
        self._keep = keep
        self._luck = luck
        self._woken = asyncio.Event()
        self._stopping = False
        self._flying: dict[Lane, asyncio.Task[None]] = {}
        self._landed: list[tuple[Due, Attempt]] = []
        self._succeeded: dict[str, datetime] = {}
        self._trimmed_at = monotonic()
        self.is_active = False

    def wake(self) -> None:
        """There is something to send, or to record."""
        self._woken.set()

    def stop(self) -> None:
        """Begin nothing more; record what is in the air if it lands soon, then end."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Send until stopped. An outage of the database is waited out."""
        while not self._stopping:
            try:
                async with self._engine.connect() as connection:
                    await self._on(await connection.execution_options(isolation_level="AUTOCOMMIT"))
            except Exception as error:  # noqa: BLE001 - whatever happened, the deliveries are still there
                await self._patience.wait("sender", error)
            finally:
                self.is_active = False
        await self._courier.close()

    async def _on(self, connection: AsyncConnection) -> None:
        desk = Desk(connection, self._concurrency)
        if not await desk.take_lock():
            await self._sleep(self._poll_interval_s)
            return
        self.is_active = True
        try:
            await desk.listen(self.wake)
            while not self._stopping:
                await self._round(desk)
            if self._flying:
                await asyncio.wait(self._flying.values(), timeout=FINISH_WITHIN_S)
            await self._record(desk)
        finally:
            await self._abandon()
            await connection.invalidate()  # ends the session, and with it the lock

    async def _round(self, desk: Desk) -> None:
        """Record what landed, start what is due, and sleep when there is nothing more to do."""
        self._woken.clear()
        await self._record(desk)
        due, empty = await desk.due(self._flying)
        if empty:
            await desk.close(empty)
        for one in due:
            self._flying[one.lane] = asyncio.create_task(self._attempt(one))
        self._patience.relax("sender")
        if monotonic() - self._trimmed_at > TRIM_EVERY_S:
            self._trimmed_at = monotonic()
            await desk.trim(self._keep)
        if len(due) + len(empty) < ROUND:
            await self._sleep(await self._pause_s(desk))

    async def _pause_s(self, desk: Desk) -> float:
        next_due_s = await desk.next_due_s(self._flying)
        return self._poll_interval_s if next_due_s is None else min(max(next_due_s, 0.0), self._poll_interval_s)

    async def _attempt(self, due: Due) -> None:
        try:
            attempt = await self._courier.attempt(due)
        except Exception as error:  # noqa: BLE001 - a defect of ours is logged as a failed attempt, and tried again
            _log.exception("attempt failed", delivery_id=due.delivery.delivery_id)
            now = due.first_attempt_at or datetime.now().astimezone()
            attempt = Attempt(Answer(error=f"defect: {type(error).__name__}"), None, now, 0.0)
        self._landed.append((due, attempt))
        self.wake()

    async def _record(self, desk: Desk) -> None:
        landed, self._landed = self._landed, []
        judged = [(due, attempt, self._judge(due, attempt)) for due, attempt in landed]
        await desk.record([_result(*one) for one in judged])
        for due, _, decision in judged:
            del self._flying[due.lane]
            if decision.verdict is Verdict.DISABLE:
                await self._disable(due, decision.reason)

    def _judge(self, due: Due, attempt: Attempt) -> Decision:
        endpoint_id, first = due.endpoint.endpoint_id, due.first_attempt_at or attempt.started_at
        if attempt.answer.is_success:
            self._succeeded[endpoint_id] = attempt.started_at
        succeeded = max(filter(None, (due.last_success_at, self._succeeded.get(endpoint_id))), default=None)
        decision = judge(
            self._policy,
            attempt.answer,
            number=due.attempts + 1,
            tried_for_ms=int((attempt.started_at - first).total_seconds() * 1000),
            takes_others=succeeded is not None and succeeded >= first,
            luck=self._luck(),
        )
        if decision.verdict is not Verdict.DELIVERED:
            _say(due, attempt, decision)
        return decision

    async def _abandon(self) -> None:
        """Forget what is in the air; it is sent again."""
        tasks = list(self._flying.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._flying.clear()
        self._landed.clear()

    async def _sleep(self, most_s: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), timeout=most_s)


def _result(due: Due, attempt: Attempt, decision: Decision) -> Result:
    return Result(
        due,
        due.attempts + 1,
        attempt.started_at,
        attempt.duration_ms,
        attempt.answer.status,
        attempt.text,
        attempt.answer.error,
        STATE.get(decision.verdict, "waiting"),
        decision.after_ms,
    )


def _say(due: Due, attempt: Attempt, decision: Decision) -> None:
    _log.warning(
        "not delivered",
        endpoint_id=due.endpoint.endpoint_id,
        delivery_id=due.delivery.delivery_id,
        event_type=due.delivery.event_type,
        attempt=due.attempts + 1,
        status=attempt.answer.status,
        error=attempt.answer.error,
        verdict=decision.verdict.value,
        again_after_ms=decision.after_ms,
    )
