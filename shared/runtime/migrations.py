"""Alembic, run by the service itself: as the owner role, under a lock, safe to start twice."""

from importlib.util import find_spec
from pathlib import Path
from ssl import SSLContext

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

MIGRATION_LOCK = 0x6173_6275_696C_7402


async def migrate(url: str, folder: Path, tls: SSLContext | None = None) -> str:
    """Bring a database to the newest version of a service's migrations; says what was done.

    :param url: the database as its owner role, `postgresql+asyncpg://…`.
    """
    secured = {} if tls is None else {"ssl": tls}
    engine = create_async_engine(url, connect_args={"timeout": 10, **secured})
    try:
        async with engine.connect() as connection:
            await connection.execute(text("select pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
            await connection.commit()
            return await connection.run_sync(_upgrade, folder)
    finally:
        await engine.dispose()


def folder_of(package: str) -> Path:
    """Where a service keeps its migrations."""
    spec = find_spec(package)
    assert spec is not None and spec.origin is not None  # noqa: S101, PT018 - a service is a package with a file
    return Path(spec.origin).parent / "migrations"


def _upgrade(connection: Connection, folder: Path) -> str:
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.attributes["connection"] = connection
    before = MigrationContext.configure(connection).get_current_revision()
    connection.commit()
    command.upgrade(config, "head")
    connection.commit()
    newest = ScriptDirectory.from_config(config).get_current_head()
    return f"at {newest} already" if before == newest else f"{before or 'empty'} -> {newest}"


def run_env() -> None:
    """What every service's `migrations/env.py` calls."""
    from alembic import context  # noqa: PLC0415 - only there while Alembic runs an environment

    context.configure(connection=context.config.attributes["connection"], transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
