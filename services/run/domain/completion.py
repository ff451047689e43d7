"""Confirming a review: the completion record as a canonical document, with its content hash."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from services.run.domain.commands import CompleteRun
from services.run.domain.events import RunCompleted
from services.run.domain.refusals import CompletionBlocked, ReviewStale, WarningNotAcknowledged
from services.run.domain.review import Review, review
from services.run.domain.run import Order, Run
from shared.kernel import content_hash, plain


def complete(run: Run, command: CompleteRun) -> RunCompleted:
    """The completion of a run whose current review was confirmed.

    :raises CompletionBlocked: when something blocks it.
    :raises ReviewStale: when the review changed since the version that was confirmed.
    :raises WarningNotAcknowledged: when a warning was not acknowledged.
    """
    current = review(run)
    if current.blockers:
        listed = " ".join(f"{one.code} {one.subject}: {one.sentence}" for one in current.blockers[:20])
        raise CompletionBlocked(run_id=run.run_id, blockers=listed)
    if command.review_version != current.version:
        raise ReviewStale(given=command.review_version or "(none)", current=current.version)
    open_warnings = {(one.code, one.subject) for one in current.warnings} - command.acknowledged
    if open_warnings:
        listed = ", ".join(f"{code} {subject}" for code, subject in sorted(open_warnings))
        raise WarningNotAcknowledged(warnings=listed)
    document = _document(run, command, current)
    record = {**document, "content_hash": content_hash(document)}
    number = run.completions + 1
    return RunCompleted(run.run_id, command.by, command.at, run.order.target.unit_id, number, record)


def _document(run: Run, command: CompleteRun, current: Review) -> dict[str, Any]:
    """Everything that was confirmed; members without a value are left out, so that it reads the same
    wherever it travels.
    """
    order, target = run.order, run.order.target
    acknowledged = sorted((one.code, one.subject) for one in current.warnings)
    document = {
        "run_id": run.run_id,
        "number": run.completions + 1,
        "part_number": order.part_number,
        "revision": order.revision,
        "procedure": {"name": order.procedure, "version": order.procedure_version},
        "work_order": order.work_order,
        "unit_id": target.unit_id,
        "serial": target.serial,
        "lot": target.lot,
        "quantity": plain(target.quantity),
        "unit_of_measure": target.unit_of_measure,
        "place": _place(order),
        "started_at": run.started_at and _utc(run.started_at),
        "completed_at": _utc(command.at),
        "completed_by": str(command.by),
        "note": command.note,
        "acknowledged": [{"code": code, "subject": subject} for code, subject in acknowledged],
        "review_version": current.version,
        "counts": _counts(current),
        "operators": sorted(run.operators),
        "issues": _issues(run),
        "installations": _installations(run),
        "gates_closed": [gate.gate_id for gate in order.gates if gate.gate_id not in run.approvals],
        "as_built_version": run.as_built_version,
        "cycle_time_s": _cycle_time_s(run.started_at, command.at),
    }
    return {name: value for name, value in document.items() if value is not None}


def _counts(current: Review) -> dict[str, Any]:
    return {
        "steps_completed": current.steps_completed,
        "steps_failed_then_resolved": current.steps_failed_then_resolved,
        "steps_total": current.steps_total,
        "requirements_installed": current.requirements_installed,
        "requirements_excepted": current.requirements_excepted,
        "requirements": [
            {
                "requirement_id": line.requirement_id,
                "part_number": line.part_number,
                "required": plain(line.required),
                "installed": plain(line.installed),
                "excepted": plain(line.excepted),
            }
            for line in current.requirements
        ],
        "redlines_open": current.redlines_open,
        "redlines_accepted": current.redlines_accepted,
        "redlines_rejected": current.redlines_rejected,
        "issues_open": current.issues_open,
        "issues_dispositioned": current.issues_dispositioned,
        "issues_resolved": current.issues_resolved,
        "gates_satisfied": current.gates_satisfied,
        "gates_required": current.gates_required,
    }


def _place(order: Order) -> dict[str, str]:
    place = {"plant": order.plant, "line": order.line, "work_center": order.work_center}
    return {name: value for name, value in place.items() if value is not None}


def _issues(run: Run) -> list[dict[str, Any]]:
    return [
        {"issue_id": one.issue_id, "title": one.title, "state": one.state}
        | ({"disposition": one.disposition} if one.disposition else {})
        for one in run.issues.values()
    ]


def _installations(run: Run) -> list[dict[str, Any]]:
    return [
        {
            "installation_id": one.installation_id,
            "requirement_id": one.requirement_id,
            "unit_id": one.unit_id,
            "part_number": one.part_number,
            "quantity": plain(one.quantity),
            "substitute": one.substitute,
        }
        | ({"designator": one.designator} if one.designator else {})
        for one in run.installations.values()
    ]


def _cycle_time_s(started_at: datetime | None, completed_at: datetime) -> str | None:
    """Seconds from the first start to completion; never negative, whatever two clocks say."""
    if started_at is None:
        return None
    elapsed = completed_at - started_at
    seconds = Decimal(elapsed.days * 86_400 + elapsed.seconds) + Decimal(elapsed.microseconds) / 1_000_000
    return plain(max(seconds, Decimal(0)))


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
