"""What happens to the redlines of a run."""

from services.run.domain.event import RunEvent
from services.run.domain.redline import Redrawn, StepChange
from shared.kernel import immutable


@immutable
class RedlineProposed(RunEvent):
    """A change to the run's steps is proposed; nobody works on those that it touches."""

    redline_id: str
    reason: str
    changes: tuple[StepChange, ...]
    roles: tuple[str, ...]
    issue_id: str | None


@immutable
class RedlineApplied(RunEvent):
    """The steps are changed and todo; ``issue_id`` is the issue whose approved disposition applied it."""

    redline_id: str
    steps: tuple[Redrawn, ...]
    issue_id: str | None = None


@immutable
class RedlineReviewed(RunEvent):
    """A redline was accepted for one of the roles whose review is wanted."""

    redline_id: str
    role: str


@immutable
class RedlineAccepted(RunEvent):
    """Every role whose review is wanted has accepted."""

    redline_id: str


@immutable
class RedlineRejected(RunEvent):
    """A redline was turned down; ``steps`` are changed back, none of a proposal."""

    redline_id: str
    reason: str
    steps: tuple[Redrawn, ...]


@immutable
class RedlineCanceled(RunEvent):
    """A proposal was taken back; its steps stand where they stood."""

    redline_id: str
    reason: str


RedlineEvent = RedlineProposed | RedlineApplied | RedlineReviewed | RedlineAccepted | RedlineRejected | RedlineCanceled
