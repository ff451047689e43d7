"""What can be asked about endpoints and deliveries; reads only."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notification.adapters.store import ENDPOINT
from services.notification.domain.endpoint import Endpoint
from shared.messaging.transaction import Held
from shared.runtime.http import NotFound
from shared.runtime.pages import Page

LIST = text("""
    select endpoint_id, version, body from endpoint where endpoint_id > :after order by endpoint_id limit :limit""")

ENDPOINT_BY_ID = text("select endpoint_id, version, body from endpoint where endpoint_id = :endpoint_id")

WAITING = text("""
    select count(*) as waiting, min(queued_at) as oldest_queued_at from (
        select queued_at from delivery where endpoint_id = :endpoint_id and state = 'waiting' limit 10001
    ) oldest""")
"""Bounded: more than 10,000 are shown as 10,001."""

DELIVERIES = text("""
    select d.position, d.delivery_id, d.endpoint_id, d.lane, d.event_id, d.event_type, d.state, d.queued_at, d.attempts,
           d.first_attempt_at, d.last_attempt_at, d.ended_at, l.due_at
    from delivery d left join lane l on d.state = 'waiting' and l.endpoint_id = d.endpoint_id and l.lane = d.lane
    where d.endpoint_id = :endpoint_id and (cast(:state as text) is null or d.state = :state)
      and (cast(:before as bigint) is null or d.position < :before)
    order by d.position desc limit :limit""")

DELIVERY = text("""
    select d.delivery_id, d.endpoint_id, d.lane, d.event_id, d.event_type, d.state, d.queued_at, d.attempts,
           d.first_attempt_at, d.last_attempt_at, d.ended_at, l.due_at
    from delivery d left join lane l on d.state = 'waiting' and l.endpoint_id = d.endpoint_id and l.lane = d.lane
    where d.delivery_id = :delivery_id""")

ATTEMPTS = text("""
    select number, started_at, duration_ms, status, answer, error from attempt
    where delivery_id = :delivery_id order by attempt_id desc limit 500""")


class EndpointQueries:
    """Reads from the notification service's own database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def endpoint(self, endpoint_id: str) -> Held[Endpoint]:
        """One endpoint.

        :raises NotFound: when there is none.
        """
        async with self._engine.connect() as connection:
            rows = (await connection.execute(ENDPOINT_BY_ID, {"endpoint_id": endpoint_id})).all()
        for row in rows:
            return _held(row)
        raise NotFound(what="endpoint", which=endpoint_id)

    async def waiting(self, endpoint_id: str) -> dict[str, Any]:
        """How many deliveries wait for an endpoint, and since when the oldest."""
        async with self._engine.connect() as connection:
            return dict((await connection.execute(WAITING, {"endpoint_id": endpoint_id})).mappings().one())

    async def endpoints(self, page: Page) -> list[tuple[str, Held[Endpoint]]]:
        """Endpoints in the order of their ids, one more than the page holds."""
        (after,) = page.begins_after(str)
        values = {"after": after or "", "limit": page.limit + 1}
        async with self._engine.connect() as connection:
            rows = (await connection.execute(LIST, values)).all()
        return [(row.endpoint_id, _held(row)) for row in rows]

    async def deliveries(self, endpoint_id: str, page: Page, state: str | None) -> dict[str, Any]:
        """The deliveries of an endpoint, the newest first."""
        (before,) = page.begins_after(int)
        values = {"endpoint_id": endpoint_id, "state": state, "before": before, "limit": page.limit + 1}
        async with self._engine.connect() as connection:
            rows = (await connection.execute(DELIVERIES, values)).mappings().all()
        return page.of(rows, lambda row: [row["position"]], _without_position)

    async def delivery(self, delivery_id: str) -> dict[str, Any]:
        """One delivery with its attempts, the newest first.

        :raises NotFound: when there is none.
        """
        values = {"delivery_id": delivery_id}
        async with self._engine.connect() as connection:
            rows = (await connection.execute(DELIVERY, values)).mappings().all()
            attempts = (await connection.execute(ATTEMPTS, values)).mappings().all()
        if not rows:
            raise NotFound(what="delivery", which=delivery_id)
        return {**rows[0], "log": [dict(one) for one in attempts]}


def _held(row: Any) -> Held[Endpoint]:
    return Held(row.version, ENDPOINT.validate_python(row.body))


def _without_position(row: Any) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "position"}
