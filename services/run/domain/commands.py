"""What can be asked of a run. ``by`` is who asks, ``at`` when it happened, ``roles`` what the asker holds."""

from datetime import datetime, timedelta
from decimal import Decimal

from services.run.domain.command import Command
from services.run.domain.delivery import Delivery
from services.run.domain.order import Order, Requirement
from services.run.domain.redline_commands import RedlineCommand
from services.run.domain.run import Imported, Installation, Issue, Placement, RefusedEvidence, Value
from shared.kernel import immutable


@immutable
class OrderRun(Command):
    """Create a run from its order."""

    order: Order
    imported: Imported | None = None


@immutable
class CancelRun(Command):
    """Take a run back before it is complete."""

    reason: str


@immutable
class FailRun(Command):
    """Give a run up for good: what it builds cannot be recovered."""

    reason: str


@immutable
class StartStep(Command):
    """Begin work on a step."""

    step_id: str


@immutable
class RecordValue(Command):
    """Record a value of a field."""

    step_id: str
    field_id: str
    value: Value
    roles: frozenset[str] = frozenset()


@immutable
class SignOff(Command):
    """Sign a step off."""

    step_id: str
    imported: Imported | None = None


@immutable
class FailStep(Command):
    """Say that a step cannot be done as it should be."""

    step_id: str
    reason: str


@immutable
class AcknowledgeFailure(Command):
    """Let a failed step count as complete, with the issue that covers its failure."""

    step_id: str
    issue_id: str


@immutable
class ReworkStep(Command):
    """Have a failed step done again."""

    step_id: str


@immutable
class HoldStep(Command):
    """Let nobody work on a step for now."""

    step_id: str
    reason: str


@immutable
class ResumeStep(Command):
    """Take a step from hold."""

    step_id: str


@immutable
class CancelStep(Command):
    """Leave an optional step out."""

    step_id: str
    reason: str


@immutable
class CheckIn(Command):
    """The person begins to work on a step; on one that is todo it implies the start."""

    step_id: str


@immutable
class CheckOut(Command):
    """The person leaves a step."""

    step_id: str


@immutable
class CorrectSession(Command):
    """Other times of a session than were said; None leaves one as it is."""

    step_id: str
    number: int
    started_at: datetime | None
    ended_at: datetime | None
    reason: str


@immutable
class EndIdleSessions(Command):
    """Check everybody out of a step who did nothing on it for ``idle``.

    ``quiet_since`` is when anybody was last seen on it, where nothing was heard of the step for so long either; else
    what others did on it tells the time.
    """

    step_id: str
    idle: timedelta
    quiet_since: datetime | None = None


@immutable
class ApproveGate(Command):
    """Approve a gate."""

    gate_id: str
    roles: frozenset[str]


@immutable
class Comment(Command):
    """Say something about the run, or about one step of it."""

    comment_id: str
    text: str
    step_id: str | None = None


@immutable
class AttachFile(Command):
    """Attach a file to the run, a step, or a field of a step; its content is kept already, here or at ``uri``."""

    sha256: str
    name: str
    media_type: str
    size_bytes: int
    step_id: str | None = None
    field_id: str | None = None
    uri: str | None = None


@immutable
class NoteTarget(Command):
    """Inventory claimed the target."""

    unit_id: str
    as_built_version: int


@immutable
class LoseTarget(Command):
    """Inventory cannot give the run its target."""

    reason: str


@immutable
class NoteInstallation(Command):
    """Inventory installed a unit for a requirement of this run."""

    installation: Installation
    as_built_version: int


@immutable
class NoteRemoval(Command):
    """Inventory removed a unit that was installed for this run; where it is part of what was installed, ``left`` of the
    installation ``left_id`` stays.
    """

    installation_id: str
    requirement_id: str
    unit_id: str
    as_built_version: int
    left_id: str | None = None
    left: Decimal | None = None


@immutable
class NoteQuantity(Command):
    """Part of what this run builds was split off, in inventory: from now on it builds ``quantity``."""

    quantity: Decimal
    as_built_version: int


@immutable
class NoteRequirement(Command):
    """An engineer edited a requirement of this run, in inventory: it is as it stands here, or is no more."""

    requirement: Requirement
    is_removed: bool
    as_built_version: int


@immutable
class NoteIssue(Command):
    """An issue of this run was opened or changed."""

    issue: Issue


@immutable
class NoteDelivery(Command):
    """A completion or a reopening of this run is on its way to a webhook, was taken there, or was given up."""

    delivery: Delivery


@immutable
class CompleteRun(Command):
    """Confirm the completion review of that version. ``acknowledged``: (code, subject) of each warning;
    ``scrapped_quantity`` is what of its quantity is no good, and the rest is.
    """

    review_version: str
    acknowledged: frozenset[tuple[str, str]]
    note: str
    imported: Imported | None = None
    scrapped_quantity: Decimal = Decimal(0)


@immutable
class NoteComponent(Command):
    """The own run of a component of the run's unit is reopened; with ``component_run_id`` None it is so no more."""

    component_id: str
    component_run_id: str | None


@immutable
class NotePlacement(Command):
    """The run's unit went into a parent; None: it is in none any more."""

    placement: Placement | None


@immutable
class NoteEvidence(Command):
    """An event of a plant system for this run was refused, or stands aside."""

    evidence: RefusedEvidence


@immutable
class DealWithEvidence(Command):
    """What had stood aside was taken after all, or was given up."""

    evidence_id: str
    reason: str


@immutable
class SettleEvidence(Command):
    """A person has dealt with an event that was not taken."""

    evidence_id: str
    reason: str


@immutable
class AssessRun(Command):
    """See whether the run is ready under other policies than before."""


@immutable
class ReopenRun(Command):
    """Open a completed run again. ``number``, where given, names the completion meant."""

    reason: str
    number: int | None = None


AnyCommand = (
    OrderRun
    | CancelRun
    | FailRun
    | StartStep
    | RecordValue
    | SignOff
    | FailStep
    | AcknowledgeFailure
    | ReworkStep
    | HoldStep
    | ResumeStep
    | CancelStep
    | CheckIn
    | CheckOut
    | CorrectSession
    | EndIdleSessions
    | ApproveGate
    | RedlineCommand
    | Comment
    | AttachFile
    | NoteTarget
    | LoseTarget
    | NoteInstallation
    | NoteRemoval
    | NoteQuantity
    | NoteRequirement
    | NoteIssue
    | NoteDelivery
    | CompleteRun
    | NoteComponent
    | NotePlacement
    | NoteEvidence
    | DealWithEvidence
    | SettleEvidence
    | AssessRun
    | ReopenRun
)
