"""What an issue says to a command: events, or a refusal. No clock, no id, no I/O."""

from typing import assert_never

from services.issue.domain import answering, closing, dispositions, files, opening, quarantine
from services.issue.domain.commands import (
    AnyCommand,
    ApproveDisposition,
    AttachToIssue,
    CommentOnIssue,
    DispositionIssue,
    FollowType,
    NoteParts,
    NoteRefusal,
    NoteUnit,
    OpenIssue,
    OpenUnasked,
    QuarantinePart,
    ReopenIssue,
    ResolveIssue,
    SendBack,
    SubmitForReview,
)
from services.issue.domain.comments import comment
from services.issue.domain.disposition_types import NO_TYPES, DispositionTypes
from services.issue.domain.events import AnyIssueEvent
from services.issue.domain.issue import Issue
from services.issue.domain.refusals import UnknownIssue

Events = tuple[AnyIssueEvent, ...]


def decide(issue: Issue | None, command: AnyCommand, types: DispositionTypes = NO_TYPES) -> Events:
    """The events that follow from a command on the issue that it names, under the disposition types of the moment.

    :raises Refused: when the rules say no; when nothing changes the answer is an empty tuple.
    """
    match command:
        case OpenUnasked() if issue is not None:
            return ()
        case OpenIssue():
            return opening.open_issue(issue, command)
        case NoteParts() | NoteUnit() | NoteRefusal():
            return answering.decide(issue, command)
        case _ if issue is None:
            raise UnknownIssue(command.issue_id)
        case _:
            return _changed(issue, command, types)


def _changed(issue: Issue, command: AnyCommand, types: DispositionTypes) -> Events:
    match command:
        case DispositionIssue():
            return dispositions.choose(issue, command, types)
        case ApproveDisposition():
            return dispositions.approve(issue, command)
        case FollowType():
            return dispositions.follow(issue, command, types)
        case SubmitForReview() | SendBack() | ResolveIssue() | ReopenIssue():
            return closing.decide(issue, command)
        case QuarantinePart():
            return quarantine.quarantine(issue, command)
        case CommentOnIssue():
            return comment(issue, command)
        case AttachToIssue():
            return files.attach(issue, command)
        case OpenIssue() | NoteParts() | NoteRefusal():
            raise AssertionError("decided above")
        case _:
            assert_never(command)
