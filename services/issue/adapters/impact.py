"""What another availability of a disposition type would touch, as this service's database knows it; reads only."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.issue.domain.disposition_types import Availability, DispositionType
from shared.runtime.pages import Page

TOUCHED = text("""
    select count(*) as issues, count(*) filter (where is_open) as open from issue
    where disposition = :name and availability <> :availability""")

ITEMS = text("""
    select issue_id, state, is_open, availability, unit_id, body->'quarantined' as quarantined from issue
    where disposition = :name and availability <> :availability
      and (cast(:after as text) is null or issue_id > :after)
    order by issue_id limit :limit""")


async def impact_of(
    connection: AsyncConnection, of: DispositionType, availability: Availability, page: Page
) -> dict[str, Any]:
    """How many issues are recalculated, how many of them would withhold or release units, and a page of them."""
    (after,) = page.begins_after(str)
    asked = {"name": of.name, "availability": availability.value}
    counted = (await connection.execute(TOUCHED, asked)).one()
    rows = (await connection.execute(ITEMS, asked | {"after": after, "limit": page.limit + 1})).mappings().all()
    changing = sum(
        number
        for number, is_open in ((counted.open, True), (counted.issues - counted.open, False))
        if withholds(of.availability, is_open=is_open) != withholds(availability, is_open=is_open)
    )
    return {
        "name": of.name,
        "availability": of.availability.value,
        "would_be": availability.value,
        "issues": counted.issues,
        "issues_that_change_units": changing,
        **page.of(rows, lambda row: [row["issue_id"]], lambda row: _item(row, availability)),
    }


def withholds(availability: Availability, *, is_open: bool) -> bool:
    """The status table's row 4 (domain.md 4.1)."""
    if availability is Availability.RELEASE_ON_RESOLVE:
        return is_open
    return availability is Availability.PERMANENTLY_UNAVAILABLE


def _item(row: Any, availability: Availability) -> dict[str, Any]:
    parts = [one["unit_id"] for one in row["quarantined"] or ()]
    return {
        "issue_id": row["issue_id"],
        "state": row["state"],
        "units": [unit for unit in (row["unit_id"], *parts) if unit is not None],
        "withholds": withholds(Availability(row["availability"]), is_open=row["is_open"]),
        "would_withhold": withholds(availability, is_open=row["is_open"]),
    }
