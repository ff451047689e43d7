"""What the run service announces: topics ``asbuilt.runs`` and ``asbuilt.completions``."""

from typing import Literal

from pydantic import AwareDatetime, Field

from shared.contracts.base import ChangeRefused, Exact, Fact, Id, Name, RecordParked, RecordSettled, Text
from shared.contracts.completion import Acknowledged, Blocking, CompletionRecord, Imported, IssueState, Verdict
from shared.contracts.delivery import DeliveryOfRun, DeliveryState
from shared.contracts.plant import OrderSnapshot, Value
from shared.contracts.redline import StepChange, StepRedrawn
from shared.contracts.requirement import ExceptionApproved, IssueWanted, RequirementOfRun


class RunCreated(Fact, OrderSnapshot):
    """A run was created from its order. Inventory claims the target and takes the requirements over."""

    unit_id: Id
    imported: Imported | None = None


class RunCanceled(Fact):
    """A run was canceled, by decision or because its target is not available."""

    run_id: Id
    unit_id: Id
    reason: Text


class RunFailed(Fact):
    """A run failed for good: what it builds cannot be recovered. Its unit is not freed; canceling the run does that."""

    run_id: Id
    unit_id: Id
    reason: Text


class StepStarted(Fact):
    """A step was started, which checks its person in; said again when it turns out that it began earlier. The first one
    of a run stamps the run's start.
    """

    run_id: Id
    step_id: Id


class ValueRecorded(Fact):
    """A value was recorded. Every recording is kept; the latest is the value."""

    run_id: Id
    step_id: Id
    field_id: Id
    value: Value
    unit: Name | None = None
    verdict: Verdict | None = Field(None, description="for a number with limits")
    recording: int = Field(description="1, 2, … for the field")
    attempt: int | None = Field(None, description="2, 3, … for a step that is done again")
    opens_issue: IssueWanted | None = Field(None, description="where the step's policy opens an issue on the value")


class StepSignedOff(Fact):
    """A step was signed off and is complete. Everybody is checked out."""

    run_id: Id
    step_id: Id
    imported: Imported | None = None


class StepFailed(Fact):
    """A step cannot be done as it should be. Everybody is checked out; the issue service opens an issue on it."""

    run_id: Id
    step_id: Id
    unit_id: Id = Field(description="the run's target")
    reason: Text


class FailureAcknowledged(Fact):
    """A failed step counts as complete: the issue covers its failure."""

    run_id: Id
    step_id: Id
    issue_id: Id


class StepSentToRework(Fact):
    """A failed step may be done again. Its values so far stay as evidence, and are not its values any more."""

    run_id: Id
    step_id: Id
    attempt: int = Field(description="2, 3, …")


class StepHeld(Fact):
    """Nobody works on a step for now. Everybody is checked out."""

    run_id: Id
    step_id: Id
    reason: Text


class StepResumed(Fact):
    """A step was taken from hold. Nobody is checked in by that."""

    run_id: Id
    step_id: Id
    state: Literal["todo", "in_progress", "complete"] = Field(description="the state that it was held from")


class StepCanceled(Fact):
    """An optional step is left out; what comes after it may start. Everybody is checked out."""

    run_id: Id
    step_id: Id
    reason: Text


class StepCheckedIn(Fact):
    """A person began to work on a step that was in progress already; who starts one is checked in by that."""

    run_id: Id
    step_id: Id
    session: int = Field(description="1, 2, … of the step; who started it has one too")
    person: Name


class StepCheckedOut(Fact):
    """A session ended: its person checked out, or did nothing for so long that the session was ended. Sign-off,
    failure, hold, cancellation and a redline check everybody out besides, and closing the run does.
    """

    run_id: Id
    step_id: Id
    session: int
    person: Name
    because: Literal["checked-out", "idle"]


class SessionCorrected(Fact):
    """A session has other times than were said. Labour changes by that, and nothing else."""

    run_id: Id
    step_id: Id
    session: int
    person: Name
    started_at: AwareDatetime
    ended_at: AwareDatetime | None = Field(None, description="absent while it goes on")
    reason: Text


class GateApproved(Fact):
    """A gate was approved by someone holding its role."""

    run_id: Id
    gate_id: Id
    role: Name


class RedlineProposed(Fact):
    """A change to this run's steps is proposed. Nobody works on those that it touches until it is decided, and whoever
    was checked in on them is checked out.
    """

    run_id: Id
    redline_id: Id
    reason: Text
    changes: tuple[StepChange, ...]
    roles: tuple[Name, ...] = Field((), description="whose review is wanted")
    issue_id: Id | None = Field(None, description="the issue whose approved disposition applies it")


class RedlineApplied(Fact):
    """A redline changed the run's steps. They are todo again; what was recorded on them before stays as evidence."""

    run_id: Id
    redline_id: Id
    steps: tuple[StepRedrawn, ...] = Field(description="each step that it changed or added, before and after")
    issue_id: Id | None = Field(None, description="the issue whose approved disposition applied it")


class RedlineReviewed(Fact):
    """A redline was accepted for one of the roles whose review is wanted."""

    run_id: Id
    redline_id: Id
    role: Name


class RedlineAccepted(Fact):
    """A redline was accepted by every role whose review was wanted."""

    run_id: Id
    redline_id: Id


class RedlineRejected(Fact):
    """A redline was turned down; where it was applied, its steps are changed back and todo again."""

    run_id: Id
    redline_id: Id
    reason: Text
    steps: tuple[StepRedrawn, ...] = Field((), description="each step that was changed back, before and after")


