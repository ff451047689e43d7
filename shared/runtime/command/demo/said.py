"""What stations say in the demo, as the events that they publish."""

from decimal import Decimal

from shared.contracts.base import PlantEvent
from shared.contracts.plant import StepFailed, StepSignedOff, StepStarted, UnitInstalled, UnitRemoved, ValueRecorded
from shared.runtime.command.demo.plan import SEALS, SIDES, Plan, seals

RUBBISH = b'{"type": "torque", "value": 24.'
"""What a gateway sends whose line broke."""

OPERATOR = "omar"


def installed(plan: Plan, requirement: str, unit: str, designator: str | None = None) -> UnitInstalled:
    """A scanner saw a part go into the pump."""
    return UnitInstalled(
        parent_unit_id=plan.serial,
        requirement_id=requirement,
        unit_id=unit,
        designator=designator,
        quantity=Decimal(1),
        operator=OPERATOR,
    )


def bearing_installed(plan: Plan, side: str) -> UnitInstalled:
    """A bearing went in, left or right."""
    return installed(plan, "bearings", plan.bearing(side), side)


def sealed(plan: Plan, lot: str) -> UnitInstalled:
    """Two seals of a lot went in."""
    return installed(plan, "seals", seals(lot)).model_copy(update={"quantity": SEALS})


def removed(plan: Plan, unit: str, reason: str) -> UnitRemoved:
    """A scanner saw a part come out of the pump."""
    return UnitRemoved(parent_unit_id=plan.serial, unit_id=unit, reason=reason, operator=OPERATOR)


def assembled(plan: Plan) -> tuple[PlantEvent, ...]:
    """The motor and both bearings."""
    return (installed(plan, "motor", plan.motor), *(bearing_installed(plan, side) for side in SIDES))


def measured(plan: Plan, step: str, field: str, value: str) -> ValueRecorded:
    """A tool or a test stand measured something."""
    return ValueRecorded(run_id=plan.run_id, step_id=step, field_id=field, value=Decimal(value), operator=OPERATOR)


def signed(plan: Plan, step: str) -> StepSignedOff:
    """The operator signed at the station."""
    return StepSignedOff(run_id=plan.run_id, step_id=step, operator=OPERATOR)


def torqued(plan: Plan, bolt_1: str, bolt_2: str) -> tuple[PlantEvent, ...]:
    """Both bolts, and the sign-off."""
    return (
        StepStarted(run_id=plan.run_id, step_id="torque", operator=OPERATOR),
        measured(plan, "torque", "bolt-1", bolt_1),
        measured(plan, "torque", "bolt-2", bolt_2),
        signed(plan, "torque"),
    )


def leak_tested(plan: Plan, leak: str) -> tuple[PlantEvent, ...]:
    """A leak rate and the sign-off, which implies the start."""
    return (measured(plan, "leak-test", "leak", leak), signed(plan, "leak-test"))


def leak_test_failed(plan: Plan, leak: str) -> tuple[PlantEvent, ...]:
    """A leak rate that is too high, and the failure of the step."""
    return (
        measured(plan, "leak-test", "leak", leak),
        StepFailed(run_id=plan.run_id, step_id="leak-test", reason="The housing leaks.", operator=OPERATOR),
    )
