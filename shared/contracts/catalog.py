"""The one place that knows topic, type name and class.

A type is owned by its producer and grows only by optional attributes; a breaking change is a new type name
(``….v2``) beside the old one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from shared.contracts import audit, inventory, issue, notification, plant, run
from shared.contracts.base import ChangeRefused, Contract, RecordParked

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
    is_fact: bool = field(default=True)

    @property
    def owner(self) -> str:
        """The service, or ``plant``, that produces it."""
        return self.topics[0].owner


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


def _rows() -> Iterator[Entry]:
    def at(topic: Topic, key: str, **types: type[Contract]) -> Iterator[Entry]:
        prefix = "plant" if topic.owner == "plant" else "asbuilt"
        for name, contract in types.items():
            event = name.replace("__", ".").replace("_", "-")
            told = not issubclass(contract, ChangeRefused | RecordParked)
            yield Entry(f"{prefix}.{event}.v1", contract, (topic,), key, is_fact=told and prefix == "asbuilt")

    yield from at(PLANT_ORDERS, "run_id", run__ordered=plant.RunOrdered, run__canceled=plant.RunCanceled)
    yield from at(PLANT_UNITS, "unit_id", unit__received=plant.UnitReceived)
    yield from at(
        PLANT_STEPS,
        "run_id",
        step__started=plant.StepStarted,
        step__value_recorded=plant.ValueRecorded,
        step__signed_off=plant.StepSignedOff,
    )
    yield from at(
        PLANT_INSTALLS,
        "parent_unit_id",
        unit__installed=plant.UnitInstalled,
        unit__removed=plant.UnitRemoved,
    )
    yield from at(
        RUNS,
        "run_id",
        run__created=run.RunCreated,
        run__canceled=run.RunCanceled,
        step__started=run.StepStarted,
        step__value_recorded=run.ValueRecorded,
        step__signed_off=run.StepSignedOff,
        gate__approved=run.GateApproved,
        run__target_noted=run.TargetNoted,
        run__installation_noted=run.InstallationNoted,
        run__removal_noted=run.RemovalNoted,
        run__issue_noted=run.IssueNoted,
    )
    yield Entry("asbuilt.run.completed.v1", run.RunCompleted, (RUNS, COMPLETIONS), "run_id")
    yield Entry("asbuilt.run.reopened.v1", run.RunReopened, (RUNS, COMPLETIONS), "run_id")
    yield from at(
        INVENTORY,
        "unit_id",
        unit__received=inventory.UnitReceived,
        unit__claimed=inventory.UnitClaimed,
        unit__freed=inventory.UnitFreed,
        unit__status_changed=inventory.UnitStatusChanged,
        unit__placed=inventory.UnitPlaced,
        unit__consumed=inventory.UnitConsumed,
        unit__released=inventory.UnitReleased,
        unit__reopened=inventory.UnitReopened,
        completion__contested=inventory.CompletionContested,
    )
    yield from at(
        INVENTORY,
        "parent_unit_id",
        unit__installed=inventory.UnitInstalled,
        unit__removed=inventory.UnitRemoved,
    )
    yield from at(
        ISSUES,
        "issue_id",
        issue__opened=issue.IssueOpened,
        issue__dispositioned=issue.IssueDispositioned,
        issue__resolved=issue.IssueResolved,
    )
    yield from at(
        NOTIFICATIONS,
        "endpoint_id",
        endpoint__registered=notification.EndpointRegistered,
        endpoint__changed=notification.EndpointChanged,
        endpoint__secret_rotated=notification.EndpointSecretRotated,
        endpoint__disabled=notification.EndpointDisabled,
        endpoint__recovered=notification.EndpointRecovered,
    )
    subject = "subject_id"
    yield from at(RUNS, subject, run__change_refused=run.RunChangeRefused, run__record_parked=run.RunRecordParked)
    yield from at(
        INVENTORY,
        subject,
        unit__change_refused=inventory.UnitChangeRefused,
        unit__record_parked=inventory.UnitRecordParked,
    )
    yield from at(
        ISSUES,
        subject,
        issue__change_refused=issue.IssueChangeRefused,
        issue__record_parked=issue.IssueRecordParked,
    )
    yield from at(
        AUDIT,
        subject,
        audit__change_refused=audit.AuditChangeRefused,
        audit__record_parked=audit.AuditRecordParked,
    )
    yield from at(
        NOTIFICATIONS,
        subject,
        endpoint__change_refused=notification.EndpointChangeRefused,
        endpoint__record_parked=notification.EndpointRecordParked,
    )


CATALOG: Mapping[str, Entry] = MappingProxyType({entry.type: entry for entry in _rows()})
"""Every event type there is, by its name."""

BY_CONTRACT: Mapping[type[Contract], Entry] = MappingProxyType({entry.contract: entry for entry in CATALOG.values()})


def _last(base: type[Contract]) -> Mapping[str, type[Contract]]:
    return {e.owner: e.contract for e in CATALOG.values() if issubclass(e.contract, base)}


REFUSALS: Mapping[str, type[ChangeRefused]] = MappingProxyType(_last(ChangeRefused))  # type: ignore[arg-type]
"""What each service announces a refusal with."""

PARKINGS: Mapping[str, type[RecordParked]] = MappingProxyType(_last(RecordParked))  # type: ignore[arg-type]
"""What each service announces a parked record with."""
