"""Lots and untracked quantities: received, moved, scrapped, returned (domain.md 4.1, 4.2)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.inventory.domain.events import (
    QuantityReceived,
    StatusChanged,
    UnitMoved,
    UnitReceived,
    UnitReturned,
    UnitScrapped,
    UnitSplit,
)
from services.inventory.domain.refusals import (
    BeingBuilt,
    DuplicateSerial,
    LotKnown,
    NothingLeft,
    ScrappedAlready,
    SerialIndivisible,
    StillInstalled,
    UnknownUnit,
)
from services.inventory.domain.status import standing
from services.inventory.domain.stock import MOST_DELIVERIES
from services.inventory.domain.unit import UnitStatus
from tests.rules.inventory.examples import (
    BUILT,
    FOIL,
    INVENTORY,
    LOT,
    PUMP,
    ROTOR,
    SKID,
    built,
    claimed,
    give_back,
    install,
    lot,
    move,
    received,
    requirement,
    scrap,
    status,
)


def quantity(story: Any, unit_id: str = LOT) -> Decimal:
    """What is left of a unit."""
    return Decimal(story.state(unit_id).identification.quantity)


def test_another_delivery_adds_to_a_lot() -> None:
    """Digit by digit, whether the first one was named or not; it is available again where nothing was left."""
    story = INVENTORY.given(lot(delivery="DN-1")).when(lot("0.125", "DN-2")).then(QuantityReceived)
    assert quantity(story) == Decimal("37.625")
    INVENTORY.given(lot()).when(lot(delivery="DN-2")).then(QuantityReceived)
    empty = INVENTORY.given(lot(), give_back())
    story = empty.when(lot("5", "DN-2")).then(QuantityReceived, StatusChanged)
    assert (quantity(story), status(story, LOT)) == (5, UnitStatus.AVAILABLE)


def test_the_same_delivery_again_changes_nothing() -> None:
    """Whatever was received or taken in between, and when it is told without its name as the first receipt was."""
    story = INVENTORY.given(lot(delivery="DN-1"), lot("5", "DN-2"), scrap(quantity="1"))
    story.when(lot(delivery="DN-1")).nothing_happens()
    story.when(lot("5", "DN-2")).nothing_happens()
    INVENTORY.given(lot(), scrap(quantity="1"), move()).when(lot()).nothing_happens()


def test_the_deliveries_that_a_lot_remembers_are_bounded() -> None:
    """A screw that is bought every day for years has no endless record."""
    story = INVENTORY.given(lot(), *(lot("1", f"DN-{number}") for number in range(MOST_DELIVERIES + 5)))
    assert len(story.state(LOT).deliveries) == MOST_DELIVERIES
    story.when(lot("1", f"DN-{MOST_DELIVERIES}")).nothing_happens()


@pytest.mark.parametrize(
    ("receipt", "naming"),
    [
        (lot("5"), "its first receipt was of 37.50"),
        (lot("5", "DN-2", revision="B"), "it is known as INS-8 A, measured in m"),
        (lot("5", "DN-2", unit_of_measure="kg"), "measured in m"),
        (lot("5", "DN-2", location="Rack 8"), "it lies at Rack 7"),
    ],
    ids=["no delivery", "revision", "unit of measure", "elsewhere"],
)
def test_a_receipt_that_does_not_go_together_with_its_lot_is_refused(receipt: Any, naming: str) -> None:
    """Nobody guesses whether it is one more, or adds metres to kilograms."""
    INVENTORY.given(lot()).when(receipt).is_refused(LotKnown, naming=naming)


def test_nothing_is_added_to_what_was_built_installed_or_scrapped() -> None:
    """It has a history that more of the same lot would not share."""
    more = lot("5", "DN-2")
    whole = replace(claimed(PUMP, "run-1"), unit_id=LOT, identification=lot().identification)
    INVENTORY.given(whole).when(more).is_refused(LotKnown, naming="run-1 built it")
    INVENTORY.given(lot(), scrap()).when(more).is_refused(LotKnown, naming="installed or scrapped")


def test_a_lot_text_names_one_lot_of_each_part() -> None:
    """L1 of another part is another lot, and of no lot at all there is one quantity for each part."""
    other = lot(unit_id="INS-9:L1", part_number="INS-9")
    loose = lot(unit_id="INS-8:untracked", lot=None)
    story = INVENTORY.given(lot()).when(other).then(UnitReceived).when(loose)
    story.then(UnitReceived)
    story = story.when(replace(loose, delivery="DN-2")).then(QuantityReceived)
    assert (quantity(story), quantity(story, "INS-8:untracked")) == (Decimal("37.50"), Decimal("75.00"))


def test_a_unit_is_moved() -> None:
    """It says where it was; there already, nothing happens."""
    story = INVENTORY.given(received()).when(move(ROTOR)).then(UnitMoved)
    assert (story.events[0].was, story.events[0].location) == ("Rack 1", "Line 2")
    assert story.state(ROTOR).identification.location == "Line 2"
    story.when(move(ROTOR)).nothing_happens()
    story.when(received()).nothing_happens()


def test_a_part_of_a_lot_is_moved_as_a_unit_of_its_own() -> None:
    """The rest stays where it is; the whole moves as it is."""
    story = INVENTORY.given(lot()).when(move(quantity="7.5"))
    story.then(UnitSplit, UnitReceived, UnitMoved)
    part = story.state(f"{LOT}~moved").identification
    assert (part.location, part.quantity, part.origin_unit_id) == ("Line 2", Decimal("7.5"), LOT)
    assert (quantity(story), story.state(LOT).identification.location) == (Decimal("30.00"), "Rack 7")
    story.when(move(quantity="30.00")).then(UnitMoved)


def test_everything_in_a_unit_moves_with_it() -> None:
    """At any depth, each once, named with what it moved with; and what is installed comes to its parent's place."""
    story = INVENTORY.given(*built(1), received("ROTOR-1"), move("SKID-1", "Dock")).when(move("SKID-1", "Test bay"))
    story.then(UnitMoved, UnitMoved)
    assert [(one.unit_id, one.moved_with) for one in story.events] == [("SKID-1", None), ("VALVE-1", "SKID-1")]
    assert story.state("VALVE-1").identification.location == "Test bay"
    pump_beside_skid = (*BUILT, claimed(SKID, "", requirement("pump", "PUMP")), move(SKID, "Hall 3"))
    story = INVENTORY.given(*pump_beside_skid).when(install(PUMP, SKID, "pump"))
    moved = [one for one in story.events if isinstance(one, UnitMoved)]
    assert [(one.unit_id, one.location, one.moved_with) for one in moved] == [(ROTOR, "Hall 3", PUMP)]
    assert story.state(PUMP).identification.location == "Hall 3"


