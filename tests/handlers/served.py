"""A service's HTTP side in this process, on a real PostgreSQL; no topics."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from shared.messaging.road import Road
from shared.messaging.watch import Unwatched
from shared.runtime.identity import make_embedded_keys, mint
from shared.runtime.settings import Settings
from shared.testing.databases import Database


@dataclass(frozen=True)
class Served:
    """A service that answers: `served("lead")` is a client of a person with these roles, named like the first."""

    app: FastAPI
    private_key: Path

    def __call__(self, *roles: str) -> httpx.AsyncClient:
        """A client of a person with these roles."""
        token = mint(self.private_key, roles[0], roles, timedelta(hours=1))
        transport = httpx.ASGITransport(self.app)
        headers = {"authorization": f"Bearer {token}"}
        return httpx.AsyncClient(transport=transport, base_url="http://service", headers=headers)

    @property
    def road(self) -> Road:
        """The road of the service, to give it records."""
        road: Road = self.app.state.road
        return road


@asynccontextmanager
async def served(build: Callable[..., FastAPI], database: Database, directory: Path) -> AsyncIterator[Served]:
    """Serve a service over a database; ``directory`` takes the keys that sign tokens."""
    private_key, jwks = directory / "private-key.pem", directory / "jwks.json"
    make_embedded_keys(jwks, private_key)
    settings = Settings(database_url=SecretStr(database.url), identity_jwks_file=jwks, database_pool_size=4)
    app = build(settings, parts=frozenset({"http"}), watch=Unwatched())
    async with app.router.lifespan_context(app):
        yield Served(app, private_key)
