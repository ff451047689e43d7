"""Whatever is asked of inventory, in whatever order, some things always hold."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.inventory.domain.commands import Install, Release
from services.inventory.domain.decide import decide
from services.inventory.domain.events import StatusChanged, UnitReceived
from services.inventory.domain.evolve import evolve
from services.inventory.domain.status import standing
from services.inventory.domain.unit import Unit
from shared.kernel import Refused
from tests.rules.inventory.examples import (
    built,
    cancel,
    claimed,
    complete,
    install,
    received,
    remove,
    reopen,
    requirement,
)

World = dict[str, Unit]
IDS = [f"{part}-{number}" for part in ("VALVE", "SKID", "ROTOR") for number in (1, 2)]
ANY = st.sampled_from(IDS)
RUNS = st.sampled_from(["", "", "run-1", "run-2"])
"""Its own run, twice as often as two others."""
WANTED = (
    requirement("valve", "VALVE"),
    requirement("skid", "SKID"),
    requirement("rotor", quantity=Decimal(2), designators=("U7", "U8"), substitutes=("SKID-9",)),
)
INSTALLS = st.builds(
    install,
    ANY,
    ANY,
    st.sampled_from(["valve", "skid", "rotor"]),
    st.sampled_from([None, "U7", "U8"]),
    st.sampled_from(["1", "1", "1", "0", "-1", "2", "0.5"]),
)
ASKED = st.one_of(
    st.builds(received, ANY),
    st.builds(lambda unit_id, run_id: claimed(unit_id, run_id, *WANTED), ANY, RUNS),
    INSTALLS,
    INSTALLS,
    st.builds(remove, ANY, ANY),
    st.builds(lambda number: remove(f"VALVE-{number}", f"SKID-{number}"), st.integers(1, 2)),
    st.builds(lambda number: reopen(f"SKID-{number}"), st.integers(1, 2)),
    st.builds(lambda unit_id, run_id: complete(-1, unit_id=unit_id, run_id=run_id), ANY, RUNS),
    st.builds(lambda unit_id, version: complete(version, unit_id=unit_id, number=2), ANY, st.integers(0, 6)),
    st.builds(reopen, ANY, RUNS),
    st.builds(cancel, ANY, RUNS),
)
TREES = [*built(1, reopened=True), *built(2, reopened=True), received("ROTOR-1"), received("ROTOR-2")]
STORIES = st.tuples(st.sampled_from([[], TREES]), st.lists(ASKED, max_size=40)).map(lambda both: [*both[0], *both[1]])


def as_reviewed(world: World, release: Release) -> Release:
    """A release that relies on what is in the unit now, as the run's next completion."""
    there = world.get(release.unit_id)
    if release.relied_on_version != -1 or there is None:
        return release
    number = there.build.completions + 1 if there.build else 1
    return replace(release, relied_on_version=there.as_built_version, number=number)


def play(story: list[Any]) -> list[tuple[World, Any, World, tuple[Any, ...]]]:
    """The world before and after each command, and the events between."""
    world: World = {}
    steps = []
    for number, asked in enumerate(story):
        command = as_reviewed(world, asked) if isinstance(asked, Release) else asked
        if isinstance(command, Install):
            command = replace(command, installation_id=f"installation {number}")
        before = dict(world)
        try:
            happened = tuple(decide(world, command))
        except Refused:
            happened = ()
        for event in happened:
            world[event.unit_id] = evolve(world.get(event.unit_id), event)
        steps.append((before, command, dict(world), happened))
    return steps


@settings(max_examples=200, deadline=None, derandomize=True)
@given(STORIES)
def test_a_unit_is_in_one_parent_at_most_and_both_know_it(story: list[Any]) -> None:
    """What a parent holds says that it is held, by that parent, once."""
    for _, _, world, _ in play(story):
        held = [(one.unit_id, parent) for parent, unit in world.items() for one in unit.installations.values()]
        assert sorted(held) == sorted((name, one.parent_unit_id) for name, one in world.items() if one.parent_unit_id)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(STORIES)
