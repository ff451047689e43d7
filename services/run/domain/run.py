"""What a run is: its order, its steps and what happened to them. Every state is immutable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from shared.kernel import Actor, immutable

Value = str | bool | Decimal | tuple[str, ...]


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


class StepState(StrEnum):
    """Where a step stands."""

    TODO = "todo"
    IN_PROGRESS = "in_progress"
    COMPLETE = "complete"
    FAILED = "failed"
    HOLD = "hold"
    REDLINE = "redline"
    CANCELED = "canceled"


class RunStatus(StrEnum):
    """Where a run stands; derived, never stored by hand."""

    TODO = "todo"
    IN_PROGRESS = "in_progress"
    HOLD = "hold"
    REDLINE = "redline"
    FAILED = "failed"
    COMPLETE = "complete"
    CANCELED = "canceled"


class Verdict(StrEnum):
    """What the limits say of a measurement."""

    IN_RANGE = "in-range"
    OUT_OF_RANGE = "out-of-range"


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

    def field(self, field_id: str) -> FieldDefinition | None:
        """The field of that id."""
        return next((one for one in self.fields if one.field_id == field_id), None)


@dataclass(frozen=True, slots=True)
class Requirement:
    """What must be installed; ``quantity`` is for the whole run: per assembly times the run's quantity."""

    requirement_id: str
    part_number: str
    quantity: Decimal
    unit_of_measure: str
    revision: str | None = None
    designators: tuple[str, ...] = ()
    substitutes: tuple[str, ...] = ()


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


@immutable
class Recording:
    """One recorded value: the ``number``-th of its field; the latest is the value."""

    value: Value
    verdict: Verdict | None
    number: int
    by: Actor
    at: datetime


@dataclass(frozen=True)
class Step:
    """A step of a run and what happened to it."""

    definition: StepDefinition
    state: StepState = StepState.TODO
    values: Mapping[str, Recording] = field(default_factory=dict)
    started_at: datetime | None = None
    started_by: Actor | None = None
    signed_at: datetime | None = None
    signed_by: Actor | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved a gate, and when."""

    by: Actor
    at: datetime


@dataclass(frozen=True, slots=True)
class Installation:
    """A unit in the target, as inventory said; run's copy."""

    installation_id: str
    requirement_id: str
    unit_id: str
    part_number: str
    quantity: Decimal
    designator: str | None
    substitute: bool
    revision: str | None = None
    serial: str | None = None
    lot: str | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue of this run, as the issue service said; ``excepted`` is by requirement id."""

    issue_id: str
    title: str
    state: str
    disposition: str | None
    approved: bool
    excepted: Mapping[str, Decimal]

    @property
    def is_open(self) -> bool:
        """Neither dispositioned nor resolved."""
        return not self.approved and self.state != "resolved"


@dataclass(frozen=True, slots=True)
class Completed:
    """The run was completed with completion record ``number``."""

    at: datetime
    by: Actor
    number: int


@dataclass(frozen=True, slots=True)
class Canceled:
    """The run was canceled."""

    at: datetime
    by: Actor
    reason: str


@dataclass(frozen=True)
class Run:
    """One execution of a procedure version for one target.

    ``touched`` are the steps started again since the last reopening, ``completions`` how many completion
    records there are, ``as_built_version`` the latest that inventory told.
    """

    order: Order
    steps: Mapping[str, Step]
    ordered_at: datetime
    decision: Completed | Canceled | None = None
    started_at: datetime | None = None
    approvals: Mapping[str, Approval] = field(default_factory=dict)
    installations: Mapping[str, Installation] = field(default_factory=dict)
    issues: Mapping[str, Issue] = field(default_factory=dict)
    operators: frozenset[str] = frozenset()
    touched: frozenset[str] = frozenset()
    completions: int = 0
    as_built_version: int = 0

    @property
    def run_id(self) -> str:
        """Its id."""
        return self.order.run_id

    @property
    def status(self) -> RunStatus:
        """Decisions first; the rest rolls up from the steps."""
        match self.decision:
            case Canceled():
                return RunStatus.CANCELED
            case Completed():
                return RunStatus.COMPLETE
            case None:
                return _rolled_up(self)


def _rolled_up(run: Run) -> RunStatus:
    states = {step.state for step in run.steps.values()}
    if StepState.REDLINE in states:
        return RunStatus.REDLINE
    if StepState.HOLD in states:
        return RunStatus.HOLD
    if run.started_at is not None or states - {StepState.TODO, StepState.CANCELED}:
        return RunStatus.IN_PROGRESS
    return RunStatus.TODO
