"""What must be installed into the target of a run, as it stands after an edit: inventory tells it, and run notes it."""

from pydantic import Field

from shared.contracts.base import Contract, Exact, Id, Name


class ExceptionApproved(Contract):
    """A stated quantity of one requirement is excused."""

    requirement_id: Id
    quantity: Exact


class RequirementOfRun(Contract):
    """A requirement, complete, with its quantity for the whole run."""

    run_id: Id
    requirement_id: Id
    part_number: Name
    revision: Name | None = Field(None, description="any revision if absent")
    interchangeable_revisions: tuple[Name, ...] = Field((), description="revisions that do in place of `revision`")
    quantity: Exact = Field(description="for the whole run: per assembly times the run's quantity")
    unit_of_measure: Name
    designators: tuple[Name, ...] = ()
    substitutes: tuple[Name, ...] = Field((), description="part numbers approved in its place")
    step_id: Id | None = Field(None, description="the step at which it is installed, where that is known")


class IssueWanted(Contract):
    """An issue that is to be opened on a value out of range; the same number of the same field is the same issue."""

    number: int = Field(description="1, 2, … for the field")
    unit_id: Id = Field(description="the run's target")
