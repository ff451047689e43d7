"""What happened on the steps of a run, page by page: values with those before, installs, comments. Reads only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.run.adapters.views import comment_view, step_view
from services.run.domain.execution import NEVER, Place, execution
from services.run.domain.run import Run, Step
from shared.kernel import document
from shared.runtime.pages import Page

SHOWN_COMMENTS = 20
"""Comments of a step that are shown with it, the newest; the others are listed by themselves."""

RECORDINGS = text("""
    select step_id, field_id, number, attempt, value, unit, verdict, person, machine, happened_at
    from recording where run_id = :run_id and step_id = any(cast(:step_ids as text[]))
    order by step_id, field_id, number""")

COMMENTS = text("""
    select * from (
        select comment_id, step_id, text, person, machine, happened_at,
               row_number() over (partition by step_id order by happened_at desc, comment_id desc) as place,
               count(*) over (partition by step_id) as total
        from comment where run_id = :run_id and step_id = any(cast(:step_ids as text[]))) said
    where place <= :most order by step_id, place desc""")

Row = Any
"""A row of recorded values, by the names of its columns."""


class Evidence:
    """Reads what happened on steps from the run service's own database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def page(self, run: Run, page: Page) -> dict[str, Any]:
        """Steps in the order of their execution, as many as the page takes, each with everything on it.

        :raises CursorInvalid: when it is none of ours.
        """
        after = Place(*page.begins_after(_moment, int)) if page.after is not None else None
        placed = [one for one in execution(run) if after is None or one[0] > after][: page.limit + 1]
        shown = await self.of(run, [step for _, step in placed[: page.limit]])
        rows = [*zip(placed, shown, strict=False), *((one, {}) for one in placed[page.limit :])]
        return page.of(rows, lambda row: _position(row[0][0]), lambda row: row[1])

    async def of(self, run: Run, steps: Sequence[Step]) -> list[dict[str, Any]]:
        """These steps with everything on them."""
        values = {"run_id": run.run_id, "step_ids": [step.definition.step_id for step in steps]}
        async with self._engine.connect() as connection:
            recordings = (await connection.execute(RECORDINGS, values)).mappings().all()
            comments = (await connection.execute(COMMENTS, {**values, "most": SHOWN_COMMENTS})).all()
        beside = _Beside(_grouped(recordings, "step_id"), _by_step(comments), _installs(run), _issues(run))
        return [_step(run, step, beside) for step in steps]


def installed_elsewhere(run: Run) -> list[dict[str, Any]]:
    """Installs for requirements that no step asks for."""
    return _installs(run).get(None, [])


@dataclass(frozen=True, slots=True)
class _Beside:
    """What belongs to some steps and is not kept with them, by step."""

    recordings: Mapping[str, Sequence[Row]]
    comments: Mapping[str, Sequence[Any]]
    installs: Mapping[str | None, Sequence[dict[str, Any]]]
    issues: Mapping[str, Sequence[dict[str, Any]]]


def _step(run: Run, step: Step, beside: _Beside) -> dict[str, Any]:
    shown, step_id = step_view(run, step), step.definition.step_id
    by_field = _grouped(beside.recordings.get(step_id, ()), "field_id")
    known = {one["field_id"] for one in shown["fields"]}
    comments = beside.comments.get(step_id, ())
    return {
        **shown,
        "text": step.definition.text,
        "fields": [one | {"earlier": _earlier(step, by_field.get(one["field_id"], ()))} for one in shown["fields"]],
        "former_fields": [
            {"field_id": field_id, "earlier": _earlier(step, rows)}
            for field_id, rows in by_field.items()
            if field_id not in known
        ],
        "installs": beside.installs.get(step_id, []),
        "issues": beside.issues.get(step_id, []),
        "comments": [comment_view(one) for one in comments],
        "comments_total": comments[0].total if comments else 0,
    }


def _installs(run: Run) -> dict[str | None, list[dict[str, Any]]]:
    """By the step that asks for the requirement, where one does."""
    at = {one.requirement_id: one.step_id for one in run.requirements if one.step_id in run.steps}
    found: dict[str | None, list[dict[str, Any]]] = {}
    for one in run.installations.values():
        found.setdefault(at.get(one.requirement_id), []).append(document(asdict(one)))
    return found


def _issues(run: Run) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for one in run.issues.values():
        if one.step_id is not None:
            found.setdefault(one.step_id, []).append(document(asdict(one)))
    return found


def _earlier(step: Step, recordings: Iterable[Row]) -> list[dict[str, Any]]:
    """Every value that was recorded and is not the field's any more."""
    return [
        {
            "recording": row["number"],
            "attempt": row["attempt"],
            "value": row["value"],
            "unit": row["unit"],
            "verdict": row["verdict"],
            "recorded_at": row["happened_at"].isoformat(),
            "recorded_by": {"person": row["person"], "machine": row["machine"]},
            "superseded": True,
        }
        for row in recordings
        if _is_earlier(step, row)
    ]


def _is_earlier(step: Step, row: Row) -> bool:
    """Known when the run was read, and not the value of the step's field."""
    latest = step.values.get(row["field_id"])
    if latest is None or row["number"] > latest.number:
        return False
    current = step.current(row["field_id"])
    was_removed = step.definition.field(row["field_id"]) is None
    return was_removed or current is None or current.number != row["number"]


def _grouped(rows: Iterable[Row], name: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[name], []).append(row)
    return found


def _by_step(comments: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for one in comments:
        found.setdefault(one.step_id, []).append(one)
    return found


def _position(place: Place) -> list[Any]:
    return [None if place.started_at == NEVER else place.started_at.isoformat(), place.number]


def _moment(text: str | None) -> datetime:
    return NEVER if text is None else datetime.fromisoformat(text)
