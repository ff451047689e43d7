"""Whatever happened to a run, PostgreSQL keeps it exactly: in the same order, digit for digit, with the same review."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from sqlalchemy.ext.asyncio import create_async_engine

from services.run.adapters.store import RunStore
from services.run.domain.completion import evidence
from services.run.domain.counts import counts
from services.run.domain.review import review
from services.run.domain.run import Run
from shared.messaging.transaction import Change, Held
from shared.testing.databases import Database
from tests.rules.run.examples import R
from tests.rules.run.test_any_command import STORIES, play


async def kept(url: str, story: list[Any]) -> tuple[Run, Run]:
    """The run after a story, one change a transaction would make at a time, as it is remembered and as it is loaded."""
    engine, store = create_async_engine(url), RunStore(0)
    moments = [one for one in play(story) if one.happened and one.after is not None]
    before: Held[Run] | None = None
    try:
        async with engine.connect() as connection:
            for version, moment in enumerate(moments, 1):
                assert moment.after is not None
                after = Held(version, moment.after)
                await store.save(connection, [Change(R, before, after, ())])
                before = after
            loaded = await store.load(connection, [R])
            await connection.rollback()
    finally:
        await engine.dispose()
    assert before is not None
    return before.state, loaded[R].state


def test_a_run_that_is_loaded_is_the_run_that_was_left(database: Callable[[str], Database]) -> None:
    """Equal, and told alike: its review has the same version, a completion record would have the same hash."""
    url = database("run").url

    @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(STORIES)
    def whatever_happened(story: list[Any]) -> None:
        left, loaded = asyncio.run(kept(url, story)) if any(one.happened for one in play(story)) else (None, None)
        assert loaded == left
        if left is not None and loaded is not None:
            assert review(loaded).version == review(left).version
            assert _told(loaded) == _told(left)

    whatever_happened()


def _told(run: Run) -> str:
    return json.dumps(evidence(run, counts(run)), sort_keys=False, default=str)