def test_what_is_installed_does_nothing_by_itself() -> None:
    """It moves with its parent, and is removed before it is scrapped or returned."""
    story = INVENTORY.given(received(), claimed(), install())
    for command in (move(ROTOR), scrap(ROTOR), give_back(ROTOR)):
        story.when(command).is_refused(StillInstalled, naming=f"installed in {PUMP}")


def test_a_unit_is_scrapped_for_good() -> None:
    """Whole; scrapped again, nothing happens, and it does not come back."""
    story = INVENTORY.given(received()).when(scrap(ROTOR)).then(UnitScrapped, StatusChanged)
    assert (status(story, ROTOR), standing(story.state(ROTOR)).changes_when) == (UnitStatus.SCRAPPED, "never")
    story.when(scrap(ROTOR)).nothing_happens()
    story.when(give_back(ROTOR)).is_refused(ScrappedAlready)


def test_a_part_of_a_lot_is_scrapped() -> None:
    """Split off first: the part is scrapped whole, the rest is as good as before."""
    story = INVENTORY.given(lot()).when(scrap(quantity="7.5")).then(UnitSplit, UnitReceived, UnitScrapped)
    assert (status(story, LOT), status(story, f"{LOT}~scrapped")) == (UnitStatus.AVAILABLE, UnitStatus.SCRAPPED)
    assert quantity(story) == Decimal("30.00")
    whole = INVENTORY.given(lot()).when(scrap(quantity="37.5")).then(UnitScrapped, StatusChanged)
    assert status(whole, LOT) is UnitStatus.SCRAPPED
    whole.when(move(quantity="1")).is_refused(ScrappedAlready)


