"""What a hundred thousand units leave behind in the services' tables: the rows that some built units left, multiplied.

Every column that names something is given a name of its own, so that indexes grow as they would; what a body says
stays, for nobody reads the bodies of units that were finished long ago.
"""

import asyncio
from collections.abc import Mapping, Sequence

import asyncpg

from tests.bench.ground import Ground

NAMES = frozenset(("id", "unit_id", "parent_unit_id", "run_id", "serial", "installation_id", "event_id"))
"""Columns that name something; the same prefix in all of them, so that what belongs together still does."""

TABLES: Mapping[str, Sequence[str]] = {
    "inventory": ("unit", "installation", "life", "status_change", "amount", "plan", "inbox"),
    "run": ("run", "run_list", "run_person", "step", "recording", "completion", "inbox"),
    "audit": ("history",),
}

SELDOM: Mapping[str, int] = {"history": 20, "inbox": 10}
"""Of these only a twentieth and a tenth, so that it takes minutes: each unit leaves 236 records in the history, a third
of a megabyte with its indexes, and 84 in the inboxes. What is appended there is looked for by its own name only.
"""

OFFSETS = 1_000_000
"""Apart from each other: what is kept of a record is unique by its offset."""

COLUMNS = """
    select column_name from information_schema.columns
    where table_schema = 'public' and table_name = $1 and is_identity = 'NO' order by ordinal_position"""


def fill(ground: Ground, units: int, wanted: int) -> None:
    """Make of the rows that ``units`` left as many as ``wanted`` would have left, and let PostgreSQL tidy up: rows that
    came over weeks would have been tidied up over weeks.
    """
    asyncio.run(_fill(ground.plant.postgres.url, wanted // units))


async def _fill(url: str, times: int) -> None:
    await asyncio.gather(*(_fill_service(url.rpartition("/")[0] + f"/{name}", TABLES[name], times) for name in TABLES))


async def _fill_service(url: str, tables: Sequence[str], times: int) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("set session_replication_role = replica")  # rows that belong together come together
        await connection.execute("set synchronous_commit = off")
        for table in tables:
            columns = [row[0] for row in await connection.fetch(COLUMNS, table)]
            await connection.execute(_multiplied(table, columns), times // SELDOM.get(table, 1) - 1)
            await connection.execute(f"vacuum (analyze, freeze) {table}")
    finally:
        await connection.close()


def _multiplied(table: str, columns: Sequence[str]) -> str:
    named = ", ".join(columns)
    made = ", ".join(map(_made, columns))
    return f"insert into {table} ({named}) select {made} from generate_series(1, $1::int) copy cross join {table}"


def _made(column: str) -> str:
    if column in NAMES:
        return f"'C' || copy || '-' || {column}"
    return f"{column} + copy * {OFFSETS}" if column == "record_offset" else column
