"""Taking a quantity off a lot or an untracked quantity (domain.md 4.2)."""

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.inventory.domain.events import SplitReason, UnitReceived, UnitSplit
from services.inventory.domain.evolve import evolve
from services.inventory.domain.refusals import InsufficientQuantity, QuantityInvalid, SerialIndivisible
from services.inventory.domain.splitting import goes_whole, split
from services.inventory.domain.unit import Build, Identification, Unit
from shared.kernel import LONGEST_ID, Refused, derived_id, split_id
from tests.rules.inventory.examples import NOON, OLGA, ROTOR, unit

LOT = Unit(Identification("INS-8:L1", "INS-8", "A", None, "L1", Decimal("37.50"), "m", "Rack 7"))
QUANTITIES = st.decimals("-1", "20", places=3, allow_nan=False)


def taken(quantity: str, origin: Unit = LOT) -> tuple[Any, ...]:
    """Something is taken off a lot for an installation."""
    return split(origin, "part", Decimal(quantity), SplitReason.INSTALL, OLGA, NOON)


def is_refused(refusal: type[Refused], quantity: str, origin: Unit, naming: str) -> None:
    """Taking this off is refused, with the obstacle named."""
    with pytest.raises(refusal, match=re.escape(naming)):
        taken(quantity, origin)


def test_what_is_taken_off_is_a_unit_of_its_own() -> None:
    """Of the same part, revision, lot, place and unit of measure, with its origin; the lot says what is left."""
    off, came = taken("12.5")
    assert isinstance(off, UnitSplit)
    assert isinstance(came, UnitReceived)
    assert (off.unit_id, off.part_unit_id, off.left) == ("INS-8:L1", "part", Decimal("25.00"))
    part = replace(LOT.identification, unit_id="part", quantity=Decimal("12.5"), origin_unit_id="INS-8:L1")
    assert came.identification == part
    assert evolve(LOT, off).identification.quantity == Decimal("25.00")


def test_a_split_says_which_run_builds_the_lot() -> None:
    """The run hears of what is taken off what it builds."""
    built = replace(LOT, build=Build("run-1", {}))
    assert [one.run_id for one in (taken("1")[0], taken("1", built)[0])] == [None, "run-1"]


@pytest.mark.parametrize("quantity", ["0", "-1"])
def test_nothing_and_less_is_not_taken_off(quantity: str) -> None:
    """A quantity is above 0."""
    is_refused(QuantityInvalid, quantity, LOT, f"{quantity} cannot be taken")


def test_no_more_is_taken_off_than_is_left() -> None:
    """By the smallest digit."""
    is_refused(InsufficientQuantity, "37.501", LOT, "has 37.50 left, not 37.501")


def test_a_serial_is_not_divided() -> None:
    """It is one, whole."""
    is_refused(SerialIndivisible, "0.5", Unit(unit(ROTOR)), "serial unit")


def test_the_last_of_a_lot_as_it_was_received_is_split_off_too() -> None:
    """Its record stays for the next delivery; a part, a serial and what a run built go whole."""
    part = replace(LOT, identification=replace(LOT.identification, origin_unit_id="INS-8:L1"))
    built = replace(LOT, build=Build("run-1", {}))
    whole = LOT.identification.quantity
    assert [goes_whole(one, whole) for one in (LOT, part, built)] == [False, True, True]
    assert goes_whole(Unit(unit(ROTOR)), Decimal(1))
    assert not goes_whole(part, Decimal(1))


@settings(derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 5), QUANTITIES), max_size=30))
def test_nothing_is_created_or_lost_by_splits(story: list[tuple[int, Decimal]]) -> None:
    """Parts of parts of a lot add up to the lot, digit by digit, whatever was refused in between."""
    there = {"INS-8:L1": LOT}
    for number, (which, quantity) in enumerate(story):
        origin = list(there.values())[which % len(there)]
        try:
            happened = split(origin, f"part {number}", quantity, SplitReason.MOVE, OLGA, NOON)
        except Refused:
            continue
        for event in happened:
            there[event.unit_id] = evolve(there.get(event.unit_id), event)
    quantities = [one.identification.quantity for one in there.values()]
    assert sum(quantities) == LOT.identification.quantity
    assert min(quantities) >= 0


def test_the_id_of_a_part_follows_from_its_cause() -> None:
    """The same event done again makes the same part; another one another; its origin shows, and it is not too long."""
    cause, other = derived_id(0, "scanner", "1"), derived_id(0, "scanner", "2")
    assert split_id("INS-8:L1", cause) == split_id("INS-8:L1", cause)
    assert split_id("INS-8:L1", cause) != split_id("INS-8:L1", other)
    assert split_id("INS-8:L1", cause).startswith("INS-8:L1~")
    assert len(split_id("x" * LONGEST_ID, cause)) == LONGEST_ID
