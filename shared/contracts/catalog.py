"""The one place that knows topic, type name and class.

A type is owned by its producer and grows only by optional attributes; a breaking change is a new type name
(``….v2``) beside the old one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from shared.contracts import audit, inventory, issue, notification, plant, run
from shared.contracts.base import ChangeRefused, Contract, Notice, RecordParked, RecordSettled

ContractClass = type[Contract]

FOR_EVER = -1
DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Topic:
    """A Kafka topic as it is created, and who writes it."""

    name: str
    owner: str
    partitions: int
    retention_ms: int
    max_message_bytes: int = 1_048_576


@dataclass(frozen=True, slots=True)
class Entry:
    """One type of event. ``key`` names the attribute of the data that is the record's key."""

    type: str
    contract: ContractClass
    topics: tuple[Topic, ...]
    key: str
    owner: str = field(init=False)
    """The service, or ``plant``, that produces it."""
    is_fact: bool = field(init=False)
    """Something that Asbuilt decided: it counts in the sequence of what it is about. Refusals, what
    stands aside and notices do not."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "owner", self.topics[0].owner)
        is_answer = issubclass(self.contract, ChangeRefused | RecordParked | RecordSettled | Notice)
        object.__setattr__(self, "is_fact", self.owner != "plant" and not is_answer)


PLANT_ORDERS = Topic("plant.orders", "plant", 6, 30 * DAY_MS, 4_194_304)
PLANT_UNITS = Topic("plant.units", "plant", 6, 30 * DAY_MS, 4_194_304)
PLANT_STEPS = Topic("plant.steps", "plant", 6, 30 * DAY_MS, 4_194_304)
PLANT_INSTALLS = Topic("plant.installs", "plant", 6, 30 * DAY_MS, 4_194_304)
RUNS = Topic("asbuilt.runs", "run", 6, 90 * DAY_MS, 4_194_304)
COMPLETIONS = Topic("asbuilt.completions", "run", 6, FOR_EVER, 4_194_304)
INVENTORY = Topic("asbuilt.inventory", "inventory", 6, 90 * DAY_MS, 4_194_304)
ISSUES = Topic("asbuilt.issues", "issue", 6, 90 * DAY_MS, 4_194_304)
AUDIT = Topic("asbuilt.audit", "audit", 1, 90 * DAY_MS, 4_194_304)
NOTIFICATIONS = Topic("asbuilt.notifications", "notification", 1, 90 * DAY_MS, 4_194_304)

PLANT_TOPICS = (PLANT_ORDERS, PLANT_UNITS, PLANT_STEPS, PLANT_INSTALLS)
ASBUILT_TOPICS = (RUNS, COMPLETIONS, INVENTORY, ISSUES, AUDIT, NOTIFICATIONS)
TOPICS: tuple[Topic, ...] = PLANT_TOPICS + ASBUILT_TOPICS


_TABLE = (
    Entry("plant.run.ordered.v1", plant.RunOrdered, (PLANT_ORDERS,), "run_id"),
    Entry("plant.run.canceled.v1", plant.RunCanceled, (PLANT_ORDERS,), "run_id"),
    Entry("plant.unit.received.v1", plant.UnitReceived, (PLANT_UNITS,), "unit_id"),
    Entry("plant.unit.moved.v1", plant.UnitMoved, (PLANT_UNITS,), "unit_id"),
    Entry("plant.unit.scrapped.v1", plant.UnitScrapped, (PLANT_UNITS,), "unit_id"),
    Entry("plant.unit.returned.v1", plant.UnitReturned, (PLANT_UNITS,), "unit_id"),
    Entry("plant.step.started.v1", plant.StepStarted, (PLANT_STEPS,), "run_id"),
    Entry("plant.step.value-recorded.v1", plant.ValueRecorded, (PLANT_STEPS,), "run_id"),
    Entry("plant.step.signed-off.v1", plant.StepSignedOff, (PLANT_STEPS,), "run_id"),
    Entry("plant.step.commented.v1", plant.StepCommented, (PLANT_STEPS,), "run_id"),
    Entry("plant.step.failed.v1", plant.StepFailed, (PLANT_STEPS,), "run_id"),
    Entry("plant.step.held.v1", plant.StepHeld, (PLANT_STEPS,), "run_id"),
    Entry("plant.step.resumed.v1", plant.StepResumed, (PLANT_STEPS,), "run_id"),
    Entry("plant.step.file-attached.v1", plant.FileAttached, (PLANT_STEPS,), "run_id"),
    Entry("plant.step.checked-in.v1", plant.StepCheckedIn, (PLANT_STEPS,), "run_id"),
    Entry("plant.step.checked-out.v1", plant.StepCheckedOut, (PLANT_STEPS,), "run_id"),
    Entry("plant.unit.installed.v1", plant.UnitInstalled, (PLANT_INSTALLS,), "parent_unit_id"),
    Entry("plant.unit.removed.v1", plant.UnitRemoved, (PLANT_INSTALLS,), "parent_unit_id"),
    Entry("asbuilt.run.created.v1", run.RunCreated, (RUNS,), "run_id"),
    Entry("asbuilt.run.canceled.v1", run.RunCanceled, (RUNS,), "run_id"),
    Entry("asbuilt.run.failed.v1", run.RunFailed, (RUNS,), "run_id"),
    Entry("asbuilt.step.started.v1", run.StepStarted, (RUNS,), "run_id"),
    Entry("asbuilt.step.value-recorded.v1", run.ValueRecorded, (RUNS,), "run_id"),
    Entry("asbuilt.step.signed-off.v1", run.StepSignedOff, (RUNS,), "run_id"),
    Entry("asbuilt.step.failed.v1", run.StepFailed, (RUNS,), "run_id"),
    Entry("asbuilt.step.failure-acknowledged.v1", run.FailureAcknowledged, (RUNS,), "run_id"),
    Entry("asbuilt.step.sent-to-rework.v1", run.StepSentToRework, (RUNS,), "run_id"),
    Entry("asbuilt.step.held.v1", run.StepHeld, (RUNS,), "run_id"),
    Entry("asbuilt.step.resumed.v1", run.StepResumed, (RUNS,), "run_id"),
    Entry("asbuilt.step.canceled.v1", run.StepCanceled, (RUNS,), "run_id"),
    Entry("asbuilt.step.checked-in.v1", run.StepCheckedIn, (RUNS,), "run_id"),
    Entry("asbuilt.step.checked-out.v1", run.StepCheckedOut, (RUNS,), "run_id"),
    Entry("asbuilt.step.session-corrected.v1", run.SessionCorrected, (RUNS,), "run_id"),
    Entry("asbuilt.gate.approved.v1", run.GateApproved, (RUNS,), "run_id"),
    Entry("asbuilt.redline.proposed.v1", run.RedlineProposed, (RUNS,), "run_id"),
    Entry("asbuilt.redline.applied.v1", run.RedlineApplied, (RUNS,), "run_id"),
    Entry("asbuilt.redline.reviewed.v1", run.RedlineReviewed, (RUNS,), "run_id"),
    Entry("asbuilt.redline.accepted.v1", run.RedlineAccepted, (RUNS,), "run_id"),
    Entry("asbuilt.redline.rejected.v1", run.RedlineRejected, (RUNS,), "run_id"),
    Entry("asbuilt.redline.canceled.v1", run.RedlineCanceled, (RUNS,), "run_id"),
    Entry("asbuilt.run.commented.v1", run.RunCommented, (RUNS,), "run_id"),
    Entry("asbuilt.run.file-attached.v1", run.FileAttached, (RUNS,), "run_id"),
    Entry("asbuilt.run.target-noted.v1", run.TargetNoted, (RUNS,), "run_id"),
    Entry("asbuilt.run.installation-noted.v1", run.InstallationNoted, (RUNS,), "run_id"),
    Entry("asbuilt.run.removal-noted.v1", run.RemovalNoted, (RUNS,), "run_id"),
    Entry("asbuilt.run.quantity-noted.v1", run.QuantityNoted, (RUNS,), "run_id"),
    Entry("asbuilt.run.requirement-noted.v1", run.RequirementNoted, (RUNS,), "run_id"),
    Entry("asbuilt.run.issue-noted.v1", run.IssueNoted, (RUNS,), "run_id"),
    Entry("asbuilt.run.completed.v1", run.RunCompleted, (RUNS, COMPLETIONS), "run_id"),
    Entry("asbuilt.run.reopened.v1", run.RunReopened, (RUNS, COMPLETIONS), "run_id"),
    Entry("asbuilt.run.ready.v1", run.RunReady, (RUNS,), "run_id"),
    Entry("asbuilt.run.not-ready.v1", run.RunNotReady, (RUNS,), "run_id"),
    Entry("asbuilt.run.component-noted.v1", run.ComponentNoted, (RUNS,), "run_id"),
    Entry("asbuilt.run.placement-noted.v1", run.PlacementNoted, (RUNS,), "run_id"),
    Entry("asbuilt.run.evidence-refused.v1", run.EvidenceRefused, (RUNS,), "run_id"),
    Entry("asbuilt.run.evidence-settled.v1", run.EvidenceSettled, (RUNS,), "run_id"),
    Entry("asbuilt.run.delivery-noted.v1", run.DeliveryNoted, (RUNS,), "run_id"),
    Entry("asbuilt.policy.configured.v1", run.PolicyConfigured, (RUNS,), "policies_id"),
    Entry("asbuilt.unit.received.v1", inventory.UnitReceived, (INVENTORY,), "unit_id"),
    Entry("asbuilt.unit.quantity-received.v1", inventory.UnitQuantityReceived, (INVENTORY,), "unit_id"),
    Entry("asbuilt.unit.moved.v1", inventory.UnitMoved, (INVENTORY,), "unit_id"),
    Entry("asbuilt.unit.location-noted.v1", inventory.UnitLocationNoted, (INVENTORY,), "unit_id"),
    Entry("asbuilt.unit.issue-noted.v1", inventory.UnitIssueNoted, (INVENTORY,), "unit_id"),
    Entry("asbuilt.unit.issue-expected.v1", inventory.UnitIssueExpected, (INVENTORY,), "unit_id"),
    Entry("asbuilt.unit.scrapped.v1", inventory.UnitScrapped, (INVENTORY,), "unit_id"),
    Entry("asbuilt.unit.returned.v1", inventory.UnitReturned, (INVENTORY,), "unit_id"),
    Entry("asbuilt.location.configured.v1", inventory.LocationConfigured, (INVENTORY,), "location"),
    Entry("asbuilt.unit.split.v1", inventory.UnitSplit, (INVENTORY,), "unit_id"),
    Entry("asbuilt.unit.claimed.v1", inventory.UnitClaimed, (INVENTORY,), "unit_id"),
    Entry("asbuilt.unit.freed.v1", inventory.UnitFreed, (INVENTORY,), "unit_id"),
    Entry("asbuilt.unit.build-failed.v1", inventory.UnitBuildFailed, (INVENTORY,), "unit_id"),
    Entry("asbuilt.unit.status-changed.v1", inventory.UnitStatusChanged, (INVENTORY,), "unit_id"),
    Entry("asbuilt.unit.placed.v1", inventory.UnitPlaced, (INVENTORY,), "unit_id"),
    Entry("asbuilt.unit.consumed.v1", inventory.UnitConsumed, (INVENTORY,), "unit_id"),
    Entry("asbuilt.unit.released.v1", inventory.UnitReleased, (INVENTORY,), "unit_id"),
    Entry("asbuilt.unit.reopened.v1", inventory.UnitReopened, (INVENTORY,), "unit_id"),
    Entry("asbuilt.completion.contested.v1", inventory.CompletionContested, (INVENTORY,), "unit_id"),
    Entry("asbuilt.component.reopened.v1", inventory.ComponentReopened, (INVENTORY,), "unit_id"),
    Entry("asbuilt.component.cleared.v1", inventory.ComponentCleared, (INVENTORY,), "unit_id"),
    Entry("asbuilt.requirement.added.v1", inventory.RequirementAdded, (INVENTORY,), "unit_id"),
    Entry("asbuilt.requirement.changed.v1", inventory.RequirementChanged, (INVENTORY,), "unit_id"),
    Entry("asbuilt.requirement.removed.v1", inventory.RequirementRemoved, (INVENTORY,), "unit_id"),
    Entry("asbuilt.unit.installed.v1", inventory.UnitInstalled, (INVENTORY,), "parent_unit_id"),
    Entry("asbuilt.unit.removed.v1", inventory.UnitRemoved, (INVENTORY,), "parent_unit_id"),
    Entry("asbuilt.issue.opened.v1", issue.IssueOpened, (ISSUES,), "issue_id"),
    Entry("asbuilt.issue.disposition-chosen.v1", issue.DispositionChosen, (ISSUES,), "issue_id"),
    Entry("asbuilt.issue.approved.v1", issue.IssueApproved, (ISSUES,), "issue_id"),
    Entry("asbuilt.issue.dispositioned.v1", issue.IssueDispositioned, (ISSUES,), "issue_id"),
    Entry("asbuilt.issue.in-review.v1", issue.IssueInReview, (ISSUES,), "issue_id"),
    Entry("asbuilt.issue.sent-back.v1", issue.IssueSentBack, (ISSUES,), "issue_id"),
    Entry("asbuilt.issue.resolved.v1", issue.IssueResolved, (ISSUES,), "issue_id"),
    Entry("asbuilt.issue.reopened.v1", issue.IssueReopened, (ISSUES,), "issue_id"),
    Entry("asbuilt.issue.quarantined.v1", issue.IssueQuarantined, (ISSUES,), "issue_id"),
    Entry("asbuilt.issue.quarantine-held.v1", issue.QuarantineHeld, (ISSUES,), "issue_id"),
    Entry("asbuilt.issue.quarantine-refused.v1", issue.QuarantineRefused, (ISSUES,), "issue_id"),
    Entry("asbuilt.issue.parts-noted.v1", issue.IssuePartsNoted, (ISSUES,), "issue_id"),
    Entry("asbuilt.issue.availability-changed.v1", issue.IssueAvailabilityChanged, (ISSUES,), "issue_id"),
    Entry("asbuilt.issue.commented.v1", issue.IssueCommented, (ISSUES,), "issue_id"),
    Entry("asbuilt.issue.file-attached.v1", issue.IssueFileAttached, (ISSUES,), "issue_id"),
    Entry("asbuilt.disposition.configured.v1", issue.DispositionConfigured, (ISSUES,), "dispositions_id"),
    Entry("asbuilt.endpoint.registered.v1", notification.EndpointRegistered, (NOTIFICATIONS,), "endpoint_id"),
    Entry("asbuilt.endpoint.changed.v1", notification.EndpointChanged, (NOTIFICATIONS,), "endpoint_id"),
    Entry("asbuilt.endpoint.secret-rotated.v1", notification.EndpointSecretRotated, (NOTIFICATIONS,), "endpoint_id"),
    Entry("asbuilt.endpoint.disabled.v1", notification.EndpointDisabled, (NOTIFICATIONS,), "endpoint_id"),
    Entry("asbuilt.endpoint.recovered.v1", notification.EndpointRecovered, (NOTIFICATIONS,), "endpoint_id"),
    Entry("asbuilt.delivery.queued.v1", notification.DeliveryQueued, (NOTIFICATIONS,), "endpoint_id"),
    Entry("asbuilt.delivery.delivered.v1", notification.DeliveryDelivered, (NOTIFICATIONS,), "endpoint_id"),
    Entry("asbuilt.delivery.given-up.v1", notification.DeliveryGivenUp, (NOTIFICATIONS,), "endpoint_id"),
    Entry("asbuilt.run.change-refused.v1", run.RunChangeRefused, (RUNS,), "subject_id"),
    Entry("asbuilt.run.record-parked.v1", run.RunRecordParked, (RUNS,), "subject_id"),
    Entry("asbuilt.run.record-settled.v1", run.RunRecordSettled, (RUNS,), "subject_id"),
    Entry("asbuilt.unit.change-refused.v1", inventory.UnitChangeRefused, (INVENTORY,), "subject_id"),
    Entry("asbuilt.unit.record-parked.v1", inventory.UnitRecordParked, (INVENTORY,), "subject_id"),
    Entry("asbuilt.unit.record-settled.v1", inventory.UnitRecordSettled, (INVENTORY,), "subject_id"),
    Entry("asbuilt.issue.change-refused.v1", issue.IssueChangeRefused, (ISSUES,), "subject_id"),
    Entry("asbuilt.issue.record-parked.v1", issue.IssueRecordParked, (ISSUES,), "subject_id"),
    Entry("asbuilt.issue.record-settled.v1", issue.IssueRecordSettled, (ISSUES,), "subject_id"),
    Entry("asbuilt.audit.change-refused.v1", audit.AuditChangeRefused, (AUDIT,), "subject_id"),
    Entry("asbuilt.audit.record-parked.v1", audit.AuditRecordParked, (AUDIT,), "subject_id"),
    Entry("asbuilt.audit.record-settled.v1", audit.AuditRecordSettled, (AUDIT,), "subject_id"),
    Entry("asbuilt.endpoint.change-refused.v1", notification.EndpointChangeRefused, (NOTIFICATIONS,), "subject_id"),
    Entry("asbuilt.endpoint.record-parked.v1", notification.EndpointRecordParked, (NOTIFICATIONS,), "subject_id"),
    Entry("asbuilt.endpoint.record-settled.v1", notification.EndpointRecordSettled, (NOTIFICATIONS,), "subject_id"),
)

CATALOG: Mapping[str, Entry] = MappingProxyType({entry.type: entry for entry in _TABLE})
"""Every event type there is, by its name."""

BY_CONTRACT: Mapping[type[Contract], Entry] = MappingProxyType({entry.contract: entry for entry in CATALOG.values()})


def _last(base: type[Contract]) -> Mapping[str, type[Contract]]:
    return {e.owner: e.contract for e in CATALOG.values() if issubclass(e.contract, base)}


REFUSALS: Mapping[str, type[ChangeRefused]] = MappingProxyType(_last(ChangeRefused))  # type: ignore[arg-type]
"""What each service announces a refusal with."""

PARKINGS: Mapping[str, type[RecordParked]] = MappingProxyType(_last(RecordParked))  # type: ignore[arg-type]
"""What each service announces a parked record with."""

SETTLINGS: Mapping[str, type[RecordSettled]] = MappingProxyType(_last(RecordSettled))  # type: ignore[arg-type]
"""What each service announces a person's decision about a parked record with."""
