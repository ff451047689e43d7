"""What the issue service announces: topic ``asbuilt.issues``."""

from typing import Literal

from pydantic import Field

from shared.contracts.base import ChangeRefused, Fact, Id, Name, RecordParked, RecordSettled, Text
from shared.contracts.completion import IssueState
from shared.contracts.run import ExceptionApproved

Disposition = Literal["use-as-is", "rework", "repair", "scrap", "return-to-supplier"]


class IssueFact(Fact):
    """An issue as it stands after the change, complete, so that nobody needs to call back."""

    issue_id: Id
    title: Name
    state: IssueState
    run_id: Id | None = None
    step_id: Id | None = None
    field_id: Id | None = Field(None, description="the field of that step whose value it is about")
    requirement_id: Id | None = None
    unit_id: Id | None = None
    disposition: Name | None = None
    approved: bool = False
    exceptions: tuple[ExceptionApproved, ...] = ()


class IssueOpened(IssueFact):
    """A nonconformance was raised on a run, a step, a requirement or a unit."""

    description: Text = ""


class IssueDispositioned(IssueFact):
    """An issue got its approved disposition; its exceptions are alive from here on."""

    justification: Text = ""


class IssueResolved(IssueFact):
    """An issue was closed."""

    resolution: Text = ""


class IssueChangeRefused(ChangeRefused):
    """A change of an issue was refused."""


class IssueRecordParked(RecordParked):
    """The issue service set a record aside."""


class IssueRecordSettled(RecordSettled):
    """A person decided about a record that the issue service had set aside."""