def test_no_unit_is_part_of_itself(story: list[Any]) -> None:
    """From every unit the way up ends."""
    for _, _, world, _ in play(story):
        for name in world:
            seen, up = {name}, world[name].parent_unit_id
            while up is not None:
                assert up not in seen
                seen.add(up)
                up = world[up].parent_unit_id


@settings(max_examples=200, deadline=None, derandomize=True)
@given(STORIES)
def test_no_requirement_is_overfilled_and_no_designator_filled_twice(story: list[Any]) -> None:
    """Whole units only, in their places."""
    for _, _, world, _ in play(story):
        for unit in world.values():
            if unit.build is None:
                continue
            installed = unit.installed_by(unit.build.run_id)
            places = Counter((one.requirement_id, one.designator) for one in installed if one.designator)
            assert all(times == 1 for times in places.values())
            for name, wanted in unit.build.requirements.items():
                assert sum(one.quantity for one in installed if one.requirement_id == name) <= wanted.quantity
            assert all(one.quantity > 0 for one in installed)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(STORIES)
def test_the_announced_status_is_the_computed_one(story: list[Any]) -> None:
    """The first one with the receipt, and then every change, once, with what it was before."""
    said: dict[str, Any] = {}
    for _, _, world, happened in play(story):
        for event in happened:
            if isinstance(event, UnitReceived):
                assert event.unit_id not in said
                said[event.unit_id] = event.status
            if isinstance(event, StatusChanged):
                assert event.was is said[event.unit_id]
                assert event.status is not event.was
                said[event.unit_id] = event.status
        assert said == {name: standing(unit).status for name, unit in world.items()}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(STORIES)
def test_a_locked_as_built_never_changes(story: list[Any]) -> None:
    """What was released holds the same units until it is reopened or claimed for rework."""
    for before, _, world, _ in play(story):
        for name, unit in before.items():
            after = world[name]
            if unit.build is not None and not unit.build.is_open and after.build == unit.build:
                assert after.installations == unit.installations
                assert after.as_built_version == unit.as_built_version


@settings(max_examples=200, deadline=None, derandomize=True)
@given(STORIES)
def test_the_as_built_version_moves_with_every_change_of_what_is_inside(story: list[Any]) -> None:
    """Two as-builts with one version would be one as-built that nobody can tell from another."""
    for before, _, world, _ in play(story):
        for name, unit in before.items():
            changed = world[name].installations != unit.installations
            assert world[name].as_built_version >= unit.as_built_version + changed


@settings(max_examples=100, deadline=None, derandomize=True)
@given(STORIES)
def test_the_same_story_leads_to_the_same_units(story: list[Any]) -> None:
    """Rules have no memory and no clock."""
    assert play(story) == play(story)


def test_the_stories_told_here_do_install_release_and_refuse() -> None:
    """Random stories prove nothing when every command is refused: the trees that they start with are built."""
    last = play(TREES)[-1][2]
    assert {name: unit.parent_unit_id for name, unit in last.items()} == {
        "VALVE-1": "SKID-1",
        "VALVE-2": "SKID-2",
        "SKID-1": None,
        "SKID-2": None,
        "ROTOR-1": None,
        "ROTOR-2": None,
    }


@settings(max_examples=150, deadline=None, derandomize=True)
@given(STORIES)
def test_a_unit_knows_just_the_reopened_runs_of_what_is_in_it(story: list[Any]) -> None:
    """Whatever was installed, removed, reopened, completed or canceled, and in whatever order."""
    for _, _, world, _ in play(story):
        for unit_id, unit in world.items():
            assert set(unit.reopened_components) == {one for one in below(world, unit_id) if is_reopened(world[one])}


def below(world: World, unit_id: str) -> set[str]:
    """Everything that is in a unit, at any depth."""
    direct = {name for name, one in world.items() if one.parent_unit_id == unit_id}
    return direct.union(*(below(world, one) for one in direct))


def is_reopened(unit: Unit) -> bool:
    """A run that goes on builds it; what is installed was released before, so that run was reopened."""
    return unit.build is not None and unit.build.is_open
