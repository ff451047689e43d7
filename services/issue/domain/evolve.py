"""How an event changes an issue. Never fails on what `decide` returned."""

from dataclasses import replace
from typing import assert_never

from services.issue.domain import answering, closing, dispositions
from services.issue.domain.events import (
    AnyIssueEvent,
    DispositionChosen,
    IssueApproved,
    IssueAvailabilityChanged,
    IssueCommented,
    IssueDispositioned,
    IssueFileAttached,
    IssueInReview,
    IssueOpened,
    IssuePartsNoted,
    IssueQuarantined,
    IssueReopened,
    IssueResolved,
    IssueSentBack,
    QuarantineHeld,
    QuarantineRefused,
)
from services.issue.domain.files import attached
from services.issue.domain.issue import Issue


def evolve(issue: Issue | None, event: AnyIssueEvent) -> Issue:
    """The issue after the event."""
    if isinstance(event, IssueOpened):
        return Issue(event.issue_id, event.finding, opened_at=event.at, opened_by=event.by)
    assert issue is not None, f"{type(event).__name__} before the issue was opened"  # noqa: S101
    match event:
        case DispositionChosen() | IssueApproved() | IssueDispositioned() | IssueAvailabilityChanged():
            return dispositions.applied(issue, event)
        case IssueInReview() | IssueSentBack() | IssueResolved() | IssueReopened():
            return closing.applied(issue, event)
        case IssueQuarantined():
            return replace(issue, quarantined=(*issue.quarantined, event.part))
        case QuarantineHeld() | QuarantineRefused() | IssuePartsNoted():
            return answering.applied(issue, event)
        case IssueFileAttached():
            return attached(issue, event)
        case IssueCommented():
            return issue
        case _:
            assert_never(event)
