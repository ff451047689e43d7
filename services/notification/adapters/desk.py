"""The sender's view of the database: what is due, and what came of it.

Everything goes over the one connection that holds the lock: who has lost the lock can no longer write.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notification.adapters.store import ENDPOINT
from services.notification.adapters.telling import ITSELF, Ended, delivery_of, given_up, tell, told
from services.notification.domain.endpoint import Delivery, Endpoint
from services.notification.domain.events import DeliveryDelivered, DeliveryGivenUp
from services.notification.domain.told import TOLD
from shared.messaging.driver import by_key, driver_of
from shared.messaging.rows import transposed
from shared.messaging.transaction import Announcement

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
    select next.endpoint_id, next.lane, next.seen, d.delivery_id, d.event_id, d.event_type, d.body, d.traceparent,
           d.attempts, d.first_attempt_at, h.last_success_at, e.body as endpoint
    from endpoint e
    cross join lateral (
        select l.endpoint_id, l.lane, cast(l.xmin as text) as seen from lane l
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

RECORD = text("""
    with new as (
        select * from unnest(
            cast(:delivery_id as text[]), cast(:endpoint_id as text[]), cast(:lane as text[]), cast(:number as int[]),
            cast(:started_at as timestamptz[]), cast(:duration_ms as float8[]), cast(:status as int[]),
            cast(:answer as text[]), cast(:error as text[]), cast(:state as text[]), cast(:after_ms as bigint[]))
        as new (delivery_id, endpoint_id, lane, number, started_at, duration_ms, status, answer, error, state, after_ms)
    ), locked as (
        select lane.endpoint_id, lane.lane from lane join new using (endpoint_id, lane)
        order by lane.endpoint_id, lane.lane for update of lane
    ), logged as (
        insert into attempt (delivery_id, number, started_at, duration_ms, status, answer, error)
        select delivery_id, number, started_at, duration_ms, status, answer, error from new
    ), marked as (
        update delivery set state = new.state, attempts = new.number, last_attempt_at = new.started_at,
                            first_attempt_at = coalesce(first_attempt_at, new.started_at),
                            ended_at = case when new.state = 'waiting' then null else now() end
        from new
        where delivery.delivery_id = new.delivery_id and delivery.state = 'waiting'
          and (select count(*) from locked) >= 0
        returning delivery.delivery_id
    ), put_off as (
        update lane set due_at = now() + new.after_ms * interval '1 millisecond'
        from new join locked using (endpoint_id, lane)
        where lane.endpoint_id = new.endpoint_id and lane.lane = new.lane
    ), took as (
        insert into endpoint_health (endpoint_id, last_success_at)
        select distinct endpoint_id, now() from new where state = 'delivered' order by endpoint_id
        on conflict (endpoint_id) do update set last_success_at = now()
    ), told as (
        insert into outbox (event_id, topic, key, body)
        select event_id, topic, key, body
        from unnest(cast(:about as text[]), cast(:event_id as text[]), cast(:topic as text[]), cast(:key as text[]),
                    cast(:body as bytea[])) with ordinality as told (delivery_id, event_id, topic, key, body, place)
        join marked using (delivery_id) order by place
        returning 1
    )
    select pg_notify('outbox', '') where exists (select from told)""")
"""An attempt's result in one round trip, and one transaction: logged, the delivery marked, its lane put off. Lanes are
locked first, in the order in which they are opened. What ended meanwhile is not marked, and was told then.
"""

CLOSE = text("""
    delete from lane using unnest(cast(:endpoint_id as text[]), cast(:lane as text[]), cast(:seen as text[]))
        as empty (endpoint_id, lane, seen)
    where lane.endpoint_id = empty.endpoint_id and lane.lane = empty.lane and cast(lane.xmin as text) = empty.seen""")
"""Only lanes that are as they were when nothing waited in them: who adds to one writes it anew, and it stays."""

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


class EmptyLane(NamedTuple):
    """A lane in which nothing waited, and which version of its row it was."""

    endpoint_id: str
    lane: str
    seen: str


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
    """Fetches and records on one connection, one statement at a time, each a transaction of its own."""

    def __init__(self, connection: AsyncConnection, concurrency: int) -> None:
        """``connection``: one that commits by itself. ``concurrency``: requests at once to one endpoint, at most."""
        self._connection = connection
        self._concurrency = concurrency

    async def take_lock(self) -> bool:
        """Whether this is the active sender from here on, until the connection ends."""
        return bool((await self._connection.execute(TAKE_LOCK, {"key": SENDER_LOCK})).scalar())

    async def listen(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` when deliveries are queued."""
        driver = await driver_of(self._connection)
        await driver.add_listener("deliveries", lambda *_: wake())

    async def due(self, flying: Collection[Lane]) -> tuple[list[Due], list[EmptyLane]]:
        """What is to be attempted now, and lanes in which nothing waits any more."""
        values = {**self._flying(flying), "most": ROUND}
        rows = (await self._connection.execute(DUE, values)).all()
        empty = [EmptyLane(row.endpoint_id, row.lane, row.seen) for row in rows if row.delivery_id is None]
        return [_due(row) for row in rows if row.delivery_id is not None], empty

    async def next_due_s(self, flying: Collection[Lane]) -> float | None:
        """In how many seconds the next delivery is due; None when none waits."""
        found = (await self._connection.execute(NEXT_DUE, self._flying(flying))).scalar()
        return None if found is None else float(found)

    async def record(self, results: Sequence[Result]) -> None:
        """Log attempts, settle their deliveries and put off their lanes, all of it or nothing."""
        if results:
            await self._connection.execute(RECORD, {**transposed(map(_row, results)), **_told(results)})

    async def close(self, empty: Sequence[EmptyLane]) -> None:
        """Forget lanes in which still nothing waits."""
        await self._connection.execute(CLOSE, transposed(one._asdict() for one in empty))

    async def trim(self, keep: timedelta) -> None:
        """Forget some of what ended longer ago than ``keep``."""
        async with by_key(self._connection):
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


def _told(results: Sequence[Result]) -> dict[str, list[Any]]:
    """What is announced once the deliveries that it is about are marked."""
    now = datetime.now(UTC)
    ended = [(one.due.delivery.delivery_id, end) for one in results if (end := _ended(one)) is not None]
    rows = [(about, *announcement) for about, end in ended for announcement in told(end, now)]
    names = ("about", *Announcement._fields)
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


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
