"""Opening an issue: what was found, and on what. It never changes afterwards."""

from services.issue.domain.commands import OpenIssue
from services.issue.domain.events import IssueOpened
from services.issue.domain.issue import Finding, Issue
from services.issue.domain.refusals import IssueExists, RunMissing, StepMissing, SubjectMissing


def open_issue(issue: Issue | None, command: OpenIssue) -> tuple[IssueOpened, ...]:
    """The same report again changes nothing.

    :raises Refused: when it names too little, or is another report under an id that is taken.
    """
    _check(command.finding)
    if issue is None:
        return (IssueOpened(command.issue_id, command.by, command.at, command.finding),)
    if issue.finding == command.finding:
        return ()
    raise IssueExists(issue_id=issue.issue_id)


def _check(finding: Finding) -> None:
    if finding.run_id is None and (finding.step_id or finding.requirement_id):
        raise RunMissing(part="step" if finding.step_id else "requirement")
    if finding.field_id is not None and finding.step_id is None:
        raise StepMissing(field_id=finding.field_id)
    if finding.run_id is None and finding.unit_id is None:
        raise SubjectMissing
