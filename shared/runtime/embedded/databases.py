"""One database, one owner role and one service role for each service.

The owner migrates; the service role reads and writes rows, and cannot change a table. In audit's database even
that is granted by its own migration: insert and select, nothing else.
"""

from ssl import SSLContext

import asyncpg

DEFAULT_PASSWORD = "asbuilt"  # noqa: S105 - of the embedded plant, on loopback


async def create(
    admin_url: str, service: str, database: str, password: str = DEFAULT_PASSWORD, tls: SSLContext | None = None
) -> None:
    """Make a service's roles and a database, where they are missing.

    :param admin_url: an administrator's URL, `postgresql://…`, of any database.
    """
    connection = await asyncpg.connect(admin_url, ssl=tls)
    try:
        for role in (f"{service}_owner", service):
            if not await connection.fetchval("select 1 from pg_roles where rolname = $1", role):
                await connection.execute(f"create role {_name(role)} login password {_literal(password)}")
        if not await connection.fetchval("select 1 from pg_database where datname = $1", database):
            await connection.execute(f"create database {_name(database)} owner {_name(f'{service}_owner')}")
    finally:
        await connection.close()
    await _grant(admin_url, service, database, tls)


async def _grant(admin_url: str, service: str, database: str, tls: SSLContext | None) -> None:
    connection = await asyncpg.connect(admin_url, database=database, ssl=tls)
    owner, role = _name(f"{service}_owner"), _name(service)
    try:
        await connection.execute(f"revoke all on database {_name(database)} from public")
        await connection.execute(f"grant connect on database {_name(database)} to {role}")
        await connection.execute(f"alter schema public owner to {owner}")
        await connection.execute(f"grant usage on schema public to {role}")
        if service != "audit":
            defaults = f"alter default privileges for role {owner} in schema public"
            await connection.execute(f"{defaults} grant select, insert, update, delete on tables to {role}")
            await connection.execute(f"{defaults} grant usage on sequences to {role}")
    finally:
        await connection.close()


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
