"""Which units an issue withholds, whatever their status: a row for each, in the order in which they are listed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.unit import Unit
from shared.messaging.rows import transposed
from shared.messaging.transaction import Change, Held

WITHHOLD = text("""
    insert into withheld (issue_id, unit_id)
    select * from unnest(cast(:issue_id as text[]), cast(:unit_id as text[]))""")

LET_GO = text("""
    delete from withheld using unnest(cast(:issue_id as text[]), cast(:unit_id as text[])) as gone (issue_id, unit_id)
    where withheld.issue_id = gone.issue_id and withheld.unit_id = gone.unit_id""")


async def save(connection: AsyncConnection, changes: Sequence[Change[Unit]]) -> None:
    """Write which issues withhold a unit since its change and did not before, and the other way round."""
    new, gone = [], []
    for change in changes:
        before, after = _of(change.before), _of(change.after)
        if before != after:
            new += [_row(one, change.key) for one in sorted(after - before)]
            gone += [_row(one, change.key) for one in sorted(before - after)]
    if new:
        await connection.execute(WITHHOLD, transposed(new))
    if gone:
        await connection.execute(LET_GO, transposed(gone))


def _of(held: Held[Unit] | None) -> set[str]:
    return set() if held is None else {name for name, one in held.state.issues.items() if one.withholds}


def _row(issue_id: str, unit_id: str) -> dict[str, Any]:
    return {"issue_id": issue_id, "unit_id": unit_id}
