"""The sender's view of the database: what is due, and what came of it.

Everything goes over the one connection that holds the lock: who has lost the lock can no longer write.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notification.adapters.store import ENDPOINT
from services.notification.adapters.telling import ITSELF, Ended, delivery_of, given_up, tell
from services.notification.domain.endpoint import Delivery, Endpoint
from services.notification.domain.events import DeliveryDelivered, DeliveryGivenUp
from services.notification.domain.told import TOLD
from shared.messaging.rows import transposed

SENDER_LOCK = 0x6173_6275_696C_7403
"""The advisory lock of the one active sender of a database."""

ROUND = 200
"""Deliveries that are fetched at once, at most."""

TRIM_ROWS = 2_000

Lane = tuple[str, str]
"""Endpoint and lane: what keeps its order."""

TAKE_LOCK = text("select pg_try_advisory_lock(:key)")

DUE = text("""
    with flying as (
        select * from unnest(cast(:endpoints as text[]), cast(:lanes as text[])) as one (endpoint_id, lane)
    )
    select next.endpoint_id, next.lane, d.delivery_id, d.event_id, d.event_type, d.body, d.traceparent, d.attempts,
           d.first_attempt_at, h.last_success_at, e.body as endpoint
    from endpoint e
    cross join lateral (
        select l.endpoint_id, l.lane from lane l
        where l.endpoint_id = e.endpoint_id and l.due_at <= now()
          and not exists (select 1 from flying f where f.endpoint_id = l.endpoint_id and f.lane = l.lane)
        order by l.due_at
        limit :concurrency - (select count(*) from flying f where f.endpoint_id = e.endpoint_id)
    ) next
    left join lateral (
        select * from delivery d
        where d.endpoint_id = next.endpoint_id and d.lane = next.lane and d.state = 'waiting'
        order by d.position limit 1
    ) d on true
    left join endpoint_health h on h.endpoint_id = e.endpoint_id
    where e.is_enabled
    limit :most""")
"""The oldest waiting delivery of each lane that is due, as many as each endpoint has hands free for. What is in the
air is left out, so an endpoint that hangs takes nothing from the others.
"""

NEXT_DUE = text("""
    with flying as (
        select * from unnest(cast(:endpoints as text[]), cast(:lanes as text[])) as one (endpoint_id, lane)
    )
    select extract(epoch from min(next.due_at) - now()) from endpoint e
    cross join lateral (
        select l.due_at from lane l
        where l.endpoint_id = e.endpoint_id
          and not exists (select 1 from flying f where f.endpoint_id = l.endpoint_id and f.lane = l.lane)
        order by l.due_at limit 1
    ) next
    where e.is_enabled and (select count(*) from flying f where f.endpoint_id = e.endpoint_id) < :concurrency""")

LOCK_LANES = text("""
    select 1 from lane
    where (endpoint_id, lane) in (select * from unnest(cast(:endpoint_id as text[]), cast(:lane as text[])))
    order by endpoint_id, lane for update""")
"""First, and in the order in which lanes are opened: what is added meanwhile is seen by the statements after it."""

LOG = text("""
    insert into attempt (delivery_id, number, started_at, duration_ms, status, answer, error)
    select * from unnest(cast(:delivery_id as text[]), cast(:number as int[]), cast(:started_at as timestamptz[]),
                         cast(:duration_ms as float8[]), cast(:status as int[]), cast(:answer as text[]),
                         cast(:error as text[]))""")

MARK = text("""
    update delivery set state = new.state, attempts = new.number, last_attempt_at = new.started_at,
                        first_attempt_at = coalesce(first_attempt_at, new.started_at),
                        ended_at = case when new.state = 'waiting' then null else now() end
    from unnest(cast(:delivery_id as text[]), cast(:state as text[]), cast(:number as int[]),
                cast(:started_at as timestamptz[])) as new (delivery_id, state, number, started_at)
    where delivery.delivery_id = new.delivery_id and delivery.state = 'waiting'
    returning delivery.delivery_id""")
"""Returns those that were still waiting: what ended meanwhile was told then."""

PUT_OFF = text("""
    update lane set due_at = now() + new.after_ms * interval '1 millisecond'
    from unnest(cast(:endpoint_id as text[]), cast(:lane as text[]), cast(:after_ms as bigint[]))
        as new (endpoint_id, lane, after_ms)
    where lane.endpoint_id = new.endpoint_id and lane.lane = new.lane""")

CLOSE = text("""
    delete from lane
    where (endpoint_id, lane) in (select * from unnest(cast(:endpoint_id as text[]), cast(:lane as text[])))
      and not exists (select 1 from delivery d where d.endpoint_id = lane.endpoint_id and d.lane = lane.lane
                                                 and d.state = 'waiting')""")

SUCCEEDED = text("""
    insert into endpoint_health (endpoint_id, last_success_at)
    select endpoint_id, now() from unnest(cast(:ids as text[])) as one (endpoint_id) order by endpoint_id
    on conflict (endpoint_id) do update set last_success_at = now()""")

TRIM = text("""
    with gone as (
        delete from delivery where position = any(array(
            select position from delivery
            where queued_at < now() - cast(:keep as interval)
              and (state <> 'waiting'
                   or endpoint_id in (select endpoint_id from endpoint where not is_enabled))
            limit :limit))
        returning delivery_id, endpoint_id, lane, event_id, event_type, body, traceparent, attempts, state
    )
    select gone.*, endpoint.body as endpoint from gone join endpoint using (endpoint_id)
    where gone.state = 'waiting' and gone.event_type = any(cast(:told as text[]))""")
"""In bounded batches. What waits for an endpoint that nobody enabled again is forgotten too, and given up by that."""


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery to be attempted now. ``attempts`` were made before, the first of them at ``first_attempt_at``."""

    delivery: Delivery
    endpoint: Endpoint
    attempts: int
    first_attempt_at: datetime | None
    last_success_at: datetime | None

    @property
    def lane(self) -> Lane:
        """What keeps its order."""
        return self.delivery.endpoint_id, self.delivery.lane


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an attempt, as its rows hold it; times in milliseconds."""

    due: Due
    number: int
    started_at: datetime
    duration_ms: float
    status: int | None
    answer: str | None
    error: str | None
    state: str
    after_ms: int


class Desk:
    """Fetches and records on one connection, one statement at a time."""

    def __init__(self, connection: AsyncConnection, concurrency: int) -> None:
        """``concurrency``: requests at once to one endpoint, at most."""
        self._connection = connection
        self._concurrency = concurrency

    async def take_lock(self) -> bool:
        """Whether this is the active sender from here on, until the connection ends."""
        async with self._connection.begin():
            return bool((await self._connection.execute(TAKE_LOCK, {"key": SENDER_LOCK})).scalar())

    async def listen(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` when deliveries are queued."""
        raw = await self._connection.get_raw_connection()
        driver: Any = raw.driver_connection
        await driver.add_listener("deliveries", lambda *_: wake())

    async def due(self, flying: Collection[Lane]) -> tuple[list[Due], list[Lane]]:
        """What is to be attempted now, and lanes in which nothing waits any more."""
        values = {**self._flying(flying), "most": ROUND}
        async with self._connection.begin():
            rows = (await self._connection.execute(DUE, values)).all()
        empty = [(row.endpoint_id, row.lane) for row in rows if row.delivery_id is None]
        return [_due(row) for row in rows if row.delivery_id is not None], empty

    async def next_due_s(self, flying: Collection[Lane]) -> float | None:
        """In how many seconds the next delivery is due; None when none waits."""
        async with self._connection.begin():
            found = (await self._connection.execute(NEXT_DUE, self._flying(flying))).scalar()
        return None if found is None else float(found)

    async def record(self, results: Sequence[Result], empty: Sequence[Lane] = ()) -> None:
        """Log attempts and settle their lanes, in one transaction."""
        lanes = _lanes([*(one.due.lane for one in results), *empty])
        if not lanes["lane"]:
            return
        async with self._connection.begin():
            await self._connection.execute(LOCK_LANES, lanes)
            if results:
                await self._record(results)
            await self._connection.execute(CLOSE, lanes)

    async def _record(self, results: Sequence[Result]) -> None:
        rows = transposed(map(_row, results))
        await self._connection.execute(LOG, rows)
        ended = {row.delivery_id for row in await self._connection.execute(MARK, rows)}
        await self._connection.execute(PUT_OFF, rows)
        told = [_ended(one) for one in results if one.due.delivery.delivery_id in ended]
        await tell(self._connection, [one for one in told if one is not None])
        took = sorted({one.due.delivery.endpoint_id for one in results if one.state == "delivered"})
        if took:
            await self._connection.execute(SUCCEEDED, {"ids": took})

    async def trim(self, keep: timedelta) -> None:
        """Forget some of what ended longer ago than ``keep``."""
        async with self._connection.begin():
            values = {"keep": keep, "limit": TRIM_ROWS, "told": sorted(TOLD)}
            rows = (await self._connection.execute(TRIM, values)).all()
            now = datetime.now(UTC)
            gone = [given_up(row, ENDPOINT.validate_python(row.endpoint), ITSELF, now) for row in rows]
            await tell(self._connection, gone)

    def _flying(self, flying: Collection[Lane]) -> dict[str, Any]:
        endpoints, lanes = [one[0] for one in flying], [one[1] for one in flying]
        return {"endpoints": endpoints, "lanes": lanes, "concurrency": self._concurrency}


