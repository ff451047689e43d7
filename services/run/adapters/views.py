"""Runs as HTTP shows them: plain documents, exact numbers as text."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from services.run.adapters.redline_views import redline_view, redlines_on
from services.run.domain.counts import Counts, counts
from services.run.domain.numbers import (
    cycle_time_s,
    labour_by_person,
    labour_s,
    run_labour_s,
    session_s,
    step_time_s,
)
from services.run.domain.order import GateDefinition
from services.run.domain.review import Review
from services.run.domain.run import (
    AttachedFile,
    Canceled,
    Completed,
    Failed,
    Failure,
    Imported,
    Run,
    Session,
    SessionTimes,
    Step,
)
from shared.kernel import Actor, document, plain
from shared.messaging.transaction import Held


def review_view(current: Review) -> dict[str, Any]:
    """The completion review: version, blockers, warnings, counts."""
    return {
        "run_id": current.run_id,
        "number": current.number,
        "version": current.version,
        "status": current.status.value,
        "is_ready": current.is_ready,
        "blockers": [one._asdict() for one in current.blockers],
        "warnings": [one._asdict() for one in current.warnings],
        "counts": _counts(current.counts),
        "as_built_version": current.as_built_version,
    }


def run_view(held: Held[Run]) -> dict[str, Any]:
    """A run with its steps, redlines, gates, installations and issues."""
    run, order = held.state, held.state.order
    completed = run.decision if isinstance(run.decision, Completed) else None
    return {
        "run_id": run.run_id,
        "version": held.version,
        "status": run.status.value,
        "part_number": order.part_number,
        "revision": order.revision,
        "procedure": {"name": order.procedure, "version": order.procedure_version},
        "target": document(asdict(order.target)),
        "work_order": order.work_order,
        "place": {"plant": order.plant, "line": order.line, "work_center": order.work_center},
        "ordered_at": run.ordered_at.isoformat(),
        "imported": imported_view(run.imported),
        "started_at": run.started_at and run.started_at.isoformat(),
        "completed_at": completed and completed.at.isoformat(),
        "completed_by": completed and _person(completed.by),
        "cycle_time_s": completed and document(cycle_time_s(run.started_at, completed.at)),
        "first_completed_at": run.first_completed_at and run.first_completed_at.isoformat(),
        "first_cycle_time_s": document(cycle_time_s(run.started_at, run.first_completed_at)),
        "labour_s": document(run_labour_s(run)),
        "labour": _labour(run.steps.values()),
        "canceled_because": run.decision.reason if isinstance(run.decision, Canceled) else None,
        "failed_because": run.decision.reason if isinstance(run.decision, Failed) else None,
        "completions": run.completions,
        "as_built_version": run.as_built_version,
        "operators": sorted(run.operators),
        "counts": _counts(counts(run)),
        "steps": [step_view(run, step) for step in run.steps.values()],
        "requirements": [document(asdict(one)) for one in run.requirements],
        "gates": [gate_view(run, gate) for gate in order.gates],
        "installations": [document(asdict(one)) for one in run.installations.values()],
        "redlines": [redline_view(run, one) for one in run.redlines],
        "files": [file_view(one, None) for one in run.files],
        "issues": [document(asdict(one)) | {"is_open": one.is_open} for one in run.issues.values()],
    }


def completion_view(run: Run, kept: Mapping[str, Any]) -> dict[str, Any]:
    """A completion record as it was confirmed, and beside it the issues that changed since (domain.md 3.6)."""
    then = {one["issue_id"]: (one["state"], one.get("disposition")) for one in kept["record"]["issues"]}
    since = [one for one in run.issues.values() if then.get(one.issue_id) != (one.state, one.disposition)]
    noted = [
        {"issue_id": one.issue_id, "title": one.title, "state": one.state, "disposition": one.disposition}
        for one in since
    ]
    return {**kept, "issues_since": noted}


def step_view(run: Run, step: Step) -> dict[str, Any]:
    """A step with its signer, its current values, and what it was before redlines changed it."""
    definition = step.definition
    return {
        "step_id": definition.step_id,
        "name": definition.name,
        "required": definition.required,
        "after": list(definition.after),
        "state": step.state.value,
        "started_at": step.started_at and step.started_at.isoformat(),
        "started_by": _person(step.started_by),
        "signed_at": step.signed_at and step.signed_at.isoformat(),
        "signed_by": _person(step.signed_by),
        "imported": imported_view(step.imported),
        "attempt": step.attempt,
        "because": step.because,
        "failure": _failure(step.failure),
        "step_time_s": document(step_time_s(step)),
        "labour_s": document(labour_s(step)),
        "labour": _labour([step]),
        "sessions": [_session(one) for one in step.sessions],
        "fields": [document(asdict(one)) | _value(step, one.field_id) for one in definition.fields],
        "redlines": redlines_on(run, definition.step_id),
        "files": [file_view(one, definition.step_id) for one in step.files],
    }


def imported_view(imported: Imported | None) -> dict[str, str] | None:
    """Who took it in afterwards, and when; nothing for what was told at once."""
    return None if imported is None else {"by": str(imported.by), "at": imported.at.isoformat()}


def file_view(one: AttachedFile, step_id: str | None) -> dict[str, Any]:
    """A file of the run, or of one of its steps: what it is, and who attached it."""
    return {
        "sha256": one.sha256,
        "name": one.name,
        "media_type": one.media_type,
        "size_bytes": one.size_bytes,
        "step_id": step_id,
        "field_id": one.field_id,
        "uri": one.uri,
        "attached_by": _person(one.by),
        "attached_at": one.at.isoformat(),
    }


def comment_view(row: Any) -> dict[str, Any]:
    """One comment, on a step or on the run as a whole."""
    return {
        "comment_id": row.comment_id,
        "step_id": row.step_id,
        "text": row.text,
        "by": {"person": row.person, "machine": row.machine},
        "at": row.happened_at.isoformat(),
    }


def _labour(steps: Iterable[Step]) -> list[dict[str, str]]:
    return [{"person": person, "labour_s": plain(seconds)} for person, seconds in labour_by_person(steps).items()]


def _session(session: Session) -> dict[str, Any]:
    return {
        "session": session.number,
        "person": session.person,
        "started_at": session.started_at.isoformat(),
        "ended_at": session.ended_at and session.ended_at.isoformat(),
        "ended_because": session.ended_because and session.ended_because.value,
        "labour_s": plain(session_s(session)),
        "earlier": [_times(one) for one in session.earlier],
    }


def _times(said: SessionTimes) -> dict[str, Any]:
    """Times of a session as they were said before somebody put them right, and why that was done."""
    return {
        "started_at": said.started_at.isoformat(),
        "ended_at": said.ended_at and said.ended_at.isoformat(),
        "corrected_at": said.corrected_at.isoformat(),
        "corrected_by": _person(said.corrected_by),
        "reason": said.reason,
    }


def _failure(failure: Failure | None) -> dict[str, Any] | None:
    if failure is None:
        return None
    return {
        "reason": failure.reason,
        "failed_at": failure.at.isoformat(),
        "failed_by": _person(failure.by),
        "acknowledged_issue": failure.acknowledged_issue,
    }


def _value(step: Step, field_id: str) -> dict[str, Any]:
    recording = step.current(field_id)
    if recording is None:
        return {"value": None}
    return {
        "value": document(recording.value),
        "verdict": recording.verdict and recording.verdict.value,
        "recorded_at": recording.at.isoformat(),
        "recorded_by": _person(recording.by),
        "recording": recording.number,
    }


def _counts(counted: Counts) -> dict[str, Any]:
    return {
        "steps": {
            "completed": counted.steps_completed,
            "failed_then_resolved": counted.steps_failed_then_resolved,
            "total": counted.steps_total,
        },
        "requirements": {
            "installed": counted.requirements_installed,
            "excepted": counted.requirements_excepted,
            "total": len(counted.requirements),
            "parts": [document(asdict(line)) for line in counted.requirements],
        },
        "redlines": {
            "open": counted.redlines_open,
            "accepted": counted.redlines_accepted,
            "rejected": counted.redlines_rejected,
        },
        "issues": {
            "open": counted.issues_open,
            "dispositioned": counted.issues_dispositioned,
            "resolved": counted.issues_resolved,
        },
        "gates": {"satisfied": counted.gates_satisfied, "required": counted.gates_required},
    }


def gate_view(run: Run, gate: GateDefinition) -> dict[str, Any]:
    """A gate, and who approved it; one that nobody did is closed with its run."""
    approval = run.approvals.get(gate.gate_id)
    by, at = (None, None) if approval is None else (_person(approval.by), approval.at.isoformat())
    state = "open" if run.decision is None else "closed"
    return {"state": "approved" if approval else state, "approved_by": by, "approved_at": at, **asdict(gate)}


def _person(actor: Actor | None) -> dict[str, str | None] | None:
    return None if actor is None else {"person": actor.person, "machine": actor.machine}
