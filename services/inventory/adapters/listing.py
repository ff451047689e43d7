"""The list of units: filtered, in the order of their ids, page by page. Each filter has an index in that order, so that
a page reads no further than the page.
"""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import TextClause, text

SHOWN = """unit_id, part_number, revision, serial, lot, origin_unit_id, quantity, unit_of_measure, location, status,
    parent_unit_id, run_id, received_at"""


COLUMNS = {"withheld_by": "issue_id"}
"""Where a column has another name than its filter."""


@dataclass(frozen=True, slots=True)
class WantedUnits:
    """Which units are asked for; what is None does not restrict. Names are those of the columns, besides
    ``withheld_by``: an issue that does not allow their use.
    """

    status: str | None = None
    part_number: str | None = None
    lot: str | None = None
    serial: str | None = None
    location: str | None = None
    run_id: str | None = None
    origin_unit_id: str | None = None
    withheld_by: str | None = None

    @property
    def given(self) -> dict[str, str]:
        """What restricts, by column."""
        return {name: one for name, one in asdict(self).items() if one is not None}


def paged(wanted: WantedUnits) -> TextClause:
    """The statement of a page: only what restricts stands in it, so that PostgreSQL takes that filter's index."""
    restricted = "".join(f"{COLUMNS.get(name, name)} = :{name} and " for name in wanted.given)
    units = "unit" if wanted.withheld_by is None else "withheld join unit using (unit_id)"
    return text(f"select {SHOWN} from {units} where {restricted}unit_id > :after order by unit_id limit :limit")  # noqa: S608 - names of our own columns


def item(row: Any) -> dict[str, Any]:
    """A unit in a list."""
    return {**row, "quantity": format(row["quantity"], "f"), "received_at": row["received_at"].isoformat()}
