"""Waiting out an outage: growing, jittered, bounded pauses, and a word in the log when one begins and ends."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from tenacity import RetryCallState, wait_exponential_jitter

_log = structlog.get_logger(__name__)


Because = Callable[[BaseException], Awaitable[str]]
"""Says in words why something is away."""


async def plainly(error: BaseException) -> str:
    """The error as it is."""
    return f"{type(error).__name__}: {error}"


class Patience:
    """Pauses that grow while something stays away. One for each process; ``name`` says who waits."""

    def __init__(self, *, initial_s: float, max_s: float, because: Because = plainly) -> None:
        self._because = because
        self._pause = wait_exponential_jitter(multiplier=initial_s, max=max_s, jitter=initial_s)
        self._tries: dict[str, int] = {}
        self._interrupted = asyncio.Event()

    async def wait(self, name: str, error: BaseException) -> None:
        """Pause before the next try; returns early when interrupted."""
        tries = self._tries[name] = self._tries.get(name, 0) + 1
        pause_s = self._seconds(tries)
        because = (await self._because(error))[:500]
        _log.warning("waiting", who=name, because=because, tries=tries, pause_s=pause_s)
        try:
            await asyncio.wait_for(self._interrupted.wait(), timeout=pause_s)
        except TimeoutError:
            return

    def relax(self, name: str) -> None:
        """It went well: the next pause is short again."""
        if self._tries.pop(name, 0):
            _log.info("recovered", who=name)

    def interrupt(self) -> None:
        """End every pause, now and from here on: the process is about to stop."""
        self._interrupted.set()

    @property
    def is_interrupted(self) -> bool:
        """Whether the process is about to stop."""
        return self._interrupted.is_set()

    @property
    def is_waiting(self) -> bool:
        """Whether anybody waits for something that is away."""
        return bool(self._tries)

    def _seconds(self, tries: int) -> float:
        state = RetryCallState(retry_object=None, fn=None, args=(), kwargs={})  # type: ignore[arg-type]
        state.attempt_number = tries
        return round(self._pause(state), 3)


Waiting = Callable[[BaseException], bool]
"""Whether an error says "away, try again" rather than "this data is wrong"."""
