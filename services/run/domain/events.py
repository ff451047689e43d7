"""What happens to a run. Every change of state is one of these, and every one is announced."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.run.domain.delivery import DeliveryNoted
from services.run.domain.event import RunEvent
from services.run.domain.order import Order, Requirement
from services.run.domain.redline_events import RedlineEvent
from services.run.domain.run import (
    Imported,
    Installation,
    Issue,
    IssueWanted,
    Placement,
    RefusedEvidence,
    SessionEnd,
    StepState,
    Value,
    Verdict,
)
from services.run.domain.shown import Blocker
from shared.kernel import immutable


@immutable
class RunCreated(RunEvent):
    """The run exists, with its order."""

    order: Order
    imported: Imported | None = None


@immutable
class RunCanceled(RunEvent):
    """The run was taken back."""

    unit_id: str
    reason: str


@immutable
class RunFailed(RunEvent):
    """The run failed for good; its unit is not freed by that."""

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
    attempt: int = 1
    opens_issue: IssueWanted | None = None


@immutable
class StepSignedOff(RunEvent):
    """A step is complete."""

    step_id: str
    imported: Imported | None = None


@immutable
class StepFailed(RunEvent):
    """A step cannot be done as it should be; everybody is checked out."""

    step_id: str
    unit_id: str
    reason: str


@immutable
class FailureAcknowledged(RunEvent):
    """A failed step counts as complete; the issue covers its failure."""

    step_id: str
    issue_id: str


@immutable
class StepSentToRework(RunEvent):
    """A failed step may be done again, for the ``attempt``-th time."""

    step_id: str
    attempt: int


@immutable
class StepHeld(RunEvent):
    """Nobody works on a step for now; everybody is checked out."""

    step_id: str
    reason: str


@immutable
class StepResumed(RunEvent):
    """A step was taken from hold, back to the state that it was held from."""

    step_id: str
    state: StepState


@immutable
class StepCanceled(RunEvent):
    """An optional step is left out; everybody is checked out."""

    step_id: str
    reason: str


@immutable
class CheckedIn(RunEvent):
    """A person began to work on a step that was started before: its ``number``-th session."""

    step_id: str
    number: int
    person: str


@immutable
class CheckedOut(RunEvent):
    """A session ended, because the person checked out or did nothing for long."""

    step_id: str
    number: int
    person: str
    because: SessionEnd


@immutable
class SessionCorrected(RunEvent):
    """A session has other times than were said; an open one stays open where no end is given."""

    step_id: str
    number: int
    person: str
    started_at: datetime
    ended_at: datetime | None
    reason: str


@immutable
class GateApproved(RunEvent):
    """A gate was approved by someone holding its role."""

    gate_id: str
    role: str


@immutable
class Commented(RunEvent):
    """Somebody said something about the run, or about one step of it; nothing else changes."""

    comment_id: str
    text: str
    step_id: str | None


@immutable
class FileAttached(RunEvent):
    """A file belongs to the run, or to a step of it."""

    sha256: str
    name: str
    media_type: str
    size_bytes: int
    step_id: str | None
    field_id: str | None
    uri: str | None


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
class QuantityNoted(RunEvent):
    """Part of what this run builds was split off; ``quantity`` is what it builds since."""

    quantity: Decimal
    as_built_version: int


@immutable
class RequirementNoted(RunEvent):
    """A requirement of this run is from now on as it stands here, or is no more."""

    requirement: Requirement
    is_removed: bool
    as_built_version: int


@immutable
class IssueNoted(RunEvent):
    """An issue of this run was opened or changed; it is about the part that is built, and that of its requirement."""

    issue: Issue
    part_numbers: tuple[str, ...]
    unit_id: str


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


@immutable
class RunReady(RunEvent):
    """Nothing blocks the run's completion any more. ``warnings``: code and subject of each, to be acknowledged."""

    unit_id: str
    review_version: str
    warnings: tuple[tuple[str, str], ...]


@immutable
class RunNotReady(RunEvent):
    """Something blocks the run's completion again: ``blockers`` are the first of ``total``."""

    unit_id: str
    review_version: str
    blockers: tuple[Blocker, ...]
    total: int


@immutable
class ComponentNoted(RunEvent):
    """The own run of a component is reopened; with ``component_run_id`` None it is so no more."""

    component_id: str
    component_run_id: str | None


@immutable
class PlacementNoted(RunEvent):
    """What the run's unit is installed in; None: it is in none any more."""

    placement: Placement | None


@immutable
class EvidenceRefused(RunEvent):
    """An event of a plant system for this run was not taken; it waits for somebody to deal with it."""

    evidence: RefusedEvidence


@immutable
class EvidenceSettled(RunEvent):
    """It was dealt with."""

    evidence_id: str
    reason: str


SessionEvent = CheckedIn | CheckedOut | SessionCorrected
NotedEvent = TargetNoted | InstallationNoted | RemovalNoted | IssueNoted
BesideEvent = ComponentNoted | PlacementNoted | DeliveryNoted
OutsideEvent = QuantityNoted | RequirementNoted | EvidenceRefused | EvidenceSettled
CompletingEvent = RunCompleted | RunReopened | RunReady | RunNotReady

AnyEvent = (
    RunCreated
    | RunCanceled
    | RunFailed
    | StepStarted
    | ValueRecorded
    | StepSignedOff
    | StepFailed
    | FailureAcknowledged
    | StepSentToRework
    | StepHeld
    | StepResumed
    | StepCanceled
    | SessionEvent
    | GateApproved
    | RedlineEvent
    | Commented
    | FileAttached
    | NotedEvent
    | OutsideEvent
    | BesideEvent
    | CompletingEvent
)
