"""The way of an issue to its end, and back: in review, sent back, resolved, reopened (domain.md 5)."""

from dataclasses import replace
from typing import assert_never

from services.issue.domain.commands import ReopenIssue, ResolveIssue, SendBack, SubmitForReview
from services.issue.domain.events import IssueInReview, IssueReopened, IssueResolved, IssueSentBack
from services.issue.domain.issue import Issue, IssueState
from services.issue.domain.refusals import (
    ApprovalsMissing,
    CloserRoleNotHeld,
    DispositionMissing,
    IssueIsResolved,
    IssueNotInReview,
    IssueNotResolved,
    ReasonMissing,
)

ClosingCommand = SubmitForReview | SendBack | ResolveIssue | ReopenIssue
ClosingEvent = IssueInReview | IssueSentBack | IssueResolved | IssueReopened


def decide(issue: Issue, command: ClosingCommand) -> tuple[ClosingEvent, ...]:
    """Where the issue goes from here.

    :raises Refused: when it cannot go there; the refusal says what comes before.
    """
    match command:
        case SubmitForReview():
            return _submit(issue, command)
        case SendBack():
            return _send_back(issue, command)
        case ResolveIssue():
            return _resolve(issue, command)
        case ReopenIssue():
            return _reopen(issue, command)
        case _:
            assert_never(command)


def applied(issue: Issue, event: ClosingEvent) -> Issue:
    """The issue after it."""
    match event:
        case IssueInReview():
            return replace(issue, reviewing=True)
        case IssueSentBack():
            return replace(issue, reviewing=False)
        case IssueResolved():
            closed = replace(issue, reviewing=False, reopened_because=None)
            return replace(closed, resolution=event.resolution, resolved_at=event.at, resolved_by=event.by)
        case IssueReopened():
            again = replace(issue, resolution=None, resolved_at=None, resolved_by=None, reopened_because=event.reason)
            return replace(again, approvals=(), dispositioned_at=None, dispositioned_by=None)
        case _:
            assert_never(event)


def _submit(issue: Issue, command: SubmitForReview) -> tuple[IssueInReview, ...]:
    if issue.state is IssueState.IN_REVIEW:
        return ()
    _check_approved(issue)
    return (IssueInReview(issue.issue_id, command.by, command.at, issue, command.note),)


def _send_back(issue: Issue, command: SendBack) -> tuple[IssueSentBack, ...]:
    if issue.state is not IssueState.IN_REVIEW:
        raise IssueNotInReview(issue_id=issue.issue_id, state=issue.state)
    _check_reason(command.reason)
    return (IssueSentBack(issue.issue_id, command.by, command.at, issue, command.reason),)


def _resolve(issue: Issue, command: ResolveIssue) -> tuple[IssueResolved, ...]:
    if issue.resolution == command.resolution:
        return ()
    _check_approved(issue)
    closers = () if issue.type is None else issue.type.closer_roles
    if closers and not command.roles.intersection(closers):
        raise CloserRoleNotHeld(issue_id=issue.issue_id, roles=" or ".join(closers))
    return (IssueResolved(issue.issue_id, command.by, command.at, issue, command.resolution),)


def _reopen(issue: Issue, command: ReopenIssue) -> tuple[IssueReopened, ...]:
    if issue.state is not IssueState.RESOLVED:
        if issue.reopened_because == command.reason:
            return ()
        raise IssueNotResolved(issue_id=issue.issue_id, state=issue.state)
    _check_reason(command.reason)
    return (IssueReopened(issue.issue_id, command.by, command.at, issue, command.reason),)


def _check_approved(issue: Issue) -> None:
    if issue.state is IssueState.RESOLVED:
        raise IssueIsResolved(issue_id=issue.issue_id)
    if issue.disposition is None:
        raise DispositionMissing(issue_id=issue.issue_id)
    if not issue.is_approved:
        kind, roles = issue.disposition.kind, ", ".join(issue.missing_roles)
        missing = f"approve it as {roles}" if roles else "choose it again, or another one"
        raise ApprovalsMissing(issue_id=issue.issue_id, disposition=kind, missing=missing)


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing
