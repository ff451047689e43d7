"""What can be asked of an issue. ``by`` is who asks, ``at`` when it happened."""

from datetime import datetime

from services.issue.domain.issue import Disposition, Finding
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
    """Decide what is to be done about it, and approve that."""

    disposition: Disposition


@immutable
class ResolveIssue(Command):
    """Close it: what was decided is done."""

    resolution: str


AnyCommand = OpenIssue | OpenUnasked | DispositionIssue | ResolveIssue
