"""Which types anybody subscribes to, so that the others need not even be read."""

from collections.abc import Awaitable, Callable
from functools import lru_cache

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notification.domain.patterns import matches
from services.notification.handlers import OFFERED

PATTERNS = text("select distinct jsonb_array_elements_text(body -> 'events') from endpoint")


def subscribed(engine: AsyncEngine) -> Callable[[], Awaitable[frozenset[str]]]:
    """Asks for the types that some endpoint, enabled or not, subscribes to as the database has it now."""
    at_once = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def ask() -> frozenset[str]:
        async with at_once.connect() as connection:
            rows = (await connection.execute(PATTERNS)).all()
        return _matched(frozenset(row[0] for row in rows))

    return ask


@lru_cache(maxsize=100)
def _matched(patterns: frozenset[str]) -> frozenset[str]:
    return frozenset(one for one in OFFERED if any(matches(pattern, one) for pattern in patterns))
