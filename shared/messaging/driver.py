"""The driver under SQLAlchemy's connections: transactions that it begins and ends by itself, and COPY."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

BEGIN_BY_KEY = """
    begin;
    set local plan_cache_mode = force_generic_plan;
    set local enable_seqscan = off;
    set local enable_hashjoin = off;
    set local enable_mergejoin = off"""
"""For this transaction, and in one round trip. Every statement of the road names its rows by their keys, a batch of
them: it is planned once for each connection, and goes from key to key along the index. Left to itself PostgreSQL plans
each of them anew, name by name, which takes longer than doing it; or it keeps the plan that was right for tables that
were all but empty.
"""


@asynccontextmanager
async def by_key(connection: AsyncConnection) -> AsyncIterator[None]:
    """A transaction that the driver begins and ends: to SQLAlchemy the connection commits by itself. A connection
    whose transaction cannot be ended is closed, and what it did is rolled back with it.
    """
    driver = await driver_of(connection)
    await driver.execute(BEGIN_BY_KEY)
    try:
        yield
        await driver.execute("commit")
    except BaseException:
        try:
            await driver.execute("rollback")
        except BaseException:  # noqa: BLE001 - the first error is the one to tell
            await connection.invalidate()
        raise


async def driver_of(connection: AsyncConnection) -> Any:
    """The asyncpg connection under this one."""
    return (await connection.get_raw_connection()).driver_connection


async def copy(
    connection: AsyncConnection, table: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]]
) -> None:
    """Append many rows by COPY, in this transaction; a third of what an insert of arrays costs."""
    driver = await driver_of(connection)
    await driver.copy_records_to_table(table, columns=columns, records=rows)
