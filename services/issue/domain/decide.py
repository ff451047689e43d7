"""What an issue says to a command: events, or a refusal. No clock, no id, no I/O."""

from collections import Counter
from typing import assert_never

from services.issue.domain.commands import AnyCommand, DispositionIssue, OpenIssue, OpenUnasked, ResolveIssue
from services.issue.domain.events import AnyEvent, IssueDispositioned, IssueOpened, IssueResolved
from services.issue.domain.issue import Disposition, Finding, Issue, IssueState
from services.issue.domain.refusals import (
    DispositionMissing,
    ExceptionNeedsRun,
    ExceptionNotForRequirement,
    ExceptionQuantityInvalid,
    ExceptionRepeated,
    IssueExists,
    IssueIsResolved,
    JustificationMissing,
    RunMissing,
    StepMissing,
    SubjectMissing,
    UnknownIssue,
)
from shared.kernel import plain

Events = tuple[AnyEvent, ...]

EXCUSES = "use-as-is"
"""The disposition that leaves a unit as it is, so it needs a reason."""


def decide(issue: Issue | None, command: AnyCommand) -> Events:
    """The events that follow from a command on the issue that it names.

    :raises Refused: when the rules say no; when nothing changes the answer is an empty tuple.
    """
    match command:
        case OpenUnasked() if issue is not None:
            return ()
        case OpenIssue():
            return _open(issue, command)
        case DispositionIssue():
            return _disposition(_known(issue, command), command)
        case ResolveIssue():
            return _resolve(_known(issue, command), command)
        case _:
            assert_never(command)


def _known(issue: Issue | None, command: AnyCommand) -> Issue:
    if issue is None:
        raise UnknownIssue(command.issue_id)
    return issue


def _open(issue: Issue | None, command: OpenIssue) -> Events:
    _check_finding(command.finding)
    if issue is None:
        return (IssueOpened(command.issue_id, command.by, command.at, command.finding),)
    if issue.finding == command.finding:
        return ()
    raise IssueExists(issue_id=issue.issue_id)


def _check_finding(finding: Finding) -> None:
    if finding.run_id is None and (finding.step_id or finding.requirement_id):
        raise RunMissing(part="step" if finding.step_id else "requirement")
    if finding.field_id is not None and finding.step_id is None:
        raise StepMissing(field_id=finding.field_id)
    if finding.run_id is None and finding.unit_id is None:
        raise SubjectMissing


def _disposition(issue: Issue, command: DispositionIssue) -> Events:
    if issue.disposition == command.disposition:
        return ()
    if issue.state is IssueState.RESOLVED:
        raise IssueIsResolved(issue_id=issue.issue_id)
    _check_disposition(issue, command.disposition)
    return (IssueDispositioned(issue.issue_id, command.by, command.at, issue.finding, command.disposition),)


def _check_disposition(issue: Issue, disposition: Disposition) -> None:
    is_excuse = disposition.kind == EXCUSES or disposition.exceptions
    if is_excuse and not disposition.justification.strip():
        raise JustificationMissing(disposition=disposition.kind)
    about = issue.finding.requirement_id
    for one in disposition.exceptions:
        name = one.requirement_id
        if issue.run_id is None:
            raise ExceptionNeedsRun(issue_id=issue.issue_id, requirement_id=name)
        if about not in (None, name):
            raise ExceptionNotForRequirement(issue_id=issue.issue_id, about=about, requirement_id=name)
        if one.quantity <= 0:
            raise ExceptionQuantityInvalid(requirement_id=name, quantity=plain(one.quantity))
    times = Counter(one.requirement_id for one in disposition.exceptions)
    for name, count in times.items():
        if count > 1:
            raise ExceptionRepeated(requirement_id=name)


def _resolve(issue: Issue, command: ResolveIssue) -> Events:
    if issue.resolution == command.resolution:
        return ()
    if issue.resolution is not None:
        raise IssueIsResolved(issue_id=issue.issue_id)
    if issue.disposition is None:
        raise DispositionMissing(issue_id=issue.issue_id)
    who = (issue.issue_id, command.by, command.at)
    return (IssueResolved(*who, issue.finding, issue.disposition, command.resolution),)
