"""Taking part of what is installed out of a unit again (domain.md 4.2)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.inventory.domain import commands
from services.inventory.domain.events import (
    ComponentReopened,
    UnitReceived,
    UnitRemoved,
    UnitScrapped,
    UnitSplit,
)
from services.inventory.domain.refusals import (
    AsBuiltLocked,
    MoreThanInstalled,
    QuantityInvalid,
    RequirementFull,
    SerialIndivisible,
    SeveralInstalled,
    UnitNotAvailable,
)
from services.inventory.domain.requirements import installed_for, quantity_of
from services.inventory.domain.unit import Unit, UnitStatus
from shared.testing.story import Story
from tests.rules.inventory.examples import (
    BUILT,
    INVENTORY,
    PUMP,
    ROTOR,
    claimed,
    complete,
    install,
    issue,
    lot_run,
    received,
    remove,
    reopen,
    status,
)
from tests.rules.inventory.test_lots_installed import LOT, STARTED, left, lot, put, screws

PART, TAKEN = f"{LOT}~8", f"{LOT}~out"
FITTED = (*STARTED, put("8"))


def take(quantity: str, of: str = LOT, parent: str = PUMP, part: str = TAKEN, **meant: Any) -> commands.Remove:
    """Olga takes some of what is installed out again."""
    made = {"installation_id": f"{part} was in {parent}", "part_unit_id": part}
    return remove(of, parent, quantity=Decimal(quantity), **made, **meant)


def installed(story: Story[Unit], parent: str = PUMP) -> Decimal:
    """How many screws are in the pump."""
    unit = story.state(parent)
    return quantity_of(installed_for(unit, unit.run_id or "", "screws"))


def test_part_of_what_is_installed_comes_out_and_the_rest_stays() -> None:
    """What was taken is a unit of its own, back in stock; the rest is installed as it was, and so are its records."""
    before = INVENTORY.given(*FITTED)
    story = before.when(take("3")).then(UnitSplit, UnitReceived, UnitRemoved)
    assert (left(story, PART), left(story, TAKEN), left(story)) == (5, 3, 2)
    assert (status(story, PART), status(story, TAKEN)) == (UnitStatus.INSTALLED, UnitStatus.AVAILABLE)
    assert story.state(TAKEN).identification.origin_unit_id == PART
    (rest,), (was,) = (one.state(PUMP).installations.values() for one in (story, before))
    assert rest == replace(was, quantity=Decimal(5))
    assert story.events[0].because.value == "remove"
    gone = story.events[2]
    assert (gone.installation.unit_id, gone.installation.quantity, gone.rest) == (TAKEN, 3, rest)
    assert gone.as_built_version == before.state(PUMP).as_built_version + 1


def test_a_requirement_is_short_of_what_was_taken_out() -> None:
    """And takes just so much again, the same or other screws."""
    story = INVENTORY.given(lot("20"), claimed(PUMP, "", screws()), put("8"), take("3"))
    assert installed(story) == 5
    story.when(put("4")).is_refused(RequirementFull, naming="takes 8 and has 5")
    story = story.when(put("3", of=TAKEN)).and_then()
    assert (installed(story), status(story, TAKEN)) == (8, UnitStatus.INSTALLED)


def test_what_is_taken_out_may_go_for_scrap() -> None:
    """All of it, and the rest is not touched."""
    story = INVENTORY.given(*FITTED).when(take("3", scrapped=True))
    story.then(UnitSplit, UnitReceived, UnitRemoved, UnitScrapped)
    assert (status(story, TAKEN), status(story, PART)) == (UnitStatus.SCRAPPED, UnitStatus.INSTALLED)
    assert (story.state(TAKEN).scrapped_quantity, story.state(PART).scrapped_quantity) == (3, 0)


def test_taking_all_of_it_by_quantity_is_taking_it_out() -> None:
    """Nothing is split off by that."""
    story = INVENTORY.given(*FITTED).when(take("8")).and_then()
    assert [type(event) for event in story.events][:1] == [UnitRemoved]
    assert (status(story, PART), TAKEN in story.known, installed(story)) == (UnitStatus.AVAILABLE, False, 0)


def test_it_may_be_taken_out_bit_by_bit() -> None:
    """Exact to the last digit."""
    story = INVENTORY.given(*FITTED, take("0.1"), take("2.9", part="second"), take("5", part="third"))
    assert (installed(story), left(story, TAKEN), left(story, "second"), left(story, PART)) == (
        0,
        Decimal("0.1"),
        Decimal("2.9"),
        5,
    )


@pytest.mark.parametrize("quantity", ["0", "-1", "0.1234567890123"])
def test_a_quantity_that_is_taken_out_is_positive_and_can_be_counted(quantity: str) -> None:
    """Nothing, or less, or more digits than sums keep."""
    INVENTORY.given(*FITTED).when(take(quantity)).is_refused(QuantityInvalid, naming=quantity)


def test_no_more_comes_out_than_is_in_it() -> None:
    """With what is, and what to name otherwise."""
    refused = INVENTORY.given(*FITTED).when(take("9"))
    refused.is_refused(MoreThanInstalled, naming=f"8 of {PART} is in {PUMP}, not 9", way_out="at most 8")


def test_a_serial_unit_comes_out_whole() -> None:
    """Its one piece is all of it, and half of it is nothing."""
    fitted = (received(), *BUILT[1:3])
    INVENTORY.given(*fitted).when(take("0.5", of=ROTOR)).is_refused(SerialIndivisible, naming=ROTOR)
    assert status(INVENTORY.given(*fitted, take("1", of=ROTOR)), ROTOR) is UnitStatus.AVAILABLE


def test_of_what_fills_designators_whole_pieces_come_out() -> None:
    """Of a run of a lot each designator has one for every assembly; half a screw fills none."""
    wanted = screws("1", designators=("U7",))
    pumps = lot_run(wanted, quantity="10").unit_id
    fitted = (lot(), lot_run(wanted, quantity="10"), put("10", "U7", parent=pumps))
    INVENTORY.given(*fitted).when(take("0.5", parent=pumps)).is_refused(QuantityInvalid, naming="0.5")
    story = INVENTORY.given(*fitted, take("4", parent=pumps))
    assert [one.quantity for one in story.state(pumps).installations.values()] == [6]
    story.when(put("4", "U7", of=TAKEN, parent=pumps)).and_then()


def test_which_of_several_is_meant_has_to_be_said() -> None:
    """As when one is taken out whole."""
    story = INVENTORY.given(*STARTED, put("4"), put("3"))
    story.when(take("2")).is_refused(SeveralInstalled, naming=f"{LOT}~4")
    assert left(story.when(take("2", of=f"{LOT}~3")).and_then(), f"{LOT}~3") == 1


def test_nothing_comes_out_of_a_locked_as_built() -> None:
    """Reopening is the way."""
    done = replace(complete(2), relied_on={f"{LOT} 8 None {PUMP}": commands.ReliedOn(PART, "screws", None, Decimal(8))})
    INVENTORY.given(*FITTED, done).when(take("3")).is_refused(AsBuiltLocked, naming=PUMP, way_out="run:reopen")
    story = INVENTORY.given(*FITTED, done, reopen(), take("3"))
    assert (story.state(PART).consumed_by, story.state(TAKEN).consumed_by) == (f"run of {PUMP}", None)


def test_what_comes_out_of_a_recalled_lot_is_withheld() -> None:
    """The issue on the lot speaks of it as of the rest."""
    story = INVENTORY.given(*FITTED, issue(LOT, "permanently-unavailable"), take("3"))
    assert status(story, TAKEN) is UnitStatus.ON_HOLD
    story.when(put("3", of=TAKEN)).is_refused(UnitNotAvailable, naming="i-1")
    assert status(story.when(issue(LOT, "immediate")).and_then(), TAKEN) is UnitStatus.AVAILABLE


def test_what_comes_out_is_of_the_same_reopened_run() -> None:
    """A lot that is built, put into a pump in part, and whose run is open again: both parts warn."""
    built = lot_run(screws("1"), quantity="10")
    pumps = built.unit_id
    wanted = replace(screws("4"), requirement_id="pumps", part_number="PUMP-100")
    into = replace(install(pumps, "SKID-1", "pumps", quantity="4"), part_unit_id=f"{pumps}~4")
    skid = lot_run(wanted, quantity="1")
    skid = replace(skid, unit_id="SKID-1", identification=replace(skid.identification, unit_id="SKID-1", lot="S"))
    done = replace(complete(1, unit_id=pumps, run_id="run-1"))
    story = INVENTORY.given(built, done, replace(skid, run_id="run-2"), into, reopen(pumps, "run-1"))
    taken = story.when(take("1", of=f"{pumps}~4", parent="SKID-1"))
    taken.then(UnitSplit, UnitReceived, UnitRemoved, ComponentReopened)
    assert "is reopened" in taken.events[1].status_reason
