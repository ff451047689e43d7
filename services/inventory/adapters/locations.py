"""The locations in PostgreSQL: one row, whose version comes along whenever units are locked."""

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.locations import Locations
from shared.messaging.transaction import Change, Held

LOCK = text("lock table unit in exclusive mode")
"""Only to change them: nothing comes to a location, or leaves it, while everything there hears of the change. Whoever
holds units goes first; who comes later waits, and then reads the locations as they are.
"""

LOAD = text("select version, cast(body as text) as body from locations")

PUT = text("update locations set version = :version, body = cast(:body as jsonb)")

_locations = TypeAdapter(Locations)


async def load(connection: AsyncConnection) -> Held[Locations]:
    """The locations as the database has them."""
    row = (await connection.execute(LOAD)).one()
    return Held(row.version, _locations.validate_json(row.body))


async def put(connection: AsyncConnection, change: Change[Locations]) -> None:
    """Write them; they were locked."""
    after = change.after
    body = _locations.dump_json(after.state).decode()
    await connection.execute(PUT, {"version": after.version, "body": body})
