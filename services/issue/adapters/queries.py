"""What can be asked about issues; reads only."""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.issue.adapters.store import IssueStore
from services.issue.domain.issue import Issue
from shared.messaging.transaction import Held
from shared.runtime.http import NotFound
from shared.runtime.pages import Page

LIST = text("""
    select issue_id, state, title, run_id, unit_id, disposition, opened_at from issue
    where (cast(:run_id as text) is null or run_id = :run_id)
      and (cast(:unit_id as text) is null or unit_id = :unit_id)
      and (cast(:state as text) is null or state = :state)
      and (cast(:before_at as timestamptz) is null or (opened_at, issue_id) < (:before_at, :before_id))
    order by opened_at desc, issue_id desc limit :limit""")


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

    async def issues(self, page: Page, run_id: str | None, unit_id: str | None, state: str | None) -> dict[str, Any]:
        """Issues, the newest first."""
        before_at, before_id = page.begins_after(datetime.fromisoformat, str)
        values = {
            "run_id": run_id,
            "unit_id": unit_id,
            "state": state,
            "before_at": before_at,
            "before_id": before_id,
            "limit": page.limit + 1,
        }
        async with self._engine.connect() as connection:
            rows = (await connection.execute(LIST, values)).mappings().all()
        return page.of(rows, lambda row: [row["opened_at"].isoformat(), row["issue_id"]], dict)
