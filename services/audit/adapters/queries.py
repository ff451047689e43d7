"""What can be asked about the history; reads only."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Tuple, and_, case, exists, func, or_, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from services.audit.adapters.tables import HISTORY
from services.audit.adapters.views import LISTED, entry_view, record_view
from shared.contracts.catalog import CATALOG, TOPICS
from shared.runtime.http import NotFound
from shared.runtime.pages import Page

LONGEST_SHOWN = 65_536
"""The bodies of larger records (bytes) are left out of lists, so that a page has a bound."""

COPIES = {topic.name for topic in TOPICS} - {entry.topics[0].name for entry in CATALOG.values()}
"""Topics that only repeat what is on others: the completions for the ERP."""

h = HISTORY.c


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of the history is asked for; what is None does not restrict it."""

    run_id: str | None = None
    unit_id: str | None = None
    issue_id: str | None = None
    event_type: str | None = None
    actor: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    with_repeats: bool = False


class HistoryQueries:
    """Reads the history from the audit service's own database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def history(self, page: Page, wanted: Wanted) -> dict[str, Any]:
        """Entries in the order in which they were recorded."""
        (after,) = page.begins_after(int)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_page(wanted, after or 0, page.limit + 1))).mappings().all()
        return page.of(rows, lambda row: [row["position"]], lambda row: entry_view(dict(row)))

    async def record(self, position: int) -> dict[str, Any]:
        """One record as it came.

        :raises NotFound: when there is none at this position.
        """
        async with self._engine.connect() as connection:
            one = (await connection.execute(select(HISTORY).where(h.position == position))).mappings().first()
        if one is None:
            raise NotFound(what="entry of the history at the position", which=position)
        return record_view(dict(one))


def _page(wanted: Wanted, after: int, limit: int) -> Select[Any]:
    """Each way to what is wanted reads its own index in the order of positions, and no further than a page."""
    filters = [h.position > after, *_filters(wanted)]
    found = [_positions(way, *filters).limit(limit) for way in _ways(wanted)]
    where = [h.position.in_(union_all(*(select(one.subquery()) for one in found)))] if found else filters
    return _shown().where(*where).order_by(h.position).limit(limit)


def _positions(*where: ColumnElement[bool]) -> Select[Any]:
    return select(h.position).where(*where).order_by(h.position)


def _shown() -> Select[Any]:
    size = func.octet_length(h.value)
    body = case((size <= LONGEST_SHOWN, h.value)).label("value")
    return select(*(h[name] for name in LISTED), size.label("size_bytes"), body)


def _ways(wanted: Wanted) -> list[ColumnElement[bool]]:
    """By the most telling thing that is wanted. A unit may be the parent in an installation, an actor a machine."""
    if wanted.run_id is not None:
        return [h.run_id == wanted.run_id]
    if wanted.issue_id is not None:
        return [h.issue_id == wanted.issue_id]
    if wanted.unit_id is not None:
        return [h.unit_id == wanted.unit_id, h.parent_unit_id == wanted.unit_id]
    if wanted.actor is not None:
        return [h.person == wanted.actor, h.machine == wanted.actor]
    return [] if wanted.event_type is None else [h.event_type == wanted.event_type]


def _filters(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.unit_id is not None:
        yield or_(h.unit_id == wanted.unit_id, h.parent_unit_id == wanted.unit_id)
    if wanted.issue_id is not None:
        yield h.issue_id == wanted.issue_id
    if wanted.event_type is not None:
        yield h.event_type == wanted.event_type
    if wanted.actor is not None:
        yield or_(h.person == wanted.actor, h.machine == wanted.actor)
    if wanted.since is not None:
        yield h.happened_at >= wanted.since
    if wanted.until is not None:
        yield h.happened_at < wanted.until
    if not wanted.with_repeats:
        yield ~_is_repeated()


def _is_repeated() -> ColumnElement[bool]:
    """Whether the very same event stands in the history with a better place: on a topic that is its own rather than
    one for copies, or else earlier.
    """
    other = HISTORY.alias("other").c
    same = and_(other.event_id == h.event_id, other.event_source == h.event_source, other.value == h.value)
    return exists().where(same, _place(other) < _place(h))


def _place(columns: ReadOnlyColumnCollection[str, Any]) -> Tuple:
    return tuple_(columns.topic.in_(COPIES), columns.position)
