"""What can be asked about issues; reads only."""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.issue.adapters import disposition_types
from services.issue.adapters.impact import impact_of
from services.issue.adapters.lists import Sort, Wanted, paged
from services.issue.adapters.store import IssueStore
from services.issue.domain.disposition_types import Availability, DispositionTypes
from services.issue.domain.issue import Issue
from shared.messaging.transaction import Held
from shared.runtime.http import NotFound
from shared.runtime.pages import Page

IS_THERE = text("select 1 from issue where issue_id = :issue_id")

COMMENTS = text("""
    select comment_id, text, person, machine, happened_at from comment
    where issue_id = :issue_id
      and (cast(:before_at as timestamptz) is null or (happened_at, comment_id) < (:before_at, :before_id))
    order by happened_at desc, comment_id desc limit :limit""")


class IssueQueries:
    """Reads issues from the issue service's own database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def issue(self, issue_id: str) -> Held[Issue]:
        """One issue.

        :raises NotFound: when there is none.
        """
        async with self._engine.connect() as connection:
            held = await IssueStore(0).load(connection, [issue_id])
        if issue_id not in held:
            raise NotFound(what="issue", which=issue_id)
        return held[issue_id]

    async def issues(self, page: Page, wanted: Wanted, sort: Sort) -> dict[str, Any]:
        """Issues, in the order of their opening."""
        async with self._engine.connect() as connection:
            rows = (await connection.execute(paged(page, wanted, sort))).mappings().all()
        return page.of(rows, lambda row: [sort, row["opened_at"].isoformat(), row["issue_id"]], dict)

    async def types(self) -> DispositionTypes:
        """The disposition types of the moment."""
        async with self._engine.connect() as connection:
            return (await disposition_types.load(connection)).state

    async def impact(self, name: str, availability: Availability, page: Page) -> dict[str, Any]:
        """What another availability of a disposition type would touch.

        :raises NotFound: when there is no such type.
        """
        known = (await self.types()).by_name
        if name not in known:
            raise NotFound(what="disposition type", which=name)
        async with self._engine.connect() as connection:
            return await impact_of(connection, known[name], availability, page)

    async def comments(self, issue_id: str, page: Page) -> dict[str, Any]:
        """What was said about an issue, the newest first.

        :raises NotFound: when there is no such issue.
        """
        before_at, before_id = page.begins_after(datetime.fromisoformat, str)
        asked = {"issue_id": issue_id, "before_at": before_at, "before_id": before_id, "limit": page.limit + 1}
        async with self._engine.connect() as connection:
            rows = (await connection.execute(COMMENTS, asked)).all()
            if not rows and (await connection.execute(IS_THERE, {"issue_id": issue_id})).first() is None:
                raise NotFound(what="issue", which=issue_id)
        return page.of(rows, lambda row: [row.happened_at.isoformat(), row.comment_id], _comment)


def _comment(row: Any) -> dict[str, Any]:
    by = {"person": row.person, "machine": row.machine}
    return {"comment_id": row.comment_id, "text": row.text, "by": by, "at": row.happened_at.isoformat()}
