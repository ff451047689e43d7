"""Issues as HTTP shows them: plain documents, exact numbers as text."""

from dataclasses import asdict
from typing import Any

from services.issue.domain.issue import Disposition, Issue
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
        "opened_at": issue.opened_at.isoformat(),
        "opened_by": _who(issue.opened_by),
        **_decided(issue.disposition),
        "dispositioned_at": issue.dispositioned_at and issue.dispositioned_at.isoformat(),
        "dispositioned_by": _who(issue.dispositioned_by),
        "resolution": issue.resolution,
        "resolved_at": issue.resolved_at and issue.resolved_at.isoformat(),
        "resolved_by": _who(issue.resolved_by),
    }


def _decided(disposition: Disposition | None) -> dict[str, Any]:
    exceptions = () if disposition is None else disposition.exceptions
    return {
        "disposition": disposition and disposition.kind,
        "justification": disposition and disposition.justification,
        "approved": disposition is not None,
        "exceptions": [{"requirement_id": one.requirement_id, "quantity": plain(one.quantity)} for one in exceptions],
    }


def _who(actor: Actor | None) -> dict[str, str | None] | None:
    return None if actor is None else asdict(actor)
