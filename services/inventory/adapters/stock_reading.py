"""How much stock there is of some units, and how much issues withhold: sums by part and status. Reads only."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.kernel import plain

OF_UNITS = text("""
    with recursive line as (
        select unit_id from unit where unit_id = any(cast(:ids as text[]))
        union
        select u.unit_id from unit u join line on u.origin_unit_id = line.unit_id
    )
    select u.part_number, u.revision, u.unit_of_measure, u.status, count(*) as units, sum(u.quantity) as quantity
    from line join unit u on u.unit_id = line.unit_id
    group by 1, 2, 3, 4 order by 1, 2, 3, 4""")
"""With everything that was split off them; along the index by origin."""

WITHHELD = text("""
    select u.part_number, u.revision, u.unit_of_measure, u.status, count(*) as units, sum(u.quantity) as quantity
    from unit u
    where u.status = 'on_hold'
      and exists (select 1 from json_each(u.body->'issues') says (issue_id, one)
                  where cast(:disposition as text) is null or one->>'disposition' = :disposition)
    group by 1, 2, 3, 4 order by 1, 2, 3, 4""")
"""Only what is on hold is looked at; along the index by status."""


class Stock:
    """Sums up units from the inventory service's own database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def of_units(self, unit_ids: Sequence[str]) -> dict[str, Any]:
        """What there is of these units, and of what was split off them."""
        return await self._summed(OF_UNITS, ids=list(unit_ids))

    async def withheld(self, disposition: str | None) -> dict[str, Any]:
        """What issues withhold; those with one disposition, where one is named."""
        return await self._summed(WITHHELD, disposition=disposition)

    async def _summed(self, statement: Any, **asked: Any) -> dict[str, Any]:
        async with self._engine.connect() as connection:
            rows = (await connection.execute(statement, asked)).mappings().all()
        return {"items": [{**row, "quantity": plain(row["quantity"])} for row in rows]}