def _due(row: Any) -> Due:
    endpoint = ENDPOINT.validate_python(row.endpoint)
    return Due(delivery_of(row), endpoint, row.attempts, row.first_attempt_at, row.last_success_at)


def _ended(result: Result) -> Ended | None:
    """What ended with an attempt, and when the attempt did; None where it goes on."""
    due, at = result.due, result.started_at + timedelta(milliseconds=result.duration_ms)
    told = (ITSELF, at, due.delivery, due.endpoint.url, due.endpoint.description, result.number)
    match result.state:
        case "delivered":
            return DeliveryDelivered(*told)
        case "given_up":
            return DeliveryGivenUp(*told)
        case _:
            return None


def _lanes(lanes: Sequence[Lane]) -> dict[str, list[str]]:
    return {"endpoint_id": [one[0] for one in lanes], "lane": [one[1] for one in lanes]}


def _row(result: Result) -> dict[str, Any]:
    delivery = result.due.delivery
    return {
        "delivery_id": delivery.delivery_id,
        "endpoint_id": delivery.endpoint_id,
        "lane": delivery.lane,
        "number": result.number,
        "started_at": result.started_at,
        "duration_ms": result.duration_ms,
        "status": result.status,
        "answer": result.answer,
        "error": result.error,
        "state": result.state,
        "after_ms": result.after_ms,
    }