def test_what_a_run_builds_may_be_scrapped_and_not_returned_or_moved_in_part() -> None:
    """It is scrap whatever its run says; but it is nobody's to give away."""
    story = INVENTORY.given(received(), claimed(ROTOR, "run-1"))
    assert status(story.when(scrap(ROTOR)), ROTOR) is UnitStatus.SCRAPPED
    story.when(give_back(ROTOR)).is_refused(BeingBuilt, naming="run-1 builds ROTOR-1")
    whole = replace(claimed(PUMP, "run-1"), unit_id=LOT, identification=lot().identification)
    INVENTORY.given(whole).when(move(quantity="1")).is_refused(BeingBuilt)
    INVENTORY.given(whole).when(move()).then(UnitMoved)


def test_a_unit_goes_back_to_its_supplier_and_may_come_again() -> None:
    """Nothing of it is left; received again it is there again, at the place where it came."""
    story = INVENTORY.given(received()).when(give_back(ROTOR)).then(UnitReturned, StatusChanged)
    said = standing(story.state(ROTOR))
    assert (said.status, said.reason) == (UnitStatus.UNAVAILABLE, "it was returned to its supplier")
    for command in (give_back(ROTOR), scrap(ROTOR)):
        story.when(command).is_refused(NothingLeft, way_out="received again")
    story.when(received(revision="B")).is_refused(DuplicateSerial)
    back = story.when(received(location="Rack 2")).then(QuantityReceived, UnitMoved, StatusChanged)
    assert (status(back, ROTOR), back.state(ROTOR).identification.location) == (UnitStatus.AVAILABLE, "Rack 2")
    back.when(received(location="Rack 2")).nothing_happens()
    story.when(received()).then(QuantityReceived, StatusChanged)


def test_a_part_of_a_lot_goes_back() -> None:
    """It is split off, and what is returned is no part of stock."""
    story = INVENTORY.given(lot()).when(give_back(quantity="7.5"))
    story.then(UnitSplit, UnitReceived, UnitReturned)
    part = story.state(f"{LOT}~returned")
    assert (part.identification.quantity, part.returned_quantity) == (0, Decimal("7.5"))
    assert standing(part).changes_when == "never; what comes back is received as its lot again"


def test_a_lot_that_went_back_and_was_used_up_since_says_both() -> None:
    """What came after the return is somewhere else, and did not go back."""
    foil = replace(requirement("foil"), part_number=FOIL, quantity=Decimal(3), unit_of_measure="m")
    again = (lot("5", "DN-1"), give_back(), lot("3", "DN-2"))
    story = INVENTORY.given(*again, claimed(PUMP, "", foil)).when(install(LOT, PUMP, "foil", quantity="3")).and_then()
    said = standing(story.state(LOT))
    assert said.status is UnitStatus.UNAVAILABLE
    assert said.reason == "nothing of it is left; 5 m went back to its supplier"
    assert said.changes_when == "more of it is received"


def test_what_is_not_known_is_waited_for() -> None:
    """A move, a scrapping or a return may come before its receipt."""
    for command in (move(ROTOR), scrap(ROTOR), give_back(ROTOR)):
        INVENTORY.given().when(command).is_refused(UnknownUnit, naming=ROTOR)


def test_no_part_of_a_serial_is_moved_scrapped_or_returned() -> None:
    """It is one, whole; named with its quantity it is meant whole."""
    story = INVENTORY.given(received())
    for command in (move(ROTOR, quantity="0.5"), scrap(ROTOR, "0.5"), give_back(ROTOR, "0.5")):
        story.when(command).is_refused(SerialIndivisible)
    story.when(scrap(ROTOR, "1")).then(UnitScrapped, StatusChanged)
