"""The summary of a run: its headline figures, from the run as it stands or from a completion record.

Both come from the same document, so that the summary, the record and an export never disagree.
"""

from collections.abc import Mapping
from typing import Any

from services.run.domain.completion import evidence
from services.run.domain.counts import counts
from services.run.domain.numbers import cycle_time_s
from services.run.domain.run import Completed, Run
from shared.contracts.envelope import rfc3339
from shared.kernel import document

Record = Mapping[str, Any]


def live_summary(run: Run) -> dict[str, Any]:
    """The summary of a run as it stands."""
    return _summary(run.status.value, {**evidence(run, counts(run)), **_stands(run)}, is_live=True)


def _stands(run: Run) -> dict[str, Any]:
    """The completion that stands, and the first where that is another one, as a record tells them."""
    completed = run.decision if isinstance(run.decision, Completed) else None
    at, first = None if completed is None else completed.at, run.first_completed_at
    if completed is not None and completed.number == 1:
        first = None
    return {
        "number": completed and completed.number,
        "completed_at": at and rfc3339(at),
        "completed_by": completed and str(completed.by),
        "cycle_time_s": document(cycle_time_s(run.started_at, at)),
        "first_completed_at": first and rfc3339(first),
        "first_cycle_time_s": document(cycle_time_s(run.started_at, first)),
    }


def record_summary(record: Record) -> dict[str, Any]:
    """The summary of a completion record, as it was confirmed."""
    return _summary("complete", record, is_live=False)


def _summary(status: str, told: Record, *, is_live: bool) -> dict[str, Any]:
    return {
        "run_id": told["run_id"],
        "status": status,
        "is_live": is_live,
        "completion": told["number"],
        "part_number": told["part_number"],
        "revision": told["revision"],
        "procedure": told["procedure"],
        "work_order": told.get("work_order"),
        "unit_id": told["unit_id"],
        "serial": told.get("serial"),
        "lot": told.get("lot"),
        "quantity": told["quantity"],
        "unit_of_measure": told["unit_of_measure"],
        "ordered_at": told.get("ordered_at"),
        "started_at": told.get("started_at"),
        "completed_at": told.get("completed_at"),
        "completed_by": told.get("completed_by"),
        "cycle_time_s": told.get("cycle_time_s"),
        "first_completed_at": told.get("first_completed_at"),
        "first_cycle_time_s": told.get("first_cycle_time_s"),
        "labour_s": told.get("labour_s"),
        "operators": _operators(told),
        "steps": {name: told["counts"][f"steps_{name}"] for name in ("completed", "failed_then_resolved", "total")},
        "issues": _issues(told),
        "redlines": _redlines(told),
        "requirements": _requirements(told),
        "content_hash": told.get("content_hash"),
    }


def _operators(told: Record) -> list[dict[str, Any]]:
    """Who worked on the steps, and how long where that is known."""
    labour = {one["person"]: one["labour_s"] for one in told.get("labour") or ()}
    return [{"person": person, "labour_s": labour.get(person)} for person in told["operators"]]


def _issues(told: Record) -> dict[str, Any]:
    counts = {name: told["counts"][f"issues_{name}"] for name in ("open", "dispositioned", "resolved")}
    items = [{name: one.get(name) for name in ("issue_id", "title", "state", "disposition")} for one in told["issues"]]
    return {"total": len(items), **counts, "items": items}


def _redlines(told: Record) -> dict[str, Any]:
    """Applied are those that changed steps and stand."""
    counts = {name: told["counts"][f"redlines_{name}"] for name in ("open", "accepted", "rejected")}
    items = [
        {name: one.get(name) for name in ("redline_id", "state", "reason", "author", "applied_at")}
        for one in told.get("redlines") or ()
    ]
    applied = sum(one["state"] in ("applied", "accepted") for one in items)
    return {"applied": applied, **counts, "items": items}


def _requirements(told: Record) -> dict[str, Any]:
    counts = told["counts"]
    return {
        "installed": counts["requirements_installed"],
        "excepted": counts["requirements_excepted"],
        "total": len(counts["requirements"]),
        "parts": [{**line, "units": _units(told, line["requirement_id"])} for line in counts["requirements"]],
    }


def _units(told: Record, requirement_id: str) -> list[dict[str, Any]]:
    names = ("unit_id", "part_number", "revision", "serial", "lot", "quantity", "designator", "substitute")
    return [
        {name: one.get(name) for name in names}
        for one in told["installations"]
        if one["requirement_id"] == requirement_id
    ]
