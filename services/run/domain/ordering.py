"""Whether an order makes sense: graph, ids, quantities, designators."""

from collections import Counter
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

from services.run.domain.refusals import OrderInvalid
from services.run.domain.run import Order, Requirement


def check(order: Order) -> None:
    """An order that can be executed.

    :raises OrderInvalid: naming the first thing that contradicts itself.
    """
    _unique("step", (step.step_id for step in order.steps))
    _unique("requirement", (one.requirement_id for one in order.requirements))
    _unique("gate", (gate.gate_id for gate in order.gates))
    for step in order.steps:
        _unique(f"field of step {step.step_id}", (one.field_id for one in step.fields))
    _check_graph(order)
    if not order.steps:
        raise OrderInvalid(what="it has no steps")
    if order.target.quantity <= 0:
        raise OrderInvalid(what=f"its quantity is {order.target.quantity}")
    if order.target.serial is not None and order.target.quantity != 1:
        raise OrderInvalid(what="a serial unit has the quantity 1")
    if (order.target.serial is None) == (order.target.lot is None):
        raise OrderInvalid(what="its target needs a serial or a lot, and not both")
    for requirement in order.requirements:
        _check_requirement(requirement)


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


def _check_requirement(requirement: Requirement) -> None:
    name = requirement.requirement_id
    if requirement.quantity <= 0:
        raise OrderInvalid(what=f"the requirement {name} has the quantity {requirement.quantity}")
    _unique(f"designator of requirement {name}", requirement.designators)
    if requirement.designators and len(requirement.designators) != requirement.quantity:
        count = len(requirement.designators)
        raise OrderInvalid(
            what=f"the requirement {name} has {count} designators for the quantity {requirement.quantity}"
        )
