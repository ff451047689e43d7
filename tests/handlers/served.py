"""A service's HTTP side in this process, on a real PostgreSQL; no topics."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from shared.messaging.messages import KeptRecord
from shared.messaging.road import Road
from shared.messaging.watch import Unwatched
from shared.runtime.identity import make_embedded_keys, mint
from shared.runtime.settings import Settings
from shared.testing.databases import Database
from shared.testing.topics import Sent


@dataclass(frozen=True)
class Served:
    """A service that answers: `served("lead")` is a client of a person with these roles, named like the first."""

    app: FastAPI
    private_key: Path
    offsets: Iterator[int] = field(default_factory=count)

    def __call__(self, *roles: str) -> httpx.AsyncClient:
        """A client of a person with these roles."""
        token = mint(self.private_key, roles[0], roles, timedelta(hours=1))
        transport = httpx.ASGITransport(self.app)
        headers = {"authorization": f"Bearer {token}"}
        return httpx.AsyncClient(transport=transport, base_url="http://service", headers=headers)

    async def takes(self, *batch: Sent) -> Counter[str]:
        """One batch of records; how many ended in which way."""
        now_ms = int(datetime.now(UTC).timestamp() * 1000)
        return await self.road.take(
            [
                KeptRecord(one.topic, 0, next(self.offsets), now_ms, one.key, one.value, tuple(one.headers))
                for one in batch
            ]
        )

    @property
    def road(self) -> Road:
        """The road of the service, to give it records."""
        road: Road = self.app.state.road
        return road


@asynccontextmanager
async def served(
    build: Callable[..., FastAPI], database: Database, directory: Path, **more: Any
) -> AsyncIterator[Served]:
    """Serve a service over a database; ``directory`` takes the keys that sign tokens, ``more`` are settings."""
    private_key, jwks = directory / "private-key.pem", directory / "jwks.json"
    make_embedded_keys(jwks, private_key)
    settings = Settings(database_url=SecretStr(database.url), identity_jwks_file=jwks, database_pool_size=4, **more)
    app = build(settings, parts=frozenset({"http"}), watch=Unwatched())
    async with app.router.lifespan_context(app):
        yield Served(app, private_key)
