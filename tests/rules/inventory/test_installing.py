"""Installing serials against requirements, and removing them (domain.md 4.2)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.inventory.domain.events import StatusChanged, UnitInstalled, UnitPlaced, UnitRemoved, UnitScrapped
from services.inventory.domain.refusals import (
    AlreadyInstalled,
    AsBuiltLocked,
    DesignatorTaken,
    DesignatorUnknown,
    InsufficientQuantity,
    NotBeingBuilt,
    NotInstalled,
    PartNotApproved,
    RequirementFull,
    ScrappedAlready,
    UnitNotAvailable,
    UnknownRequirement,
    UnknownUnit,
    WholeUnitsOnly,
    WouldCreateCycle,
)
from services.inventory.domain.unit import UnitStatus
from tests.rules.inventory.examples import (
    BUILT,
    INVENTORY,
    OTHER_ROTOR,
    PUMP,
    ROTOR,
    SKID,
    built,
    cancel,
    claimed,
    holds,
    install,
    received,
    remove,
    reopen,
    requirement,
    scrap,
    status,
)

TWO = requirement(quantity=Decimal(2), designators=("U7", "U8"))


def test_an_installed_unit_is_in_its_parent() -> None:
    """Parent and component both know it; the as-built moves on, the component is used."""
    story = INVENTORY.given(claimed(), received()).when(install()).then(UnitInstalled, UnitPlaced, StatusChanged)
    assert holds(story) == [ROTOR]
    assert story.state(ROTOR).parent_unit_id == PUMP
    assert status(story, ROTOR) is UnitStatus.INSTALLED
    assert story.state(PUMP).as_built_version == 2


def test_an_installation_names_its_run_and_its_component() -> None:
    """What was installed for which run, requirement and part is announced in full."""
    event = INVENTORY.given(claimed(), received()).when(install()).events[0]
    assert (event.run_id, event.component.part_number, event.component.revision) == ("run of PUMP-1", "ROTOR-7", "A")
    assert (event.installation.requirement_id, event.installation.substitute) == ("rotor", False)


def test_nothing_good_is_put_into_scrap() -> None:
    """The pump broke while it was built, and its run is still open: what is in it may be saved, no more is lost."""
    story = INVENTORY.given(claimed(PUMP, "", TWO), received(), received(OTHER_ROTOR), install(designator="U7"))
    story = story.when(scrap(PUMP)).then(UnitScrapped, StatusChanged)
    story.when(install(OTHER_ROTOR, designator="U8")).is_refused(ScrappedAlready, naming="PUMP-1 is scrapped")
    assert status(story.when(remove()), ROTOR) is UnitStatus.AVAILABLE


def test_a_removed_unit_is_available_again() -> None:
    """Both sides forget it; the end is announced with its reason, and the as-built moves on."""
    story = INVENTORY.given(claimed(), received(), install()).when(remove())
    story.then(UnitRemoved, UnitPlaced, StatusChanged)
    assert (holds(story), story.state(ROTOR).parent_unit_id) == ([], None)
    assert status(story, ROTOR) is UnitStatus.AVAILABLE
    assert (story.state(PUMP).as_built_version, story.events[0].reason) == (3, "worn")


def test_a_removed_unit_may_be_scrapped_at_once() -> None:
    """It leaves its parent and is never used again; both are said."""
    story = INVENTORY.given(claimed(), claimed("PUMP-2"), received(), install()).when(remove(scrapped=True))
    story.then(UnitRemoved, UnitPlaced, UnitScrapped, StatusChanged)
    assert (story.events[0].scrapped, story.events[2].reason) == (True, "worn")
    assert (holds(story), status(story, ROTOR)) == ([], UnitStatus.SCRAPPED)
    story.when(install(ROTOR, "PUMP-2")).is_refused(UnitNotAvailable, naming="scrapped")


def test_a_removed_unit_goes_into_another_parent() -> None:
    """A serial is in one parent at a time, and in many over its life."""
    story = INVENTORY.given(claimed(), claimed("PUMP-2"), received(), install(), remove())
    story.when(install(ROTOR, "PUMP-2")).then(UnitInstalled, UnitPlaced, StatusChanged)


@pytest.mark.parametrize(
    ("changed", "why"), [({"part_number": "ROTOR-9"}, "ROTOR-9 A"), ({"revision": "B"}, "ROTOR-7 B")]
)
def test_a_part_that_is_not_approved_is_refused(changed: dict[str, Any], why: str) -> None:
    """Neither another part nor another revision where one is named."""
    story = INVENTORY.given(claimed(), received(**changed)).when(install())
    story.is_refused(PartNotApproved, naming=why, way_out="ROTOR-7 (revision A)")


def test_any_revision_will_do_where_none_is_named() -> None:
    """Interchangeable revisions are ordered without one."""
    story = INVENTORY.given(claimed(PUMP, "", requirement(revision=None)), received(revision="C"))
    story.when(install()).then(UnitInstalled, UnitPlaced, StatusChanged)


def test_an_approved_substitute_is_installed_and_marked() -> None:
    """It counts as the part, and everybody sees that it is another one."""
    story = INVENTORY.given(claimed(PUMP, "", requirement(substitutes=("ROTOR-8",))), received(part_number="ROTOR-8"))
    assert story.when(install()).events[0].installation.substitute is True


def test_the_same_serial_does_not_go_into_two_parents() -> None:
    """Of two installs exactly one wins: the other is told where the serial is."""
    story = INVENTORY.given(claimed(), claimed("PUMP-2"), received(), install())
    story.when(install(ROTOR, "PUMP-2")).is_refused(AlreadyInstalled, naming="installed in PUMP-1")
    story.when(install()).is_refused(AlreadyInstalled, naming="installed in PUMP-1")


def test_a_unit_in_work_is_not_installed() -> None:
    """A component whose own run is open is not finished; the refusal says what would change it."""
    story = INVENTORY.given(claimed(), received(), claimed(ROTOR)).when(install())
    story.is_refused(UnitNotAvailable, naming="wip: target of the run run of ROTOR-1", way_out="completes")


def test_a_requirement_takes_no_more_than_its_quantity() -> None:
    """The refusal says how much it takes and has."""
    story = INVENTORY.given(claimed(), received(), received(OTHER_ROTOR), install())
    story.when(install(OTHER_ROTOR)).is_refused(RequirementFull, naming="takes 1 and has 1")


def test_a_designator_is_filled_once() -> None:
    """The last free designator goes to one; the other is told which are free."""
    story = INVENTORY.given(claimed(PUMP, "", TWO), received(), received(OTHER_ROTOR), install(designator="U7"))
    story.when(install(OTHER_ROTOR, designator="U7")).is_refused(DesignatorTaken, naming="filled by ROTOR-1")
    story.when(install(OTHER_ROTOR, designator="U8")).then(UnitInstalled, UnitPlaced, StatusChanged)


def test_full_designators_say_that_none_is_free() -> None:
    """A third rotor has no place."""
    rotors = [received(f"ROTOR-{number}") for number in (1, 2, 3)]
    story = INVENTORY.given(
        claimed(PUMP, "", TWO), *rotors, install(designator="U7"), install("ROTOR-2", designator="U8")
    )
    taken = story.when(install("ROTOR-3", designator="U8")).is_refused(DesignatorTaken)
    assert "none is free" in taken.refusal.resolution


@pytest.mark.parametrize("designator", [None, "U9"])
def test_a_requirement_with_designators_wants_one_of_them(designator: str | None) -> None:
    """Neither none nor another."""
    story = INVENTORY.given(claimed(PUMP, "", TWO), received()).when(install(designator=designator))
    story.is_refused(DesignatorUnknown, naming=designator or "(none)", way_out="U7, U8")


def test_more_than_there_is_cannot_be_installed() -> None:
    """One serial is one."""
    story = INVENTORY.given(claimed(), received()).when(install(quantity="2"))
    story.is_refused(InsufficientQuantity, naming="ROTOR-1 has 1 left, not 2")


@pytest.mark.parametrize("quantity", ["0.5", "0", "-1"])
def test_a_serial_is_installed_whole(quantity: str) -> None:
    """Not less than all of it."""
    story = INVENTORY.given(claimed(), received()).when(install(quantity=quantity))
    story.is_refused(WholeUnitsOnly, naming=f"not {quantity}")


def test_an_unknown_requirement_is_refused_by_name() -> None:
    """The refusal lists those that the unit has."""
    story = INVENTORY.given(claimed(), received()).when(install(requirement_id="seal"))
    story.is_refused(UnknownRequirement, naming="seal", way_out="rotor")


def test_what_nobody_builds_takes_no_components_yet() -> None:
    """The claim may still be on its way: the event waits for it."""
    for command in (install(ROTOR, OTHER_ROTOR), remove(ROTOR, OTHER_ROTOR)):
        story = INVENTORY.given(received(), received(OTHER_ROTOR)).when(command)
        assert story.is_refused(NotBeingBuilt, naming=OTHER_ROTOR).refusal.waits_for == OTHER_ROTOR


def test_an_unknown_component_or_parent_may_be_an_early_event() -> None:
    """What waits says for which unit."""
    assert INVENTORY.given(claimed()).when(install()).is_refused(UnknownUnit).refusal.waits_for == ROTOR
    assert INVENTORY.given(received()).when(install()).is_refused(UnknownUnit).refusal.waits_for == PUMP


def test_the_as_built_of_a_complete_run_is_locked() -> None:
    """Neither in nor out, whoever asks; the refusal names reopening."""
    story = INVENTORY.given(*BUILT, received(OTHER_ROTOR))
    for command in (install(OTHER_ROTOR), remove()):
        refused = story.when(command).is_refused(AsBuiltLocked, naming="run of PUMP-1")
        assert "run:reopen" in refused.refusal.resolution


def test_a_reopened_run_unlocks_the_as_built() -> None:
    """The wrong rotor comes out, the right one goes in."""
    story = INVENTORY.given(*BUILT, received(OTHER_ROTOR), reopen(), remove()).when(install(OTHER_ROTOR)).and_then()
    assert holds(story) == [OTHER_ROTOR]


def test_only_what_is_installed_there_is_removed() -> None:
    """Not from another parent, not twice."""
    story = INVENTORY.given(claimed(), claimed("PUMP-2"), received(), install())
    story.when(remove(ROTOR, "PUMP-2")).is_refused(NotInstalled, naming="ROTOR-1 is not installed in PUMP-2")
    story.when(remove()).and_then().when(remove()).is_refused(NotInstalled)


def test_the_components_of_a_freed_unit_wait_for_the_next_run() -> None:
    """A canceled run leaves its unit as it is."""
    story = INVENTORY.given(claimed(), received(), install(), cancel())
    assert holds(story) == [ROTOR]
    story.when(remove()).is_refused(NotBeingBuilt)
    story.when(claimed(PUMP, "rework")).and_then().when(remove()).then(UnitRemoved, UnitPlaced, StatusChanged)


def test_a_rework_keeps_what_earlier_runs_installed() -> None:
    """The same requirement in a later run asks for another part; the first rotor is in the way of nothing."""
    story = INVENTORY.given(*BUILT, received(OTHER_ROTOR), claimed(PUMP, "rework"))
    story = story.when(install(OTHER_ROTOR)).then(UnitInstalled, UnitPlaced, StatusChanged)
    assert holds(story) == [ROTOR, OTHER_ROTOR]


def test_a_unit_does_not_go_into_itself() -> None:
    """Whatever its requirements say."""
    itself = requirement("pump", "PUMP")
    INVENTORY.given(claimed(PUMP, "", itself)).when(install(PUMP, PUMP, "pump")).is_refused(
        WouldCreateCycle, naming=PUMP
    )


def test_a_unit_does_not_go_into_what_is_part_of_it() -> None:
    """A valve in a skid whose run was reopened does not take that skid."""
    story = INVENTORY.given(*built(1, reopened=True))
    story.when(install("SKID-1", "VALVE-1", "skid")).is_refused(WouldCreateCycle, naming="VALVE-1 is part of SKID-1")


def test_two_installs_that_only_together_close_a_cycle_do_not_both_win() -> None:
    """Skid 2 into valve 1, which is in skid 1; skid 1 into valve 2, which is in skid 2: the second one is refused."""
    story = INVENTORY.given(*built(1, reopened=True), *built(2, reopened=True))
    first, second = install("SKID-2", "VALVE-1", "skid"), install("SKID-1", "VALVE-2", "skid")
    story.when(first).and_then().when(second).is_refused(WouldCreateCycle, naming="VALVE-2 is part of SKID-1")
    story.when(second).and_then().when(first).is_refused(WouldCreateCycle, naming="VALVE-1 is part of SKID-2")


def test_deep_trees_are_built_level_by_level() -> None:
    """A rotor in a pump in a skid: each level is complete before it goes into the next."""
    skid = claimed(SKID, "", requirement("pump", "PUMP"))
    story = INVENTORY.given(*BUILT, skid).when(install(PUMP, SKID, "pump")).and_then()
    assert (holds(story, SKID), holds(story, PUMP)) == ([PUMP], [ROTOR])
    assert replace(story.state(ROTOR)).parent_unit_id == PUMP
