"""What happens to an issue. Every event carries the finding, so that its announcement is complete."""

from datetime import datetime

from services.issue.domain.issue import Disposition, Finding
from shared.kernel import Actor, immutable


@immutable
class IssueEvent:
    """What every event tells."""

    issue_id: str
    by: Actor
    at: datetime
    finding: Finding


@immutable
class IssueOpened(IssueEvent):
    """The issue is known from here on."""


@immutable
class IssueDispositioned(IssueEvent):
    """Its approved disposition, in place of an earlier one; only its exceptions are alive."""

    disposition: Disposition


@immutable
class IssueResolved(IssueEvent):
    """It is closed; its disposition, and so its exceptions, stay."""

    disposition: Disposition
    resolution: str


AnyEvent = IssueOpened | IssueDispositioned | IssueResolved
