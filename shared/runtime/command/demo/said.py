"""What stations say in the demo, as the events that they publish."""

from decimal import Decimal

from shared.contracts.base import PlantEvent
from shared.contracts.plant import StepSignedOff, StepStarted, UnitInstalled, ValueRecorded
from shared.runtime.command.demo.plan import Plan

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


def measured(run: str, step: str, field: str, value: str) -> ValueRecorded:
    """A tool or a test stand measured something."""
    return ValueRecorded(run_id=run, step_id=step, field_id=field, value=Decimal(value), operator=OPERATOR)


def torqued(run: str) -> tuple[PlantEvent, ...]:
    """Both bolts, the second out of range, and the sign-off."""
    return (
        StepStarted(run_id=run, step_id="torque", operator=OPERATOR),
        measured(run, "torque", "bolt-1", "24.2"),
        measured(run, "torque", "bolt-2", "27.9"),
        StepSignedOff(run_id=run, step_id="torque", operator=OPERATOR),
    )


def leak_tested(run: str) -> tuple[PlantEvent, ...]:
    """A good leak rate and the sign-off, which implies the start."""
    return (
        measured(run, "leak-test", "leak", "0.12"),
        StepSignedOff(run_id=run, step_id="leak-test", operator=OPERATOR),
    )
