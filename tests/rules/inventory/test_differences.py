"""In what two as-builts differ, and an as-built from its plan: in places and words, never in row ids."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.inventory.domain.differences import Difference, Placed, against_plan, as_built, compare
from services.inventory.domain.unit import Requirement

A, B = "PUMP-1", "PUMP-2"


def motor(unit_id: str = "M-1", parent: str = A, part: str = "MTR-40", designator: str | None = None) -> Placed:
    """A motor in a pump."""
    return Placed(parent, unit_id, part, "A", unit_id, None, Decimal(1), "motor", designator, part != "MTR-40")


def oil(quantity: str, lot: str = "L1", parent: str = A) -> Placed:
    """Some oil in a pump."""
    what = f"OIL:{lot}~{quantity}"
    return Placed(parent, what, "OIL", "A", None, lot, Decimal(quantity), "oil", None)


def bearing(unit_id: str, parent: str, designator: str = "left", part: str = "BRG-7") -> Placed:
    """A bearing in a motor."""
    return Placed(parent, unit_id, part, "A", unit_id, None, Decimal(1), "bearing", designator)


def of_one_unit(was: list[Placed], now: list[Placed]) -> list[str]:
    """What changed in one pump."""
    return told(compare(as_built(was), as_built(now), A, A))


def of_two_units(was: list[Placed], now: list[Placed]) -> list[str]:
    """In what pump 2 differs from pump 1."""
    return told(compare(as_built(was), as_built(now), A, B))


def told(found: tuple[Difference, ...]) -> list[str]:
    """Each difference as a person says it."""
    return [f"{one.change.value}: {one.sentence}" for one in found]


def test_the_same_as_built_has_no_difference() -> None:
    """Nor have two units with other serials and lots of the same parts."""
    assert of_one_unit([motor(), oil("2")], [oil("2"), motor()]) == []
    assert of_two_units([motor(), oil("2")], [motor("M-9", B), oil("2", "L7", B)]) == []


def test_what_came_and_what_went_is_added_and_removed() -> None:
    """With its serial."""
    assert of_one_unit([], [motor()]) == ["added: motor: 1 x MTR-40 rev A (serial M-1) was added."]
    assert of_one_unit([motor()], []) == ["removed: motor: 1 x MTR-40 rev A (serial M-1) is not there any more."]


def test_another_serial_of_the_same_part_was_taken_out_and_put_in() -> None:
    """In one unit that counts; it is no substitution."""
    assert [one.split(":")[0] for one in of_one_unit([motor()], [motor("M-2")])] == ["removed", "added"]


def test_another_part_at_a_place_is_a_substitution() -> None:
    """In one unit as between two."""
    said = "substituted: motor: 1 x MTR-41 rev A (serial M-9) instead of 1 x MTR-40 rev A (serial M-1)."
    assert of_one_unit([motor()], [motor("M-9", part="MTR-41")]) == [said]
    assert of_two_units([motor()], [motor("M-9", B, "MTR-41")]) == [said]


def test_at_one_of_several_designators_too() -> None:
    """The others stay out of it."""
    was = [motor("M-1", designator="U1"), motor("M-2", designator="U2")]
    now = [motor("M-8", B, designator="U1"), motor("M-9", B, "MTR-41", "U2")]
    assert of_two_units(was, now) == [
        "substituted: motor at U2: 1 x MTR-41 rev A (serial M-9) at U2 instead of 1 x MTR-40 rev A (serial M-2) at U2."
    ]


def test_more_or_less_of_the_same_is_a_quantity() -> None:
    """Parts of one lot add up; another lot in one unit came and went."""
    assert of_one_unit([oil("2")], [oil("1.5"), oil("1")]) == [
        "quantity: oil: 2.5 x OIL rev A (lot L1), before 2 x OIL rev A (lot L1)."
    ]
    assert of_two_units([oil("2")], [oil("3", "L2", B)]) == [
        "quantity: oil: 3 x OIL rev A (lot L2), before 2 x OIL rev A (lot L1)."
    ]
    assert [one.split(":")[0] for one in of_one_unit([oil("2")], [oil("2", "L2")])] == ["removed", "added"]


def test_the_same_at_another_place_is_a_designator() -> None:
    """Nothing was taken out of the product."""
    assert of_one_unit([motor(designator="U1")], [motor(designator="U2")]) == [
        "designator: motor: 1 x MTR-40 rev A (serial M-1) at U2, before 1 x MTR-40 rev A (serial M-1) at U1."
    ]


def test_what_stands_on_both_sides_is_gone_into() -> None:
    """The place is told from the outside in."""
    was = [motor(), bearing("B-1", "M-1")]
    now = [motor("M-9", B), bearing("B-9", "M-9", part="BRG-8")]
    (said,) = of_two_units(was, now)
    assert said.startswith(
        "substituted: motor / bearing at left: 1 x BRG-8 rev A (serial B-9) at left instead of 1 x BRG"
    )


def test_what_is_in_something_that_was_added_is_not_told_again() -> None:
    """One difference, not one for each screw in it."""
    assert len(of_one_unit([], [motor(), bearing("B-1", "M-1"), bearing("B-2", "M-1", "right")])) == 1


def test_clocks_that_contradict_each_other_end() -> None:
    """A unit in itself on both sides."""
    loop = [motor("M-1", A), motor(A, "M-1")]
    assert of_one_unit(loop, loop) == []


PLAN = {
    "motor": Requirement("motor", "MTR-40", Decimal(1), "A", (), ("MTR-41",)),
    "oil": Requirement("oil", "OIL", Decimal("2.5")),
    "seal": Requirement("seal", "SEAL", Decimal(2), "A", ("J1", "J2")),
}


def seal(designator: str, part: str = "SEAL") -> Placed:
    """A seal at a designator."""
    return Placed(A, f"S-{designator}", part, "A", f"S-{designator}", None, Decimal(1), "seal", designator)


def test_a_unit_that_was_built_as_planned_has_no_difference() -> None:
    """In whatever pieces the oil came."""
    assert against_plan(PLAN, [motor(), oil("2"), oil("0.5"), seal("J1"), seal("J2")]) == ()


def test_what_is_otherwise_than_planned_is_told_by_requirement() -> None:
    """A substitute, too little oil, a seal elsewhere, and something that nobody asked for."""
    other = Placed(A, "X-1", "X", "A", "X-1", None, Decimal(1), "extra", None)
    found = against_plan(PLAN, [motor("M-9", part="MTR-41"), oil("2"), seal("J1"), seal("J3"), other])
    assert told(found) == [
        "substituted: motor: 1 x MTR-41 rev A (serial M-9) instead of 1 x MTR-40 rev A.",
        "quantity: oil: 2 x OIL rev A (lot L1), planned 2.5 x OIL.",
        "designator: seal: 2 x SEAL rev A (serial S-J1, serial S-J3) at J1, J3, planned 2 x SEAL rev A at J1, J2.",
        "added: extra: 1 x X rev A (serial X-1) is installed and not planned.",
    ]


def test_what_was_planned_and_is_not_there_is_removed() -> None:
    """Every requirement of a unit that nobody worked on."""
    assert [(one.change.value, one.place, one.now) for one in against_plan(PLAN, [])] == [
        ("removed", (name,), None) for name in PLAN
    ]


SOME: Any = st.lists(
    st.builds(
        lambda number, part, place: Placed(
            A, f"U-{number}", part, "A", f"U-{number}", None, Decimal(1), f"r{number % 2}", place
        ),
        st.integers(1, 6),
        st.sampled_from(["P", "Q"]),
        st.sampled_from([None, "J1", "J2"]),
    ),
    max_size=6,
    unique_by=lambda one: one.unit_id,
)


@given(SOME, SOME)
def test_differences_are_none_exactly_where_both_sides_hold_the_same(was: list[Placed], now: list[Placed]) -> None:
    """Of one unit at two times; and each way round there are as many."""
    there, back = (compare(as_built(one), as_built(other), A, A) for one, other in ((was, now), (now, was)))
    assert (there == ()) is ({*was} == {*now})
    assert len(there) == len(back)
