"""Lists of issues: filtered, in the order of their opening, page by page. Each filter has an index in that order; step
and requirement are those of a run.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Select, column, select, table, tuple_

from shared.runtime.pages import CursorInvalid, Page

SHOWN = (
    "issue_id",
    "state",
    "is_open",
    "title",
    "run_id",
    "step_id",
    "requirement_id",
    "unit_id",
    "disposition",
    "availability",
    "opened_by",
    "opened_at",
)
ISSUE = table("issue", *map(column, SHOWN))
ABOUT = table("issue_about", *map(column, ("kind", "name", "opened_at", "issue_id")))
"""The units and parts that an issue is about, one row each."""

FILTERS = ("run_id", "step_id", "requirement_id", "state", "is_open", "disposition", "opened_by")
"""What a list is filtered by, by the name of the column."""

KINDS: Mapping[str, str] = MappingProxyType({"unit_id": "unit", "part_number": "part"})
"""What it is filtered by in the table beside it: an issue may be about several."""


class Sort(StrEnum):
    """What a list is sorted by; with a minus the latest come first."""

    OPENED = "opened_at"
    LATEST_OPENED = "-opened_at"

    @property
    def is_descending(self) -> bool:
        """The latest first."""
        return self.startswith("-")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which issues are asked for; what is None does not restrict. ``since`` and ``until`` concern the opening."""

    run_id: str | None = None
    step_id: str | None = None
    requirement_id: str | None = None
    unit_id: str | None = None
    part_number: str | None = None
    state: str | None = None
    is_open: bool | None = None
    disposition: str | None = None
    opened_by: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def paged(page: Page, wanted: Wanted, sort: Sort) -> Select[Any]:
    """The statement of a page, with one row more than it shows.

    :raises CursorInvalid: when its cursor is none of this list, or of another sort.
    """
    of_sort, *after = page.begins_after(Sort, datetime.fromisoformat, str)
    if of_sort not in (None, sort):
        raise CursorInvalid(cursor=f"for {of_sort}, not {sort},")
    place: Any = ISSUE
    found = select(ISSUE).where(*_filters(wanted))
    for name, kind in KINDS.items():
        if (value := getattr(wanted, name)) is not None:
            place = ABOUT.alias(name)
            found = found.join(place, place.c.issue_id == ISSUE.c.issue_id)
            found = found.where(place.c.kind == kind, place.c.name == value)
    order = [place.c.opened_at, place.c.issue_id]
    found = found.where(*_dated(wanted, sort, place, *after))
    return found.order_by(*(one.desc() if sort.is_descending else one for one in order)).limit(page.limit + 1)


def _filters(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    for name in FILTERS:
        value = getattr(wanted, name)
        if isinstance(value, bool):
            yield ISSUE.c[name].is_(value)
        elif value is not None:
            yield ISSUE.c[name] == value


def _dated(
    wanted: Wanted, sort: Sort, place: Any, after_at: datetime | None, after_id: str | None
) -> Iterator[ColumnElement[bool]]:
    at = place.c.opened_at
    if wanted.since is not None:
        yield at >= wanted.since
    if wanted.until is not None:
        yield at < wanted.until
    if after_at is not None:
        here, there = tuple_(at, place.c.issue_id), tuple_(after_at, after_id)
        yield here < there if sort.is_descending else here > there
