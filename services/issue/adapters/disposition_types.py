"""The disposition types in PostgreSQL: one row, whose version comes along whenever issues are locked."""

from dataclasses import replace

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.issue.domain.disposition_types import DispositionTypes
from shared.messaging.transaction import Change, Held

TYPES_V1 = """
create table disposition_types (
    is_one boolean primary key default true check (is_one),
    version bigint not null,
    body jsonb not null
);
insert into disposition_types (version, body) values (0, '{}');
"""

LOCK = text("select 1 from disposition_types for update")
"""Only to change them: whoever decides on an issue reads them as they are, and two such decisions wait for nobody."""

LOAD = text("select version, cast(body as text) as body from disposition_types")

PUT = text("update disposition_types set version = :version, body = cast(:body as jsonb)")

IN_USE = text("""
    select disposition, availability, count(*) from issue
    where disposition is not null group by disposition, availability""")
"""Read along the index by disposition, and only when a type is configured."""

_types = TypeAdapter(DispositionTypes)


async def load(connection: AsyncConnection) -> Held[DispositionTypes]:
    """The types as the database has them."""
    row = (await connection.execute(LOAD)).one()
    return Held(row.version, _types.validate_json(row.body))


async def load_to_change(connection: AsyncConnection) -> Held[DispositionTypes]:
    """The types, locked, with how many issues have each."""
    await connection.execute(LOCK)
    held = await load(connection)
    in_use: dict[str, dict[str, int]] = {}
    for name, availability, number in await connection.execute(IN_USE):
        in_use.setdefault(name, {})[availability] = number
    return Held(held.version, replace(held.state, in_use=in_use))


async def put(connection: AsyncConnection, change: Change[DispositionTypes]) -> None:
    """Write them; they were locked."""
    body = _types.dump_json(replace(change.after.state, in_use={})).decode()
    await connection.execute(PUT, {"version": change.after.version, "body": body})
