"""Files of an issue: photos, reports, what the supplier wrote. The content itself is not a rule's business."""

from dataclasses import replace

from services.issue.domain.commands import AttachToIssue
from services.issue.domain.events import IssueFileAttached
from services.issue.domain.issue import AttachedFile, Issue
from services.issue.domain.refusals import FileInvalid, IssueFilesTooMany
from shared.kernel import wrong_with_file

MOST_FILES = 500
"""Of one issue."""


def attach(issue: Issue, command: AttachToIssue) -> tuple[IssueFileAttached, ...]:
    """Attach a file, whatever became of the issue. Attached before, nothing changes.

    :raises FileInvalid: naming what is wrong with its description.
    :raises IssueFilesTooMany: when there are as many as can be looked through.
    """
    described = (command.sha256, command.name, command.media_type, command.size_bytes)
    what = next(wrong_with_file(*described), None)
    if what is not None:
        raise FileInvalid(what=what)
    if any((one.sha256, one.name) == (command.sha256, command.name) for one in issue.files):
        return ()
    if len(issue.files) >= MOST_FILES:
        raise IssueFilesTooMany(issue_id=issue.issue_id, most=MOST_FILES)
    return (IssueFileAttached(issue.issue_id, command.by, command.at, issue, *described),)


def attached(issue: Issue, event: IssueFileAttached) -> Issue:
    """The issue has the file."""
    one = AttachedFile(event.sha256, event.name, event.media_type, event.size_bytes, event.by, event.at)
    return replace(issue, files=(*issue.files, one))
