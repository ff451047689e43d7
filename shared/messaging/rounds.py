"""What a service does every now and then, beside its consumer and relay, until it is stopped.

A round that fails is done again after a pause that grows; what is due stays due in the database, so nothing is lost.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from shared.kernel import Actor
from shared.messaging.messages import Ask, Message
from shared.messaging.patience import Patience


class Rounds:
    """One round after another, ``pause_s`` seconds between them."""

    def __init__(self, name: str, do: Callable[[], Awaitable[None]], patience: Patience, *, pause_s: float) -> None:
        self._name = name
        self._do = do
        self._patience = patience
        self._pause_s = pause_s
        self._stopped = asyncio.Event()

    @property
    def is_stopped(self) -> bool:
        """No further round begins; a long one should end where it can."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """End after what is in hand."""
        self._stopped.set()

    async def run(self) -> None:
        """Until stopped."""
        while not self.is_stopped:
            try:
                await self._do()
                self._patience.relax(self._name)
            except Exception as error:  # noqa: BLE001 - whatever it was, the next round tries again
                await self._patience.wait(self._name, error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), timeout=self._pause_s)

    async def pages(self, page: Callable[[], Awaitable[int]], full: int) -> None:
        """Page after page of what is due, until one is not ``full``."""
        while await page() == full and not self.is_stopped:
            pass


def asked_by_itself(source: str, commands: Iterable[tuple[str, str, Any]]) -> list[Message]:
    """Commands that a service gives itself, each as (id, aggregate, command): under the same id it counts once, whoever
    gives it.
    """
    now, by = datetime.now(UTC), Actor(machine=source)
    return [
        Message(
            source=source,
            id=name,
            type=type(command).__name__,
            happened_at=now,
            seed_ms=int(now.timestamp() * 1000),
            actor=by,
            correlation_id=name,
            ask=Ask((key,), command),
        )
        for name, key, command in commands
    ]
