"""Issues in PostgreSQL: locked in one order; only what changed is written."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncConnection

from services.issue.adapters import tables
from services.issue.domain.issue import Issue
from shared.messaging.memory import Remembered
from shared.messaging.rows import transposed
from shared.messaging.transaction import Change, Conflict, Held

_issue = TypeAdapter(Issue)


class IssueStore:
    """Locks, loads and writes issues, whole batches at a time."""

    def __init__(self, remembered: int) -> None:
        """``remembered``: how many issues are kept in memory between transactions."""
        self._remembered: Remembered[Issue] = Remembered(remembered)

    async def lock(self, connection: AsyncConnection, keys: Sequence[str]) -> Mapping[str, Held[Issue]]:
        """See `Store.lock`."""
        versions = (await connection.execute(tables.LOCK, {"ids": list(keys)})).all()
        held = self._remembered.of((row[0], row[1]) for row in versions)
        missing = [row[0] for row in versions if row[0] not in held]
        return {**held, **await self.load(connection, missing)} if missing else held

    async def save(self, connection: AsyncConnection, changes: Sequence[Change[Issue]]) -> None:
        """See `Store.save`."""
        created = [change for change in changes if change.before is None]
        updated = [change for change in changes if change.before is not None]
        if created:
            done = await connection.execute(tables.CREATE, transposed(map(_created_row, created)))
            if done.rowcount != len(created):
                raise Conflict
        if updated:
            await connection.execute(tables.UPDATE, transposed(map(_updated_row, updated)))

    def committed(self, changes: Sequence[Change[Issue]]) -> None:
        """See `Store.committed`."""
        self._remembered.put((change.key, change.after) for change in changes)

    async def load(self, connection: AsyncConnection, keys: Sequence[str]) -> dict[str, Held[Issue]]:
        """These issues as the database has them, without locking; absent ones are left out."""
        rows = await connection.execute(tables.LOAD, {"ids": list(keys)})
        return {row.issue_id: Held(row.version, _issue.validate_python(row.body)) for row in rows}


def _created_row(change: Change[Issue]) -> dict[str, Any]:
    issue = change.after.state
    return {
        **_updated_row(change),
        "title": issue.finding.title,
        "run_id": issue.run_id,
        "unit_id": issue.unit_id,
        "opened_at": issue.opened_at,
    }


def _updated_row(change: Change[Issue]) -> dict[str, Any]:
    issue = change.after.state
    return {
        "issue_id": change.key,
        "version": change.after.version,
        "state": issue.state.value,
        "disposition": issue.disposition and issue.disposition.kind,
        "body": _issue.dump_json(issue).decode(),
    }
