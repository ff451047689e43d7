"""Whatever is installed, removed and edited, of serials and of lots, in whatever order: some things always hold."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.inventory.domain.commands import ChangeRequirement, Install, ReceiveUnit, Remove
from services.inventory.domain.decide import decide
from services.inventory.domain.events import UnitInstalled, UnitRemoved, UnitSplit
from services.inventory.domain.evolve import evolve
from services.inventory.domain.requirements import filled, installed_for, quantity_of, will_do
from services.inventory.domain.unit import Identification, Unit
from shared.kernel import Refused, split_id
from tests.rules.inventory.examples import ERIK, NOON, OLGA, built, claimed, received, requirement

World = dict[str, Unit]

LOT = "ROTOR-7:L1"
LOT_OF = Identification(LOT, "ROTOR-7", "A", None, "L1", Decimal(9), "each", "Rack 1")
REQUIREMENTS = (
    replace(requirement("skid", "SKID"), quantity=Decimal(1)),
    replace(requirement("free", "ROTOR"), quantity=Decimal(5), revision=None),
    replace(requirement("places", "ROTOR"), quantity=Decimal(2), designators=("U7", "U8"), substitutes=("SKID-9",)),
)
VALVES = ("VALVE-1", "VALVE-2")
STARTED = (
    *(
        one
        if getattr(one, "unit_id", "") not in VALVES or not hasattr(one, "requirements")
        else replace(one, requirements={wanted.requirement_id: wanted for wanted in REQUIREMENTS})
        for number in (1, 2)
        for one in built(number, reopened=True)
    ),
    ReceiveUnit(LOT, OLGA, NOON, LOT_OF),
    received("ROTOR-1"),
    received("ROTOR-2", revision="B"),
    claimed("PUMP-1", "", *REQUIREMENTS),
)
"""Two valves in two skids, open again, and a pump: each takes a skid and rotors; a lot of nine and two serial ones."""

PARENTS = st.sampled_from([*VALVES, "PUMP-1"])
COMPONENTS = st.sampled_from([LOT, LOT, LOT, "a part", "a part", "ROTOR-1", "ROTOR-2", "SKID-1", "SKID-2"])
FOR = st.sampled_from(["free", "free", "places", "places", "skid"])
INSTALLS = st.builds(
    lambda parent, component, for_, designator, quantity: Install(
        parent, OLGA, NOON, component, for_, designator, Decimal(quantity), "", ""
    ),
    PARENTS,
    COMPONENTS,
    FOR,
    st.sampled_from([None, "U7", "U8"]),
    st.sampled_from(["1", "1", "2", "0.5", "3", "0", "10"]),
)
REMOVALS = st.builds(
    lambda parent, component, designator, scrapped: Remove(
        parent, OLGA, NOON, component, "worn", None, designator, scrapped
    ),
    PARENTS,
    COMPONENTS,
    st.sampled_from([None, None, "U7", "U8"]),
    st.sampled_from([False, False, False, True]),
)
EDITS = st.builds(
    lambda parent, for_, changed: ChangeRequirement(parent, ERIK, NOON, for_, "because", **changed),
    PARENTS,
    FOR,
    st.sampled_from(
        [
            {"quantity": Decimal(1)},
            {"quantity": Decimal(6)},
            {"designators": ("U7",), "quantity": Decimal(1)},
            {"designators": ("U7", "U8", "U9"), "quantity": Decimal(3)},
            {"revision": "A"},
            {"revision": "*"},
            {"substitutes": ()},
        ]
    ),
)
STORIES = st.lists(st.one_of(INSTALLS, INSTALLS, INSTALLS, REMOVALS, EDITS), max_size=40)


def play(story: list[Any]) -> list[tuple[World, Any, tuple[Any, ...], World]]:
    """The world before each command, the command, what happened, and the world after it."""
    world: World = {}
    numbers = count(1)
    steps = []
    for asked in (*STARTED, *story):
        command = named(world, asked, next(numbers))
        before = dict(world)
        try:
            happened = tuple(decide(world, command))
        except Refused:
            happened = ()
        for event in happened:
            world[event.unit_id] = evolve(world.get(event.unit_id), event)
        steps.append((before, command, happened, dict(world)))
    return steps


def named(world: World, asked: Any, number: int) -> Any:
    """The command with ids of its own; "a part" is the part that was taken off the lot last."""
    if not isinstance(asked, Install | Remove):
        return asked
    parts = [name for name, unit in world.items() if unit.identification.origin_unit_id is not None]
    component = parts[-1] if asked.component_id == "a part" and parts else asked.component_id
    if isinstance(asked, Remove):
        return replace(asked, component_id=component)
    name = f"installation {number}"
    return replace(asked, component_id=component, installation_id=name, part_unit_id=split_id(component, name))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(STORIES)
def test_a_tree_has_no_cycle_and_no_unit_is_in_two_places(story: list[Any]) -> None:
    """From every unit the way up ends; what a parent holds says so, once."""
    for _, _, _, world in play(story):
        held = [(one.unit_id, parent) for parent, unit in world.items() for one in unit.installations.values()]
        assert sorted(held) == sorted(
            (name, unit.parent_unit_id) for name, unit in world.items() if unit.parent_unit_id
        )
        for name in world:
            seen, up = {name}, world[name].parent_unit_id
            while up is not None:
                assert up not in seen
                seen.add(up)
                up = world[up].parent_unit_id


@settings(max_examples=150, deadline=None, derandomize=True)
@given(STORIES)
def test_no_requirement_holds_more_than_it_takes_nor_what_will_not_do(story: list[Any]) -> None:
    """Also after edits: every designator has one at most, everything has its place, part and revision."""
    for _, _, _, world in play(story):
        for unit in world.values():
            if unit.build is None:
                continue
            for name, wanted in unit.build.requirements.items():
                there = installed_for(unit, unit.build.run_id, name)
                assert quantity_of(there) <= wanted.quantity
                assert all(has <= wanted.per_designator for has in filled(there).values())
                assert all(one.designator in (wanted.designators or (None,)) for one in there)
                assert all(will_do(wanted, one.part_number, one.revision) for one in there)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(STORIES)
def test_installing_and_removing_makes_and_loses_nothing(story: list[Any]) -> None:
    """What came in as a lot of nine is nine, however it was taken apart; what is installed is as much as its record."""
    for _, _, _, world in play(story):
        of_lot = [unit.identification for unit in world.values() if unit.identification.lot == "L1"]
        assert sum((one.quantity for one in of_lot), start=Decimal(0)) in (0, 9)
        for unit in world.values():
            for one in unit.installations.values():
                assert one.quantity == world[one.unit_id].identification.quantity


@settings(max_examples=150, deadline=None, derandomize=True)
@given(STORIES)
def test_an_installation_begins_once_and_ends_once(story: list[Any]) -> None:
    """Both ends are said, of one unit and one parent, with the as-built version one higher each time."""
    begun: dict[str, tuple[str, str]] = {}
    ended: Counter[str] = Counter()
    versions: Mapping[str, list[int]] = defaultdict(list)
    for _, _, happened, world in play(story):
        for event in happened:
            if isinstance(event, UnitInstalled):
                assert event.installation.installation_id not in begun
                begun[event.installation.installation_id] = (event.unit_id, event.installation.unit_id)
            if isinstance(event, UnitRemoved):
                ended[event.installation.installation_id] += 1
                assert begun[event.installation.installation_id] == (event.unit_id, event.installation.unit_id)
            if isinstance(event, UnitInstalled | UnitRemoved):
                versions[event.unit_id].append(event.as_built_version)
        there = {name for unit in world.values() for name in unit.installations}
        assert there == begun.keys() - ended.keys()
    assert set(ended.values()) <= {1}
    assert all(told == sorted(set(told)) for told in versions.values())


def test_the_stories_told_here_do_install_split_remove_and_edit() -> None:
    """Stories in which everything is refused would prove nothing: the beginning leaves room for each."""
    part = split_id(LOT, f"installation {len(STARTED) + 1}")
    story = [
        Install("PUMP-1", OLGA, NOON, LOT, "free", None, Decimal(2), "", ""),
        Install("PUMP-1", OLGA, NOON, "ROTOR-1", "places", "U7", Decimal(1), "", ""),
        Remove("PUMP-1", OLGA, NOON, part, "worn"),
        ChangeRequirement("PUMP-1", ERIK, NOON, "free", "because", Decimal(6)),
        Install("VALVE-1", OLGA, NOON, "SKID-2", "skid", None, Decimal(1), "", ""),
    ]
    told = [happened for _, _, happened, _ in play(story)][len(STARTED) :]
    assert all(told)
    assert isinstance(told[0][0], UnitSplit)
