"""What happens to an issue. Every event carries the finding, so that its announcement is complete."""

from dataclasses import dataclass
from datetime import datetime

from services.issue.domain.issue import Disposition, Finding
from shared.kernel import Actor


@dataclass(frozen=True, slots=True)
class IssueEvent:
    """What every event tells."""

    issue_id: str
    by: Actor
    at: datetime
    finding: Finding


@dataclass(frozen=True, slots=True)
class IssueOpened(IssueEvent):
    """The issue is known from here on."""


@dataclass(frozen=True, slots=True)
class IssueDispositioned(IssueEvent):
    """Its approved disposition, in place of an earlier one; only its exceptions are alive."""

    disposition: Disposition


@dataclass(frozen=True, slots=True)
class IssueResolved(IssueEvent):
    """It is closed; its disposition, and so its exceptions, stay."""

    disposition: Disposition
    resolution: str


AnyEvent = IssueOpened | IssueDispositioned | IssueResolved
