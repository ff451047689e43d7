"""What can be asked of an issue. ``by`` is who asks, ``at`` when it happened, ``roles`` what the asker holds."""

from datetime import datetime
from decimal import Decimal

from services.issue.domain.issue import Disposition, Finding, Obstacle
from shared.kernel import Actor, immutable


@immutable
class Command:
    """What every command names: the issue it is about."""

    issue_id: str
    by: Actor
    at: datetime


@immutable
class OpenIssue(Command):
    """Something is not as it should be."""

    finding: Finding

    @property
    def run_id(self) -> str | None:
        """The run it is raised on, so that a refusal can name it."""
        return self.finding.run_id

    @property
    def unit_id(self) -> str | None:
        """The unit it is raised on, so that a refusal can name it."""
        return self.finding.unit_id


@immutable
class OpenUnasked(OpenIssue):
    """A step failed, or its policy opens an issue on a value: the same cause, or one that is covered, opens none."""


@immutable
class DispositionIssue(Command):
    """Choose what is to be done about it; where its type names no approver roles, that approves it."""

    disposition: Disposition


@immutable
class ApproveDisposition(Command):
    """Approve the disposition ``kind`` for one role, or for every role that the asker holds."""

    kind: str
    roles: frozenset[str]
    role: str | None = None


@immutable
class SubmitForReview(Command):
    """What the disposition asks for is done."""

    note: str = ""


@immutable
class SendBack(Command):
    """What was done is not enough."""

    reason: str


@immutable
class ResolveIssue(Command):
    """Close it: what was decided is done."""

    resolution: str
    roles: frozenset[str] = frozenset()


@immutable
class ReopenIssue(Command):
    """Let it be decided again."""

    reason: str


@immutable
class QuarantinePart(Command):
    """Have part of a unit split off and held; ``unit_id`` is of the part that comes of it. ``of_unit_id`` is the
    issue's own unit where nothing else is said.
    """

    unit_id: str
    quantity: Decimal
    of_unit_id: str | None = None


@immutable
class NoteParts(Command):
    """Somebody told of which parts is what the issue is about."""

    part_numbers: tuple[str, ...]


@immutable
class NoteRun(NoteParts):
    """The run told what it builds."""

    builds: str | None


@immutable
class NoteUnit(NoteParts):
    """Inventory told what the issue means to a unit, which is ``is_quarantined`` where it was split off for it."""

    unit_id: str
    is_quarantined: bool


@immutable
class NoteRefusal(Command):
    """Inventory could not split the part ``unit_id`` off."""

    unit_id: str
    because: Obstacle


@immutable
class FollowType(Command):
    """Take over what the site configured for the type of its disposition."""


@immutable
class CommentOnIssue(Command):
    """Say something about it."""

    comment_id: str
    text: str


@immutable
class AttachToIssue(Command):
    """A file belongs to it."""

    sha256: str
    name: str
    media_type: str
    size_bytes: int


AnyCommand = (
    OpenIssue
    | OpenUnasked
    | DispositionIssue
    | ApproveDisposition
    | SubmitForReview
    | SendBack
    | ResolveIssue
    | ReopenIssue
    | QuarantinePart
    | NoteParts
    | NoteRun
    | NoteUnit
    | NoteRefusal
    | FollowType
    | CommentOnIssue
    | AttachToIssue
)
