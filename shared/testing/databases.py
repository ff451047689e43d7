"""A fresh database for each test: migrated once per service, then copied."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from shared.runtime.embedded.databases import DEFAULT_PASSWORD, create
from shared.runtime.migrations import migrate
from shared.testing import sql
from shared.testing.sql import Row

SERVICES_FOLDER = Path(__file__).parents[2] / "services"


@dataclass(frozen=True)
class Database:
    """A service's own database, with its roles."""

    service: str
    name: str
    admin_url: str

    @property
    def url(self) -> str:
        """As the service's own role, for SQLAlchemy."""
        return self._url(self.service)

    @property
    def owner_url(self) -> str:
        """As the role that owns the tables, for SQLAlchemy."""
        return self._url(f"{self.service}_owner")

    def rows(self, statement: str, *values: object) -> list[Row]:
        """What one statement returns, asked as administrator; parameters are ``$1``, ``$2``, …"""
        return sql.rows(self.admin_url, statement, *values, database=self.name)

    def rows_as(self, role: str, statement: str, *values: object) -> list[Row]:
        """What one statement returns, asked as ``service`` or ``service_owner``."""
        url = self._url(role).replace("+asyncpg", "")
        return sql.rows(url, statement, *values)

    def session(self) -> sql.Session:
        """A connection that stays, as administrator."""
        return sql.Session(self.admin_url, self.name)

    def value(self, statement: str, *values: object) -> object:
        """The first column of the first row."""
        return next(iter(self.rows(statement, *values)[0].values()))

    def count(self, table: str) -> int:
        """How many rows a table holds."""
        return int(str(self.value(f"select count(*) from {table}")))

    def tables(self) -> Sequence[str]:
        """Its tables, Alembic's own left out."""
        found = self.rows("select tablename from pg_tables where schemaname = 'public' order by 1")
        return [row["tablename"] for row in found if row["tablename"] != "alembic_version"]

    def _url(self, role: str) -> str:
        at = urlsplit(self.admin_url)
        return f"postgresql+asyncpg://{role}:{DEFAULT_PASSWORD}@{at.hostname}:{at.port}/{self.name}"


class Databases:
    """Makes databases on one server."""

    def __init__(self, admin_url: str) -> None:
        """``admin_url``: an administrator's, `postgresql://…`."""
        self._admin_url = admin_url
        self._session = uuid4().hex[:8]
        self._numbers = count(1)
        self._templates: dict[str, str] = {}

    def of(self, service: str) -> Database:
        """A fresh, migrated database for a service."""
        template = self._templates.get(service) or self._make_template(service)
        name = f"{service}_{self._session}_{next(self._numbers)}"
        sql.do(
            self._admin_url,
            f'create database "{name}" template "{template}" owner "{service}_owner"',
            f'revoke all on database "{name}" from public',
            f'grant connect on database "{name}" to "{service}"',
        )
        return Database(service, name, self._admin_url)

    def drop(self, database: Database) -> None:
        """Remove a database, with everybody who is connected."""
        sql.do(self._admin_url, f'drop database if exists "{database.name}" with (force)')

    def drop_all(self) -> None:
        """Remove the templates."""
        for template in self._templates.values():
            sql.do(self._admin_url, f'drop database if exists "{template}" with (force)')

    def _make_template(self, service: str) -> str:
        name = f"{service}_{self._session}_template"
        sql.run(create(self._admin_url, service, name))
        template = Database(service, name, self._admin_url)
        sql.run(migrate(template.owner_url, SERVICES_FOLDER / service / "migrations"))
        self._templates[service] = name
        return name
