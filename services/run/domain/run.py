"""What a run is: its order, its steps and what happened to them. Every state is immutable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from services.run.domain.order import Order, Requirement, StepDefinition
from services.run.domain.redline import Redline
from shared.kernel import Actor, changed, immutable

Value = str | bool | Decimal | tuple[str, ...]


class StepState(StrEnum):
    """Where a step stands."""

    TODO = "todo"
    IN_PROGRESS = "in_progress"
    COMPLETE = "complete"
    FAILED = "failed"
    HOLD = "hold"
    REDLINE = "redline"
    CANCELED = "canceled"


OUT_OF_THE_WAY = (StepState.COMPLETE, StepState.CANCELED)
"""Nothing waits for a step that is done, or is not to be."""


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


class SessionEnd(StrEnum):
    """What ended a session: the person checked out, or everybody was checked out by what happened."""

    CHECKED_OUT = "checked-out"
    SIGNED_OFF = "signed-off"
    FAILED = "failed"
    HELD = "held"
    REDLINED = "redlined"
    CANCELED = "canceled"
    IDLE = "idle"
    CORRECTED = "corrected"
    RUN_CLOSED = "run-closed"


@dataclass(frozen=True, slots=True)
class Imported:
    """Taken in afterwards: by whom, and when that was; it happened at the time that is told besides."""

    by: Actor
    at: datetime


@immutable
class Recording:
    """One recorded value: the ``number``-th of its field; the latest is the value."""

    value: Value
    verdict: Verdict | None
    number: int
    by: Actor
    at: datetime
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class SessionTimes:
    """When a session began and ended, as it was said before somebody corrected it."""

    started_at: datetime
    ended_at: datetime | None
    corrected_by: Actor
    corrected_at: datetime
    reason: str


@immutable
class Session:
    """One person checked in on a step, the ``number``-th session of the step; open while ``ended_at`` is None.

    ``seen_at`` is when the person last did something on the step, ``earlier`` what its times were before.
    """

    number: int
    person: str
    started_at: datetime
    seen_at: datetime
    ended_at: datetime | None = None
    ended_because: SessionEnd | None = None
    earlier: tuple[SessionTimes, ...] = ()


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file attached to the run or to a step, and, where ``field_id`` is given, to that field of the step.

    Its content is what has the digest ``sha256``. ``uri`` says where somebody else keeps it; without one, it is kept
    here.
    """

    sha256: str
    name: str
    media_type: str
    size_bytes: int
    by: Actor
    at: datetime
    field_id: str | None = None
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a step failed, and the issue with which the failure was acknowledged."""

    reason: str
    by: Actor
    at: datetime
    acknowledged_issue: str | None = None


@dataclass(frozen=True)
class Step:
    """A step of a run and what happened to it.

    ``attempt`` counts reworks: values of earlier attempts stay as evidence, and are not its values any more.
    ``back_to`` is the state that it was held or redlined from, ``because`` why it is on hold or canceled. One that was
    redlined while it was on hold keeps both of its hold. ``imported`` says of its sign-off that it was taken in later.
    """

    definition: StepDefinition
    state: StepState = StepState.TODO
    values: Mapping[str, Recording] = field(default_factory=dict)
    started_at: datetime | None = None
    started_by: Actor | None = None
    signed_at: datetime | None = None
    signed_by: Actor | None = None
    attempt: int = 1
    back_to: StepState | None = None
    because: str | None = None
    failure: Failure | None = None
    sessions: tuple[Session, ...] = ()
    imported: Imported | None = None
    files: tuple[AttachedFile, ...] = ()

    @property
    def is_attended(self) -> bool:
        """Whether somebody is checked in."""
        for session in self.sessions:  # noqa: SIM110 - every event of a step asks
            if session.ended_at is None:
                return True
        return False

    def current(self, field_id: str) -> Recording | None:
        """The value of a field: the latest that was recorded in this attempt."""
        recording = self.values.get(field_id)
        return recording if recording is not None and recording.attempt == self.attempt else None


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved a gate, and when."""

    by: Actor
    at: datetime


@dataclass(frozen=True, slots=True)
class Installation:
    """A unit in the target, as inventory said; run's copy. Who put it in, and when, is not known of old ones.
    ``origin_unit_id`` is the lot that it was taken off.
    """

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
    installed_at: datetime | None = None
    installed_by: Actor | None = None
    unit_of_measure: str | None = None
    origin_unit_id: str | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue of this run, as the issue service said; ``excepted`` is by requirement id."""

    issue_id: str
    title: str
    state: str
    disposition: str | None
    approved: bool
    excepted: Mapping[str, Decimal]
    step_id: str | None = None
    field_id: str | None = None
    requirement_id: str | None = None

    @property
    def is_open(self) -> bool:
        """Neither dispositioned nor resolved."""
        return not self.approved and self.state != "resolved"


@dataclass(frozen=True, slots=True)
class IssueWanted:
    """An issue that policy opens on a value out of range: the ``number``-th of its field, on the run's target."""

    number: int
    unit_id: str


