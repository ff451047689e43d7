"""What a run needs installed, and an engineer who edits it while the run is open (domain.md 4.2)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.inventory.domain.events import (
    CompletionContested,
    RequirementAdded,
    RequirementChanged,
    RequirementRemoved,
    StatusChanged,
    UnitInstalled,
    UnitPlaced,
)
from services.inventory.domain.refusals import (
    AsBuiltLocked,
    DesignatorTaken,
    DesignatorUnknown,
    NotBeingBuilt,
    PartNotApproved,
    RequirementExists,
    RequirementFull,
    RequirementInUse,
    RequirementInvalid,
    UnknownRequirement,
    UnknownUnit,
)
from services.inventory.domain.unit import Requirement, Unit
from shared.testing.story import Story
from tests.rules.inventory.examples import (
    BUILT,
    INVENTORY,
    OTHER_ROTOR,
    PUMP,
    ROTOR,
    add,
    cancel,
    claimed,
    complete,
    edit,
    install,
    received,
    remove,
    reopen,
    requirement,
    take_away,
    unit,
)

OPEN = (claimed(), received(), received(OTHER_ROTOR))
FIVE = replace(claimed(), identification=unit(PUMP, quantity=Decimal(5)))
"""A run that builds five pumps."""


def needs(story: Story[Unit], requirement_id: str = "rotor") -> Requirement:
    """What the pump needs now."""
    build = story.state(PUMP).build
    assert build is not None
    return build.requirements[requirement_id]


def test_an_engineer_adds_a_requirement_while_the_run_is_open() -> None:
    """It can be installed for at once, and a completion that was reviewed before does not know it."""
    story = INVENTORY.given(*OPEN, received("VALVE-1")).when(add()).then(RequirementAdded)
    assert (story.events[0].run_id, story.events[0].reason) == ("run of PUMP-1", "the seal leaks")
    assert story.state(PUMP).as_built_version == 2
    story.when(install("VALVE-1", requirement_id="seal")).then(UnitInstalled, UnitPlaced, StatusChanged)
    story.when(complete(1)).then(CompletionContested, StatusChanged)


def test_the_quantity_of_an_edit_is_that_of_one_assembly() -> None:
    """Times the run's quantity, as it was when the run was ordered."""
    story = INVENTORY.given(FIVE, add(quantity=Decimal("0.5")))
    assert needs(story, "seal").quantity == Decimal("2.5")
    assert needs(story.when(edit("seal", quantity=Decimal(3))), "seal").quantity == 15


def test_the_same_edit_again_changes_nothing() -> None:
    """An engineer who says it twice is right both times."""
    INVENTORY.given(*OPEN, add()).when(add()).nothing_happens()
    INVENTORY.given(*OPEN).when(edit(quantity=Decimal(1), revision="A", substitutes=())).nothing_happens()


def test_a_requirement_id_is_given_once() -> None:
    """Another one of the same id would take its place unseen."""
    INVENTORY.given(*OPEN).when(add("rotor")).is_refused(RequirementExists, naming="rotor")


def test_a_larger_quantity_has_room_for_more() -> None:
    """And a smaller one has not."""
    story = INVENTORY.given(*OPEN, install()).when(edit(quantity=Decimal(2))).then(RequirementChanged)
    story = story.when(install(OTHER_ROTOR)).and_then()
    less = story.when(remove(OTHER_ROTOR)).and_then().when(edit(quantity=Decimal(1))).and_then()
    less.when(install(OTHER_ROTOR)).is_refused(RequirementFull, naming="takes 1")


def test_what_an_edit_does_not_name_stays() -> None:
    """Only the quantity, only the substitutes."""
    story = INVENTORY.given(*OPEN, edit(substitutes=("ROTOR-8",)), edit(quantity=Decimal(4)))
    assert needs(story) == requirement(substitutes=("ROTOR-8",), quantity=Decimal(4))


