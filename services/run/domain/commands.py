"""What can be asked of a run. ``by`` is who asks, ``at`` when it happened, ``roles`` what the asker holds."""

from datetime import datetime

from services.run.domain.run import Installation, Issue, Order, Value
from shared.kernel import Actor, immutable


@immutable
class Command:
    """What every command names."""

    run_id: str
    by: Actor
    at: datetime


@immutable
class OrderRun(Command):
    """Create a run from its order."""

    order: Order


@immutable
class CancelRun(Command):
    """Take a run back before it is complete."""

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


@immutable
class ApproveGate(Command):
    """Approve a gate."""

    gate_id: str
    roles: frozenset[str]


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
    """Inventory removed a unit that was installed for this run."""

    installation_id: str
    requirement_id: str
    unit_id: str
    as_built_version: int


@immutable
class NoteIssue(Command):
    """An issue of this run was opened or changed."""

    issue: Issue


@immutable
class CompleteRun(Command):
    """Confirm the completion review of that version. ``acknowledged``: (code, subject) of each warning."""

    review_version: str
    acknowledged: frozenset[tuple[str, str]]
    note: str


@immutable
class ReopenRun(Command):
    """Open a completed run again. ``number``, where given, names the completion meant."""

    reason: str
    number: int | None = None


AnyCommand = (
    OrderRun
    | CancelRun
    | StartStep
    | RecordValue
    | SignOff
    | ApproveGate
    | NoteTarget
    | LoseTarget
    | NoteInstallation
    | NoteRemoval
    | NoteIssue
    | CompleteRun
    | ReopenRun
)
