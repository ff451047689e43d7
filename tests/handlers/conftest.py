"""Fixtures of the tests that ask a service over HTTP; a module names its `SERVICE`, or has fixtures of its own."""

from collections.abc import AsyncIterator, Callable
from importlib import import_module
from pathlib import Path

import pytest

from shared.testing.databases import Database
from tests.handlers.served import Served, served


@pytest.fixture
def kept(request: pytest.FixtureRequest, database: Callable[[str], Database]) -> Database:
    """The service's database, fresh."""
    return database(request.module.SERVICE)


@pytest.fixture
async def as_(request: pytest.FixtureRequest, kept: Database, tmp_path: Path) -> AsyncIterator[Served]:
    """The service, served: `as_("viewer")` is a client."""
    build = import_module(f"services.{request.module.SERVICE}.app").build
    async with served(build, kept, tmp_path) as service:
        yield service
