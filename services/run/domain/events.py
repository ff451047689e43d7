"""What happens to a run. Every change of state is one of these, and every one is announced."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.run.domain.run import Installation, Issue, Order, Value, Verdict
from shared.kernel import Actor, immutable


@immutable
class RunEvent:
    """What every event tells."""

    run_id: str
    by: Actor
    at: datetime


@immutable
class RunCreated(RunEvent):
    """The run exists, with its order."""

    order: Order


@immutable
class RunCanceled(RunEvent):
    """The run was taken back."""

    unit_id: str
    reason: str


@immutable
class StepStarted(RunEvent):
    """Work on a step began."""

    step_id: str


@immutable
class ValueRecorded(RunEvent):
    """A field got its ``number``-th value."""

    step_id: str
    field_id: str
    value: Value
    unit: str | None
    verdict: Verdict | None
    number: int


@immutable
class StepSignedOff(RunEvent):
    """A step is complete."""

    step_id: str


@immutable
class GateApproved(RunEvent):
    """A gate was approved by someone holding its role."""

    gate_id: str
    role: str


@immutable
class TargetNoted(RunEvent):
    """Inventory claimed the target."""

    unit_id: str
    as_built_version: int


@immutable
class InstallationNoted(RunEvent):
    """Inventory installed a unit for this run."""

    installation: Installation
    as_built_version: int


@immutable
class RemovalNoted(RunEvent):
    """Inventory removed a unit of this run."""

    installation_id: str
    requirement_id: str
    unit_id: str
    as_built_version: int


@immutable
class IssueNoted(RunEvent):
    """An issue of this run was opened or changed."""

    issue: Issue


@immutable
class RunCompleted(RunEvent):
    """The run is complete and locked. ``record`` is the completion record as a canonical document."""

    unit_id: str
    number: int
    record: Mapping[str, Any]


@immutable
class RunReopened(RunEvent):
    """The run is open again; completion record ``number`` is superseded."""

    unit_id: str
    number: int
    reason: str


AnyEvent = (
    RunCreated
    | RunCanceled
    | StepStarted
    | ValueRecorded
    | StepSignedOff
    | GateApproved
    | TargetNoted
    | InstallationNoted
    | RemovalNoted
    | IssueNoted
    | RunCompleted
    | RunReopened
)
