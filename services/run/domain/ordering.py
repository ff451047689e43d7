"""Whether an order makes sense: graph, ids, quantities, designators."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from graphlib import CycleError, TopologicalSorter
from itertools import chain

from services.run.domain import events
from services.run.domain.commands import OrderRun
from services.run.domain.importing import check_not_to_come
from services.run.domain.order import FieldDefinition, FieldKind, Order, Requirement, StepDefinition, Target
from services.run.domain.policies import POLICIES
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
    check_not_to_come(command.at, command.imported)
    check(command.order)
    return (events.RunCreated(command.run_id, command.by, command.at, command.order, command.imported),)


def created(event: events.RunCreated) -> Run:
    """A run with nothing done yet."""
    steps = {step.step_id: Step(step) for step in event.order.steps}
    return Run(order=event.order, steps=steps, ordered_at=event.at, imported=event.imported)


def check(order: Order) -> None:
    """An order that can be executed.

    :raises OrderInvalid: naming the first thing that contradicts itself.
    """
    if order.run_id == POLICIES:
        raise OrderInvalid(what=f"the id {POLICIES} is taken by the policies")
    if not order.steps:
        raise OrderInvalid(what="it has no steps")
    requirements = _twice("requirement", (one.requirement_id for one in order.requirements))
    gates = _twice("gate", (gate.gate_id for gate in order.gates))
    _refuse_first(chain(contradictions(order.steps), requirements, gates))
    _check_target(order.target)
    steps = {step.step_id for step in order.steps}
    for requirement in order.requirements:
        _check_requirement(requirement, order.target.quantity)
        if requirement.step_id is not None and requirement.step_id not in steps:
            what = f"the requirement {requirement.requirement_id} is for the step {requirement.step_id}"
            raise OrderInvalid(what=f"{what}, which is unknown")


def _refuse_first(wrong: Iterator[str]) -> None:
    what = next(wrong, None)
    if what is not None:
        raise OrderInvalid(what=what)


def contradictions(steps: Sequence[StepDefinition]) -> Iterator[str]:
    """What in these steps, their fields and their graph contradicts itself, each as a clause."""
    yield from _twice("step", (step.step_id for step in steps))
    for step in steps:
        yield from _twice(f"field of step {step.step_id}", (one.field_id for one in step.fields))
        for one in step.fields:
            yield from _in_field(step, one)
    yield from _in_graph(steps)


def _twice(what: str, ids: Iterable[str]) -> Iterator[str]:
    for one, times in Counter(ids).items():
        if times > 1:
            yield f"the {what} {one} is there {times} times"


def _in_graph(steps: Sequence[StepDefinition]) -> Iterator[str]:
    known = {step.step_id for step in steps}
    for step in steps:
        for upstream in step.after:
            if upstream not in known:
                yield f"the step {step.step_id} comes after {upstream}, which is unknown"
    try:
        TopologicalSorter({step.step_id: step.after for step in steps}).prepare()
    except CycleError as error:
        yield f"its steps form a circle: {' → '.join(error.args[1])}"


def _in_field(step: StepDefinition, one: FieldDefinition) -> Iterator[str]:
    where = f"the field {one.field_id} of step {step.step_id}"
    if one.kind in (FieldKind.SELECT, FieldKind.MULTISELECT) and not one.options:
        yield f"{where} has no options to choose from"
    if one.kind is not FieldKind.NUMBER and (one.minimum is not None or one.maximum is not None):
        yield f"{where} has limits, but is no number"
    if one.minimum is not None and one.maximum is not None and one.minimum > one.maximum:
        yield f"{where} has limits that nothing can meet"


def _check_target(target: Target) -> None:
    if (target.serial is None) == (target.lot is None):
        raise OrderInvalid(what="its target needs a serial or a lot, and not both")
    if len(target.unit_id) > LONGEST_ID:
        raise OrderInvalid(what=f"the id of its target is longer than {LONGEST_ID} characters")
    if target.quantity <= 0 or not is_exact(target.quantity):
        raise OrderInvalid(what=f"its quantity is {plain(target.quantity)}")
    if target.serial is not None and target.quantity != 1:
        raise OrderInvalid(what="a serial unit has the quantity 1")


def _check_requirement(requirement: Requirement, assemblies: Decimal) -> None:
    name, quantity = requirement.requirement_id, requirement.quantity
    if quantity <= 0 or not is_exact(quantity):
        raise OrderInvalid(what=f"the requirement {name} has the quantity {plain(quantity)}")
    _refuse_first(_twice(f"designator of requirement {name}", requirement.designators))
    if requirement.interchangeable_revisions and requirement.revision is None:
        raise OrderInvalid(what=f"the requirement {name} names revisions that are interchangeable with none")
    count = len(requirement.designators)
    if count and count * assemblies != quantity:
        raise OrderInvalid(what=f"the requirement {name} has {count} designators for the quantity {plain(quantity)}")


def is_exact(quantity: Decimal) -> bool:
    """Sums and products of such quantities lose no digit."""
    return len(quantity.as_tuple().digits) <= MOST_DIGITS and abs(quantity.adjusted()) <= MOST_DIGITS
