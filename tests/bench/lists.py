"""What a page of a list costs PostgreSQL, by its own plan, with 1,000, 10,000 and 100,000 runs.

The plan's cost and the rows that are read do not depend on the machine: growth is the figure, not time. A thousand runs
lie on 25 pages of the disk, a hundred thousand on 2,500: the cost grows until each row of a page lies on its own one,
and then no further, while the rows that are read stay the same.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from services.run.adapters.lists import Sort, Wanted, paged
from shared.runtime.pages import Page
from tests.bench.ground import Ground

SIZES = (1_000, 10_000, 100_000)
PAGE = 50

RUNS = text("""
    insert into run (run_id, version, ordered_at, started_at, run_order, progress)
    select 'RUN-' || i, 1, cast(:began as timestamptz) + i * interval '5 minutes', null, '{}', '{}'
    from generate_series(cast(:first as int), cast(:last as int)) i""")
"""A shop that orders a run every five minutes."""

LISTED = text("""
    insert into run_list
    select 'RUN-' || i, status, 'PART-' || i / 500 % 40, 'A', 'Build part ' || i / 500 % 40, '' || i / 20000 + 1,
           'SN-' || i, 'WO-' || i / 5, 'Graz', 'line ' || i % 6, 'cell ' || i % 60, ordered_at,
           case when status <> 'todo' then ordered_at + interval '2 days' end,
           case when status = 'complete' then ordered_at + interval '9 days' end, 0
    from (select i, cast(:began as timestamptz) + i * interval '5 minutes' as ordered_at,
                 case when i > cast(:last as int) - 100 then 'todo'
                      when i > cast(:last as int) - 400 then 'in_progress'
                      when i % 97 = 0 then 'canceled'
                      else 'complete' end as status
          from generate_series(cast(:first as int), cast(:last as int)) i) r""")
"""Few are open, and those are the newest; a part comes again and again, a version of a procedure has its time."""

PERSONS = text("""
    insert into run_person
    select run_id, 'person ' || i / 5000 * 3 + n, ordered_at, started_at, completed_at
    from generate_series(cast(:first as int), cast(:last as int)) i join run_list on run_id = 'RUN-' || i,
         generate_series(0, 4) n
    where status <> 'todo'""")
"""Five people work on a run; every 5,000 runs some leave and others come."""

BEGAN = datetime(2024, 1, 1, tzinfo=UTC)
WANTED: Mapping[str, Wanted] = {
    "all": Wanted(),
    "open": Wanted(status="todo"),
    "complete": Wanted(status="complete"),
    "part": Wanted(part_number="PART-1"),
    "procedure version": Wanted(procedure="Build part 1", procedure_version="1"),
    "line": Wanted(line="line 3"),
    "work center": Wanted(work_center="cell 7"),
    "work order": Wanted(work_order="WO-20"),
    "unit": Wanted(unit_id="SN-100"),
    "person": Wanted(person="person 2"),
    "period": Wanted(since=BEGAN, until=BEGAN + timedelta(days=3)),
    "part and status": Wanted(part_number="PART-1", status="complete"),
}
"""Each filter that a list has; of what has its time, something long gone, which is the worst case."""


async def fill(connection: AsyncConnection, first: int, last: int) -> None:
    """Runs of these numbers, without steps: lists read nothing else."""
    for statement in (RUNS, LISTED, PERSONS):
        values = {"began": BEGAN, "first": first, "last": last}
        await connection.execute(statement, {name: one for name, one in values.items() if f":{name}" in statement.text})
    await connection.commit()
    await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text("vacuum analyze"))


@dataclass(frozen=True, slots=True)
class Cost:
    """What a page costs by PostgreSQL's plan, and how many rows its tables and indexes gave for it."""

    planned: float
    rows_read: float


async def costs(connection: AsyncConnection) -> dict[str, Cost]:
    """The cost of the first page and of a later one for each filter and sort; the greater."""
    found = {}
    for name, wanted in WANTED.items():
        for sort in Sort:
            both = [await _cost(connection, page, wanted, sort) for page in _pages(sort)]
            planned, read = max(one.planned for one in both), max(one.rows_read for one in both)
            found[f"{name} by {sort}"] = Cost(planned, read)
    return found


def _pages(sort: Sort) -> tuple[Page, Page]:
    later = [sort, (BEGAN + timedelta(days=2)).isoformat(), "RUN-500"]
    return Page(PAGE, None), Page(PAGE, later)


async def _cost(connection: AsyncConnection, page: Page, wanted: Wanted, sort: Sort) -> Cost:
    asked = paged(page, wanted, sort).compile(
        dialect=postgresql.dialect(),  # type: ignore[no-untyped-call]
        compile_kwargs={"literal_binds": True},
    )
    explained: Any = (await connection.exec_driver_sql(f"explain (analyze, format json) {asked}")).scalar_one()
    plan = (json.loads(explained) if isinstance(explained, str) else explained)[0]["Plan"]
    return Cost(float(plan["Total Cost"]), sum(_read(node) for node in _nodes(plan) if "Relation Name" in node))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def _read(node: dict[str, Any]) -> float:
    """Rows that a scan gave, and those that it read in vain."""
    return float((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])


def lists(ground: Ground) -> dict[str, dict[str, float]]:
    """What the dearest page costs with so many runs, and how each list's cost grows."""
    ground.plant.migrate(["run"])
    return {"lists": asyncio.run(_growth(ground.plant.environment("run")["ASBUILT_MIGRATION_DATABASE_URL"]))}


async def _growth(url: str) -> dict[str, float]:
    engine, measured, before = create_async_engine(url), [], 0
    try:
        async with engine.connect() as connection:
            for size in SIZES:
                await fill(connection, before + 1, size)
                measured.append(await costs(connection))
                before = size
    finally:
        await engine.dispose()
    figures: dict[str, Any] = {}
    for size, found in zip(SIZES, measured, strict=True):
        figures |= {f"greatest_cost_of_{size}_runs": max(one.planned for one in found.values())}
        figures |= {f"most_rows_read_of_{size}_runs": max(one.rows_read for one in found.values())}
    for name in WANTED:
        cost = [max(found[f"{name} by {sort}"].planned for sort in Sort) for found in measured]
        figures |= {f"{name}_cost_times_{size}": one / cost[0] for size, one in zip(SIZES, cost, strict=True)}
    return figures