@dataclass(frozen=True, slots=True)
class Placement:
    """The parent that the run's unit is installed in, and the run that builds the parent."""

    unit_id: str
    run_id: str | None


@dataclass(frozen=True, slots=True)
class RefusedEvidence:
    """An event from a plant system for this run that was refused or stands aside, and nobody has dealt with it.

    ``evidence_id`` follows from ``source`` and ``event_id``: stations that count their events use the same ids.
    """

    evidence_id: str
    source: str
    event_id: str
    type: str
    code: str
    obstacle: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Completed:
    """The run was completed with completion record ``number``."""

    at: datetime
    by: Actor
    number: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The run failed for good: its unit cannot be recovered."""

    at: datetime
    by: Actor
    reason: str
    kind: Literal["failed"] = "failed"


@dataclass(frozen=True, slots=True)
class Canceled:
    """The run was canceled."""

    at: datetime
    by: Actor
    reason: str
    kind: Literal["canceled"] = "canceled"


@dataclass(frozen=True)
class Run:
    """One execution of a procedure version for one target.

    ``touched`` are the steps started again since the last reopening, ``completions`` how many completion
    records there are, ``as_built_version`` the latest that inventory told, ``is_ready`` whether readiness was
    announced, ``reopened_components`` the installed units whose own runs are reopened, with these, ``placement``
    what its unit is installed in, ``imported`` that its order was taken in later,
    ``edited`` its requirements where an engineer edited them since it was ordered, ``left`` its quantity where part of
    it was split off or scrapped since.
    """

    order: Order
    steps: Mapping[str, Step]
    ordered_at: datetime
    decision: Completed | Canceled | Failed | None = None
    started_at: datetime | None = None
    approvals: Mapping[str, Approval] = field(default_factory=dict)
    installations: Mapping[str, Installation] = field(default_factory=dict)
    issues: Mapping[str, Issue] = field(default_factory=dict)
    operators: frozenset[str] = frozenset()
    touched: frozenset[str] = frozenset()
    completions: int = 0
    as_built_version: int = 0
    redlines: Mapping[str, Redline] = field(default_factory=dict)
    refused_evidence: Mapping[str, RefusedEvidence] = field(default_factory=dict)
    reopened_components: Mapping[str, str] = field(default_factory=dict)
    placement: Placement | None = None
    is_ready: bool = False
    first_completed_at: datetime | None = None
    imported: Imported | None = None
    files: tuple[AttachedFile, ...] = ()
    edited: tuple[Requirement, ...] | None = None
    left: Decimal | None = None

    @property
    def run_id(self) -> str:
        """Its id."""
        return self.order.run_id

    @property
    def quantity(self) -> Decimal:
        """What it builds, as inventory told it last."""
        return self.order.target.quantity if self.left is None else self.left

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """What must be installed, as inventory told it last."""
        return self.order.requirements if self.edited is None else self.edited

    @property
    def status(self) -> RunStatus:
        """Decisions first; the rest rolls up from the steps."""
        match self.decision:
            case Canceled():
                return RunStatus.CANCELED
            case Completed():
                return RunStatus.COMPLETE
            case Failed():
                return RunStatus.FAILED
            case None:
                return _rolled_up(self)


def in_order(order: Order, steps: Mapping[str, Step]) -> dict[str, Step]:
    """Steps in the order of the order; those that redlines added come after, by id."""
    ordered = [step.step_id for step in order.steps]
    added = sorted(steps.keys() - set(ordered)) if len(steps) > len(ordered) else []
    return {step_id: steps[step_id] for step_id in (*ordered, *added)}


def with_step(run: Run, step: Step, **more: Any) -> Run:
    """The run with this step in place of the one before, and with what else changes."""
    return changed(run, steps={**run.steps, step.definition.step_id: step}, **more)


def _rolled_up(run: Run) -> RunStatus:
    states = {step.state for step in run.steps.values()}
    if StepState.FAILED in states:
        return RunStatus.FAILED
    if StepState.REDLINE in states:
        return RunStatus.REDLINE
    if StepState.HOLD in states:
        return RunStatus.HOLD
    if run.started_at is not None or states - {StepState.TODO, StepState.CANCELED}:
        return RunStatus.IN_PROGRESS
    return RunStatus.TODO
