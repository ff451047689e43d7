"""Lists of issues: filtered, the newest first, page by page. Each filter has an index in the order of the page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, column, select, table, tuple_

from shared.runtime.pages import Page

ISSUE = table(
    "issue",
    *map(
        column,
        (
            "issue_id",
            "state",
            "is_open",
            "title",
            "run_id",
            "step_id",
            "unit_id",
            "disposition",
            "availability",
            "opened_by",
            "opened_at",
        ),
    ),
)

FILTERS = ("run_id", "step_id", "unit_id", "state", "is_open", "disposition", "opened_by")
"""What a list is filtered by, by the name of the column."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which issues are asked for; what is None does not restrict. ``since`` and ``until`` concern the opening."""

    run_id: str | None = None
    step_id: str | None = None
    unit_id: str | None = None
    state: str | None = None
    is_open: bool | None = None
    disposition: str | None = None
    opened_by: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def paged(page: Page, wanted: Wanted) -> Select[Any]:
    """The statement of a page, with one row more than it shows.

    :raises CursorInvalid: when its cursor is none of this list.
    """
    before = page.begins_after(datetime.fromisoformat, str)
    columns = ISSUE.c
    found = select(ISSUE).where(*_filters(wanted), *_dated(wanted, *before))
    return found.order_by(columns.opened_at.desc(), columns.issue_id.desc()).limit(page.limit + 1)


def _filters(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    for name in FILTERS:
        value = getattr(wanted, name)
        if isinstance(value, bool):
            yield ISSUE.c[name].is_(value)
        elif value is not None:
            yield ISSUE.c[name] == value


def _dated(wanted: Wanted, before_at: datetime | None, before_id: str | None) -> Iterator[ColumnElement[bool]]:
    at = ISSUE.c.opened_at
    if wanted.since is not None:
        yield at >= wanted.since
    if wanted.until is not None:
        yield at < wanted.until
    if before_at is not None:
        yield tuple_(at, ISSUE.c.issue_id) < tuple_(before_at, before_id)
