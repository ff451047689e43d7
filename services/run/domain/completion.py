"""Confirming a review: the completion record as a canonical document, with its content hash."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from services.run.domain.commands import CompleteRun
from services.run.domain.counts import Counts
from services.run.domain.events import RunCompleted
from services.run.domain.importing import check_completion_imported
from services.run.domain.numbers import cycle_time_s, labour_by_person, labour_s, run_labour_s, step_time_s
from services.run.domain.order import FieldDefinition, GateDefinition, Order
from services.run.domain.ordering import is_exact
from services.run.domain.policies import Policies
from services.run.domain.redline import Redline
from services.run.domain.refusals import (
    CompletionBlocked,
    ReviewStale,
    ScrappedQuantityInvalid,
    WarningNotAcknowledged,
)
from services.run.domain.review import Review, review
from services.run.domain.run import Approval, AttachedFile, Failure, Imported, Installation, Recording, Run, Step
from services.run.domain.sessions import nobody_left
from shared.kernel import Actor, changed, content_hash, plain


def complete(run: Run, command: CompleteRun, policies: Policies) -> RunCompleted:
    """The completion of a run whose current review was confirmed. Each refusal has that review among its facts.

    :raises CompletionBlocked: when something blocks it.
    :raises ReviewStale: when the review changed since the version that was confirmed.
    :raises WarningNotAcknowledged: when a warning was not acknowledged.
    """
    check_completion_imported(run, command.at, command.imported)
    current = review(run, policies)
    if current.blockers:
        listed = " ".join(f"{one.code} {one.subject}: {one.sentence}" for one in current.blockers[:20])
        raise CompletionBlocked(run_id=run.run_id, blockers=listed, review=current)
    if command.review_version != current.version:
        raise ReviewStale(given=command.review_version or "(none)", current=current.version, review=current)
    open_warnings = {(one.code, one.subject) for one in current.warnings} - command.acknowledged
    if open_warnings:
        listed = ", ".join(f"{code} {subject}" for code, subject in sorted(open_warnings))
        raise WarningNotAcknowledged(warnings=listed, review=current)
    check_scrapped(run, command.scrapped_quantity)
    document = _document(run, command, current)
    record = {**document, "content_hash": content_hash(document)}
    number = run.completions + 1
    return RunCompleted(run.run_id, command.by, command.at, run.order.target.unit_id, number, record)


def evidence(run: Run, counted: Counts) -> dict[str, Any]:
    """What a completion record holds of a run, whether it is confirmed yet or not."""
    order, target = run.order, run.order.target
    document = {
        "run_id": run.run_id,
        "part_number": order.part_number,
        "revision": order.revision,
        "procedure": {"name": order.procedure, "version": order.procedure_version},
        "work_order": order.work_order,
        "unit_id": target.unit_id,
        "serial": target.serial,
        "lot": target.lot,
        "quantity": plain(run.quantity),
        "unit_of_measure": target.unit_of_measure,
        "place": _place(order),
        "ordered_at": _utc(run.ordered_at),
        "order_imported": run.imported and _imported(run.imported),
        "started_at": run.started_at and _utc(run.started_at),
        "counts": _counts(counted),
        "operators": sorted(run.operators),
        "issues": _issues(run),
        "labour_s": plain(run_labour_s(run)),
        "labour": _labour(run.steps.values()),
        "steps": [_step(step) for step in run.steps.values()],
        "installations": [_installation(one) for one in run.installations.values()],
        "redlines": [_redline(one) for one in run.redlines.values()] or None,
        "files": [_file(one) for one in run.files] or None,
        "gates": [_gate(one, run.approvals.get(one.gate_id)) for one in order.gates] or None,
        "as_built_version": run.as_built_version,
    }
    return _present(document)


def _document(run: Run, command: CompleteRun, current: Review) -> dict[str, Any]:
    """Everything that was confirmed, and its confirmation."""
    acknowledged = sorted((one.code, one.subject) for one in current.warnings)
    confirmation = {
        "number": run.completions + 1,
        "completed_at": _utc(command.at),
        "completed_by": str(command.by),
        "imported": command.imported and _imported(command.imported),
        "note": command.note,
        **_outcome(run, command.scrapped_quantity),
        "acknowledged": [{"code": code, "subject": subject} for code, subject in acknowledged],
        "review_version": current.version,
        "gates_closed": [gate.gate_id for gate in run.order.gates if gate.gate_id not in run.approvals],
        "cycle_time_s": _seconds(cycle_time_s(run.started_at, command.at)),
        "first_completed_at": run.first_completed_at and _utc(run.first_completed_at),
        "first_cycle_time_s": _seconds(cycle_time_s(run.started_at, run.first_completed_at)),
    }
    closed = changed(run, steps=nobody_left(run, command.at))
    return _present({**evidence(closed, current.counts), **confirmation})


def check_scrapped(run: Run, scrapped: Decimal) -> None:
    """What is no good is at most what there is; a serial is good or not.

    :raises ScrappedQuantityInvalid: otherwise.
    """
    target = run.order.target
    is_part = target.serial is not None and scrapped not in (0, run.quantity)
    if scrapped < 0 or scrapped > run.quantity or is_part or not is_exact(scrapped):
        raise ScrappedQuantityInvalid(
            scrapped=plain(scrapped), run_id=run.run_id, quantity=plain(run.quantity), unit=target.unit_of_measure
        )


def _outcome(run: Run, scrapped: Decimal) -> dict[str, Any]:
    """How much of it is good and how much is scrapped, where that was said."""
    if not scrapped:
        return {}
    return {"good_quantity": plain(run.quantity - scrapped), "scrapped_quantity": plain(scrapped)}


def _counts(counted: Counts) -> dict[str, Any]:
    return {
        "steps_completed": counted.steps_completed,
        "steps_failed_then_resolved": counted.steps_failed_then_resolved,
        "steps_total": counted.steps_total,
        "requirements_installed": counted.requirements_installed,
        "requirements_excepted": counted.requirements_excepted,
        "requirements": [
            {
                "requirement_id": line.requirement_id,
                "part_number": line.part_number,
                "required": plain(line.required),
                "installed": plain(line.installed),
                "excepted": plain(line.excepted),
            }
            for line in counted.requirements
        ],
        "redlines_open": counted.redlines_open,
        "redlines_accepted": counted.redlines_accepted,
        "redlines_rejected": counted.redlines_rejected,
        "issues_open": counted.issues_open,
        "issues_dispositioned": counted.issues_dispositioned,
        "issues_resolved": counted.issues_resolved,
        "gates_satisfied": counted.gates_satisfied,
        "gates_required": counted.gates_required,
    }


def _place(order: Order) -> dict[str, str]:
    return _present({"plant": order.plant, "line": order.line, "work_center": order.work_center})


def _issues(run: Run) -> list[dict[str, Any]]:
    return [
        _present({"issue_id": one.issue_id, "title": one.title, "state": one.state, "disposition": one.disposition})
        for one in run.issues.values()
    ]


def _step(step: Step) -> dict[str, Any]:
    definition = step.definition
    return _present(
        {
            "step_id": definition.step_id,
            "name": definition.name,
            "required": definition.required,
            "state": step.state.value,
            "started_at": step.started_at and _utc(step.started_at),
            "signed_at": step.signed_at and _utc(step.signed_at),
            "signed_by": step.signed_by and _who(step.signed_by),
            "imported": step.imported and _imported(step.imported),
            "step_time_s": _seconds(step_time_s(step)),
            "labour_s": plain(labour_s(step)) if step.sessions else None,
            "labour": _labour([step]),
            "attempt": step.attempt if step.attempt > 1 else None,
            "because": step.because,
            "failure": step.failure and _failure(step.failure),
            "values": [_recorded(one, value) for one in definition.fields if (value := step.current(one.field_id))],
            "files": [_file(one) for one in step.files] or None,
        }
    )


def _file(one: AttachedFile) -> dict[str, Any]:
    return _present(
        {
            "sha256": one.sha256,
            "name": one.name,
            "media_type": one.media_type,
            "size_bytes": one.size_bytes,
            "field_id": one.field_id,
            "uri": one.uri,
        }
    )


def _gate(gate: GateDefinition, approval: Approval | None) -> dict[str, Any]:
    return _present(
        {
            "gate_id": gate.gate_id,
            "name": gate.name,
            "role": gate.role,
            "required": gate.required,
            "approved_at": approval and _utc(approval.at),
            "approved_by": approval and _who(approval.by),
        }
    )


def _redline(one: Redline) -> dict[str, Any]:
    return _present(
        {
            "redline_id": one.redline_id,
            "state": one.state.value,
            "reason": one.reason,
            "author": _who(one.author),
            "issue_id": one.issue_id,
            "steps": [*one.touched, *one.added],
            "applied_at": one.applied_at and _utc(one.applied_at),
            "applied_by": one.applied_by and _who(one.applied_by),
            "accepted_for": sorted(one.reviews),
        }
    )


def _failure(failure: Failure) -> dict[str, Any]:
    return _present(
        {
            "reason": failure.reason,
            "failed_at": _utc(failure.at),
            "failed_by": _who(failure.by),
            "acknowledged_issue": failure.acknowledged_issue,
        }
    )


def _recorded(definition: FieldDefinition, recording: Recording) -> dict[str, Any]:
    value = recording.value
    return _present(
        {
            "field_id": definition.field_id,
            "name": definition.name,
            "value": plain(value) if isinstance(value, Decimal) else list(value) if isinstance(value, tuple) else value,
            "unit": definition.unit,
            "verdict": recording.verdict and recording.verdict.value,
            "recording": recording.number,
            "recorded_at": _utc(recording.at),
            "recorded_by": _who(recording.by),
        }
    )


def _imported(imported: Imported) -> dict[str, Any]:
    return {"by": str(imported.by), "at": _utc(imported.at)}


def _who(actor: Actor) -> dict[str, str]:
    return _present({"person": actor.person, "machine": actor.machine})


def _present(members: dict[str, Any]) -> dict[str, Any]:
    """Members without a value are left out, so that the record reads the same wherever it travels."""
    return {name: value for name, value in members.items() if value is not None}


def _installation(one: Installation) -> dict[str, Any]:
    return _present(
        {
            "installation_id": one.installation_id,
            "requirement_id": one.requirement_id,
            "unit_id": one.unit_id,
            "part_number": one.part_number,
            "revision": one.revision,
            "serial": one.serial,
            "lot": one.lot,
            "origin_unit_id": one.origin_unit_id,
            "unit_of_measure": one.unit_of_measure,
            "quantity": plain(one.quantity),
            "designator": one.designator,
            "substitute": one.substitute,
            "installed_at": one.installed_at and _utc(one.installed_at),
            "installed_by": one.installed_by and _who(one.installed_by),
        }
    )


def _seconds(seconds: Decimal | None) -> str | None:
    return None if seconds is None else plain(seconds)


def _labour(steps: Iterable[Step]) -> list[dict[str, str]] | None:
    by_person = labour_by_person(steps)
    return [{"person": person, "labour_s": plain(seconds)} for person, seconds in by_person.items()] or None


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
