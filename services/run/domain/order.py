"""What was ordered: the snapshot that a run executes. Later changes of the procedure never reach it."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class FieldKind(StrEnum):
    """What sort of value a field takes."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    SELECT = "select"
    MULTISELECT = "multiselect"
    DATETIME = "datetime"
    FILE = "file"
    SIGNOFF = "signoff"


class OutOfRange(StrEnum):
    """What a step's policy says to a value out of range: whether the step may be signed off with it."""

    WARN = "warn"
    """It may; the completion review warns while no issue is linked."""
    NEEDS_ISSUE = "needs-issue"
    """Only with a linked issue, which a person opens."""
    OPENS_ISSUE = "opens-issue"
    """Only with a linked issue, which the issue service opens unasked."""
    REFUSED = "refused"
    """It may not: the value must be recorded again, in range."""


@dataclass(frozen=True, slots=True)
class FieldDefinition:
    """A value to record. ``minimum`` and ``maximum`` are in ``unit``; target ± tolerance became these."""

    field_id: str
    name: str
    kind: FieldKind
    required: bool
    unit: str | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    options: tuple[str, ...] = ()
    role: str | None = None


@dataclass(frozen=True, slots=True)
class StepDefinition:
    """One operation, as it was ordered; ``after`` are its upstream steps."""

    step_id: str
    name: str
    text: str
    required: bool
    after: tuple[str, ...]
    fields: tuple[FieldDefinition, ...]
    out_of_range: OutOfRange = OutOfRange.WARN

    def field(self, field_id: str) -> FieldDefinition | None:
        """The field of that id."""
        return next((one for one in self.fields if one.field_id == field_id), None)


@dataclass(frozen=True, slots=True)
class Requirement:
    """What must be installed; ``quantity`` is for the whole run: per assembly times the run's quantity. ``step_id``,
    where it is known, is the step at which it is installed.
    """

    requirement_id: str
    part_number: str
    quantity: Decimal
    unit_of_measure: str
    revision: str | None = None
    designators: tuple[str, ...] = ()
    substitutes: tuple[str, ...] = ()
    step_id: str | None = None
    interchangeable_revisions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GateDefinition:
    """A run-level approval by a named role."""

    gate_id: str
    name: str
    role: str
    required: bool


@dataclass(frozen=True, slots=True)
class Target:
    """The unit that the run builds."""

    unit_id: str
    serial: str | None
    lot: str | None
    quantity: Decimal
    unit_of_measure: str


@dataclass(frozen=True, slots=True)
class Order:
    """The full snapshot that a run executes; later changes of the procedure never reach it."""

    run_id: str
    part_number: str
    revision: str
    procedure: str
    procedure_version: str
    target: Target
    work_order: str | None
    plant: str | None
    line: str | None
    work_center: str | None
    steps: tuple[StepDefinition, ...]
    requirements: tuple[Requirement, ...]
    gates: tuple[GateDefinition, ...]