class RedlineCanceled(Fact):
    """A proposed redline was taken back; its steps stand where they stood."""

    run_id: Id
    redline_id: Id
    reason: Text


class RunCommented(Fact):
    """Somebody said something about a run, or about one step of it."""

    run_id: Id
    comment_id: Id
    text: Text
    step_id: Id | None = Field(None, description="the step that it is about, if any")


class FileAttached(Fact):
    """A file was attached to a run, to a step, or to a field of it. Its content is what has this SHA-256."""

    run_id: Id
    step_id: Id | None = Field(None, description="the step that it is attached to; else it is the run's")
    field_id: Id | None = None
    sha256: Name
    name: Name
    media_type: Name
    size_bytes: int
    uri: Text | None = Field(None, description="where somebody else keeps it; else Asbuilt does")


class TargetNoted(Fact):
    """Inventory claimed the run's target; the run knows its as-built from here on."""

    run_id: Id
    unit_id: Id
    as_built_version: int


class InstallationNoted(Fact):
    """Inventory installed a unit for a requirement of this run."""

    run_id: Id
    installation_id: Id
    requirement_id: Id
    unit_id: Id
    part_number: Name
    quantity: Exact
    designator: Name | None = None
    substitute: bool = False
    revision: Name | None = None
    serial: Id | None = None
    lot: Id | None = None
    unit_of_measure: Name | None = Field(None, description="since 2026-11")
    origin_unit_id: Id | None = Field(None, description="the lot that it was taken off")
    as_built_version: int


class RemovalNoted(Fact):
    """Inventory removed a unit that was installed for a requirement of this run."""

    run_id: Id
    installation_id: Id
    requirement_id: Id
    unit_id: Id
    as_built_version: int


class QuantityNoted(Fact):
    """Part of what this run builds was split off, in inventory: put in quarantine, or scrapped. The rest goes on."""

    run_id: Id
    quantity: Exact = Field(description="what it builds since")
    as_built_version: int


class RequirementNoted(Fact, RequirementOfRun):
    """An engineer edited a requirement of this run, in inventory: the review asks for it as it stands here."""

    is_removed: bool = Field(False, description="the review asks for it no more")
    as_built_version: int


class IssueNoted(Fact):
    """An issue of this run was opened or changed."""

    run_id: Id
    issue_id: Id
    title: Name
    state: IssueState
    step_id: Id | None = None
    field_id: Id | None = Field(None, description="the field of that step whose value it is about")
    disposition: Name | None = None
    approved: bool = Field(description="its disposition is approved")
    exceptions: tuple[ExceptionApproved, ...] = ()
    part_numbers: tuple[Name, ...] = Field((), description="of what is built, and of the requirement that it is about")
    unit_id: Id | None = Field(None, description="what the run builds")


class DeliveryNoted(Fact, DeliveryOfRun):
    """How a delivery of this run's completion or reopening to a webhook stands. Nothing of it is in the record."""

    state: DeliveryState
    attempts: int


class RunCompleted(Fact):
    """A run was completed. Carries the whole completion record, so that nobody needs to call back."""

    run_id: Id
    unit_id: Id
    record: CompletionRecord


class RunReopened(Fact):
    """A completed run is open again; its completion record stays, marked superseded."""

    run_id: Id
    unit_id: Id
    number: int = Field(description="of the completion record that is superseded")
    reason: Text


class RunReady(Fact):
    """Nothing blocks the run's completion any more: somebody can review and confirm it."""

    run_id: Id
    unit_id: Id
    review_version: str = Field(description="of the review at that moment")
    warnings: tuple[Acknowledged, ...] = Field((), description="what is to be acknowledged, by code and subject")


class RunNotReady(Fact):
    """Something blocks the completion of a run that was ready. Completing, failing or canceling it is no such thing."""

    run_id: Id
    unit_id: Id
    review_version: str = Field(description="of the review at that moment")
    blockers: tuple[Blocking, ...] = Field(description="the first of them; the review has all")
    total: int = Field(description="how many there are")


class ComponentNoted(Fact):
    """The own run of a component in the run's unit is reopened, or is so no more."""

    run_id: Id
    component_id: Id
    component_run_id: Id | None = Field(None, description="none when it is not reopened any more")


class PlacementNoted(Fact):
    """What the run's unit is installed in; nothing when it was taken out."""

    run_id: Id
    parent_unit_id: Id | None = None
    parent_run_id: Id | None = None


class EvidenceRefused(Fact):
    """An event of a plant system for this run was refused or stands aside; the review warns until it is dealt with."""

    run_id: Id
    evidence_id: Id
    refused_id: str = Field(description="id of the event; where it cannot be read, its place on the topic")
    refused_source: str = Field(description="source of the event; where it cannot be read, its topic")
    refused_type: str
    code: str = Field(description="of the refusal, or why it stands aside")
    obstacle: Text


class EvidenceSettled(Fact):
    """An event that was not taken was dealt with: by a person, or it was taken after all, or given up."""

    run_id: Id
    evidence_id: Id
    reason: Text


class PolicyConfigured(Fact):
    """Which warnings block the completion of runs of one part, or of all (`*`), is something else from now on."""

    policies_id: Id = Field(description="always the same, so that all policies keep their order")
    part_number: Name
    blocking: tuple[Name, ...] = Field((), description="codes of warnings; none when the policy is taken back")
    reason: Text


class RunChangeRefused(ChangeRefused):
    """A change of a run was refused."""


class RunRecordParked(RecordParked):
    """The run service set a record aside."""


class RunRecordSettled(RecordSettled):
    """A person decided about a record that the run service had set aside."""
