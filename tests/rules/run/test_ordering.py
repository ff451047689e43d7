"""Ordering a run: what makes sense becomes a run, what contradicts itself is refused by name (domain.md 3.1)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.run.domain.events import RunCreated
from services.run.domain.order import FieldDefinition, FieldKind, Target
from services.run.domain.refusals import OrderInvalid, RunExists
from services.run.domain.run import RunStatus
from tests.rules.run.examples import (
    ASSEMBLE,
    LABEL,
    RELEASE,
    ROTOR,
    RUN,
    TEST,
    TORQUE,
    R,
    cancel,
    completed,
    order,
    ordered,
    start,
)

LOT = Target("PUMP-100:L1", None, "L1", Decimal(10), "each")


def test_an_order_becomes_a_run_that_nobody_has_begun() -> None:
    """A run holds its order as it came and is todo."""
    story = RUN.given().when(ordered()).then(RunCreated)
    assert story.state(R).order == order()
    assert story.state(R).status is RunStatus.TODO


def test_the_same_order_again_changes_nothing() -> None:
    """The same content is a duplicate, and that is fine: before work begins, during it and after completion."""
    RUN.given(ordered()).when(ordered()).nothing_happens()
    RUN.given(ordered(), start()).when(ordered()).nothing_happens()
    RUN.given(ordered(), cancel()).when(ordered()).nothing_happens()
    completed().when(ordered()).nothing_happens()


def test_a_quantity_with_other_zeros_is_the_same_order() -> None:
    """1 and 1.00 are one quantity, whoever printed them."""
    same = replace(ROTOR, quantity=Decimal("1.00"))
    RUN.given(ordered()).when(ordered(requirements=(same,))).nothing_happens()


def test_a_live_run_never_takes_a_changed_procedure() -> None:
    """An existing run id with different content is refused."""
    RUN.given(ordered()).when(ordered(procedure_version="4")).is_refused(RunExists, naming=R)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no steps": ({"steps": ()}, "no steps"),
    "a step twice": ({"steps": (ASSEMBLE, ASSEMBLE)}, "step assemble is there 2 times"),
    "an unknown upstream": ({"steps": (replace(TEST, after=("weld",)),)}, "weld, which is unknown"),
    "a requirement of an unknown step": ({"requirements": (replace(ROTOR, step_id="weld"),)}, "weld, which is unknown"),
    "a step after itself": ({"steps": (replace(ASSEMBLE, after=("assemble",)),)}, "circle"),
    "a circle of steps": ({"steps": (replace(ASSEMBLE, after=("test",)), TEST)}, "circle"),
    "a field twice": ({"steps": (replace(ASSEMBLE, fields=(TORQUE, TORQUE)),)}, "field of step assemble torque"),
    "a requirement twice": ({"requirements": (ROTOR, ROTOR)}, "requirement rotor"),
    "a requirement of nothing": ({"requirements": (replace(ROTOR, quantity=Decimal(0)),)}, "quantity 0"),
    "a negative requirement": ({"requirements": (replace(ROTOR, quantity=Decimal(-1)),)}, "quantity -1"),
    "a quantity that cannot be kept": (
        {"requirements": (replace(ROTOR, quantity=Decimal("0.1234567890123")),)},
        "0.1234567890123",
    ),
    "too few designators": (
        {"requirements": (replace(ROTOR, quantity=Decimal(2), designators=("U7",)),)},
        "1 designators for the quantity 2",
    ),
    "a designator twice": (
        {"requirements": (replace(ROTOR, quantity=Decimal(2), designators=("U7", "U7")),)},
        "designator of requirement rotor U7",
    ),
    "a gate twice": ({"gates": (RELEASE, RELEASE)}, "gate release"),
    "nothing of it": ({"target": replace(LOT, quantity=Decimal(0))}, "quantity is 0"),
    "two of one serial": ({"target": Target("PUMP-1", "PUMP-1", None, Decimal(2), "each")}, "quantity 1"),
    "neither serial nor lot": ({"target": Target("PUMP-100:untracked", None, None, Decimal(1), "each")}, "a serial or"),
    "serial and lot": ({"target": Target("PUMP-1", "PUMP-1", "L1", Decimal(1), "each")}, "not both"),
    "an endless id": ({"target": replace(LOT, unit_id="x" * 201)}, "200 characters"),
    "limits that cross": (
        {"steps": (replace(ASSEMBLE, fields=(replace(TORQUE, minimum=Decimal(26)),)),)},
        "nothing can meet",
    ),
    "limits of a text": (
        {"steps": (replace(ASSEMBLE, fields=(replace(TORQUE, kind=FieldKind.TEXT),)),)},
        "is no number",
    ),
    "a choice of nothing": (
        {"steps": (replace(ASSEMBLE, fields=(FieldDefinition("color", "Color", FieldKind.SELECT, True),)),)},
        "no options",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_an_order_that_contradicts_itself_is_refused(what: str) -> None:
    """The refusal names what is wrong, so that planning can correct it."""
    changed, naming = WRONG[what]
    RUN.given().when(ordered(**changed)).is_refused(OrderInvalid, naming=naming)


def test_designators_of_a_lot_run_are_counted_per_assembly() -> None:
    """Ten assemblies with two designators each need twenty parts, and name two designators."""
    two = replace(ROTOR, quantity=Decimal(20), designators=("U7", "U8"))
    RUN.given().when(ordered(target=LOT, requirements=(two,))).then(RunCreated)


def test_an_optional_step_alone_makes_a_run() -> None:
    """A run may consist of steps that nobody has to do."""
    RUN.given().when(ordered(steps=(replace(LABEL, after=()),))).then(RunCreated)
