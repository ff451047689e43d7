"""What an issue is: what was found, what was decided about it, how it was closed. Every state is immutable."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from shared.kernel import Actor


class IssueState(StrEnum):
    """How far an issue has come. Always computed; nobody sets it."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    IN_REVIEW = "in_review"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, and on what: a run, a step (and a field of that) or requirement of it, a unit."""

    title: str
    description: str = ""
    run_id: str | None = None
    step_id: str | None = None
    requirement_id: str | None = None
    unit_id: str | None = None
    field_id: str | None = None


@dataclass(frozen=True, slots=True)
class RequirementException:
    """A quantity of one requirement of the issue's run that need not be installed."""

    requirement_id: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Disposition:
    """What is to be done about it, and why; approved by the act of deciding it."""

    kind: str
    justification: str
    exceptions: tuple[RequirementException, ...] = ()


@dataclass(frozen=True, slots=True)
class Issue:
    """A nonconformance. ``resolution`` says how it was closed; None while it is not."""

    issue_id: str
    finding: Finding
    opened_at: datetime
    opened_by: Actor
    disposition: Disposition | None = None
    dispositioned_at: datetime | None = None
    dispositioned_by: Actor | None = None
    resolution: str | None = None
    resolved_at: datetime | None = None
    resolved_by: Actor | None = None

    @property
    def state(self) -> IssueState:
        """Pending until it has a disposition, in progress until it is resolved."""
        if self.resolution is not None:
            return IssueState.RESOLVED
        return IssueState.PENDING if self.disposition is None else IssueState.IN_PROGRESS

    @property
    def run_id(self) -> str | None:
        """The run that it was raised on; None when it was raised on a unit alone."""
        return self.finding.run_id

    @property
    def unit_id(self) -> str | None:
        """The unit that it was raised on, if any."""
        return self.finding.unit_id
