"""The part `genealogy`: how long a lot is traced to the top, and how long a tree takes, with few rows beside and many.

Everything is asked as the service asks it, whole answers read to their end and written as JSON Lines; beside it stands
what one query per node takes on the same data: the figures are ratios and growth, besides milliseconds.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from services.inventory.adapters.as_built import PLACED
from services.inventory.adapters.exporting import Format, exported
from services.inventory.adapters.moments import Moment
from services.inventory.adapters.questions import Question, Questions
from services.inventory.adapters.where_used import USED, Reach
from shared.runtime.pages import Page, page_of
from tests.bench.ground import Ground

MANY = 2_000_000
"""Installations in the tables."""
LOT_IN = 10_000
TREES = {"5k": 5_000, "50k": 50_000}
TIMES = 3
AT_ONCE = 200_000
LOT = "PASTE:P-1"

UNITS = text("""
    insert into unit (unit_id, version, part_number, revision, serial, lot, origin_unit_id, quantity, unit_of_measure,
                      status, received_at, body)
    select prefix || i, 1, 'PART-' || i % 100, 'A', prefix || i, null, null, 1, 'each', 'installed', now(), '{}'
    from (select cast(:prefix as text) as prefix) p, generate_series(cast(:first as int), cast(:last as int)) i""")

PUT = text("""
    insert into installation (installation_id, parent_unit_id, unit_id, requirement_id, run_id, quantity, designator,
                              substitute, installed_at, installed_by, recorded_at)
    select md5(prefix || i), prefix || (i + 8) / 10, prefix || i, 'r' || i % 4, 'run', 1, 'J' || i % 10, false,
           timestamptz '2026-01-01' + i * interval '1 second', '{"person": "olga", "machine": "scanner-4"}',
           timestamptz '2026-01-01' + i * interval '1 second'
    from (select cast(:prefix as text) as prefix) p, generate_series(cast(:first as int), cast(:last as int)) i
    where i > 1""")
"""Ten units in each: 2 to 11 in 1, 12 to 21 in 2, and so on."""

LOT_UNITS = text("""
    insert into unit (unit_id, version, part_number, revision, lot, origin_unit_id, quantity, unit_of_measure, status,
                      received_at, body)
    select cast(:lot as text) || suffix, 1, 'PASTE', 'A', 'P-1', case when i > 0 then cast(:lot as text) end, 1, 'g',
           'installed', now(), '{}'
    from (select i, case when i > 0 then '~' || i else '' end as suffix
          from generate_series(0, cast(:parts as int)) i) parts""")
LOT_SPLITS = text("""
    insert into split (part_unit_id, origin_unit_id, quantity, because, at, split_by)
    select cast(:lot as text) || '~' || i, cast(:lot as text), 1, 'install', timestamptz '2026-01-02',
           '{"person": "olga"}'
    from generate_series(1, cast(:parts as int)) i""")
LOT_PUT = text("""
    insert into installation (installation_id, parent_unit_id, unit_id, requirement_id, run_id, quantity, substitute,
                              installed_at, installed_by)
    select md5(unit_id), parent_unit_id, unit_id, 'r', 'run', 1, false,
           timestamptz '2026-01-02' + level * interval '1 h', '{"person": "olga", "machine": "scanner-4"}'
    from (select 1 as level, cast(:lot as text) || '~' || i as unit_id, 'U-' || i as parent_unit_id
          from generate_series(1, cast(:parts as int)) i
          union all select 2, 'U-' || i, 'A-' || (i + 1) / 2 from generate_series(1, cast(:parts as int)) i
          union all select 3, 'A-' || i, 'T-' || (i + 4) / 5 from generate_series(1, cast(:parts as int) / 2) i) put""")
"""A part of the lot in each of 10,000 units, two of those in each of 5,000 assemblies, five of those in each top."""

BELOW = text("select unit_id from installation where parent_unit_id = :unit_id and removed_at is null")
ABOVE = text("""
    select parent_unit_id from installation where unit_id = :unit_id
    union all select part_unit_id from split where origin_unit_id = :unit_id""")


def genealogy(ground: Ground) -> dict[str, dict[str, float]]:
    """Times (ms), growth from the rows that are asked about alone to 2,000,000 beside, and times one query per node."""
    ground.plant.migrate(["inventory"])
    environment = ground.plant.environment("inventory")
    return {"genealogy": asyncio.run(_measured(environment["ASBUILT_DATABASE_URL"]))}


async def _measured(url: str) -> dict[str, float]:
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            await _fill_asked(connection)
        alone = await _all(engine)
        async with engine.connect() as connection:
            await _fill_beside(connection)
        beside = await _all(engine)
        naive = await _one_query_per_node(engine)
    finally:
        await engine.dispose()
    figures = {f"{name}_ms": ms for name, ms in beside.items()}
    figures |= {f"{name}_growth_times": beside[name] / ms for name, ms in alone.items()}
    return figures | {f"{name}_times_faster_than_one_query_per_node": ms / beside[name] for name, ms in naive.items()}


async def _fill_asked(connection: AsyncConnection) -> None:
    for name, size in TREES.items():
        await _fill(connection, f"{name}-", 1, size)
    for prefix, size in (("U-", LOT_IN), ("A-", LOT_IN // 2), ("T-", LOT_IN // 10)):
        await connection.execute(UNITS, {"prefix": prefix, "first": 1, "last": size})
    for statement in (LOT_UNITS, LOT_SPLITS, LOT_PUT):
        await connection.execute(statement, {"lot": LOT, "parts": LOT_IN})
    await _settled(connection)


async def _fill_beside(connection: AsyncConnection) -> None:
    there = sum(TREES.values()) + LOT_IN * 5 // 2
    for first in range(1, MANY - there, AT_ONCE):
        await _fill(connection, "X-", first, min(first + AT_ONCE - 1, MANY - there))
        await connection.commit()
    await _settled(connection)


async def _fill(connection: AsyncConnection, prefix: str, first: int, last: int) -> None:
    for statement in (UNITS, PUT):
        await connection.execute(statement, {"prefix": prefix, "first": first, "last": last})


async def _settled(connection: AsyncConnection) -> None:
    await connection.commit()
    await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text("vacuum analyze"))


async def _all(engine: AsyncEngine) -> dict[str, float]:
    questions = Questions(engine)
    asked: dict[str, Callable[[], Awaitable[Any]]] = {
        "lot_in_10k_units_to_the_top": lambda: _whole(questions, USED, LOT),
        "lot_tops_only": lambda: _whole(questions, USED, LOT, reach=Reach.TOPS),
        "tree_5k": lambda: _whole(questions, PLACED, "5k-1"),
        "tree_50k": lambda: _whole(questions, PLACED, "50k-1"),
        "page_of_tree_50k": lambda: questions.page(PLACED, "50k-1", Moment(), Page(50, None)),
        "next_page_of_tree_50k": await _next_page(questions, PLACED, "50k-1"),
        "page_of_lot_in_10k_units": lambda: questions.page(USED, LOT, Moment(), Page(50, None)),
        "next_page_of_lot_in_10k_units": await _next_page(questions, USED, LOT),
    }
    return {name: await _ms(one) for name, one in asked.items()}


async def _whole(questions: Questions, question: Question, unit_id: str, **more: Any) -> int:
    """The export, as it would be sent; how many bytes."""
    copy = partial(questions.copy, question, unit_id, Moment(), **more)
    answer = await exported(copy, question.columns, Format.JSONL, unit_id)
    return sum([len(part) async for part in answer.body_iterator])


async def _next_page(questions: Questions, question: Question, unit_id: str) -> Callable[[], Awaitable[Any]]:
    """A page that begins where one of 500 rows ended."""
    first = await questions.page(question, unit_id, Moment(), Page(500, None))
    return lambda: questions.page(question, unit_id, Moment(), page_of(50, first["next"]))


async def _ms(asked: Callable[[], Awaitable[Any]]) -> float:
    took_s = []
    for _ in range(TIMES):
        began = perf_counter()
        assert await asked()
        took_s.append(perf_counter() - began)
    return median(took_s) * 1000


async def _one_query_per_node(engine: AsyncEngine) -> dict[str, float]:
    """As one writes it first: what is in this one, and then the same for each of those."""
    found = {}
    for name, statement, root in (
        ("lot_in_10k_units_to_the_top", ABOVE, LOT),
        ("tree_5k", BELOW, "5k-1"),
        ("tree_50k", BELOW, "50k-1"),
    ):
        began = perf_counter()
        async with engine.connect() as connection:
            open_ = [root]
            while open_:
                open_ += (await connection.execute(statement, {"unit_id": open_.pop()})).scalars()
        found[name] = (perf_counter() - began) * 1000
    return found
