"""Waiting for a condition, with a bound: tests never sleep and hope."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic, sleep
from typing import TypeVar

T = TypeVar("T")

PAUSE_S = 0.02


def eventually(look: Callable[[], T | None], within_s: float, what: str) -> T:
    """What ``look`` returned, as soon as it is truthy.

    :raises AssertionError: naming ``what`` did not happen in time, and what was seen last.
    """
    deadline = monotonic() + within_s
    while True:
        seen, failure = _looked(look)
        if seen:
            return seen
        if monotonic() > deadline:
            raise AssertionError(_said(what, within_s, seen, failure))
        sleep(PAUSE_S)


async def eventually_async(look: Callable[[], Awaitable[T | None]], within_s: float, what: str) -> T:
    """As `eventually`, for a condition that awaits."""
    deadline = monotonic() + within_s
    while True:
        seen = await look()
        if seen:
            return seen
        if monotonic() > deadline:
            raise AssertionError(_said(what, within_s, seen, None))
        await asyncio.sleep(PAUSE_S)


def _looked(look: Callable[[], T | None]) -> tuple[T | None, AssertionError | None]:
    """What is seen; a failed assertion in the condition counts as not yet."""
    try:
        return look(), None
    except AssertionError as failure:
        return None, failure


def _said(what: str, within_s: float, seen: object, failure: AssertionError | None) -> str:
    last = f"{failure}" if failure is not None else f"{seen!r}"
    return f"{what}: not within {within_s:g} s; last seen: {last[:2000]}"
