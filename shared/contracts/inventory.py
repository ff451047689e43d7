"""What the inventory service announces: topic ``asbuilt.inventory``."""

from typing import Literal

from pydantic import Field

from shared.contracts.base import (
    ChangeRefused,
    Contract,
    Exact,
    Fact,
    Id,
    Name,
    Notice,
    RecordParked,
    RecordSettled,
    Text,
)
from shared.contracts.requirement import RequirementOfRun

UnitStatus = Literal["scrapped", "installed", "wip", "on_hold", "unavailable", "available"]


class UnitReceived(Fact):
    """A unit came into inventory, by receipt, because a run builds it, or because it was split off from another."""

    unit_id: Id
    part_number: Name
    revision: Name
    serial: Id | None = None
    lot: Id | None = None
    quantity: Exact
    unit_of_measure: Name
    location: Name | None = None
    origin_unit_id: Id | None = Field(None, description="the lot or untracked quantity that it was split off from")
    delivery: Id | None = Field(None, description="tells one delivery of a lot from the next")
    status: UnitStatus | None = Field(None, description="its first one, with what was done together with its receipt")
    status_reason: Text | None = None


SplitBecause = Literal["install", "quarantine", "move", "scrap", "return", "remove"]


class UnitQuantityReceived(Fact):
    """More of a lot or of an untracked quantity came in, or a unit that was returned to its supplier came back."""

    unit_id: Id
    quantity: Exact = Field(description="that came, in the unit's unit of measure")
    now: Exact = Field(description="its quantity after this")
    delivery: Id | None = Field(None, description="tells one delivery from the next")


class UnitMoved(Fact):
    """A unit is at another location: it was moved, or it is in one that was moved or installed elsewhere."""

    unit_id: Id
    location: Name
    was: Name | None = None
    moved_with: Id | None = Field(None, description="the unit that it is in, where that was moved or installed")


class UnitLocationNoted(Fact):
    """The location of a unit became available, or ceased to be; whether the unit may be used, its status says."""

    unit_id: Id
    location: Name
    is_available: bool
    reason: Text = Field("", description="why it is not")


class UnitScrapped(Fact):
    """A whole unit is scrapped; a part of a lot was split off before, and is a unit of its own."""

    unit_id: Id
    quantity: Exact
    reason: Text
    run_id: Id | None = Field(None, description="the run that builds it, or built it last, where one did")


class UnitReturned(Fact):
    """A whole unit went back to its supplier; a part of a lot was split off before, and is a unit of its own."""

    unit_id: Id
    quantity: Exact
    reason: Text


class LocationConfigured(Fact):
    """What lies at a location may be used from now on, or may not."""

    location: Name
    is_available: bool
    reason: Text = ""


class UnitSplit(Fact):
    """A quantity was taken off a lot or an untracked quantity, and is a unit of its own from here on."""

    unit_id: Id = Field(description="the origin")
    part_unit_id: Id
    quantity: Exact = Field(description="of the part, in the origin's unit of measure")
    left: Exact = Field(description="of the origin, after this")
    because: SplitBecause
    run_id: Id | None = Field(None, description="the run that builds the origin, or built it last, where one did")
    as_built_version: int | None = Field(None, description="of an origin that a run builds: it builds less since")


class UnitIssueNoted(Fact):
    """An issue says something else about a unit: whether it is withheld for it, and why."""

    unit_id: Id
    issue_id: Id
    withholds: bool
    quarantine: bool = Field(False, description="the unit was split off and is held because of the issue")
    disposition: Name | None = None
    availability: Name | None = Field(None, description="of the disposition that was chosen")
    resolved: bool = False
    part_number: Name | None = Field(None, description="of the unit")


class UnitIssueExpected(Notice):
    """An issue says something else about a unit that is not known: if it withholds it, it does so from the moment the
    unit is received.
    """

    unit_id: Id
    issue_id: Id
    withholds: bool
    disposition: Name | None = None
    availability: Name | None = Field(None, description="of the disposition that was chosen")
    resolved: bool = False


class UnitClaimed(Fact):
    """A unit became the target of a run; its requirements are inventory's from here on."""

    unit_id: Id
    run_id: Id
    as_built_version: int


class UnitFreed(Fact):
    """A unit is no longer the target of a run that was canceled."""

    unit_id: Id
    run_id: Id


class UnitBuildFailed(Fact):
    """The run that builds the unit failed for good; the unit stays work in progress until that run is canceled."""

    unit_id: Id
    run_id: Id
    reason: Text


class UnitStatusChanged(Fact):
    """The computed status of a unit changed."""

    unit_id: Id
    status: UnitStatus
    was: UnitStatus | None = None
    reason: Text


