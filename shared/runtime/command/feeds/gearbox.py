"""What the simulated plant builds: a gearbox, of which a run presses, mounts, closes, tests and inspects. Pure."""

from dataclasses import dataclass
from decimal import Decimal

from shared.contracts.plant import (
    FieldOrdered,
    GateOrdered,
    Place,
    Procedure,
    RequirementOrdered,
    RunOrdered,
    StepOrdered,
    Target,
    UnitReceived,
)
from shared.kernel import unit_id_of

PART, BOLT = "GEARBOX-7", "BOLT-M8"
REVISION = "C"
BOLTS = 4
"""Bolts of a gearbox, taken off a lot."""
UNITS_OF_A_LOT = 100
"""Gearboxes that a lot of bolts is enough for."""
_BOLTS_REQUIRED = RequirementOrdered(requirement_id=BOLT, part_number=BOLT, quantity=Decimal(BOLTS))


@dataclass(frozen=True, slots=True)
class Measured:
    """A number that a machine measures: in ``unit``, ``target`` ± ``tolerance``, with so many decimal places."""

    field_id: str
    name: str
    unit: str
    target: Decimal
    tolerance: Decimal
    places: int


@dataclass(frozen=True, slots=True)
class Operation:
    """A step: what is measured on it, which component and how many bolts go in, and how long it usually takes (s)."""

    step_id: str
    name: str
    takes_s: float
    after: tuple[str, ...] = ()
    measured: tuple[Measured, ...] = ()
    component: str | None = None
    bolts: int = 0


TORQUE = tuple(
    Measured(f"torque-{one}", f"Torque of bolt {one}", "Nm", Decimal(45), Decimal(3), 1) for one in range(1, 5)
)
OPERATIONS = (
    Operation(
        "press", "Press bearings", 180, (), (Measured("force", "Press force", "kN", Decimal(18), Decimal(2), 2),)
    ),
    Operation("mount", "Mount shaft", 240, ("press",), (), "SHAFT-3"),
    Operation("close", "Close housing", 300, ("mount",), TORQUE, "HOUSING-2", BOLTS),
    Operation(
        "test",
        "Leak test",
        420,
        ("close",),
        (Measured("leak", "Leak rate", "Pa m3/s", Decimal("0.2"), Decimal("0.15"), 3),),
    ),
    Operation("inspect", "Final inspection", 150, ("test",)),
)
SUBSTITUTES = {"SHAFT-3": "SHAFT-3B"}
"""What is approved in place of a component."""
COMPONENTS = tuple(one.component for one in OPERATIONS if one.component is not None)


def ordered(run_id: str, serial: str, line: str) -> RunOrdered:
    """The order of one gearbox."""
    return RunOrdered(
        run_id=run_id,
        part_number=PART,
        revision=REVISION,
        procedure=Procedure(name="Assemble gearbox", version="12"),
        target=Target(serial=serial),
        work_order=f"WO-{run_id}",
        place=Place(plant="Simulated", line=line),
        steps=tuple(_step(one) for one in OPERATIONS),
        requirements=(*(_required(part) for part in COMPONENTS), _BOLTS_REQUIRED),
        gates=(GateOrdered(gate_id="release", name="Release", role="Quality"),),
    )


def bolts_of(lot: str) -> str:
    """A lot of bolts, as a unit."""
    return unit_id_of(BOLT, None, lot)


def bolts_received(lot: str, units: int) -> UnitReceived:
    """A lot of bolts comes in, enough for so many gearboxes."""
    size = Decimal(BOLTS * units)
    return UnitReceived(unit_id=bolts_of(lot), part_number=BOLT, revision="A", lot=lot, quantity=size)


def _required(part: str) -> RequirementOrdered:
    substitutes = (SUBSTITUTES[part],) if part in SUBSTITUTES else ()
    return RequirementOrdered(requirement_id=part, part_number=part, quantity=Decimal(1), substitutes=substitutes)


def received(part: str, serial: str) -> UnitReceived:
    """A component comes in."""
    return UnitReceived(unit_id=serial, part_number=part, revision="A", serial=serial, location="Incoming")


def _step(operation: Operation) -> StepOrdered:
    fields = tuple(
        FieldOrdered(
            field_id=one.field_id,
            name=one.name,
            kind="number",
            unit=one.unit,
            target=one.target,
            tolerance=one.tolerance,
        )
        for one in operation.measured
    )
    return StepOrdered(step_id=operation.step_id, name=operation.name, after=operation.after, fields=fields)
