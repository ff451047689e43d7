"""What happens to a unit. Every event changes the one unit that ``unit_id`` names, and every one is announced."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from services.inventory.domain.unit import Identification, Installation, IssueSays, Requirement, UnitStatus
from shared.kernel import Actor, immutable


@immutable
class UnitEvent:
    """What every event tells."""

    unit_id: str
    by: Actor
    at: datetime


@immutable
class UnitReceived(UnitEvent):
    """The unit is known from here on. What was split off has its origin's place and issues. Its first status, and the
    reason, come along: those that it has once everything is done that was decided with its receipt.
    """

    identification: Identification
    delivery: str | None = None
    location_blocked: str | None = None
    issues: tuple[IssueSays, ...] = ()
    status: UnitStatus | None = None
    status_reason: str | None = None


@immutable
class QuantityReceived(UnitEvent):
    """More of the unit came in, or all of it came back; ``now`` is its quantity after this."""

    quantity: Decimal
    now: Decimal
    delivery: str | None = None


@immutable
class UnitMoved(UnitEvent):
    """The unit is at another location; ``moved_with`` is the unit that it is in, where that was moved."""

    location: str
    was: str | None
    moved_with: str | None = None
    location_blocked: str | None = None


@immutable
class LocationNoted(UnitEvent):
    """The unit's location became available, or ceased to be."""

    location: str
    location_blocked: str | None


@immutable
class UnitScrapped(UnitEvent):
    """The whole unit is scrapped; ``run_id`` builds it, or built it last."""

    quantity: Decimal
    reason: str
    run_id: str | None = None


@immutable
class UnitReturned(UnitEvent):
    """The whole unit went back to its supplier: nothing of it is left."""

    quantity: Decimal
    reason: str


@immutable
class IssueNoted(UnitEvent):
    """An issue says something about this unit, which is of the part ``part_number``."""

    says: IssueSays
    part_number: str


StockEvent = QuantityReceived | UnitMoved | LocationNoted | UnitScrapped | UnitReturned


class SplitReason(StrEnum):
    """Why a part was taken off."""

    INSTALL = "install"
    QUARANTINE = "quarantine"
    MOVE = "move"
    SCRAP = "scrap"
    RETURN = "return"
    REMOVE = "remove"


@immutable
class UnitSplit(UnitEvent):
    """A quantity was taken off this unit and is a unit of its own; ``left`` is what stays. ``run_id`` builds it,
    or built it last; while it does, ``as_built_version`` moves on.
    """

    part_unit_id: str
    quantity: Decimal
    left: Decimal
    because: SplitReason
    run_id: str | None = None
    as_built_version: int | None = None


@immutable
class UnitClaimed(UnitEvent):
    """A run builds the unit."""

    run_id: str
    requirements: Mapping[str, Requirement]
    as_built_version: int
    quantity: Decimal = Decimal(1)


@immutable
class UnitFreed(UnitEvent):
    """The run that was to build it is canceled."""

    run_id: str


@immutable
class BuildFailed(UnitEvent):
    """The run that builds it failed for good; it stays work in progress until that run is canceled."""

    run_id: str
    reason: str


@immutable
class StatusChanged(UnitEvent):
    """The computed status changed."""

    status: UnitStatus
    was: UnitStatus | None
    reason: str


@immutable
class RequirementAdded(UnitEvent):
    """The run that builds this unit needs something more."""

    run_id: str
    requirement: Requirement
    reason: str
    as_built_version: int


@immutable
class RequirementChanged(UnitEvent):
    """A requirement of the run that builds this unit is from now on as it stands here."""

    run_id: str
    requirement: Requirement
    reason: str
    as_built_version: int


@immutable
class RequirementRemoved(UnitEvent):
    """The run that builds this unit does not need it any more; nothing was installed for it."""

    run_id: str
    requirement: Requirement
    reason: str
    as_built_version: int


EditingEvent = RequirementAdded | RequirementChanged | RequirementRemoved


@immutable
class UnitInstalled(UnitEvent):
    """A component was put into this unit."""

    run_id: str
    installation: Installation
    component: Identification
    as_built_version: int


@immutable
class UnitRemoved(UnitEvent):
    """A component was taken out of this unit, back to stock or, ``scrapped``, for scrap. Where it is part of what was
    installed, ``rest`` is what stays.
    """

    run_id: str
    installation: Installation
    reason: str
    as_built_version: int
    scrapped: bool = False
    rest: Installation | None = None


@immutable
class UnitPlaced(UnitEvent):
    """This unit went into a parent, or out of it again. ``run_id`` built this unit, ``parent_run_id`` the parent;
    ``location`` is where it is since, where that is known.
    """

    parent_unit_id: str | None
    installation_id: str | None
    run_id: str | None
    parent_run_id: str | None
    location: str | None = None
    location_blocked: str | None = None


@immutable
class UnitConsumed(UnitEvent):
    """This unit was used up by the run that built its parent."""

    run_id: str
    parent_unit_id: str


@immutable
class UnitReleased(UnitEvent):
    """The run that built it is complete; its as-built is locked."""

    run_id: str
    number: int
    as_built_version: int


@immutable
class UnitReopened(UnitEvent):
    """The run that built it is open again; its as-built is unlocked."""

    run_id: str


@immutable
class Difference:
    """How the as-built moved past what a completion relied on: a component was added or removed, or there is another
    quantity of it. Without a requirement it is the unit itself, of which the run builds another quantity. A
    requirement may want another quantity now, which is none of what it wanted when it is new.
    """

    change: Literal["added", "removed", "quantity", "requirement"]
    requirement_id: str | None
    component_id: str
    designator: str | None
    was: Decimal | None = None
    now: Decimal | None = None


@immutable
class CompletionContested(UnitEvent):
    """A completion relied on an as-built that had moved on; the unit is not released."""

    run_id: str
    number: int
    relied_on_version: int
    as_built_version: int
    differences: tuple[Difference, ...]


@immutable
class ComponentReopened(UnitEvent):
    """The own run of a component in this unit, at any depth, is reopened; ``run_id`` builds this unit, or built it."""

    run_id: str | None
    component_id: str
    component_run_id: str


@immutable
class ComponentCleared(UnitEvent):
    """A component in this unit is not open any more: its run was completed again or canceled, or it was taken out."""

    run_id: str | None
    component_id: str


AnyEvent = (
    UnitReceived
    | UnitSplit
    | StockEvent
    | IssueNoted
    | UnitClaimed
    | EditingEvent
    | UnitFreed
    | BuildFailed
    | StatusChanged
    | UnitInstalled
    | UnitRemoved
    | UnitPlaced
    | UnitConsumed
    | UnitReleased
    | UnitReopened
    | CompletionContested
    | ComponentReopened
    | ComponentCleared
)
