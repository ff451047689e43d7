"""Where completions and reopenings went, beside the completion records: what the notification service said of it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.run.domain.delivery import DeliveryNoted, DeliveryState
from services.run.domain.impact import Delivered

MOST = 1_000
"""Deliveries that are kept of a run; a plant has a few endpoints, and a run is reopened a few times."""

DELIVERIES_V1 = """
create table completion_delivery (
    delivery_id text primary key,
    run_id text not null references run,
    number int not null,
    endpoint_id text not null,
    url text not null,
    description text not null,
    event_id text not null,
    event_type text not null,
    state text not null,
    attempts int not null,
    happened_at timestamptz not null
);
create index completion_delivery_by_run on completion_delivery (run_id, number, happened_at);
"""

PUT = text("""
    insert into completion_delivery
        (delivery_id, run_id, number, endpoint_id, url, description, event_id, event_type, state, attempts, happened_at)
    select :delivery_id, :run_id, :number, :endpoint_id, :url, :description, :event_id, :event_type, :state, :attempts,
           :happened_at
    where (select count(*) from completion_delivery where run_id = :run_id) < :most
       or exists (select 1 from completion_delivery where delivery_id = :delivery_id)
    on conflict (delivery_id) do update
        set state = excluded.state, attempts = excluded.attempts, happened_at = excluded.happened_at
        where completion_delivery.state = :on_its_way
           or (excluded.state <> :on_its_way and excluded.happened_at >= completion_delivery.happened_at)""")
"""The last word counts, in whatever order words come: one that ended is never on its way again."""

OF_A_RUN = text("""
    select number, endpoint_id, url, description, event_id, event_type, state, attempts, happened_at
    from completion_delivery where run_id = :run_id order by number, happened_at, delivery_id""")


async def put(connection: AsyncConnection, event: DeliveryNoted) -> None:
    """Keep how a delivery stands."""
    await connection.execute(PUT, _row(event))


async def of_run(connection: AsyncConnection, run_id: str) -> Sequence[tuple[int, Delivered]]:
    """Every delivery of a run's completions and reopenings, with the number of the completion record."""
    rows = (await connection.execute(OF_A_RUN, {"run_id": run_id})).all()
    return [(row.number, _delivered(row)) for row in rows]


def _delivered(row: Any) -> Delivered:
    """Attempts are told with the end; before, nobody here knows whether there were any."""
    state = DeliveryState(row.state)
    return Delivered(
        row.endpoint_id,
        row.url,
        row.description,
        row.event_id,
        row.event_type,
        state,
        None if state is DeliveryState.ON_ITS_WAY else row.attempts,
        row.happened_at,
    )


def _row(event: DeliveryNoted) -> dict[str, Any]:
    one = event.delivery
    return {
        "delivery_id": one.delivery_id,
        "run_id": event.run_id,
        "number": one.number,
        "endpoint_id": one.endpoint_id,
        "url": one.url,
        "description": one.description,
        "event_id": one.event_id,
        "event_type": one.event_type,
        "state": one.state.value,
        "attempts": one.attempts,
        "happened_at": event.at,
        "most": MOST,
        "on_its_way": DeliveryState.ON_ITS_WAY.value,
    }
