"""Endpoints and deliveries in PostgreSQL, as the road writes them; whole batches at a time."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notification.adapters import tables
from services.notification.adapters.telling import given_up, tell
from services.notification.domain.endpoint import EVERYBODY, Delivery, Endpoint, Subscriptions
from services.notification.domain.events import (
    DeliveryQueued,
    DeliveryResent,
    EndpointRecovered,
    EndpointRegistered,
)
from services.notification.domain.told import TOLD
from shared.messaging.rows import transposed
from shared.messaging.transaction import Change, Conflict, Held

State = Endpoint | Delivery | Subscriptions

ENDPOINT = TypeAdapter(Endpoint)
"""An endpoint as its row's body holds it."""


class EndpointStore:
    """Locks, loads and writes endpoints; queues deliveries."""

    async def lock(self, connection: AsyncConnection, keys: Sequence[str]) -> Mapping[str, Held[State]]:
        """See `Store.lock`. Under the key ``EVERYBODY`` are all endpoints at once, unlocked."""
        if list(keys) == [EVERYBODY]:
            rows = (await connection.execute(tables.ENDPOINTS)).all()
            return {EVERYBODY: Held(0, Subscriptions(tuple(_endpoint(row) for row in rows)))}
        rows = (await connection.execute(tables.LOCK_ENDPOINTS, {"ids": list(keys)})).all()
        held: dict[str, Held[State]] = {row.endpoint_id: Held(row.version, _endpoint(row)) for row in rows}
        missing = [key for key in keys if key not in held]
        return {**held, **await self._deliveries(connection, missing)} if missing else held

    async def save(self, connection: AsyncConnection, changes: Sequence[Change[State]]) -> None:
        """See `Store.save`."""
        await _save_endpoints(connection, [one for one in changes if isinstance(one.after.state, Endpoint)])
        events = [event for change in changes for event in change.events]
        if queued := [one.delivery for one in events if isinstance(one, DeliveryQueued)]:
            await _queue(connection, queued)
        if resent := [one.delivery for one in events if isinstance(one, DeliveryResent)]:
            await _queue_again(connection, resent)
        for change in changes:
            for recovered in (one for one in change.events if isinstance(one, EndpointRecovered)):
                await _recover(connection, change.after.state, recovered)
        await connection.execute(tables.NOTIFY)

    def committed(self, changes: Sequence[Change[State]]) -> None:
        """See `Store.committed`; nothing is remembered between transactions."""

    async def _deliveries(self, connection: AsyncConnection, keys: Sequence[str]) -> Mapping[str, Held[State]]:
        rows = (await connection.execute(tables.LOCK_DELIVERIES, {"ids": list(keys)})).mappings().all()
        return {row["delivery_id"]: Held(1, Delivery(**row)) for row in rows}


async def _save_endpoints(connection: AsyncConnection, changes: Sequence[Change[Any]]) -> None:
    created = [_created_row(change) for change in changes if change.before is None]
    updated = [_updated_row(change) for change in changes if change.before is not None]
    if created:
        done = await connection.execute(tables.CREATE_ENDPOINTS, transposed(created))
        if done.rowcount != len(created):
            raise Conflict
    if updated:
        await connection.execute(tables.UPDATE_ENDPOINTS, transposed(updated))


async def _queue(connection: AsyncConnection, deliveries: Sequence[Delivery]) -> None:
    await connection.execute(tables.QUEUE, transposed(_queued_row(one) for one in deliveries))


async def _queue_again(connection: AsyncConnection, deliveries: Sequence[Delivery]) -> None:
    lanes = {"endpoint_id": [one.endpoint_id for one in deliveries], "lane": [one.lane for one in deliveries]}
    await connection.execute(tables.OPEN_LANES, lanes)
    await connection.execute(tables.QUEUE_AGAIN, {"ids": [one.delivery_id for one in deliveries]})


async def _recover(connection: AsyncConnection, endpoint: Any, recovered: EndpointRecovered) -> None:
    ids = {"ids": [recovered.endpoint_id]}
    if recovered.recover:
        await connection.execute(tables.HURRY, ids)
        await connection.execute(tables.BEGIN_ANEW, ids)
    else:
        await connection.execute(tables.CLOSE_LANES, ids)
        values = {"endpoint_id": recovered.endpoint_id, "told": sorted(TOLD)}
        rows = (await connection.execute(tables.SKIPPED, values)).all()
        await tell(connection, [given_up(row, endpoint, recovered.by, recovered.at) for row in rows])
        await connection.execute(tables.SKIP, ids)


def _endpoint(row: Any) -> Endpoint:
    return ENDPOINT.validate_python(row.body)


def _created_row(change: Change[Any]) -> dict[str, Any]:
    registered = next(event for event in change.events if isinstance(event, EndpointRegistered))
    return {**_updated_row(change), "registered_at": registered.at}


def _updated_row(change: Change[Any]) -> dict[str, Any]:
    endpoint: Endpoint = change.after.state
    return {
        "endpoint_id": change.key,
        "version": change.after.version,
        "is_enabled": endpoint.is_enabled,
        "body": ENDPOINT.dump_json(endpoint).decode(),
    }


def _queued_row(delivery: Delivery) -> dict[str, Any]:
    return {
        "delivery_id": delivery.delivery_id,
        "endpoint_id": delivery.endpoint_id,
        "lane": delivery.lane,
        "event_id": delivery.event_id,
        "event_type": delivery.event_type,
        "body": delivery.body,
        "traceparent": delivery.traceparent,
    }
