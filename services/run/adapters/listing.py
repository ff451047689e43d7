"""What lists show of a run, beside it: narrow rows, written only when something that lists show has changed.

Every way to a page has an index in the order of the page, so that a page costs the same however many runs there are.
The run's own row is written with every batch; here it would drag all those indexes along.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import DateTime, TableClause, Text, column, table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.run.domain.run import Completed, Run
from shared.messaging.rows import transposed
from shared.messaging.transaction import Change

TIMES = ("ordered_at", "started_at", "completed_at")
"""What lists are sorted by."""

WAYS = ("", "status, ", "part_number, ", "procedure, procedure_version, ", "line, ", "work_center, ")
"""What many runs have in common; a unit and a work order have few, so these need one index each."""

_INDEXES = "".join(
    f"create index on run_list ({way}{time}, run_id);\ncreate index on run_person (person, {time}, run_id);\n"
    if way == ""
    else f"create index on run_list ({way}{time}, run_id);\n"
    for way in WAYS
    for time in TIMES
)

LISTING_V1 = f"""
create table run_list (
    run_id text primary key references run,
    status text not null,
    part_number text not null,
    revision text not null,
    procedure text not null,
    procedure_version text not null,
    unit_id text not null,
    work_order text,
    plant text,
    line text,
    work_center text,
    ordered_at timestamptz not null,
    started_at timestamptz,
    completed_at timestamptz,
    policies_version bigint not null default 0
);
create index on run_list (policies_version) where status not in ('complete', 'canceled');
create index on run_list (unit_id, ordered_at, run_id);
create index on run_list (work_order, ordered_at, run_id);

create table run_person (
    run_id text not null references run,
    person text not null,
    ordered_at timestamptz not null,
    started_at timestamptz,
    completed_at timestamptz,
    primary key (run_id, person)
);
{_INDEXES}"""

_NAMED = (
    "run_id",
    "status",
    "part_number",
    "revision",
    "procedure",
    "procedure_version",
    "unit_id",
    "work_order",
    "plant",
    "line",
    "work_center",
)


def _table(name: str, *named: str) -> TableClause:
    return table(name, *(column(one, Text) for one in named), *(column(one, DateTime(timezone=True)) for one in TIMES))


RUN_LIST = _table("run_list", *_NAMED)
RUN_PERSON = _table("run_person", "run_id", "person")
"""For statements that are put together from what is asked."""

LIST = text("""
    insert into run_list (run_id, status, part_number, revision, procedure, procedure_version, unit_id, work_order,
                          plant, line, work_center, ordered_at, started_at, completed_at, policies_version)
    select run_id, status, part_number, revision, procedure, procedure_version, unit_id, work_order,
           plant, line, work_center, ordered_at, started_at, completed_at, (select version from policies)
    from unnest(cast(:run_id as text[]), cast(:status as text[]), cast(:part_number as text[]),
                cast(:revision as text[]), cast(:procedure as text[]), cast(:procedure_version as text[]),
                cast(:unit_id as text[]), cast(:work_order as text[]), cast(:plant as text[]), cast(:line as text[]),
                cast(:work_center as text[]), cast(:ordered_at as timestamptz[]), cast(:started_at as timestamptz[]),
                cast(:completed_at as timestamptz[]))
        as new (run_id, status, part_number, revision, procedure, procedure_version, unit_id, work_order,
                plant, line, work_center, ordered_at, started_at, completed_at)""")

RELIST = text("""
    update run_list set status = new.status, started_at = new.started_at, completed_at = new.completed_at
    from unnest(cast(:run_id as text[]), cast(:status as text[]), cast(:started_at as timestamptz[]),
                cast(:completed_at as timestamptz[])) as new (run_id, status, started_at, completed_at)
    where run_list.run_id = new.run_id""")

PUT_PERSONS = text("""
    insert into run_person (run_id, person, ordered_at, started_at, completed_at)
    select * from unnest(cast(:run_id as text[]), cast(:person as text[]), cast(:ordered_at as timestamptz[]),
                         cast(:started_at as timestamptz[]), cast(:completed_at as timestamptz[]))
    on conflict (run_id, person) do update
    set started_at = excluded.started_at, completed_at = excluded.completed_at""")


class Listed(NamedTuple):
    """What changes of a run in lists while it goes on."""

    status: str
    started_at: datetime | None
    completed_at: datetime | None


async def put(connection: AsyncConnection, changes: Sequence[Change[Run]]) -> None:
    """Write what lists show of these runs, where that has changed."""
    created = [_created(change.after.state) for change in changes if change.before is None]
    if created:
        await connection.execute(LIST, transposed(created))
    relisted = [row for change in changes if change.before is not None for row in _relisted(change)]
    if relisted:
        await connection.execute(RELIST, transposed(relisted))
    persons = [row for change in changes for row in _persons(change)]
    if persons:
        await connection.execute(PUT_PERSONS, transposed(persons))


def _created(run: Run) -> dict[str, Any]:
    order = run.order
    return {
        "run_id": run.run_id,
        **_listed(run)._asdict(),
        "part_number": order.part_number,
        "revision": order.revision,
        "procedure": order.procedure,
        "procedure_version": order.procedure_version,
        "unit_id": order.target.unit_id,
        "work_order": order.work_order,
        "plant": order.plant,
        "line": order.line,
        "work_center": order.work_center,
        "ordered_at": run.ordered_at,
    }


def _relisted(change: Change[Run]) -> Iterable[dict[str, Any]]:
    now = _listed(change.after.state)
    if change.before is not None and _listed(change.before.state) != now:
        yield {"run_id": change.key, **now._asdict()}


def _persons(change: Change[Run]) -> Iterable[dict[str, Any]]:
    """Everybody when a time of the run has changed, else who is new."""
    run = change.after.state
    before = None if change.before is None else change.before.state
    known = before.operators if before is not None and _times(before) == _times(run) else frozenset()
    if known is run.operators:
        return
    started_at, completed_at = _times(run)
    times = {"ordered_at": run.ordered_at, "started_at": started_at, "completed_at": completed_at}
    for person in sorted(run.operators - known):
        yield {"run_id": change.key, "person": person, **times}


def _listed(run: Run) -> Listed:
    return Listed(run.status.value, *_times(run))


def _times(run: Run) -> tuple[datetime | None, datetime | None]:
    return run.started_at, run.decision.at if isinstance(run.decision, Completed) else None
