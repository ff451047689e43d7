"""What can be asked of inventory. ``by`` is who asks, ``at`` when it happened."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from services.inventory.domain.unit import Identification, IssueSays, Requirement
from shared.kernel import Actor, immutable


@immutable
class Command:
    """What every command names: the unit it is about."""

    unit_id: str
    by: Actor
    at: datetime


@immutable
class ReceiveUnit(Command):
    """A unit came in; ``delivery`` tells one delivery of a lot from the next."""

    identification: Identification
    delivery: str | None = None


@immutable
class MoveUnit(Command):
    """It is brought to another location; with a quantity, part of it, which becomes ``part_unit_id``."""

    location: str
    quantity: Decimal | None
    part_unit_id: str


@immutable
class ScrapUnit(Command):
    """It is scrapped; with a quantity, part of it, which becomes ``part_unit_id``."""

    reason: str
    quantity: Decimal | None
    part_unit_id: str


@immutable
class ReturnUnit(Command):
    """It goes back to its supplier; with a quantity, part of it, which becomes ``part_unit_id``."""

    reason: str
    quantity: Decimal | None
    part_unit_id: str


@immutable
class PartHeld:
    """Part of a unit that an issue had split off and held."""

    unit_id: str
    of_unit_id: str


@immutable
class NoteIssue:
    """An issue stands so: what it says about its unit, and the parts that it had split off. ``part_numbers``: those
    that the issue knows of what it is about; None: it need not.
    """

    unit_id: str | None
    by: Actor
    at: datetime
    says: IssueSays
    parts: tuple[PartHeld, ...] = ()
    part_numbers: tuple[str, ...] | None = None

    @property
    def issue_id(self) -> str:
        """The issue."""
        return self.says.issue_id


@immutable
class Quarantine(Command):
    """An issue wants a quantity of this unit split off as ``part_unit_id`` and held; ``noted`` is how it stands."""

    part_unit_id: str
    quantity: Decimal
    noted: NoteIssue

    @property
    def quarantine_unit_id(self) -> str:
        """The part, so that a refusal can name it."""
        return self.part_unit_id


IssueCommand = NoteIssue | Quarantine
StockCommand = ReceiveUnit | MoveUnit | ScrapUnit | ReturnUnit


@immutable
class ClaimTarget(Command):
    """A run was created and builds this unit."""

    run_id: str
    identification: Identification
    requirements: Mapping[str, Requirement]


@immutable
class AddRequirement(Command):
    """The open run needs something more; the requirement's quantity is that of one assembly."""

    requirement: Requirement
    reason: str

    @property
    def requirement_id(self) -> str:
        """The id of the new one."""
        return self.requirement.requirement_id


@immutable
class ChangeRequirement(Command):
    """What the open run needs is something else: what is None stays, ``*`` is any revision, and the quantity is that of
    one assembly.
    """

    requirement_id: str
    reason: str
    quantity: Decimal | None = None
    designators: tuple[str, ...] | None = None
    substitutes: tuple[str, ...] | None = None
    revision: str | None = None
    interchangeable_revisions: tuple[str, ...] | None = None


@immutable
class RemoveRequirement(Command):
    """The open run does not need it any more."""

    requirement_id: str
    reason: str


EditingCommand = AddRequirement | ChangeRequirement | RemoveRequirement


@immutable
class Install(Command):
    """Put the component ``component_id`` into this unit; what is taken off a lot becomes ``part_unit_id``."""

    component_id: str
    requirement_id: str
    designator: str | None
    quantity: Decimal
    installation_id: str
    part_unit_id: str


@immutable
class Remove(Command):
    """Take the component ``component_id`` out of this unit, back to stock or for scrap. It may be named as its lot, and
    be told from others of that lot by what it is installed for. With a quantity, part of it, which becomes
    ``part_unit_id`` and has been installed as ``installation_id`` as long as the rest.
    """

    component_id: str
    reason: str
    requirement_id: str | None = None
    designator: str | None = None
    scrapped: bool = False
    quantity: Decimal | None = None
    installation_id: str = ""
    part_unit_id: str = ""


class ReliedOn(NamedTuple):
    """One installation that a completion relied on."""

    component_id: str
    requirement_id: str
    designator: str | None
    quantity: Decimal


@immutable
class Release(Command):
    """The run that builds this unit was completed, ``quantity`` of it, relying on an as-built version, its
    installations, by id, and what its requirements wanted (None where nobody says). Part of it may be scrapped, and is
    ``part_unit_id`` then.
    """

    run_id: str
    number: int
    relied_on_version: int
    relied_on: Mapping[str, ReliedOn]
    scrapped_quantity: Decimal = Decimal(0)
    part_unit_id: str = ""
    quantity: Decimal | None = None
    required: Mapping[str, Decimal] | None = None


@immutable
class Reopen(Command):
    """The run that built this unit was reopened."""

    run_id: str


@immutable
class FailBuild(Command):
    """The run that builds this unit failed for good."""

    run_id: str
    reason: str


@immutable
class Free(Command):
    """The run that builds this unit was canceled."""

    run_id: str


BuildCommand = ClaimTarget | Release | Reopen | FailBuild | Free
AnyCommand = StockCommand | IssueCommand | BuildCommand | EditingCommand | Install | Remove
