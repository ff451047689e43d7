"""Asking a database from a test, synchronous or not."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from functools import cache
from threading import Thread
from typing import Any, Self, TypeVar

import asyncpg
from asyncpg.exceptions import PostgresError

T = TypeVar("T")

Row = dict[str, Any]


def rows(url: str, statement: str, *values: object, database: str | None = None) -> list[Row]:
    """What one statement returns, over a connection of its own."""

    async def ask() -> list[Row]:
        connection = await asyncpg.connect(url, database=database, timeout=10)
        try:
            return [dict(row) for row in await connection.fetch(statement, *values)]
        finally:
            await connection.close()

    return run(ask())


def do(url: str, *statements: str) -> None:
    """Do one statement after the other, each in a transaction of its own, over one connection."""

    async def each() -> None:
        connection = await asyncpg.connect(url, timeout=10)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    run(each())


class Session:
    """One connection that stays, for a transaction held open, or for what is asked again and again."""

    def __init__(self, url: str, database: str) -> None:
        self._url = url
        self._database = database
        self._connection = self._connect()

    def do(self, statement: str, *values: object) -> list[Row]:
        """What one statement returns."""
        return [dict(row) for row in run(self._connection.fetch(statement, *values))]

    def again(self, statement: str, *values: object) -> list[Row]:
        """The same for a statement that may be asked anew: over another connection, where the server was away."""
        try:
            return self.do(statement, *values)
        except (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError):
            self._connection = self._connect()
            return self.do(statement, *values)

    def close(self) -> None:
        """Roll back what is open."""
        with suppress(OSError, PostgresError, asyncpg.InterfaceError):
            run(self._connection.close(timeout=5))

    def _connect(self) -> Any:
        return run(asyncpg.connect(self._url, database=self._database, timeout=10))

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """See `close`."""
        self.close()


def run(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine, also where a loop is running already: on a thread of its own."""
    return asyncio.run_coroutine_threadsafe(work, _loop()).result()


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """One for all that is asked: a test run asks some ten thousand times."""
    loop = asyncio.new_event_loop()
    Thread(target=loop.run_forever, name="asking", daemon=True).start()
    return loop


def answers(url: str) -> bool:
    """Whether a PostgreSQL server answers."""
    try:
        return bool(rows(url, "select 1"))
    except (OSError, PostgresError, TimeoutError):
        return False
