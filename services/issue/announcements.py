"""Domain event to public contract; total: every event is said, with the whole standing of its issue."""

from typing import Any, assert_never

from services.issue.domain.events import AnyEvent, IssueDispositioned, IssueEvent, IssueOpened, IssueResolved
from services.issue.domain.issue import Disposition, IssueState
from shared.contracts import issue as contracts
from shared.contracts.base import Contract
from shared.contracts.run import ExceptionApproved
from shared.messaging.service import by


def announce(event: AnyEvent) -> Contract:
    """The public contract of an event."""
    match event:
        case IssueOpened():
            return contracts.IssueOpened(**_standing(event, IssueState.PENDING), description=event.finding.description)
        case IssueDispositioned():
            standing = _standing(event, IssueState.IN_PROGRESS, event.disposition)
            return contracts.IssueDispositioned(**standing, justification=event.disposition.justification)
        case IssueResolved():
            standing = _standing(event, IssueState.RESOLVED, event.disposition)
            return contracts.IssueResolved(**standing, resolution=event.resolution)
        case _:
            assert_never(event)


def _standing(event: IssueEvent, state: IssueState, disposition: Disposition | None = None) -> dict[str, Any]:
    finding = event.finding
    exceptions = () if disposition is None else disposition.exceptions
    return {
        "by": by(event.by),
        "issue_id": event.issue_id,
        "title": finding.title,
        "state": state.value,
        "run_id": finding.run_id,
        "step_id": finding.step_id,
        "field_id": finding.field_id,
        "requirement_id": finding.requirement_id,
        "unit_id": finding.unit_id,
        "disposition": disposition and disposition.kind,
        "approved": disposition is not None,
        "exceptions": tuple(
            ExceptionApproved(requirement_id=one.requirement_id, quantity=one.quantity) for one in exceptions
        ),
    }
