"""Issues as HTTP shows them: plain documents, exact numbers as text."""

from dataclasses import asdict
from typing import Any

from services.issue.domain.disposition_types import BUILT_IN, DispositionType, DispositionTypes
from services.issue.domain.issue import AttachedFile, Issue
from shared.kernel import Actor, plain
from shared.messaging.transaction import Held


def issue_view(held: Held[Issue]) -> dict[str, Any]:
    """An issue: what was found, where it stands, what was decided, how it was closed, and who did that when."""
    issue = held.state
    return {
        "issue_id": issue.issue_id,
        "version": held.version,
        "state": issue.state.value,
        **asdict(issue.finding),
        "unit_id": issue.unit_id,
        "part_numbers": list(issue.part_numbers),
        "opened_at": issue.opened_at.isoformat(),
        "opened_by": _who(issue.opened_by),
        **_decided(issue),
        "dispositioned_at": issue.dispositioned_at and issue.dispositioned_at.isoformat(),
        "dispositioned_by": _who(issue.dispositioned_by),
        "resolution": issue.resolution,
        "resolved_at": issue.resolved_at and issue.resolved_at.isoformat(),
        "resolved_by": _who(issue.resolved_by),
        "reopened_because": issue.reopened_because,
        "quarantined": _held(issue),
        "files": [file_view(one) for one in issue.files],
    }


def file_view(file: AttachedFile) -> dict[str, Any]:
    """One file: what it is, and who attached it when."""
    return {
        "sha256": file.sha256,
        "name": file.name,
        "media_type": file.media_type,
        "size_bytes": file.size_bytes,
        "attached_by": _who(file.by),
        "attached_at": file.at.isoformat(),
    }


def types_view(types: DispositionTypes) -> dict[str, Any]:
    """Every disposition type, by name; of those that a site configured, who did that, when and why."""
    return {"version": types.version, "items": [_type(types, one) for _, one in sorted(types.by_name.items())]}


def _type(types: DispositionTypes, one: DispositionType) -> dict[str, Any]:
    configured = types.configured.get(one.name)
    return {
        "name": one.name,
        "availability": one.availability.value,
        "auto_resolve": one.auto_resolve,
        "approver_roles": list(one.approver_roles),
        "closer_roles": list(one.closer_roles),
        "retired": one.retired,
        "is_built_in": one.name in BUILT_IN,
        "reason": configured and configured.reason,
        "configured_by": configured and _who(configured.by),
        "configured_at": configured and configured.at.isoformat(),
    }


def _decided(issue: Issue) -> dict[str, Any]:
    disposition = issue.disposition
    chosen = () if disposition is None else disposition.exceptions
    return {
        "disposition": disposition and disposition.kind,
        "justification": disposition and disposition.justification,
        "availability": issue.availability and issue.availability.value,
        "withholds": issue.withholds,
        "chosen_at": issue.chosen_at and issue.chosen_at.isoformat(),
        "chosen_by": _who(issue.chosen_by),
        "approver_roles": [] if issue.type is None else list(issue.type.approver_roles),
        "closer_roles": [] if issue.type is None else list(issue.type.closer_roles),
        "approvals": [{"role": one.role, "by": _who(one.by), "at": one.at.isoformat()} for one in issue.approvals],
        "missing_approvals": list(issue.missing_roles),
        "approved": issue.is_approved,
        "exceptions": [{"requirement_id": one.requirement_id, "quantity": plain(one.quantity)} for one in chosen],
        "exceptions_are_alive": bool(issue.exceptions),
    }


def _held(issue: Issue) -> list[dict[str, Any]]:
    return [
        {
            "unit_id": one.unit_id,
            "of_unit_id": one.of_unit_id,
            "quantity": plain(one.quantity),
            "by": _who(one.by),
            "at": one.at.isoformat(),
            "state": issue.state_of(one).value,
            "refused_because": one.refused_because and asdict(one.refused_because),
            "answered_at": one.answered_at and one.answered_at.isoformat(),
        }
        for one in issue.quarantined
    ]


def _who(actor: Actor | None) -> dict[str, str | None] | None:
    return None if actor is None else asdict(actor)