class RequirementFact(Fact, RequirementOfRun):
    """What the run that builds a unit needs installed in it, complete as it is since."""

    unit_id: Id = Field(description="the unit that is built")
    reason: Text
    as_built_version: int = Field(description="after this: a completion that was reviewed before is contested")


class RequirementAdded(RequirementFact):
    """An engineer added a requirement while the run was open."""


class RequirementChanged(RequirementFact):
    """An engineer changed a requirement while the run was open: quantity, designators, substitutes or revisions."""


class RequirementRemoved(RequirementFact):
    """An engineer took a requirement away for which nothing was installed; it is told as it was."""


class UnitInstalled(Fact):
    """A unit was put into a parent unit for a requirement of the run that builds the parent."""

    parent_unit_id: Id
    unit_id: Id
    installation_id: Id
    requirement_id: Id
    run_id: Id
    part_number: Name
    revision: Name
    serial: Id | None = None
    lot: Id | None = None
    quantity: Exact
    unit_of_measure: Name | None = Field(None, description="since 2026-11")
    origin_unit_id: Id | None = Field(None, description="the lot that it was taken off")
    designator: Name | None = None
    substitute: bool = False
    as_built_version: int = Field(description="of the parent, after this")


class UnitRemoved(Fact):
    """A unit was taken out of its parent unit; the installation stays visible with its end."""

    parent_unit_id: Id
    unit_id: Id
    installation_id: Id
    requirement_id: Id
    run_id: Id
    reason: Text = ""
    scrapped: bool = Field(False, description="it went for scrap, not back to stock")
    quantity: Exact | None = Field(None, description="that was taken out")
    left: Exact | None = Field(None, description="where part of it was taken out: what stays installed")
    left_installation_id: Id | None = Field(None, description="the installation of what stays, which is as it was")
    as_built_version: int = Field(description="of the parent, after this")


class UnitPlaced(Fact):
    """A unit learned where it is: in a parent, or in stock again."""

    unit_id: Id
    parent_unit_id: Id | None = None
    installation_id: Id | None = None
    run_id: Id | None = Field(None, description="the run that built the unit, where one did")
    parent_run_id: Id | None = Field(None, description="the run that builds the parent")
    location: Name | None = Field(None, description="where it is since: where its parent is")


class UnitConsumed(Fact):
    """A unit was used up by the run that built its parent."""

    unit_id: Id
    run_id: Id
    parent_unit_id: Id


class UnitReleased(Fact):
    """A run completed: its target is no longer work in progress, and its as-built is locked."""

    unit_id: Id
    run_id: Id
    number: int = Field(description="of the completion record")
    as_built_version: int


class UnitReopened(Fact):
    """A run was reopened: its target is work in progress again and its as-built unlocked."""

    unit_id: Id
    run_id: Id


class ComponentReopened(Fact):
    """The own run of a component in a unit, at any depth, is reopened: the run of the unit is to be careful."""

    unit_id: Id
    run_id: Id | None = Field(None, description="the run that builds the unit, or built it last")
    component_id: Id
    component_run_id: Id


class ComponentCleared(Fact):
    """A component in a unit is not reopened any more: its run ended, or the component was taken out."""

    unit_id: Id
    run_id: Id | None = Field(None, description="the run that builds the unit, or built it last")
    component_id: Id


class InstallationDifference(Contract):
    """How the as-built moved past what a completion relied on."""

    change: Literal["added", "removed", "quantity", "requirement"] = Field(
        description="requirement: it was edited; `was` is absent where it is new, `now` where it is gone, and they are "
        "the same where other parts or revisions will do since"
    )
    requirement_id: Id | None = Field(None, description="absent where the run builds another quantity of its unit")
    unit_id: Id
    designator: Name | None = None
    was: Exact | None = Field(None, description="the quantity that was relied on")
    now: Exact | None = Field(None, description="the quantity that there is")


class CompletionContested(Fact):
    """A completion relied on an as-built that had already moved on: the unit is not released."""

    unit_id: Id
    run_id: Id
    number: int = Field(description="of the completion record")
    relied_on_version: int
    as_built_version: int
    differences: tuple[InstallationDifference, ...] = ()


class UnitChangeRefused(ChangeRefused):
    """A change of a unit was refused."""

    quarantine_unit_id: Id | None = Field(None, description="the part that an issue wanted split off and held")


class UnitRecordParked(RecordParked):
    """The inventory service set a record aside."""


class UnitRecordSettled(RecordSettled):
    """A person decided about a record that the inventory service had set aside."""
