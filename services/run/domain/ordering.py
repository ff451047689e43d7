"""Whether an order makes sense: graph, ids, quantities, designators."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from graphlib import CycleError, TopologicalSorter

from services.run.domain import events
from services.run.domain.commands import OrderRun
from services.run.domain.order import FieldDefinition, FieldKind, Order, Requirement, StepDefinition, Target
from services.run.domain.refusals import OrderInvalid, RunExists
from services.run.domain.run import Run, Step
from shared.kernel import LONGEST_ID, plain

MOST_DIGITS = 12
"""Digits of a quantity, at most."""


def order(run: Run | None, command: OrderRun) -> tuple[events.AnyEvent, ...]:
    """Create a run; the same order again changes nothing.

    :raises RunExists: when the id is taken by another order.
    :raises OrderInvalid: when the order contradicts itself.
    """
    if run is not None:
        if run.order != command.order:
            raise RunExists(run_id=command.run_id)
        return ()
    check(command.order)
    return (events.RunCreated(command.run_id, command.by, command.at, command.order),)


def created(event: events.RunCreated) -> Run:
    """A run with nothing done yet."""
    steps = {step.step_id: Step(step) for step in event.order.steps}
    return Run(order=event.order, steps=steps, ordered_at=event.at)


def check(order: Order) -> None:
    """An order that can be executed.

    :raises OrderInvalid: naming the first thing that contradicts itself.
    """
    _unique("step", (step.step_id for step in order.steps))
    _unique("requirement", (one.requirement_id for one in order.requirements))
    _unique("gate", (gate.gate_id for gate in order.gates))
    for step in order.steps:
        _unique(f"field of step {step.step_id}", (one.field_id for one in step.fields))
        for one in step.fields:
            _check_field(step, one)
    if not order.steps:
        raise OrderInvalid(what="it has no steps")
    _check_graph(order)
    _check_target(order.target)
    for requirement in order.requirements:
        _check_requirement(requirement, order.target.quantity)


def _unique(what: str, ids: Iterable[str]) -> None:
    for one, times in Counter(ids).items():
        if times > 1:
            raise OrderInvalid(what=f"the {what} {one} is there {times} times")


def _check_graph(order: Order) -> None:
    known = {step.step_id for step in order.steps}
    for step in order.steps:
        for upstream in step.after:
            if upstream not in known:
                raise OrderInvalid(what=f"the step {step.step_id} comes after {upstream}, which is unknown")
    try:
        TopologicalSorter({step.step_id: step.after for step in order.steps}).prepare()
    except CycleError as error:
        raise OrderInvalid(what=f"its steps form a circle: {' → '.join(error.args[1])}") from None


def _check_target(target: Target) -> None:
    if (target.serial is None) == (target.lot is None):
        raise OrderInvalid(what="its target needs a serial or a lot, and not both")
    if len(target.unit_id) > LONGEST_ID:
        raise OrderInvalid(what=f"the id of its target is longer than {LONGEST_ID} characters")
    if target.quantity <= 0 or not _is_exact(target.quantity):
        raise OrderInvalid(what=f"its quantity is {plain(target.quantity)}")
    if target.serial is not None and target.quantity != 1:
        raise OrderInvalid(what="a serial unit has the quantity 1")


def _check_field(step: StepDefinition, one: FieldDefinition) -> None:
    where = f"the field {one.field_id} of step {step.step_id}"
    if one.kind in (FieldKind.SELECT, FieldKind.MULTISELECT) and not one.options:
        raise OrderInvalid(what=f"{where} has no options to choose from")
    if one.kind is not FieldKind.NUMBER and (one.minimum is not None or one.maximum is not None):
        raise OrderInvalid(what=f"{where} has limits, but is no number")
    if one.minimum is not None and one.maximum is not None and one.minimum > one.maximum:
        raise OrderInvalid(what=f"{where} has limits that nothing can meet")


def _check_requirement(requirement: Requirement, assemblies: Decimal) -> None:
    name, quantity = requirement.requirement_id, requirement.quantity
    if quantity <= 0 or not _is_exact(quantity):
        raise OrderInvalid(what=f"the requirement {name} has the quantity {plain(quantity)}")
    _unique(f"designator of requirement {name}", requirement.designators)
    count = len(requirement.designators)
    if count and count * assemblies != quantity:
        raise OrderInvalid(what=f"the requirement {name} has {count} designators for the quantity {plain(quantity)}")


def _is_exact(quantity: Decimal) -> bool:
    """Sums and products of such quantities lose no digit."""
    return len(quantity.as_tuple().digits) <= MOST_DIGITS and abs(quantity.adjusted()) <= MOST_DIGITS
