"""Whatever happens to lots, in whatever order: nothing is created or lost, nothing is in two places, and every status
is what the table says of the facts (domain.md 4.1, 4.2). The facts are written down here apart from the rules.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.inventory.domain import commands, events
from services.inventory.domain.locations import ConfigureLocation
from services.inventory.domain.quantities import plus
from services.inventory.domain.status import standing
from services.inventory.domain.unit import Unit, UnitStatus
from shared.kernel import Refused
from tests.rules.inventory.examples import (
    LOT,
    PLACES,
    PUMPS,
    cancel,
    complete,
    give_back,
    install,
    issue,
    location,
    lot,
    lot_run,
    move,
    quarantine,
    remove,
    reopen,
    requirement,
    scrap,
)

FOIL = requirement("foil", part_number="INS-8", quantity=Decimal("2.5"), unit_of_measure="m")
PLACE = st.sampled_from(["Rack 7", "Line 2", "Rack 9"])
NUMBER = st.integers(0, 11)
"""Which of the units that there are, whatever their ids."""
TAKEN = st.sampled_from([None, "0", "0.125", "1", "2.5", "5", "10", "25", "37.50", "-1"])
AVAILABILITY = st.sampled_from([None, "immediate", "release-on-resolve", "permanently-unavailable"])
ISSUES = st.sampled_from(["i-1", "i-2"])


def finished(scrapped: str) -> commands.Release:
    """The run of the pumps is complete, some of them no good."""
    return replace(complete(-1, unit_id=PUMPS, run_id="run-1"), scrapped_quantity=Decimal(scrapped))


ASKED = st.one_of(
    st.builds(lambda quantity, delivery: lot(quantity, f"DN-{delivery}"), st.sampled_from(["5", "0.5"]), NUMBER),
    st.builds(lambda which, place, quantity: (which, lambda one: move(one, place, quantity)), NUMBER, PLACE, TAKEN),
    st.builds(lambda which, quantity: (which, lambda one: scrap(one, quantity)), NUMBER, TAKEN),
    st.builds(lambda which, quantity: (which, lambda one: give_back(one, quantity)), NUMBER, TAKEN),
    st.builds(lambda which, quantity: (which, lambda one: into_the_pumps(one, quantity)), NUMBER, TAKEN),
    st.builds(lambda which, quantity: (which, lambda one: into_the_pumps(one, quantity)), NUMBER, TAKEN),
    st.builds(lambda which: (which, lambda one: remove(one, PUMPS)), NUMBER),
    st.builds(
        lambda which, quantity, scrapped: (which, lambda one: taken_out(one, quantity, scrapped=scrapped)),
        NUMBER,
        TAKEN,
        st.booleans(),
    ),
    st.builds(lambda which, quantity: (which, lambda one: quarantine(quantity or "1", one)), NUMBER, TAKEN),
    st.builds(
        lambda which, availability, name, is_resolved: (
            which,
            lambda one: issue(one, availability, issue_id=name, is_resolved=is_resolved),
        ),
        NUMBER,
        AVAILABILITY,
        ISSUES,
        st.booleans(),
    ),
    st.builds(lambda place, is_available: location(place, is_available=is_available), PLACE, st.booleans()),
    st.builds(finished, st.sampled_from(["0", "0", "3", "10"])),
    st.just(reopen(PUMPS, "run-1")),
    st.builds(lambda run_id: cancel(PUMPS, run_id), st.just("run-1")),
    st.just(lot_run(FOIL)),
)
STORIES = st.lists(ASKED, max_size=40)


def into_the_pumps(component_id: str, quantity: str | None) -> commands.Install:
    """Foil for the pumps."""
    return install(component_id, PUMPS, "foil", quantity=quantity or "1")


def taken_out(component_id: str, quantity: str | None, *, scrapped: bool = False) -> commands.Remove:
    """Some foil comes out of the pumps again."""
    return remove(component_id, PUMPS, quantity=None if quantity is None else Decimal(quantity), scrapped=scrapped)


@dataclass
class World:
    """The units and locations, and the facts as anybody could have written them down."""

    known: dict[str, Any] = field(default_factory=dict)
    received: Decimal = Decimal(0)
    returned: dict[str, Decimal] = field(default_factory=dict)
    scrapped: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    count: int = 0

    def ask(self, asked: Any) -> tuple[Any, ...]:
        """Ask for something, with new ids for what comes of it; what happened, or nothing where it is refused."""
        self.count += 1
        command = self._numbered(asked[1](self._which(asked[0])) if isinstance(asked, tuple) else asked)
        try:
            happened = tuple(PLACES.decide(self.known, command))
        except Refused:
            return ()
        for event in happened:
            key = PLACES.subject_of(event)
            self.known[key] = PLACES.evolve(self.known.get(key), event)
            self._write_down(event)
        if isinstance(command, ConfigureLocation):
            (self.closed.discard if command.is_available else self.closed.add)(command.location)
        return happened

    @property
    def units(self) -> dict[str, Unit]:
        """The units."""
        return {name: one for name, one in self.known.items() if isinstance(one, Unit)}

    def gone(self, lot_id: str) -> Decimal:
        """What of a lot went back to its supplier."""
        gone = (quantity for name, quantity in self.returned.items() if name.startswith(lot_id))
        return sum(gone, start=Decimal(0))

    def _which(self, number: int) -> str:
        foil = sorted(name for name in self.units if name.startswith(LOT))
        return foil[number % len(foil)] if number < 10 else PUMPS

    def _numbered(self, command: Any) -> Any:
        match command:
            case commands.Install():
                part = f"{LOT}~{self.count}"
                return replace(command, installation_id=f"installation {self.count}", part_unit_id=part)
            case commands.Remove():
                part = f"{LOT}~{self.count}"
                return replace(command, installation_id=f"installation {self.count}", part_unit_id=part)
            case commands.MoveUnit() | commands.ScrapUnit() | commands.ReturnUnit():
                return replace(command, part_unit_id=f"{command.unit_id.split('~')[0]}~{self.count}")
            case commands.Quarantine():
                part = f"{command.unit_id.split('~')[0]}~{self.count}"
                held = (commands.PartHeld(part, command.unit_id),)
                return replace(command, part_unit_id=part, noted=replace(command.noted, parts=held))
            case commands.Release() if command.unit_id in self.known:
                unit = self.known[PUMPS]
                number = unit.build.completions + 1 if unit.build else 1
                part = f"{PUMPS}~{self.count}"
                version = unit.as_built_version
                return replace(command, number=number, relied_on_version=version, part_unit_id=part)
            case _:
                return command

    def _write_down(self, event: Any) -> None:
        match event:
            case events.UnitReceived(unit_id=unit_id, identification=what):
                if what.origin_unit_id is None and unit_id == LOT:
                    self.received = plus(self.received, what.quantity)
            case events.QuantityReceived(quantity=quantity):
                self.received = plus(self.received, quantity)
            case events.UnitReturned(unit_id=unit_id, quantity=quantity):
                self.returned[unit_id] = plus(self.returned.get(unit_id, Decimal(0)), quantity)
            case events.UnitScrapped(unit_id=unit_id):
                self.scrapped.add(unit_id)


def begun() -> World:
    """A lot of foil came in, and a run builds ten pumps of it."""
    world = World()
    world.ask(lot())
    world.ask(lot_run(FOIL))
    return world


@settings(max_examples=200, deadline=None, derandomize=True)
@given(STORIES)
def test_nothing_is_created_or_lost(story: list[Any]) -> None:
    """What there is of the foil, and what went back to its supplier, is what was received: after every command."""
    world = begun()
    for asked in story:
        world.ask(asked)
        foil = [one.identification.quantity for name, one in world.units.items() if name.startswith(LOT)]
        assert sum(foil) + world.gone(LOT) == world.received
        assert min(foil) >= 0
        pumps = [one.identification.quantity for name, one in world.units.items() if name.startswith(PUMPS)]
        assert sum(pumps) + world.gone(PUMPS) == 10


@settings(max_examples=200, deadline=None, derandomize=True)
@given(STORIES)
def test_nothing_is_in_two_places(story: list[Any]) -> None:
    """What is installed is in one unit, once, and at the location of that; what is not installed is in none."""
    world = begun()
    for asked in story:
        world.ask(asked)
        held = Counter((one.unit_id, name) for name, unit in world.units.items() for one in unit.installations.values())
        said = Counter((name, one.parent_unit_id) for name, one in world.units.items() if one.parent_unit_id)
        assert held == said
        assert all(times == 1 for times in held.values())
        for unit in world.units.values():
            for one in unit.installations.values():
                assert one.quantity == world.units[one.unit_id].identification.quantity
        for name, parent in held:
            where, there = (world.units[one].identification.location for one in (name, parent))
            assert where == there


@settings(max_examples=200, deadline=None, derandomize=True)
@given(STORIES)
def test_every_status_is_what_the_table_says_of_the_facts(story: list[Any]) -> None:
    """Computed here once more, from what parents hold, what was scrapped, which locations are closed, and so on."""
    world = begun()
    for asked in story:
        world.ask(asked)
        for name, unit in world.units.items():
            expected = from_scratch(world, name, unit)
            assert standing(unit).status is expected, name
            assert unit.announced_status is expected, name


def from_scratch(world: World, name: str, unit: Unit) -> UnitStatus:
    """The table of domain.md 4.1, read row by row."""
    held = {one.unit_id for parent in world.units.values() for one in parent.installations.values()}
    rows = [
        (name in world.scrapped, UnitStatus.SCRAPPED),
        (name in held, UnitStatus.INSTALLED),
        (unit.build is not None and unit.build.is_open and not unit.is_contested, UnitStatus.WIP),
        (unit.is_contested or any(one.withholds for one in unit.issues.values()), UnitStatus.ON_HOLD),
        (unit.identification.location in world.closed, UnitStatus.UNAVAILABLE),
        (unit.identification.quantity == 0, UnitStatus.UNAVAILABLE),
    ]
    return next((status for matches, status in rows if matches), UnitStatus.AVAILABLE)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(STORIES)
def test_a_run_needs_so_much_for_each_of_what_it_builds(story: list[Any]) -> None:
    """However often a part was taken off what it builds: its requirements are scaled, digit by digit."""
    world = begun()
    for asked in story:
        world.ask(asked)
        build = world.units[PUMPS].build
        if build is not None:
            assert build.requirements["foil"].quantity == Decimal("2.5") * build.quantity
            if build.is_open and build.completions == 0:
                assert build.quantity == world.units[PUMPS].identification.quantity


def test_the_stories_told_here_do_split_install_scrap_and_return() -> None:
    """Random stories prove nothing when every command is refused."""
    world = begun()
    told: Counter[type] = Counter()
    for asked in [
        (0, lambda one: into_the_pumps(one, "2.5")),
        (0, lambda one: move(one, "Rack 9", "5")),
        (0, lambda one: quarantine("1", one)),
        (11, lambda one: scrap(one, "3")),
        (0, lambda one: give_back(one, "1")),
        (1, lambda one: taken_out(one, "0.5")),
        (1, lambda one: remove(one, PUMPS)),
        location("Rack 9"),
        complete(-1, unit_id=PUMPS, run_id="run-1"),
    ]:
        told.update(type(event) for event in world.ask(asked))
    assert (told[events.UnitSplit], told[events.UnitRemoved]) == (6, 2)
    assert all(
        told[kind]
        for kind in (
            events.UnitInstalled,
            events.UnitRemoved,
            events.UnitScrapped,
            events.UnitReturned,
            events.IssueNoted,
            events.LocationNoted,
            events.RequirementChanged,
            events.UnitReleased,
        )
    ), told
