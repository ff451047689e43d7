"""What a unit is: what it consists of, what builds it, where it is installed. Every state is immutable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class UnitStatus(StrEnum):
    """Whether a unit may be used. Always computed; nobody sets it."""

    SCRAPPED = "scrapped"
    INSTALLED = "installed"
    WIP = "wip"
    ON_HOLD = "on_hold"
    UNAVAILABLE = "unavailable"
    AVAILABLE = "available"


@dataclass(frozen=True, slots=True)
class Identification:
    """What a unit is: a serial unit, a lot quantity, or an untracked quantity of one part revision.

    ``origin_unit_id`` is the lot or untracked quantity that it was split off from, where it was.
    """

    unit_id: str
    part_number: str
    revision: str
    serial: str | None
    lot: str | None
    quantity: Decimal
    unit_of_measure: str
    location: str | None = None
    origin_unit_id: str | None = None


@dataclass(frozen=True, slots=True)
class Requirement:
    """What must be installed into the target unit; ``quantity`` is for the whole run. Any revision will do where none
    is named, those in ``interchangeable_revisions`` as well where one is.
    """

    requirement_id: str
    part_number: str
    quantity: Decimal
    revision: str | None = None
    designators: tuple[str, ...] = ()
    substitutes: tuple[str, ...] = ()
    interchangeable_revisions: tuple[str, ...] = ()
    unit_of_measure: str = "each"
    step_id: str | None = None

    @property
    def revisions(self) -> tuple[str, ...]:
        """The revisions of its part that will do; none named: any."""
        return () if self.revision is None else (self.revision, *self.interchangeable_revisions)

    @property
    def per_designator(self) -> Decimal:
        """What each designator takes: one for every assembly of the run."""
        return self.quantity / len(self.designators)


@dataclass(frozen=True, slots=True)
class Build:
    """The run that builds the unit, ``quantity`` assemblies of it. While it is open the unit is work in progress, also
    when it failed for good; a completed one locks the as-built. ``edited``: with which as-built version a requirement
    was edited last.
    """

    run_id: str
    requirements: Mapping[str, Requirement]
    quantity: Decimal = Decimal(1)
    is_open: bool = True
    completions: int = 0
    failed_because: str | None = None
    edited: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Installation:
    """A unit in this unit, for a requirement of the run that installed it."""

    installation_id: str
    run_id: str
    requirement_id: str
    unit_id: str
    part_number: str
    quantity: Decimal
    designator: str | None
    substitute: bool
    revision: str | None = None
    serial: str | None = None
    lot: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a unit's first receipt said besides what does not change: quantity and location."""

    quantity: Decimal
    location: str | None


@dataclass(frozen=True, slots=True)
class IssueSays:
    """What one issue says about a unit: ``availability`` is that of the chosen disposition, where one is chosen."""

    issue_id: str
    disposition: str | None
    availability: str | None
    is_resolved: bool
    is_quarantine: bool = False

    @property
    def withholds(self) -> bool:
        """Whether the unit may not be used for it (domain.md 4.1, 5)."""
        if self.availability == "permanently-unavailable":
            return True
        if self.is_resolved:
            return False
        return self.availability == "release-on-resolve" or (self.is_quarantine and self.availability is None)


@dataclass(frozen=True, slots=True)
class Unit:
    """An inventory record.

    ``as_built_version`` counts the changes of what is installed in it; ``parent_unit_id`` is the unit that it is
    installed in; ``reopened_components`` are the units in it, at any depth, whose own runs are reopened, with these; a
    part is one of them itself where the run of the lot is reopened that it was split off from.
    ``deliveries`` are the last that added to it; ``location_blocked`` says why nothing at its location may be used;
    ``issues`` are those that withhold it.
    """

    identification: Identification
    build: Build | None = None
    installations: Mapping[str, Installation] = field(default_factory=dict)
    as_built_version: int = 0
    parent_unit_id: str | None = None
    consumed_by: str | None = None
    is_contested: bool = False
    scrapped_quantity: Decimal = Decimal(0)
    announced_status: UnitStatus | None = None
    reopened_components: Mapping[str, str] = field(default_factory=dict)
    receipt: Receipt | None = None
    deliveries: tuple[str, ...] = ()
    returned_quantity: Decimal = Decimal(0)
    location_blocked: str | None = None
    issues: Mapping[str, IssueSays] = field(default_factory=dict)

    @property
    def unit_id(self) -> str:
        """Its id: the serial, or the lot within its part."""
        return self.identification.unit_id

    @property
    def run_id(self) -> str | None:
        """The run that builds it, or built it last."""
        return None if self.build is None else self.build.run_id

    def installed_by(self, run_id: str) -> tuple[Installation, ...]:
        """What one run installed in it; a unit in rework also holds what earlier runs did."""
        return tuple(one for one in self.installations.values() if one.run_id == run_id)


Known = Mapping[str, Unit]
"""Units that a decision may look at, by id: those that it names, and all above them."""
