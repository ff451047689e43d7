"""What the demo builds: three hydraulic pumps, with their steps, parts and gates. And who works on them."""

from dataclasses import dataclass
from decimal import Decimal
from secrets import token_hex

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

QUALITY = "Quality"
"""The site's own name for the role that approves the gate."""

PEOPLE = {
    "omar": ("operator",),
    "lena": ("lead",),
    "quinn": ("quality", QUALITY),
    "ada": ("admin",),
}
"""Who plays: an operator, the lead, somebody of quality, the administrator."""

MOTOR, SUBSTITUTE, BEARING, SEAL, PUMP = "MTR-40", "MTR-41", "BRG-7", "SEAL-9", "HP-200"
SEALS = Decimal(2)
"""How many seals a pump has."""
LOT_SIZE = Decimal(10)
SIDES = ("left", "right")
"""Where bearings go."""


@dataclass(frozen=True)
class Plan:
    """The ids of one run, which builds one pump."""

    mark: str
    lot: str
    """The lot that its seals come from."""
    motor_part: str = MOTOR
    """The motor that it gets."""

    @property
    def run_id(self) -> str:
        """The run that builds the pump."""
        return f"RUN-{self.mark}"

    @property
    def serial(self) -> str:
        """The pump."""
        return f"{PUMP}-{self.mark}"

    @property
    def motor(self) -> str:
        """The motor's serial."""
        return f"{self.motor_part}-{self.mark}"

    def bearing(self, side: str) -> str:
        """A bearing's serial."""
        return f"{BEARING}-{self.mark}-{side}"

    def received(self) -> tuple[UnitReceived, ...]:
        """The parts, as receiving scans them."""
        parts = [(self.motor, self.motor_part), *((self.bearing(side), BEARING) for side in SIDES)]
        return tuple(
            UnitReceived(unit_id=serial, serial=serial, part_number=part, revision="A", location="stock-1")
            for serial, part in parts
        )

    def order(self) -> RunOrdered:
        """The order, with everything that the run executes."""
        return RunOrdered(
            run_id=self.run_id,
            part_number=PUMP,
            revision="C",
            procedure=Procedure(name="Assemble hydraulic pump", version="7"),
            target=Target(serial=self.serial),
            work_order=f"WO-{self.mark}",
            place=Place(plant="north", line="pumps", work_center="cell-4"),
            steps=STEPS,
            requirements=REQUIREMENTS,
            gates=(GateOrdered(gate_id="release", name="Quality release", role=QUALITY),),
        )


@dataclass(frozen=True)
class Shift:
    """The ids of one play; each play has its own, so that it can be played again in the same plant."""

    mark: str

    @property
    def recalled(self) -> str:
        """The lot of seals that turns out to be bad."""
        return f"L{self.mark}-A"

    @property
    def good(self) -> str:
        """The other lot of seals."""
        return f"L{self.mark}-B"

    @property
    def dropped(self) -> str:
        """A bearing that falls on the floor."""
        return f"{BEARING}-{self.mark}-spare"

    def received(self) -> tuple[UnitReceived, ...]:
        """What receiving scans besides the parts of each run: two lots of seals, and a bearing more."""
        lots = tuple(
            UnitReceived(unit_id=seals(lot), part_number=SEAL, revision="B", lot=lot, quantity=LOT_SIZE)
            for lot in (self.recalled, self.good)
        )
        spare = UnitReceived(unit_id=self.dropped, serial=self.dropped, part_number=BEARING, revision="A")
        return (*lots, spare)

    @property
    def blocked(self) -> Plan:
        """The run that a gate, a shortage and a value out of range block."""
        return Plan(f"{self.mark}-1", self.recalled)

    @property
    def reworked(self) -> Plan:
        """The run of which a step fails."""
        return Plan(f"{self.mark}-2", self.good, SUBSTITUTE)

    @property
    def reopened(self) -> Plan:
        """The run whose record holds a wrong value."""
        return Plan(f"{self.mark}-3", self.recalled)

    @property
    def plans(self) -> tuple[Plan, ...]:
        """All three."""
        return (self.blocked, self.reworked, self.reopened)

    @property
    def gateway(self) -> str:
        """The key under which a gateway sends rubbish."""
        return f"gateway-9-{self.mark}"


def seals(lot: str) -> str:
    """A lot of seals, as a unit."""
    return f"{SEAL}:{lot}"


def new_shift() -> Shift:
    """A shift that no plant has seen."""
    return Shift(token_hex(2).upper())


def _torque(field_id: str, name: str) -> FieldOrdered:
    return FieldOrdered(
        field_id=field_id, name=name, kind="number", unit="N·m", target=Decimal("24.0"), tolerance=Decimal("1.5")
    )


LEAK = FieldOrdered(field_id="leak", name="Leak rate", kind="number", unit="mL/min", max=Decimal("0.5"))

STEPS = (
    StepOrdered(
        step_id="torque",
        name="Torque the housing",
        fields=(_torque("bolt-1", "Bolt 1"), _torque("bolt-2", "Bolt 2")),
    ),
    StepOrdered(step_id="leak-test", name="Leak test", after=("torque",), fields=(LEAK,)),
    StepOrdered(
        step_id="final-check",
        name="Final check",
        after=("leak-test",),
        fields=(FieldOrdered(field_id="looks", name="Looks", kind="select", options=("good", "scratched")),),
    ),
)

REQUIREMENTS = (
    RequirementOrdered(requirement_id="motor", part_number=MOTOR, quantity=Decimal(1), substitutes=(SUBSTITUTE,)),
    RequirementOrdered(requirement_id="bearings", part_number=BEARING, quantity=Decimal(2), designators=SIDES),
    RequirementOrdered(requirement_id="seals", part_number=SEAL, quantity=SEALS),
)
