"""Which past a question is about: as of a time, when it happened, and as known at a time, when it was recorded.

A late event changes what was so as of a time, and never what was known at one. An answer on several pages is pinned to
the moment of its first page, so that nobody who installs or removes meanwhile moves the pages under its reader.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Query
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.runtime.times import When

AsOf = Annotated[
    When | None,
    Query(
        examples=["2026-11-24T14:00:00Z"], description="when it happened; by default everything that happened counts"
    ),
]
KnownAt = Annotated[
    When | None,
    Query(
        examples=["2026-11-24T14:00:00Z"],
        description="when it was recorded, by the database's clock; by default all that is recorded counts",
    ),
]

NOW = text("select clock_timestamp()")

LOOK_AGAIN = text("select pg_stat_clear_snapshot()")
"""What `pg_stat_activity` said once it says for the whole transaction, until it is told to look again."""

IN_FLIGHT = text("""
    select exists (select from pg_stat_activity
                   where datname = current_database() and pid <> pg_backend_pid() and xact_start <= :known_at)""")
"""Whether something may still be recorded with a time before this one: a transaction records with its first moment."""

IN_FLIGHT_AT_MOST_S = 2.0
LOOKED_AGAIN_AFTER_S = 0.02


@dataclass(frozen=True, slots=True)
class Moment:
    """Which past is meant. None as ``as_of`` is whatever happened, None as ``known_at`` whatever is recorded."""

    as_of: datetime | None = None
    known_at: datetime | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """As statements name them."""
        return {"as_of": self.as_of, "known_at": self.known_at}

    @property
    def document(self) -> dict[str, str | None]:
        """As an answer says it."""
        return {
            "as_of": None if self.as_of is None else self.as_of.isoformat(),
            "known_at": None if self.known_at is None else self.known_at.isoformat(),
        }


def moment_of(as_of: AsOf = None, known_at: KnownAt = None) -> Moment:
    """The past that a query asks for."""
    return Moment(as_of, known_at)


Asked = Annotated[Moment, Depends(moment_of)]
"""The parameter type of a route that answers about the past."""


async def pinned(connection: AsyncConnection, known_at: datetime | None) -> datetime:
    """A moment of knowledge that stands still: the one asked for, but not one in the future."""
    now: datetime = (await connection.execute(NOW)).scalar_one()
    return now if known_at is None else min(known_at, now)


async def settled(connection: AsyncConnection, known_at: datetime) -> None:
    """Wait until nothing can be recorded any more with a time up to this one; for a bounded time."""
    for _ in range(int(IN_FLIGHT_AT_MOST_S / LOOKED_AGAIN_AFTER_S)):
        await connection.execute(LOOK_AGAIN)
        if not (await connection.execute(IN_FLIGHT, {"known_at": known_at})).scalar_one():
            return
        await asyncio.sleep(LOOKED_AGAIN_AFTER_S)
