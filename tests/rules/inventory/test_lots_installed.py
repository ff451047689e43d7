"""Installing what is counted: parts of lots and untracked quantities (domain.md 4.2)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.inventory.domain import commands
from services.inventory.domain.events import (
    StatusChanged,
    UnitInstalled,
    UnitPlaced,
    UnitReceived,
    UnitRemoved,
    UnitSplit,
)
from services.inventory.domain.refusals import (
    AlreadyInstalled,
    DesignatorTaken,
    InsufficientQuantity,
    OnePerDesignator,
    QuantityInvalid,
    RequirementFull,
    SeveralInstalled,
    UnitNotAvailable,
    UnitOfMeasureDiffers,
)
from services.inventory.domain.requirements import installed_for, is_satisfied
from services.inventory.domain.unit import Identification, Unit, UnitStatus
from shared.testing.story import Story
from tests.rules.inventory.examples import (
    INVENTORY,
    NOON,
    OLGA,
    PUMP,
    PUMPS,
    build_of,
    claimed,
    complete,
    holds,
    install,
    lot_run,
    received,
    remove,
    requirement,
    scrap,
    status,
)

LOT = "SCREW-4:L1"
TAKEN = (UnitSplit, UnitReceived, UnitInstalled, UnitPlaced)


def lot(quantity: str = "10", **changed: Any) -> commands.ReceiveUnit:
    """A lot of screws came in."""
    screws = Identification(LOT, "SCREW-4", "A", None, "L1", Decimal(quantity), "each", "Rack 1")
    return commands.ReceiveUnit(LOT, OLGA, NOON, replace(screws, **changed))


def screws(quantity: str = "8", **changed: Any) -> Any:
    """A pump needs screws."""
    wanted = replace(requirement("screws"), part_number="SCREW-4", quantity=Decimal(quantity))
    return replace(wanted, **changed)


def put(quantity: str, designator: str | None = None, of: str = LOT, parent: str = PUMP) -> commands.Install:
    """Olga takes some of the lot; each time becomes a part of its own."""
    number = f"{of} {quantity} {designator} {parent}"
    made = replace(install(of, parent, "screws", designator, quantity), installation_id=number)
    return replace(made, part_unit_id=f"{of}~{quantity}{designator or ''}{'' if parent == PUMP else parent}")


def left(story: Story[Unit], unit_id: str = LOT) -> Decimal:
    """What is left of the lot, or how much a part is."""
    return story.state(unit_id).identification.quantity


STARTED = (lot(), claimed(PUMP, "", screws()))


def test_taking_part_of_a_lot_splits_it() -> None:
    """What was taken is a unit of its own, in the pump; the lot has the rest, and may be used still."""
    story = INVENTORY.given(*STARTED).when(put("4"))
    story.then(UnitSplit, UnitReceived, UnitInstalled, UnitPlaced)
    part = story.state(f"{LOT}~4")
    assert (part.identification.origin_unit_id, part.identification.lot, part.parent_unit_id) == (LOT, "L1", PUMP)
    assert (left(story), left(story, f"{LOT}~4")) == (6, 4)
    assert (status(story, LOT), status(story, f"{LOT}~4")) == (UnitStatus.AVAILABLE, UnitStatus.INSTALLED)
    assert holds(story) == [f"{LOT}~4"]


def test_an_installation_of_a_part_says_which_lot_it_is_of() -> None:
    """With part number, revision and lot, so that a recall finds it."""
    one = INVENTORY.given(*STARTED).when(put("4")).events[2].installation
    assert (one.part_number, one.revision, one.lot, one.serial, one.quantity) == ("SCREW-4", "A", "L1", None, 4)


def test_the_last_of_a_lot_leaves_nothing_and_the_next_is_refused() -> None:
    """Exact to the last piece; the refusal says that nothing is left."""
    story = INVENTORY.given(lot("4"), claimed(PUMP, "", screws())).when(put("4"))
    story.then(UnitSplit, UnitReceived, UnitInstalled, UnitPlaced, StatusChanged)
    assert (left(story), status(story, LOT)) == (0, UnitStatus.UNAVAILABLE)
    refused = story.when(put("1")).is_refused(InsufficientQuantity, naming=f"{LOT} has nothing left, not 1")
    assert "another lot" in refused.refusal.resolution


def test_more_than_is_left_is_refused() -> None:
    """With what is left."""
    story = INVENTORY.given(lot("3"), claimed(PUMP, "", screws()))
    story.when(put("4")).is_refused(InsufficientQuantity, naming="has 3 left, not 4")


@pytest.mark.parametrize("quantity", ["0", "-1", "0.1234567890123"])
def test_a_quantity_is_positive_and_can_be_counted(quantity: str) -> None:
    """Nothing, or less, or more digits than sums keep."""
    INVENTORY.given(*STARTED).when(put(quantity)).is_refused(QuantityInvalid, naming=quantity, way_out="12 digits")


def test_a_requirement_for_a_quantity_takes_no_more_than_that() -> None:
    """From several lots and several times; the last bit is exact."""
    story = INVENTORY.given(lot(), claimed(PUMP, "", screws("0.3")), put("0.1"), put("0.2"))
    story.when(put("0.0001")).is_refused(RequirementFull, naming="takes 0.3 and has 0.3")


def test_screws_by_the_piece_are_no_wire_by_the_metre() -> None:
    """Two numbers in two units of measure cannot be compared; the refusal names both."""
    story = INVENTORY.given(lot(unit_of_measure="kg"), claimed(PUMP, "", screws()))
    story.when(put("1")).is_refused(UnitOfMeasureDiffers, naming=f"{LOT} is counted in kg")


def test_each_designator_takes_one_also_from_a_lot() -> None:
    """Four at once have no place at U7, nor has half a screw; a second one is told what is free."""
    four = screws("4", designators=("U7", "U8", "U9", "U10"))
    story = INVENTORY.given(lot(), claimed(PUMP, "", four))
    story.when(put("4", "U7")).is_refused(OnePerDesignator, naming="U7 of requirement screws has room for 1")
    story.when(put("0.5", "U7")).is_refused(OnePerDesignator, naming="not for 0.5")
    story = story.when(put("1", "U7")).then(*TAKEN)
    taken = story.when(put("1", "U7")).is_refused(DesignatorTaken, naming=f"filled by {LOT}~1U7")
    assert taken.refusal.resolution == "Use a free designator: U8, U9, U10."


def test_a_designator_of_five_assemblies_takes_five() -> None:
    """At once or one by one, and never a sixth."""
    wanted = {"screws": screws("10", designators=("left", "right"))}
    five = replace(claimed(), requirements=wanted)
    five = replace(five, identification=replace(five.identification, quantity=Decimal(5)))
    story = INVENTORY.given(lot(), five, put("3", "left"))
    story.when(put("4", "left")).is_refused(OnePerDesignator, naming="has room for 2")
    story.when(put("2", "left")).and_then().when(put("1", "left")).is_refused(DesignatorTaken, naming="left")


def test_a_designator_is_filled_whatever_is_too_much_at_another() -> None:
    """Half of the lot is scrapped when one place has its ten: five are too many there, and the other takes its five."""
    places = screws("2", designators=("left", "right"))
    story = INVENTORY.given(lot("30"), lot_run(places), put("10", "left", parent=PUMPS), scrap(PUMPS, "5"))
    assert build_of(story, PUMPS).requirements["screws"].quantity == 10
    assert not has_enough(story)
    story.when(put("6", "right", parent=PUMPS)).is_refused(OnePerDesignator, naming="has room for 5")
    full = story.when(put("5", "right", parent=PUMPS)).then(*TAKEN)
    assert has_enough(full)


def has_enough(story: Story[Unit]) -> bool:
    """The pumps have their screws."""
    build = build_of(story, PUMPS)
    return is_satisfied(build.requirements["screws"], installed_for(story.state(PUMPS), build.run_id, "screws"))


def test_a_removed_part_stays_a_record_of_its_own() -> None:
    """It is not poured back: what was in a pump is told from what never left its rack."""
    story = INVENTORY.given(*STARTED, put("4")).when(remove(f"{LOT}~4")).then(UnitRemoved, UnitPlaced, StatusChanged)
    assert (left(story), left(story, f"{LOT}~4"), holds(story)) == (6, 4, [])
    assert status(story, f"{LOT}~4") is UnitStatus.AVAILABLE
    again = story.when(put("4", of=f"{LOT}~4")).then(UnitInstalled, UnitPlaced, StatusChanged)
    assert holds(again) == [f"{LOT}~4"]
    some = story.when(put("1", of=f"{LOT}~4")).then(*TAKEN)
    assert some.state(f"{LOT}~4~1").identification.origin_unit_id == f"{LOT}~4"


def test_an_installed_part_is_in_one_place() -> None:
    """Whoever names it as it stands in one pump does not put it into another."""
    story = INVENTORY.given(*STARTED, claimed("PUMP-2", "", screws()), put("4"))
    story.when(put("4", of=f"{LOT}~4", parent="PUMP-2")).is_refused(AlreadyInstalled, naming="installed in PUMP-1")


def test_what_is_in_a_unit_may_be_named_by_its_lot() -> None:
    """As the label says; where several are from that lot, the refusal lists them and asks which."""
    two = screws("4", designators=("U7", "U8", "U9", "U10"))
    story = INVENTORY.given(lot(), claimed(PUMP, "", two), put("1", "U7"))
    story.when(remove(LOT)).then(UnitRemoved, UnitPlaced, StatusChanged)
    story = story.when(put("1", "U8")).and_then()
    refused = story.when(remove(LOT)).is_refused(SeveralInstalled, naming=f"{LOT}~1U7 for U7, {LOT}~1U8 for U8")
    assert "designator" in refused.refusal.resolution
    out = story.when(remove(LOT, designator="U8")).then(UnitRemoved, UnitPlaced, StatusChanged)
    assert holds(out) == [f"{LOT}~1U7"]
    story.when(remove(LOT, requirement_id="screws")).is_refused(SeveralInstalled, naming=LOT)


def test_a_lot_that_a_run_is_building_is_not_installed() -> None:
    """Neither whole nor in part."""
    building = replace(
        claimed(PUMP, "", screws()), unit_id=LOT, run_id="run of L1", identification=lot().identification
    )
    story = INVENTORY.given(building, claimed("PUMP-2", "", screws()))
    story.when(put("4", parent="PUMP-2")).is_refused(UnitNotAvailable, naming="wip")


def test_a_lot_that_was_built_goes_whole_or_in_part() -> None:
    """Whole it takes along what is in it; a part is a record of its own."""
    eight = lot("8").identification
    building = replace(claimed(PUMP, "", screws()), unit_id=LOT, run_id="run of L1", identification=eight)
    built = (building, complete(1, unit_id=LOT, run_id="run of L1"), claimed("PUMP-2", "", screws()))
    whole = INVENTORY.given(*built).when(put("8", parent="PUMP-2")).then(UnitInstalled, UnitPlaced, StatusChanged)
    assert whole.events[1].run_id == "run of L1"
    some = INVENTORY.given(*built).when(put("3", parent="PUMP-2")).then(*TAKEN)
    assert left(some) == 5


def test_a_serial_and_a_lot_of_the_same_part_fill_one_requirement() -> None:
    """A requirement counts what is installed, however it is tracked."""
    two = replace(requirement(), quantity=Decimal(2))
    rotors = replace(lot("5").identification, unit_id="ROTOR-7:L1", part_number="ROTOR-7")
    story = INVENTORY.given(
        received(), commands.ReceiveUnit("ROTOR-7:L1", OLGA, NOON, rotors), claimed(PUMP, "", two), install()
    )
    story.when(install("ROTOR-7:L1")).then(*TAKEN)
    story.when(install("ROTOR-7:L1", quantity="2")).is_refused(RequirementFull, naming="takes 2 and has 1")
