"""A service's parts, joined."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncEngine

from services.issue.adapters.store import IssueStore
from services.issue.app import SERVICE
from shared.messaging.patience import Patience
from shared.messaging.road import Road
from shared.messaging.watch import Unwatched
from shared.runtime.program import Extra, join
from shared.runtime.settings import Settings


async def test_what_a_service_runs_besides_shares_its_database_its_patience_and_its_road() -> None:
    """A sender waits for the same database as the relay, and acts on the road like everybody."""
    given: list[object] = []

    async def run() -> None:
        pass

    def extras(engine: AsyncEngine, patience: Patience, road: Road) -> Sequence[Extra]:
        given.extend((engine, patience, road))
        return (Extra("sender", run, lambda: None),)

    settings = Settings(database_url="postgresql+asyncpg://nobody@127.0.0.1:1/none")
    program = join(SERVICE, settings, IssueStore(0), parts=frozenset({"http"}), watch=Unwatched(), extras=extras)
    assert given == [program.engine, program.patience, program.road]
    assert [one.name for one in program.extras] == ["sender"]
    await program.engine.dispose()
