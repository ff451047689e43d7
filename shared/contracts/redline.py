"""What a redline says of steps; the events of redlines are the run's."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from shared.contracts.base import By, Contract, Id, Name, Text
from shared.contracts.plant import StepOrdered

RedlineState = Literal["proposed", "applied", "accepted", "rejected", "canceled"]


class StepAdded(Contract):
    """A step more: after those that it names, and before ``before``."""

    kind: Literal["add-step"]
    step: StepOrdered
    before: tuple[Id, ...] = ()


class StepChanged(Contract):
    """Another definition of a step: its text, fields, limits, or whether it is required. Its place in the graph stays:
    ``after`` is left out, or says what it was.
    """

    kind: Literal["change-step"]
    step: StepOrdered


class DependenciesChanged(Contract):
    """A step comes after these steps, and no longer after those that it came after."""

    kind: Literal["change-dependencies"]
    step_id: Id
    after: tuple[Id, ...]


class StepNotApplicable(Contract):
    """A step is not to be done in this run, required or not."""

    kind: Literal["mark-not-applicable"]
    step_id: Id


StepChange = Annotated[
    StepAdded | StepChanged | DependenciesChanged | StepNotApplicable,
    Field(discriminator="kind"),
]
"""One thing that a redline changes."""


class StepRedrawn(Contract):
    """What became of one step: its definition before and after.

    It has none before where it was added, or was not to be done; it has none after where it is not to be done.
    """

    step_id: Id
    before: StepOrdered | None = None
    after: StepOrdered | None = None


class RedlineRecord(Contract):
    """One redline of a run, as it stood at completion."""

    redline_id: Id
    state: RedlineState
    reason: Text
    author: By
    issue_id: Id | None = None
    steps: tuple[Id, ...] = Field(description="the steps that it changed or added")
    applied_at: AwareDatetime | None = None
    applied_by: By | None = None
    accepted_for: tuple[Name, ...] = Field((), description="the roles for which it was accepted")
