"""What an issue is: what was found, what was decided about it, how it was closed. Every state is immutable."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from services.issue.domain.disposition_types import Availability, DispositionType
from shared.kernel import Actor


class IssueState(StrEnum):
    """How far an issue has come. Always computed; nobody sets it."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    IN_REVIEW = "in_review"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, and on what: a run, a step (and a field of that) or requirement of it, a unit or lot."""

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
    """What is to be done about it, and why. Its exceptions are alive only while it is approved."""

    kind: str
    justification: str
    exceptions: tuple[RequirementException, ...] = ()


@dataclass(frozen=True, slots=True)
class Approval:
    """One approver role that a disposition needs was approved by someone holding it."""

    role: str
    by: Actor
    at: datetime


class QuarantineState(StrEnum):
    """What became of a part that was to be set apart."""

    ASKED = "asked"
    HELD = "held"
    RELEASED = "released"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why inventory could not split a part off, and what would resolve that."""

    code: str
    obstacle: str
    resolve: str


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Part of a unit that is split off and held because of the issue: asked for, until inventory has answered."""

    unit_id: str
    of_unit_id: str
    quantity: Decimal
    by: Actor
    at: datetime
    is_there: bool = False
    refused_because: Obstacle | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file of the issue; its content is what has this SHA-256."""

    sha256: str
    name: str
    media_type: str
    size_bytes: int
    by: Actor
    at: datetime


@dataclass(frozen=True, slots=True)
class Issue:
    """A nonconformance.

    ``type`` is the disposition's as it was when it was chosen; its availability follows what the site configures.
    ``dispositioned_at`` is when the last approval that it needs was given, None while one is missing. ``reviewing``
    says that the work is done and waits for somebody to look at it. ``resolution`` says how it was closed.
    ``builds`` is what its run builds, which an issue on the run, on a step or on a field of it is about; one on a
    requirement may be about a component, so it holds a unit only where it names one.
    ``part_numbers`` are of its unit, of what its run builds, of its requirement and of what it holds, as far as known.
    """

    issue_id: str
    finding: Finding
    opened_at: datetime
    opened_by: Actor
    disposition: Disposition | None = None
    type: DispositionType | None = None
    chosen_at: datetime | None = None
    chosen_by: Actor | None = None
    approvals: tuple[Approval, ...] = ()
    dispositioned_at: datetime | None = None
    dispositioned_by: Actor | None = None
    reviewing: bool = False
    resolution: str | None = None
    resolved_at: datetime | None = None
    resolved_by: Actor | None = None
    reopened_because: str | None = None
    quarantined: tuple[Quarantined, ...] = ()
    part_numbers: tuple[str, ...] = ()
    builds: str | None = None
    files: tuple[AttachedFile, ...] = ()

    @property
    def state(self) -> IssueState:
        """Pending until its disposition is approved, in progress until it is in review or resolved."""
        if self.resolution is not None:
            return IssueState.RESOLVED
        if not self.is_approved:
            return IssueState.PENDING
        return IssueState.IN_REVIEW if self.reviewing else IssueState.IN_PROGRESS

    @property
    def is_approved(self) -> bool:
        """It has a disposition, and that has every approval that it needs."""
        return self.dispositioned_at is not None

    @property
    def exceptions(self) -> tuple[RequirementException, ...]:
        """Those that are alive: none while the disposition is not approved."""
        return self.disposition.exceptions if self.disposition is not None and self.is_approved else ()

    @property
    def missing_roles(self) -> tuple[str, ...]:
        """Approver roles of the chosen disposition that have still to approve."""
        if self.type is None or self.is_approved:
            return ()
        given = {one.role for one in self.approvals}
        return tuple(role for role in self.type.approver_roles if role not in given)

    @property
    def availability(self) -> Availability | None:
        """Whether its unit may be used; None while nothing was chosen, which withholds nothing."""
        return None if self.type is None else self.type.availability

    @property
    def withholds(self) -> bool:
        """Its unit must not be used now (domain.md 4.1, row 4); the choice counts, approved or not."""
        if self.availability is Availability.RELEASE_ON_RESOLVE:
            return self.state is not IssueState.RESOLVED
        return self.availability is Availability.PERMANENTLY_UNAVAILABLE

    @property
    def holds_parts(self) -> bool:
        """What was split off for it must not be used now: as its unit, and before anything is decided as well."""
        return self.withholds or (self.availability is None and self.state is not IssueState.RESOLVED)

    def state_of(self, part: Quarantined) -> QuarantineState:
        """What became of a part that was to be set apart."""
        if part.refused_because is not None:
            return QuarantineState.REFUSED
        if not part.is_there:
            return QuarantineState.ASKED
        return QuarantineState.HELD if self.holds_parts else QuarantineState.RELEASED

    @property
    def run_id(self) -> str | None:
        """The run that it was raised on; None when it was raised on a unit alone."""
        return self.finding.run_id

    @property
    def unit_id(self) -> str | None:
        """The unit that it is about: that it was raised on, or else that its run builds, as soon as that is known."""
        return self.finding.unit_id or self.builds
