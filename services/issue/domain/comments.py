"""Comments: what people say about an issue, whatever became of it."""

from services.issue.domain.commands import CommentOnIssue
from services.issue.domain.events import IssueCommented
from services.issue.domain.issue import Issue
from services.issue.domain.refusals import CommentEmpty


def comment(issue: Issue, command: CommentOnIssue) -> tuple[IssueCommented, ...]:
    """Say something.

    :raises CommentEmpty: when there is nothing to read.
    """
    if not command.text.strip():
        raise CommentEmpty
    return (IssueCommented(issue.issue_id, command.by, command.at, issue, command.comment_id, command.text),)
