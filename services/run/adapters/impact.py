"""What reopening a run would touch, as the run service's database knows it; reads only."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.run.adapters.deliveries import of_run
from services.run.domain.impact import Above, Delivered, Impact, Sent, impact
from services.run.domain.run import Run, RunStatus
from shared.contracts.catalog import COMPLETIONS

ABOVE = text("""
    with recursive up as (
        select 1 as level, cast(null as text) as unit_id, cast(:run_id as text) as run_id
        union all
        select up.level + 1, placed.unit_id, last.run_id
        from up
        join run r on r.run_id = up.run_id
        cross join lateral (
            select r.progress->'placement'->>'unit_id' as unit_id, r.progress->'placement'->>'run_id' as run_id
        ) placed
        left join lateral (
            select coalesce((select run_id from run_list where unit_id = placed.unit_id and status <> 'canceled'
                             order by ordered_at desc limit 1), placed.run_id) as run_id
        ) last on true
        where placed.unit_id is not null and up.level < 1000
    )
    select up.unit_id, up.run_id, l.status from up left join run_list l on l.run_id = up.run_id
    where up.level > 1 order by up.level""")
"""From the unit's parent to the top, each with the run that builds it now or built it last: a rework is another run
than the one that put the unit in.
"""

SENT = text("""
    select c.number, c.completed_at, c.content_hash, c.superseded_at,
           exists (
               select 1 from outbox o where o.key = :run_id and o.topic = :topic
                   and cast(convert_from(o.body, 'UTF8') as json) #>> '{data,record,number}' = cast(c.number as text)
           ) as is_on_its_way
    from completion c where c.run_id = :run_id order by c.number""")
"""A record is on its way while the relay has still to send it."""


async def impact_of(engine: AsyncEngine, run: Run) -> Impact:
    """What reopening the run would touch."""
    async with engine.connect() as connection:
        above = (await connection.execute(ABOVE, {"run_id": run.run_id})).all()
        sent = (await connection.execute(SENT, {"run_id": run.run_id, "topic": COMPLETIONS.name})).all()
        delivered = await of_run(connection, run.run_id)
    return impact(run, [_above(row) for row in above], [_sent(row, delivered) for row in sent])


def _sent(row: Any, delivered: Sequence[tuple[int, Delivered]]) -> Sent:
    its_own = tuple(one for number, one in delivered if number == row.number)
    return Sent(row.number, row.completed_at, row.content_hash, row.superseded_at, row.is_on_its_way, its_own)


def _above(row: Any) -> Above:
    return Above(row.unit_id, row.run_id, None if row.status is None else RunStatus(row.status))


def impact_view(found: Impact) -> dict[str, Any]:
    """As HTTP shows it."""
    return {
        "run_id": found.run_id,
        "unit_id": found.unit_id,
        "status": found.status.value,
        "supersedes": found.supersedes,
        "obstacle": found.obstacle,
        "installed_in": [one._asdict() for one in found.installed_in],
        "warns": [one._asdict() for one in found.warns],
        "completions": [_completion_view(one) for one in found.completions],
        "cannot_be_known": list(found.cannot_be_known),
    }


def _completion_view(sent: Sent) -> dict[str, Any]:
    return {**sent._asdict(), "deliveries": [one._asdict() for one in sent.deliveries]}
