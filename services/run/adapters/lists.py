"""Lists of runs: filtered, sorted by one of their times, page by page. Reads only."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncEngine

from services.run.adapters.listing import RUN_LIST, RUN_PERSON
from services.run.domain.numbers import cycle_time_s
from services.run.domain.run import RunStatus
from shared.kernel import document
from shared.runtime.pages import CursorInvalid, Page

FILTERS = ("status", "part_number", "procedure", "procedure_version", "line", "work_center", "work_order", "unit_id")
"""What a list is filtered by, by the name of the column."""

SHOWN = (*FILTERS, "run_id", "revision", "plant", "ordered_at", "started_at", "completed_at")


class Sort(StrEnum):
    """What a list is sorted by; with a minus the latest come first. Runs that lack the time come last."""

    ORDERED = "ordered_at"
    LATEST_ORDERED = "-ordered_at"
    STARTED = "started_at"
    LATEST_STARTED = "-started_at"
    COMPLETED = "completed_at"
    LATEST_COMPLETED = "-completed_at"

    @property
    def time(self) -> str:
        """The column."""
        return self.removeprefix("-")

    @property
    def is_descending(self) -> bool:
        """The latest first."""
        return self.startswith("-")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs are asked for; what is None does not restrict. ``since`` and ``until`` concern the time sorted by."""

    status: str | None = None
    part_number: str | None = None
    procedure: str | None = None
    procedure_version: str | None = None
    line: str | None = None
    work_center: str | None = None
    work_order: str | None = None
    unit_id: str | None = None
    person: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class RunLists:
    """Lists runs from the run service's own database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def runs(self, page: Page, wanted: Wanted, sort: Sort) -> dict[str, Any]:
        """One page.

        :raises CursorInvalid: when its cursor belongs to another sort.
        """
        async with self._engine.connect() as connection:
            rows = (await connection.execute(paged(page, wanted, sort))).mappings().all()
        return page.of(rows, lambda row: [sort, _text(row[sort.time]), row["run_id"]], _item)


def paged(page: Page, wanted: Wanted, sort: Sort) -> Select[Any]:
    """The statement of a page: runs that have the time, then those that lack it. Each part reads an index in the
    order of the page, and no further than the page.
    """
    of_sort, after_at, after_id = page.begins_after(Sort, _moment, str)
    if of_sort not in (None, sort):
        raise CursorInvalid(cursor=f"for {of_sort}, not {sort},")
    at, run_id = _place(wanted, sort)
    in_tail, lacks = after_id is not None and after_at is None, _may_lack(wanted, sort)
    parts = []
    if not lacks or (not in_tail and _may_have(wanted, sort)):
        parts.append(_part(page, wanted, sort).where(*_dated(wanted, sort, after_at, after_id)))
    if lacks:
        beyond = _beyond(sort, run_id, after_id if in_tail else None)
        parts.append(_part(page, wanted, sort).where(at.is_(None), *beyond))
    found = union_all(*(select(part.subquery()) for part in parts)).subquery()
    where = found.c[sort.time]
    return select(found).order_by(where.is_(None), *_ordered(sort, where, found.c.run_id)).limit(page.limit + 1)


def _may_have(wanted: Wanted, sort: Sort) -> bool:
    """Only a complete run has the time of its completion; looking for others would read in vain."""
    return sort.time != "completed_at" or wanted.status in (None, RunStatus.COMPLETE)


def _may_lack(wanted: Wanted, sort: Sort) -> bool:
    if sort.time == "ordered_at" or wanted.since is not None or wanted.until is not None:
        return False
    return sort.time == "started_at" or wanted.status != RunStatus.COMPLETE


def _part(page: Page, wanted: Wanted, sort: Sort) -> Select[Any]:
    """Runs of a person are found by the person's own rows, which repeat the times."""
    part = select(*(RUN_LIST.c[name] for name in SHOWN)).where(*_filters(wanted))
    if wanted.person is not None:
        part = part.join(RUN_PERSON, RUN_PERSON.c.run_id == RUN_LIST.c.run_id)
    return part.order_by(*_ordered(sort, *_place(wanted, sort))).limit(page.limit + 1)


def _filters(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    for name in FILTERS:
        if (value := getattr(wanted, name)) is not None:
            yield RUN_LIST.c[name] == value
    if wanted.person is not None:
        yield RUN_PERSON.c.person == wanted.person


def _dated(
    wanted: Wanted, sort: Sort, after_at: datetime | None, after_id: str | None
) -> Iterator[ColumnElement[bool]]:
    at, run_id = _place(wanted, sort)
    yield at.is_not(None)
    if wanted.since is not None:
        yield at >= wanted.since
    if wanted.until is not None:
        yield at < wanted.until
    if after_at is not None:
        here, there = tuple_(at, run_id), tuple_(after_at, after_id)
        yield here < there if sort.is_descending else here > there


def _beyond(sort: Sort, run_id: ColumnElement[str], after_id: str | None) -> Iterator[ColumnElement[bool]]:
    if after_id is not None:
        yield run_id < after_id if sort.is_descending else run_id > after_id


def _place(wanted: Wanted, sort: Sort) -> tuple[ColumnElement[Any], ColumnElement[str]]:
    columns = RUN_LIST.c if wanted.person is None else RUN_PERSON.c
    return columns[sort.time], columns.run_id


def _ordered(sort: Sort, *columns: ColumnElement[Any]) -> Iterator[ColumnElement[Any]]:
    for one in columns:
        yield one.desc() if sort.is_descending else one.asc()


def _item(row: Any) -> dict[str, Any]:
    started_at, completed_at = row["started_at"], row["completed_at"]
    return {
        "run_id": row["run_id"],
        "status": row["status"],
        "part_number": row["part_number"],
        "revision": row["revision"],
        "procedure": {"name": row["procedure"], "version": row["procedure_version"]},
        "unit_id": row["unit_id"],
        "work_order": row["work_order"],
        "place": {"plant": row["plant"], "line": row["line"], "work_center": row["work_center"]},
        "ordered_at": row["ordered_at"],
        "started_at": started_at,
        "completed_at": completed_at,
        "cycle_time_s": document(cycle_time_s(started_at, completed_at)),
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
