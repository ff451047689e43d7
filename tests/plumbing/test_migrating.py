"""Migrations, as several replicas of a deployment start them at once."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from subprocess import Popen

import pytest

from shared.runtime.embedded import children
from shared.runtime.embedded.databases import create
from shared.runtime.migrations import MIGRATION_LOCK
from shared.testing import sql
from shared.testing.conditions import eventually
from shared.testing.databases import Database, Databases
from shared.testing.postgres import Postgres

REPLICAS = 3
WITHIN_S = 60

SCHEMA = """
    select table_name, column_name, data_type, column_default, is_nullable from information_schema.columns
    where table_schema = 'public' order by 1, 2"""
WAITING = "select count(*) from pg_locks where locktype = 'advisory' and not granted and database = \
(select oid from pg_database where datname = current_database())"


@pytest.fixture
def empty(postgres: Postgres, databases: Databases) -> Iterator[Callable[[str], Database]]:
    """A factory of databases with their roles and not a table in them."""
    with ExitStack() as after:

        def make(service: str) -> Database:
            made = Database(service, f"{service}_empty", postgres.url)
            after.callback(databases.drop, made)
            sql.run(create(postgres.url, service, made.name))
            return made

        yield make


@pytest.mark.parametrize("service", ["run", "audit"])
def test_migrations_that_three_replicas_start_at_once_are_applied_once(
    service: str, empty: Callable[[str], Database], database: Callable[[str], Database], tmp_path: Path
) -> None:
    """Each waits for the one before it; the first applies them, the others find them applied, and all end well."""
    at = empty(service)
    with at.session() as holder:
        holder.do("select pg_advisory_lock($1)", MIGRATION_LOCK)
        started = [migrating(at, tmp_path / f"{number}.log") for number in range(REPLICAS)]
        eventually(lambda: at.value(WAITING) == REPLICAS, WITHIN_S, "all of them wait at the same place")
        assert at.tables() == []
    assert [one.wait(WITHIN_S) for one in started] == [0] * REPLICAS
    said = sorted((tmp_path / f"{number}.log").read_text().splitlines()[-1] for number in range(REPLICAS))
    newest = at.value("select version_num from alembic_version")
    assert said == [*[f"{service}: at {newest} already"] * (REPLICAS - 1), f"{service}: empty -> {newest}"]
    assert at.rows(SCHEMA) == database(service).rows(SCHEMA)


def migrating(at: Database, log: Path) -> "Popen[bytes]":
    """A process that brings a service's database to the newest version."""
    environment = {"ASBUILT_DATABASE_URL": at.url, "ASBUILT_MIGRATION_DATABASE_URL": at.owner_url}
    return children.start([sys.executable, "-m", f"services.{at.service}", "migrate"], log, environment=environment)
