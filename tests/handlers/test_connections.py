"""Connections to PostgreSQL: kept, and handed out as long as they live."""

import asyncio
from collections.abc import Callable
from typing import Any

from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.messaging.driver import driver_of
from shared.runtime.database import make_engine
from shared.runtime.settings import Settings
from shared.testing.conditions import eventually_async
from shared.testing.databases import Database

WHOSE = text("select pg_backend_pid()")


async def whose(connection: AsyncConnection) -> int:
    """The server's process at the other end."""
    return int((await connection.execute(WHOSE)).scalar_one())


async def is_closed(driver: Any) -> bool:
    """Whether the driver knows that its connection is gone."""
    return bool(driver.is_closed())


async def test_a_connection_that_the_server_closed_is_not_handed_out(database: Callable[[str], Database]) -> None:
    """PostgreSQL was restarted while nobody asked anything: whoever asks next gets another one, and an answer."""
    run = database("run")
    engine = make_engine(Settings(database_url=SecretStr(run.url)), "run")
    try:
        async with engine.connect() as connection:
            first, driver = await whose(connection), await driver_of(connection)
        async with engine.connect() as connection:
            assert await whose(connection) == first
        await asyncio.to_thread(run.rows, "select pg_terminate_backend($1)", first)
        await eventually_async(lambda: is_closed(driver), 20, "the driver is told")
        async with engine.connect() as connection:
            assert await whose(connection) != first
    finally:
        await engine.dispose()