def test_an_approved_substitute_will_do_from_then_on() -> None:
    """Refused before, installed and marked after."""
    story = INVENTORY.given(claimed(), received(part_number="ROTOR-8"))
    refused = story.when(install()).is_refused(PartNotApproved, naming="ROTOR-8 A")
    assert "an engineer approve it" in refused.refusal.resolution
    done = story.when(edit(substitutes=("ROTOR-8",))).and_then().when(install()).and_then()
    assert done.events[0].installation.substitute is True


@pytest.mark.parametrize("changed", [{"interchangeable_revisions": ("B", "C")}, {"revision": "C"}, {"revision": "*"}])
def test_an_interchangeable_revision_will_do_from_then_on(changed: dict[str, Any]) -> None:
    """Beside the one that is named, in its place, or any; it is no substitute."""
    story = INVENTORY.given(claimed(), received(revision="C"))
    story.when(install()).is_refused(PartNotApproved, naming="ROTOR-7 C")
    done = story.when(edit(**changed)).then(RequirementChanged).when(install()).and_then()
    assert done.events[0].installation.substitute is False


def test_a_revision_that_is_not_interchangeable_is_refused_with_those_that_are() -> None:
    """Whoever stands with the wrong part in the hand reads which one to fetch."""
    wanted = requirement(interchangeable_revisions=("B",), substitutes=("ROTOR-8",))
    story = INVENTORY.given(claimed(PUMP, "", wanted), received(revision="C")).when(install())
    story.is_refused(PartNotApproved, naming="ROTOR-7 C", way_out="ROTOR-7 (revision A or B) or ROTOR-8")
    INVENTORY.given(claimed(PUMP, "", wanted), received(revision="B")).when(install()).and_then()


@pytest.mark.parametrize(
    ("wrong", "naming"),
    [
        ({"quantity": Decimal(0)}, "quantity is 0"),
        ({"quantity": Decimal(-1)}, "quantity is -1"),
        ({"quantity": Decimal("0.1234567890123")}, "at most 12 digits"),
        ({"designators": ("U7", "U8")}, "2 designators for the quantity 1"),
        ({"designators": ("U7", "U7"), "quantity": Decimal(2)}, "U7 is there 2 times"),
        ({"revision": None, "interchangeable_revisions": ("B",)}, "any revision will do"),
    ],
)
def test_a_requirement_that_contradicts_itself_is_refused(wrong: dict[str, Any], naming: str) -> None:
    """When it is added and when it is changed."""
    INVENTORY.given(*OPEN).when(add(**wrong)).is_refused(RequirementInvalid, naming=naming)
    changed = wrong | ({"revision": "*"} if "revision" in wrong else {})
    INVENTORY.given(*OPEN).when(edit(**changed)).is_refused(RequirementInvalid, naming=naming)


def test_any_revision_drops_those_that_were_interchangeable() -> None:
    """They are among them."""
    story = INVENTORY.given(claimed(PUMP, "", requirement(interchangeable_revisions=("B",))), edit(revision="*"))
    assert needs(story).revisions == ()


@pytest.mark.parametrize(
    ("changed", "naming"),
    [
        ({"quantity": Decimal("0.5")}, "1 is installed for it already"),
        ({"revision": "B"}, "ROTOR-7 A is installed for it as ROTOR-1"),
        ({"designators": ("U7",)}, "ROTOR-1 is installed for it at no designator"),
    ],
)
def test_what_is_installed_keeps_its_place(changed: dict[str, Any], naming: str) -> None:
    """An edit under which it could not have been installed is refused, and says what to take out first."""
    story = INVENTORY.given(*OPEN, install())
    refused = story.when(edit(**changed)).is_refused(RequirementInUse, naming=naming)
    assert "Remove ROTOR-1 from PUMP-1 first" in refused.refusal.resolution
    story.when(remove()).and_then().when(edit(**changed)).then(RequirementChanged)


