"""What a redline is: a change to one run's steps made during execution (domain.md 3.2a)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from services.run.domain.order import StepDefinition
from shared.kernel import Actor


class RedlineState(StrEnum):
    """Where a redline stands; it is open while proposed or applied."""

    PROPOSED = "proposed"
    APPLIED = "applied"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class AddStep:
    """A step more: after those that its definition names, and before ``before``."""

    step: StepDefinition
    before: tuple[str, ...] = ()
    kind: Literal["add-step"] = "add-step"

    @property
    def touches(self) -> tuple[str, ...]:
        """The steps of the run that it changes."""
        return self.before


@dataclass(frozen=True, slots=True)
class ChangeStep:
    """Another definition of a step: its text, fields, limits, or whether it is required."""

    step: StepDefinition
    kind: Literal["change-step"] = "change-step"

    @property
    def touches(self) -> tuple[str, ...]:
        """The steps of the run that it changes."""
        return (self.step.step_id,)


@dataclass(frozen=True, slots=True)
class ChangeDependencies:
    """A step comes after other steps than before."""

    step_id: str
    after: tuple[str, ...]
    kind: Literal["change-dependencies"] = "change-dependencies"

    @property
    def touches(self) -> tuple[str, ...]:
        """The steps of the run that it changes."""
        return (self.step_id,)


@dataclass(frozen=True, slots=True)
class MarkNotApplicable:
    """A step is not to be done in this run."""

    step_id: str
    kind: Literal["mark-not-applicable"] = "mark-not-applicable"

    @property
    def touches(self) -> tuple[str, ...]:
        """The steps of the run that it changes."""
        return (self.step_id,)


StepChange = AddStep | ChangeStep | ChangeDependencies | MarkNotApplicable


@dataclass(frozen=True, slots=True)
class Redrawn:
    """What a redline made of one step: its definition before and after.

    There was none before: it is a step more. There is none after: the step is not to be done.
    """

    step_id: str
    before: StepDefinition | None
    after: StepDefinition | None

    @property
    def undone(self) -> "Redrawn":
        """The way back."""
        return Redrawn(self.step_id, self.after, self.before)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Who accepted a redline for a role, and when."""

    by: Actor
    at: datetime


@dataclass(frozen=True, slots=True)
class Redline:
    """A change to this run's steps made during execution (domain.md 3.2a).

    ``roles`` are those whose review is wanted, ``reviews`` is by role, ``redrawn`` what applying it changed.
    """

    redline_id: str
    author: Actor
    at: datetime
    reason: str
    changes: tuple[StepChange, ...]
    roles: tuple[str, ...] = ()
    issue_id: str | None = None
    state: RedlineState = RedlineState.PROPOSED
    reviews: Mapping[str, Acceptance] = field(default_factory=dict)
    redrawn: tuple[Redrawn, ...] = ()
    applied_at: datetime | None = None
    applied_by: Actor | None = None
    closed_at: datetime | None = None
    closed_by: Actor | None = None
    closed_because: str | None = None

    @property
    def is_open(self) -> bool:
        """Neither accepted, rejected nor canceled."""
        return self.state in (RedlineState.PROPOSED, RedlineState.APPLIED)

    @property
    def touched(self) -> tuple[str, ...]:
        """The steps of the run that it changes, each once: nobody works on them while it is proposed."""
        return tuple(dict.fromkeys(step_id for change in self.changes for step_id in change.touches))

    @property
    def added(self) -> tuple[str, ...]:
        """The steps that it adds."""
        return tuple(change.step.step_id for change in self.changes if isinstance(change, AddStep))
