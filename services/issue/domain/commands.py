"""What can be asked of an issue. ``by`` is who asks, ``at`` when it happened."""

from dataclasses import dataclass
from datetime import datetime

from services.issue.domain.issue import Disposition, Finding
from shared.kernel import Actor


@dataclass(frozen=True, slots=True)
class Command:
    """What every command names: the issue it is about."""

    issue_id: str
    by: Actor
    at: datetime


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class DispositionIssue(Command):
    """Decide what is to be done about it, and approve that."""

    disposition: Disposition


@dataclass(frozen=True, slots=True)
class ResolveIssue(Command):
    """Close it: what was decided is done."""

    resolution: str


AnyCommand = OpenIssue | DispositionIssue | ResolveIssue
