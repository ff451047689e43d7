"""The policies in PostgreSQL: one row, whose version comes along whenever runs are locked."""

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.run.domain.policies import Policies
from shared.messaging.transaction import Change, Held

POLICIES_V1 = """
create table policies (
    is_one boolean primary key default true check (is_one),
    version bigint not null,
    body jsonb not null
);
insert into policies (version, body) values (0, '{}');
"""

LOCK = text("select 1 from policies for update")
"""Only to change them: whoever decides on a run reads them as they are, and two such decisions wait for nobody."""

LOAD = text("select version, cast(body as text) as body from policies")

PUT = text("update policies set version = :version, body = cast(:body as jsonb)")

_policies = TypeAdapter(Policies)


async def load(connection: AsyncConnection) -> Held[Policies]:
    """The policies as the database has them."""
    row = (await connection.execute(LOAD)).one()
    return Held(row.version, _policies.validate_json(row.body))


async def put(connection: AsyncConnection, change: Change[Policies]) -> None:
    """Write them; they were locked."""
    after = change.after
    body = _policies.dump_json(after.state).decode()
    await connection.execute(PUT, {"version": after.version, "body": body})
