"""Issues in PostgreSQL: locked in one order; only what changed is written."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncConnection

from services.issue.adapters import disposition_types, tables
from services.issue.domain.disposition_types import DISPOSITION_TYPES, DispositionTypes
from services.issue.domain.events import IssueCommented, IssueOpened, IssuePartsNoted, IssueQuarantined
from services.issue.domain.issue import Issue, IssueState
from shared.messaging.driver import copy
from shared.messaging.memory import Remembered
from shared.messaging.rows import transposed
from shared.messaging.transaction import Change, Conflict, Held

_issue = TypeAdapter(Issue)


class IssueStore:
    """Locks, loads and writes issues, whole batches at a time."""

    def __init__(self, remembered: int) -> None:
        """``remembered``: how many issues are kept in memory between transactions."""
        self._remembered: Remembered[Issue] = Remembered(remembered)
        self._types: Held[DispositionTypes] | None = None

    async def lock(self, connection: AsyncConnection, keys: Sequence[str]) -> Mapping[str, Held[Any]]:
        """See `Store.lock`; widened by the disposition types, which are locked only where they are named themselves."""
        rows = (await connection.execute(tables.LOCK, {"ids": list(keys)})).all()
        issues = [(row[0], row[1]) for row in rows if row[0] is not None]
        held = self._remembered.of(issues)
        missing = [issue_id for issue_id, _ in issues if issue_id not in held]
        found = {**held, **await self.load(connection, missing)} if missing else held
        if DISPOSITION_TYPES in keys:
            return {**found, DISPOSITION_TYPES: await disposition_types.load_to_change(connection)}
        of_the_moment = next(row[1] for row in rows if row[0] is None)
        return {**found, DISPOSITION_TYPES: await self._types_of(connection, of_the_moment)}

    async def _types_of(self, connection: AsyncConnection, version: int) -> Held[DispositionTypes]:
        """Those that are remembered, unless there are others by now."""
        if self._types is None or self._types.version != version:
            self._types = await disposition_types.load(connection)
        return self._types

    async def save(self, connection: AsyncConnection, changes: Sequence[Change[Any]]) -> None:
        """See `Store.save`."""
        issues = [change for change in changes if change.key != DISPOSITION_TYPES]
        await self._save_issues(connection, issues)
        for change in changes:
            if change.key == DISPOSITION_TYPES:
                await disposition_types.put(connection, change)

    async def _save_issues(self, connection: AsyncConnection, changes: Sequence[Change[Issue]]) -> None:
        created = [change for change in changes if change.before is None]
        updated = [change for change in changes if change.before is not None]
        if created:
            done = await connection.execute(tables.CREATE, transposed(map(_created_row, created)))
            if done.rowcount != len(created):
                raise Conflict
        if updated:
            await connection.execute(tables.UPDATE, transposed(map(_updated_row, updated)))
        about = [row for change in changes for row in _about_rows(change)]
        if about:
            await connection.execute(tables.ABOUT, transposed(about))
        events = (event for change in changes for event in change.events)
        commented = [_comment_row(event) for event in events if isinstance(event, IssueCommented)]
        if commented:
            await copy(connection, "comment", tables.COMMENT_COLUMNS, commented)

    def committed(self, changes: Sequence[Change[Any]]) -> None:
        """See `Store.committed`."""
        self._remembered.put((change.key, change.after) for change in changes if change.key != DISPOSITION_TYPES)

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
        "step_id": issue.finding.step_id,
        "requirement_id": issue.finding.requirement_id,
        "opened_by": issue.opened_by.person or issue.opened_by.machine,
        "opened_at": issue.opened_at,
    }


def _updated_row(change: Change[Issue]) -> dict[str, Any]:
    issue = change.after.state
    return {
        "issue_id": change.key,
        "version": change.after.version,
        "state": issue.state.value,
        "is_open": issue.state is not IssueState.RESOLVED,
        "unit_id": issue.unit_id,
        "disposition": issue.disposition and issue.disposition.kind,
        "availability": issue.availability and issue.availability.value,
        "body": _issue.dump_json(issue).decode(),
    }


def _about_rows(change: Change[Issue]) -> Iterator[dict[str, Any]]:
    """What the issue is found by since."""
    issue = change.after.state
    for event in change.events:
        for kind, name in _named(event):
            yield {"kind": kind, "name": name, "opened_at": issue.opened_at, "issue_id": issue.issue_id}


def _named(event: Any) -> Iterator[tuple[str, str]]:
    match event:
        case IssueOpened(finding=finding) if finding.unit_id is not None:
            yield "unit", finding.unit_id
        case IssueQuarantined(part=part):
            yield from (("unit", part.unit_id), ("unit", part.of_unit_id))
        case IssuePartsNoted(part_numbers=parts, builds=builds):
            yield from (("part", one) for one in parts)
            if builds is not None:
                yield "unit", builds


def _comment_row(event: IssueCommented) -> tuple[Any, ...]:
    return (event.comment_id, event.issue_id, event.text, event.by.person, event.by.machine, event.at)
