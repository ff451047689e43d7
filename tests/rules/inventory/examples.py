"""Examples of units: a pump that a run builds, rotors that go into it, a skid that pumps go into."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from services.inventory.app import SERVICE
from services.inventory.domain import commands
from services.inventory.domain.decide import decide
from services.inventory.domain.evolve import evolve
from services.inventory.domain.locations import ConfigureLocation
from services.inventory.domain.status import standing
from services.inventory.domain.unit import Build, Identification, IssueSays, Requirement, Unit, UnitStatus
from shared.kernel import Actor, split_id
from shared.testing.story import Rules, Story

INVENTORY: Rules[Unit] = Rules(decide, evolve, lambda event: event.unit_id)
PLACES: Rules[Any] = Rules(SERVICE.decide, SERVICE.evolve, SERVICE.subject_of)
"""The same with locations, as the service joins them."""

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OLGA = Actor("olga", "scanner-4")
ERIK = Actor("erik")
PUMP, SKID, ROTOR, OTHER_ROTOR = "PUMP-1", "SKID-1", "ROTOR-1", "ROTOR-2"

PARTS = {"PUMP": "PUMP-100", "SKID": "SKID-9", "ROTOR": "ROTOR-7", "VALVE": "VALVE-3"}


def build_of(story: Story[Unit], unit_id: str = PUMP) -> Build:
    """What a run does with a unit; one does."""
    build = story.state(unit_id).build
    assert build is not None
    return build


def unit(unit_id: str, **changed: Any) -> Identification:
    """A serial unit; its part follows from its serial: ROTOR-1 is a ROTOR-7, revision A."""
    part_number = PARTS[unit_id.split("-", maxsplit=1)[0]]
    return replace(Identification(unit_id, part_number, "A", unit_id, None, Decimal(1), "each", "Rack 1"), **changed)


def requirement(requirement_id: str = "rotor", part: str = "ROTOR", **changed: Any) -> Requirement:
    """One rotor, where nothing else is said."""
    return replace(Requirement(requirement_id, PARTS[part], Decimal(1), "A"), **changed)


def received(unit_id: str = ROTOR, **changed: Any) -> commands.ReceiveUnit:
    """The warehouse received a unit."""
    return commands.ReceiveUnit(unit_id, OLGA, NOON, unit(unit_id, **changed))


def claimed(unit_id: str = PUMP, run_id: str = "", *requirements: Requirement) -> commands.ClaimTarget:
    """A run builds a unit; it needs one rotor, where nothing else is said."""
    wanted = {one.requirement_id: one for one in requirements or (requirement(),)}
    return commands.ClaimTarget(unit_id, OLGA, NOON, run_id or f"run of {unit_id}", unit(unit_id), wanted)


def install(
    component_id: str = ROTOR,
    parent_id: str = PUMP,
    requirement_id: str = "rotor",
    designator: str | None = None,
    quantity: str = "1",
) -> commands.Install:
    """Olga puts a component into a unit."""
    installation_id = f"{component_id} in {parent_id}"
    return commands.Install(
        parent_id,
        OLGA,
        NOON,
        component_id,
        requirement_id,
        designator,
        Decimal(quantity),
        installation_id,
        split_id(component_id, installation_id),
    )


def remove(component_id: str = ROTOR, parent_id: str = PUMP, **meant: Any) -> commands.Remove:
    """Olga takes a component out of a unit."""
    return commands.Remove(parent_id, OLGA, NOON, component_id, "worn", **meant)


def add(requirement_id: str = "seal", part: str = "VALVE", **changed: Any) -> commands.AddRequirement:
    """Erik says that the pump needs something more, per assembly."""
    return commands.AddRequirement(PUMP, ERIK, NOON, requirement(requirement_id, part, **changed), "the seal leaks")


def edit(requirement_id: str = "rotor", **changed: Any) -> commands.ChangeRequirement:
    """Erik changes what the pump needs."""
    return commands.ChangeRequirement(PUMP, ERIK, NOON, requirement_id, "the rotor is too weak", **changed)


def take_away(requirement_id: str = "rotor") -> commands.RemoveRequirement:
    """Erik says that the pump does not need it."""
    return commands.RemoveRequirement(PUMP, ERIK, NOON, requirement_id, "not on this variant")


def complete(
    version: int, *components: str, unit_id: str = PUMP, run_id: str = "", number: int = 1
) -> commands.Release:
    """The run of a unit was completed, relying on an as-built version with these components."""
    there = {f"{one} in {unit_id}": relied_on(one) for one in components}
    return commands.Release(unit_id, OLGA, NOON, run_id or f"run of {unit_id}", number, version, there)


def relied_on(component_id: str, requirement_id: str = "rotor", quantity: str = "1") -> commands.ReliedOn:
    """A completion relied on this component."""
    return commands.ReliedOn(component_id, requirement_id, None, Decimal(quantity))


def reopen(unit_id: str = PUMP, run_id: str = "") -> commands.Reopen:
    """The run of a unit was reopened."""
    return commands.Reopen(unit_id, OLGA, NOON, run_id or f"run of {unit_id}")


def fail(unit_id: str = PUMP, run_id: str = "") -> commands.FailBuild:
    """The run of a unit failed for good."""
    return commands.FailBuild(unit_id, OLGA, NOON, run_id or f"run of {unit_id}", "the housing is cracked")


def cancel(unit_id: str = PUMP, run_id: str = "") -> commands.Free:
    """The run of a unit was canceled."""
    return commands.Free(unit_id, OLGA, NOON, run_id or f"run of {unit_id}")


BUILT = (received(), claimed(), install(), complete(2, ROTOR))
"""A pump with its rotor, complete and released."""


def status(story: Story[Unit], unit_id: str = PUMP) -> UnitStatus:
    """Where a unit stands now."""
    return standing(story.state(unit_id)).status


def holds(story: Story[Unit], unit_id: str = PUMP) -> Sequence[str]:
    """What is in a unit now."""
    return sorted(one.unit_id for one in story.state(unit_id).installations.values())


def built(serial: int, *, reopened: bool = False) -> tuple[Any, ...]:
    """A valve number ``serial`` that takes a skid, complete, and the skid of that number that holds it, complete;
    with ``reopened``, the valve's run is open again.
    """
    valve, skid = f"VALVE-{serial}", f"SKID-{serial}"
    story = (
        claimed(valve, "", requirement("skid", "SKID")),
        complete(1, unit_id=valve),
        claimed(skid, "", requirement("valve", "VALVE")),
        install(valve, skid, "valve"),
        replace(complete(2, unit_id=skid), relied_on={f"{valve} in {skid}": relied_on(valve, "valve")}),
    )
    return (*story, reopen(valve)) if reopened else story


LOT, FOIL = "INS-8:L1", "INS-8"


def lot(quantity: str = "37.50", delivery: str | None = None, **changed: Any) -> commands.ReceiveUnit:
    """The warehouse received a lot of foil, in metres."""
    what = replace(Identification(LOT, FOIL, "A", None, "L1", Decimal(quantity), "m", "Rack 7"), **changed)
    return commands.ReceiveUnit(what.unit_id, OLGA, NOON, what, delivery)


def move(unit_id: str = LOT, location: str = "Line 2", quantity: str | None = None) -> commands.MoveUnit:
    """Something is brought elsewhere."""
    return commands.MoveUnit(unit_id, OLGA, NOON, location, _exact(quantity), f"{unit_id}~moved")


def scrap(unit_id: str = LOT, quantity: str | None = None) -> commands.ScrapUnit:
    """Something is scrapped."""
    return commands.ScrapUnit(unit_id, OLGA, NOON, "rusty", _exact(quantity), f"{unit_id}~scrapped")


def give_back(unit_id: str = LOT, quantity: str | None = None) -> commands.ReturnUnit:
    """Something goes back to its supplier."""
    return commands.ReturnUnit(unit_id, OLGA, NOON, "wrong thread", _exact(quantity), f"{unit_id}~returned")


def location(name: str = "Rack 7", *, is_available: bool = False, reason: str = "the roof leaks") -> ConfigureLocation:
    """A location becomes available, or ceases to be."""
    return ConfigureLocation(OLGA, NOON, name, is_available, reason)


def _exact(quantity: str | None) -> Decimal | None:
    return None if quantity is None else Decimal(quantity)


def issue(
    unit_id: str | None = LOT,
    availability: str | None = None,
    *,
    issue_id: str = "i-1",
    is_resolved: bool = False,
    held: Sequence[str] = (),
) -> commands.NoteIssue:
    """An issue stands so; ``held`` are the parts of its unit that it had put in quarantine."""
    disposition = None if availability is None else f"disposition for {availability}"
    says = IssueSays(issue_id, disposition, availability, is_resolved)
    parts = tuple(commands.PartHeld(one, unit_id or "") for one in held)
    return commands.NoteIssue(unit_id, OLGA, NOON, says, parts)


def quarantine(quantity: str = "7.5", unit_id: str = LOT, availability: str | None = None) -> commands.Quarantine:
    """The issue has a part of a lot held."""
    part = f"{unit_id}~held"
    noted = issue(unit_id, availability, held=[part])
    return commands.Quarantine(unit_id, OLGA, NOON, part, Decimal(quantity), noted)


def lot_run(*requirements: Requirement, run_id: str = "run-1", quantity: str = "10") -> commands.ClaimTarget:
    """A run builds a lot of pumps; it needs two rotors for each, where nothing else is said."""
    what = Identification("PUMP-100:L9", "PUMP-100", "A", None, "L9", Decimal(quantity), "each", "Line 2")
    each = requirements or (requirement(quantity=Decimal(2)),)
    wanted = {one.requirement_id: replace(one, quantity=one.quantity * what.quantity) for one in each}
    return commands.ClaimTarget(what.unit_id, OLGA, NOON, run_id, what, wanted)


PUMPS = "PUMP-100:L9"