def test_a_substitute_in_use_stays_approved() -> None:
    """Its approval is not taken back behind its back."""
    story = INVENTORY.given(claimed(PUMP, "", requirement(substitutes=("ROTOR-8",))), received(part_number="ROTOR-8"))
    story = story.when(install()).and_then()
    story.when(edit(substitutes=())).is_refused(RequirementInUse, naming="ROTOR-8 A is installed")
    story.when(edit(substitutes=("ROTOR-8", "ROTOR-9"))).then(RequirementChanged)


def test_a_filled_designator_is_not_taken_away_and_a_free_one_is() -> None:
    """U7 holds a rotor, U8 does not."""
    two = requirement(quantity=Decimal(2), designators=("U7", "U8"))
    story = INVENTORY.given(claimed(PUMP, "", two), received(), install(designator="U7"))
    one = Decimal(1)
    story.when(edit(designators=("U8",), quantity=one)).is_refused(RequirementInUse, naming="ROTOR-1 is installed for")
    story.when(edit(designators=("U7",), quantity=one)).then(RequirementChanged)


def test_a_requirement_is_removed_when_nothing_is_installed_for_it() -> None:
    """Until then the refusal says what is."""
    story = INVENTORY.given(*OPEN, install())
    refused = story.when(take_away()).is_refused(RequirementInUse, naming="ROTOR-1 is installed for it")
    assert "Remove ROTOR-1 from PUMP-1 first" in refused.refusal.resolution
    story = story.when(remove()).and_then().when(take_away()).then(RequirementRemoved)
    story.when(install()).is_refused(UnknownRequirement, naming="rotor")


def test_what_is_not_there_is_not_edited() -> None:
    """Neither a requirement nor a unit; the refusal lists those that there are."""
    for command in (edit("blade"), take_away("blade")):
        story = INVENTORY.given(*OPEN).when(command).is_refused(UnknownRequirement, naming="blade")
        assert "rotor" in story.refusal.resolution
    INVENTORY.given().when(add()).is_refused(UnknownUnit, naming=PUMP)


@pytest.mark.parametrize("command", [add(), edit(quantity=Decimal(2)), take_away()], ids=lambda one: type(one).__name__)
def test_requirements_are_edited_while_the_run_is_open_only(command: Any) -> None:
    """Not of a complete run until it is reopened, and not of a unit that nobody builds."""
    INVENTORY.given(*BUILT).when(command).is_refused(AsBuiltLocked, naming="run of PUMP-1")
    INVENTORY.given(*BUILT, reopen(), remove()).when(command).and_then()
    INVENTORY.given(*OPEN, cancel()).when(command).is_refused(NotBeingBuilt, naming=PUMP)


def test_a_rework_has_requirements_of_its_own() -> None:
    """What an earlier run installed is in no edit's way."""
    story = INVENTORY.given(*BUILT, claimed(PUMP, "rework"))
    story.when(take_away()).then(RequirementRemoved)


def test_a_designator_takes_one_for_every_assembly_of_the_run() -> None:
    """Five pumps have five fronts; the sixth rotor for the front is one too many, and another place is free."""
    front_and_rear = requirement(quantity=Decimal(10), designators=("front", "rear"))
    rotors = [received(f"ROTOR-{number}") for number in range(1, 8)]
    story = INVENTORY.given(replace(FIVE, requirements={"rotor": front_and_rear}), *rotors)
    for number in range(1, 6):
        story = story.when(install(f"ROTOR-{number}", designator="front")).and_then()
    taken = story.when(install("ROTOR-6", designator="front")).is_refused(DesignatorTaken, naming="front")
    assert taken.refusal.resolution == "Use a free designator: rear."
    story.when(install("ROTOR-6", designator="rear")).then(UnitInstalled, UnitPlaced, StatusChanged)


def test_a_requirement_without_designators_takes_none() -> None:
    """A place that the order does not know is a mistake at the station."""
    INVENTORY.given(*OPEN).when(install(ROTOR, designator="U9")).is_refused(DesignatorUnknown, naming="U9")
