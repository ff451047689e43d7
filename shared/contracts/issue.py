"""What the issue service announces: topic ``asbuilt.issues``."""

from typing import Literal

from pydantic import AwareDatetime, Field

from shared.contracts.base import (
    By,
    ChangeRefused,
    Contract,
    Exact,
    Fact,
    Id,
    Name,
    RecordParked,
    RecordSettled,
    Text,
)
from shared.contracts.completion import IssueState
from shared.contracts.requirement import ExceptionApproved

Availability = Literal["immediate", "release-on-resolve", "permanently-unavailable"]
"""Whether the unit of an issue may be used: at once, when the issue is resolved, or never."""


QuarantineState = Literal["asked", "held", "released", "refused"]
"""Inventory has not answered yet; it holds the part; the issue allows its use again; it could not split it off."""


class Quarantined(Contract):
    """Part of a unit, split off and held because of the issue."""

    unit_id: Id = Field(description="of the part")
    of_unit_id: Id = Field(description="the unit that it is split off from")
    quantity: Exact
    state: QuarantineState | None = Field(None, description="what inventory made of it")


class DispositionApproval(Contract):
    """One approver role that a disposition needs was approved, by whom and when."""

    role: Name
    approved_by: By
    approved_at: AwareDatetime


class IssueFact(Fact):
    """An issue as it stands after the change, complete, so that nobody needs to call back."""

    issue_id: Id
    title: Name
    state: IssueState
    run_id: Id | None = None
    step_id: Id | None = None
    field_id: Id | None = Field(None, description="the field of that step whose value it is about")
    requirement_id: Id | None = None
    unit_id: Id | None = None
    disposition: Name | None = Field(None, description="the disposition type that was chosen, approved or not")
    approved: bool = Field(False, description="the disposition has every approval that it needs")
    exceptions: tuple[ExceptionApproved, ...] = Field((), description="alive: only while the disposition is approved")
    availability: Availability | None = Field(None, description="of the disposition that was chosen, approved or not")
    approver_roles: tuple[Name, ...] = Field((), description="each of which the disposition needs")
    approvals: tuple[DispositionApproval, ...] = Field((), description="of the disposition that was chosen")
    quarantined: tuple[Quarantined, ...] = Field((), description="every part that the issue had split off and held")
    part_numbers: tuple[Name, ...] = Field(
        (), description="of its unit, of what its run builds, of its requirement, and of what it holds, as far as known"
    )


class IssueOpened(IssueFact):
    """A nonconformance was raised on a run, a step, a requirement or a unit."""

    description: Text = ""


class DispositionChosen(IssueFact):
    """A disposition was chosen that needs approvals. What an earlier one was approved for is void, and excepts nothing
    any more.
    """

    justification: Text = ""
    asks: tuple[ExceptionApproved, ...] = Field((), description="the exceptions that it grants once it is approved")


class IssueApproved(IssueFact):
    """The disposition was approved for one of its approver roles."""

    role: Name


class IssueDispositioned(IssueFact):
    """An issue got its approved disposition; its exceptions are alive from here on."""

    justification: Text = ""


class IssueInReview(IssueFact):
    """What the disposition asks for is done, and somebody is to look at it."""

    note: Text = ""


class IssueSentBack(IssueFact):
    """What was done about an issue is not enough; it is in progress again."""

    reason: Text


class IssueResolved(IssueFact):
    """An issue was closed."""

    resolution: Text = ""


class IssueReopened(IssueFact):
    """A resolved issue is pending again: its disposition is to be approved again, and excepts nothing till then."""

    reason: Text


class IssueQuarantined(IssueFact):
    """Part of a unit is to be split off and held because of the issue; inventory does it."""

    part: Quarantined


class QuarantineHeld(IssueFact):
    """Inventory split a part off because of the issue, and holds it."""

    part: Quarantined


class QuarantineRefused(IssueFact):
    """Inventory could not split a part off that the issue wanted held; nothing is set apart by that."""

    part: Quarantined
    code: Name = Field(description="stable, machine-readable")
    obstacle: Text
    resolve: Text = ""


class IssuePartsNoted(IssueFact):
    """What the issue is about has a part number that was not known when it was opened."""


class IssueAvailabilityChanged(IssueFact):
    """The disposition type of an issue was configured anew, and with it whether the unit may be used."""

    was: Availability


class IssueCommented(Fact):
    """Somebody said something about an issue."""

    issue_id: Id
    comment_id: Id
    text: Text
    run_id: Id | None = None
    step_id: Id | None = None
    unit_id: Id | None = None


class IssueFileAttached(Fact):
    """A file was attached to an issue. Its content is what has this SHA-256."""

    issue_id: Id
    sha256: Name
    name: Name
    media_type: Name
    size_bytes: int
    run_id: Id | None = None
    step_id: Id | None = None
    unit_id: Id | None = None


class DispositionConfigured(Fact):
    """A disposition type of the site is something else from now on. Dispositions that were chosen before keep their
    roles; their availability follows, and is announced with each issue.
    """

    dispositions_id: Id = Field(description="always the same, so that all disposition types keep their order")
    name: Name
    availability: Availability
    auto_resolve: bool = Field(False, description="an issue is resolved as soon as its disposition is approved")
    approver_roles: tuple[Name, ...] = Field((), description="all of which must approve; none: choosing approves")
    closer_roles: tuple[Name, ...] = Field((), description="one of which closes; none: whoever may disposition")
    retired: bool = Field(False, description="it cannot be chosen any more")
    reason: Text


class IssueChangeRefused(ChangeRefused):
    """A change of an issue was refused."""


class IssueRecordParked(RecordParked):
    """The issue service set a record aside."""


class IssueRecordSettled(RecordSettled):
    """A person decided about a record that the issue service had set aside."""
