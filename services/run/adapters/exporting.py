"""The export of a run: everything that is kept of it, as one JSON document or one CSV file, in parts.

Steps are read a few at a time, and no connection is held while a slow reader takes what was sent.
"""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.run.adapters.evidence import Evidence, installed_elsewhere
from services.run.adapters.export_table import HEADER, row_of_comment, rows_of_head, rows_of_step, written
from services.run.adapters.queries import RunQueries
from services.run.adapters.redline_views import redline_view
from services.run.adapters.summary import live_summary, record_summary
from services.run.adapters.views import completion_view, file_view, gate_view
from services.run.domain.execution import execution
from services.run.domain.run import Run
from shared.runtime.pages import page_of

LAYOUT = "asbuilt.run-export.v1"
STEPS_AT_ONCE = 25
COMMENTS_AT_ONCE = 200

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Export:
    """What is exported: a run as it is kept, and one completion record of it, or none while it was never completed."""

    run: Run
    completion: Document | None
    completions: list[dict[str, Any]]

    @property
    def summary(self) -> dict[str, Any]:
        """Of the record, or of the run as it stands."""
        return live_summary(self.run) if self.completion is None else record_summary(self.completion["record"])


class Exports:
    """Reads runs for export."""

    def __init__(self, queries: RunQueries, evidence: Evidence) -> None:
        self._queries = queries
        self._evidence = evidence

    async def json(self, export: Export) -> AsyncIterator[bytes]:
        """One JSON document, in parts. ``record`` is what was confirmed, member by member, with its content hash."""
        run = export.run
        yield b"{" + _members(_head(export)) + b',"steps":['
        first = True
        async for step in self._steps(run):
            yield (b"" if first else b",") + _json(step)
            first = False
        yield b'],"comments":['
        first = True
        async for comment in self._comments(run.run_id):
            yield (b"" if first else b",") + _json(comment)
            first = False
        yield b"]}\n"

    async def csv(self, export: Export) -> AsyncIterator[bytes]:
        """One table, in parts; its layout is described by `export_table`."""
        head = _head(export)
        yield written([HEADER, *rows_of_head(head)])
        async for step in self._steps(export.run):
            yield written(rows_of_step(step))
        async for comment in self._comments(export.run.run_id):
            yield written([row_of_comment(comment)])

    async def _steps(self, run: Run) -> AsyncIterator[dict[str, Any]]:
        steps = [step for _, step in execution(run)]
        for start in range(0, len(steps), STEPS_AT_ONCE):
            for shown in await self._evidence.of(run, steps[start : start + STEPS_AT_ONCE]):
                yield {name: one for name, one in shown.items() if not name.startswith("comments")}

    async def _comments(self, run_id: str) -> AsyncIterator[dict[str, Any]]:
        """All of them, the newest first, on the run and on its steps."""
        page = page_of(COMMENTS_AT_ONCE, None)
        while True:
            found = await self._queries.comments(run_id, page)
            for one in found["items"]:
                yield one
            if found["next"] is None:
                return
            page = page_of(COMMENTS_AT_ONCE, found["next"])


def _head(export: Export) -> dict[str, Any]:
    """Everything but what grows with the work: steps and comments."""
    run, completion = export.run, export.completion
    noted = None if completion is None else completion_view(run, completion)
    return {
        "layout": LAYOUT,
        "run_id": run.run_id,
        "status": run.status.value,
        "record": completion and completion["record"],
        "superseded_at": completion and completion["superseded_at"],
        "superseded_because": completion and completion["superseded_because"],
        "issues_since": noted and noted["issues_since"],
        "summary": export.summary,
        "completions": [_kept(one) for one in export.completions],
        "gates": [gate_view(run, gate) for gate in run.order.gates],
        "redlines": [redline_view(run, one) for one in run.redlines],
        "installs_of_no_step": installed_elsewhere(run),
        "files": [file_view(one, None) for one in run.files],
    }


def _kept(completion: Document) -> dict[str, Any]:
    return {name: one for name, one in completion.items() if name != "record"}


def _members(document: Document) -> bytes:
    return _json(document)[1:-1]


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_text).encode()


def _text(value: Any) -> str:
    """A time."""
    return str(value.isoformat())
