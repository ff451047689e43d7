"""What issues say about units to come, in PostgreSQL: one row, whose version comes along whenever units are locked.

Before it is changed the table of units is locked, as for the locations: no unit is received in the same moment.
"""

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.expecting import Expected
from shared.messaging.transaction import Change, Held

LOAD = text("select version, cast(body as text) as body from expected")

KNOWN = text("select unit_id from unit where unit_id = any(cast(:ids as text[]))")

PUT = text("update expected set version = :version, body = cast(:body as jsonb)")

_expected = TypeAdapter(Expected)


async def load(connection: AsyncConnection) -> Held[Expected]:
    """What is kept, as the database has it; of a unit that came meanwhile nothing, for it has the word itself now."""
    row = (await connection.execute(LOAD)).one()
    kept = _expected.validate_json(row.body).by_unit
    came = {one.unit_id for one in await connection.execute(KNOWN, {"ids": list(kept)})} if kept else set()
    return Held(row.version, Expected({unit_id: says for unit_id, says in kept.items() if unit_id not in came}))


async def put(connection: AsyncConnection, change: Change[Expected]) -> None:
    """Write it; the units were locked."""
    after = change.after
    body = _expected.dump_json(after.state).decode()
    await connection.execute(PUT, {"version": after.version, "body": body})
