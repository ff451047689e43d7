"""What can be asked about the redlines of a run."""

from services.run.domain.command import Command
from services.run.domain.redline import StepChange
from shared.kernel import immutable


@immutable
class ProposeRedline(Command):
    """Propose to change steps of this run."""

    redline_id: str
    reason: str
    changes: tuple[StepChange, ...]
    roles: tuple[str, ...] = ()
    issue_id: str | None = None


@immutable
class ApplyRedline(Command):
    """Change the steps as the redline says."""

    redline_id: str


@immutable
class AcceptRedline(Command):
    """Accept an applied redline for one of the roles whose review is wanted."""

    redline_id: str
    role: str
    roles: frozenset[str]


@immutable
class RejectRedline(Command):
    """Say no to a redline; what it changed is undone."""

    redline_id: str
    reason: str


@immutable
class CancelRedline(Command):
    """Take a proposal back."""

    redline_id: str
    reason: str


RedlineCommand = ProposeRedline | ApplyRedline | AcceptRedline | RejectRedline | CancelRedline
