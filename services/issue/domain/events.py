"""What happens to an issue. Every event knows the issue as it was before, so that its announcement is complete."""

from datetime import datetime

from services.issue.domain.disposition_types import Availability, DispositionConfigured, DispositionType
from services.issue.domain.issue import Disposition, Finding, Issue, Obstacle, Quarantined
from shared.kernel import Actor, immutable


@immutable
class IssueEvent:
    """What every event tells."""

    issue_id: str
    by: Actor
    at: datetime


@immutable
class IssueOpened(IssueEvent):
    """The issue is known from here on."""

    finding: Finding


@immutable
class IssueChange(IssueEvent):
    """Something happened to an issue that was open already; ``before`` is how it stood. No event changes a state by
    that: what follows from an event follows from its own words.
    """

    before: Issue

    @property
    def finding(self) -> Finding:
        """What was found; it never changes."""
        return self.before.finding


@immutable
class DispositionChosen(IssueChange):
    """A disposition that needs approvals; earlier approvals and exceptions are void."""

    disposition: Disposition
    type: DispositionType


@immutable
class IssueApproved(IssueChange):
    """The disposition was approved for one of the roles that it needs."""

    role: str


@immutable
class IssueDispositioned(IssueChange):
    """Its disposition is approved, in place of an earlier one; only its exceptions are alive."""

    disposition: Disposition
    type: DispositionType


@immutable
class IssueInReview(IssueChange):
    """What the disposition asks for is done, and somebody is to look at it."""

    note: str


@immutable
class IssueSentBack(IssueChange):
    """What was done is not enough."""

    reason: str


@immutable
class IssueResolved(IssueChange):
    """It is closed; its disposition, and so its exceptions, stay."""

    resolution: str

    @property
    def disposition(self) -> Disposition:
        """What was decided; nothing is closed without."""
        assert self.before.disposition is not None  # noqa: S101 - only an approved issue is resolved
        return self.before.disposition


@immutable
class IssueReopened(IssueChange):
    """It is pending again; what was chosen stays chosen, its approvals and exceptions are void."""

    reason: str


@immutable
class IssueQuarantined(IssueChange):
    """Inventory is asked to split a part off and to hold it."""

    part: Quarantined


@immutable
class QuarantineHeld(IssueChange):
    """Inventory split the part off, and holds it."""

    part_unit_id: str


@immutable
class QuarantineRefused(IssueChange):
    """Inventory could not split the part off."""

    part_unit_id: str
    because: Obstacle


@immutable
class IssuePartsNoted(IssueChange):
    """What it is about is of these parts, besides those that were known; ``builds`` is that unit, where none was."""

    part_numbers: tuple[str, ...]
    builds: str | None = None


@immutable
class IssueAvailabilityChanged(IssueChange):
    """The type of its disposition was configured anew."""

    availability: Availability


@immutable
class IssueCommented(IssueChange):
    """Somebody said something about it."""

    comment_id: str
    text: str


@immutable
class IssueFileAttached(IssueChange):
    """A file was attached to it."""

    sha256: str
    name: str
    media_type: str
    size_bytes: int


AnyIssueEvent = (
    IssueOpened
    | DispositionChosen
    | IssueApproved
    | IssueDispositioned
    | IssueInReview
    | IssueSentBack
    | IssueResolved
    | IssueReopened
    | IssueQuarantined
    | QuarantineHeld
    | QuarantineRefused
    | IssuePartsNoted
    | IssueAvailabilityChanged
    | IssueCommented
    | IssueFileAttached
)

AnyEvent = AnyIssueEvent | DispositionConfigured
