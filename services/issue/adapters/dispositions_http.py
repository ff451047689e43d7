"""`/issues/{issue_id}/disposition`, `/approve` and `/quarantine`: what becomes of what was found."""

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from services.issue.adapters.calls import IssueId, Queries, issue_answer
from services.issue.domain import commands
from services.issue.domain.issue import Disposition, RequirementException
from shared.contracts.base import Exact, Id, Name, Text
from shared.kernel import split_id
from shared.messaging.messages import Ask
from shared.runtime.bodies import RequestBody
from shared.runtime.http import Calling, needs
from shared.runtime.ids import new_id

router = APIRouter()


class ExceptionGranted(RequestBody):
    """A quantity of one requirement of the issue's run that need not be installed."""

    requirement_id: Id = Field(examples=["bearings"])
    quantity: Exact = Field(examples=["1"])


class Decision(RequestBody):
    """What is to be done, why, and what need not be installed."""

    disposition: Name = Field(
        examples=["use-as-is"], description="a disposition type; `/disposition-types` tells which there are"
    )
    justification: Text = Field(
        "", examples=["The customer agreed."], description="needed for use-as-is, and where anything is excepted"
    )
    exceptions: list[ExceptionGranted] = Field(default_factory=list, max_length=1_000)


class Approval(RequestBody):
    """What is approved, and as what."""

    disposition: Name = Field(examples=["use-as-is"], description="the type that was looked at")
    role: Name | None = Field(
        None, examples=["Quality"], description="one approver role; without it, all that the caller holds"
    )


class Quarantine(RequestBody):
    """What is set apart."""

    quantity: Exact = Field(examples=["2"])
    unit_id: Id | None = Field(
        None, examples=["BRG-7:L2609-K"], description="what the part is taken from; without it, the issue's own unit"
    )


@router.post("/issues/{issue_id}/disposition", **needs("issue:disposition"))
async def disposition_issue(issue_id: IssueId, decision: Decision, call: Calling) -> Response:
    """Choose what is to be done. Where its type names no approver roles that approves it; else the issue is pending
    until each of them has approved. Another choice voids approvals and exceptions.
    """
    exceptions = tuple(RequirementException(one.requirement_id, one.quantity) for one in decision.exceptions)
    disposition = Disposition(decision.disposition, decision.justification, exceptions)
    command = commands.DispositionIssue(issue_id, call.by, call.at, disposition)
    return await call.do(Ask((issue_id,), command), issue_answer)


@router.post("/issues/{issue_id}/approve", **needs("issue:approve"))
async def approve_disposition(issue_id: IssueId, approval: Approval, call: Calling) -> Response:
    """Approve the disposition for a role that its type names and the caller holds. The last one that is missing makes
    its exceptions count.
    """
    command = commands.ApproveDisposition(issue_id, call.by, call.at, approval.disposition, call.roles, approval.role)
    return await call.do(Ask((issue_id,), command), issue_answer)


@router.post("/issues/{issue_id}/quarantine", **needs("unit:move"))
async def quarantine_part(issue_id: IssueId, wanted: Quarantine, queries: Queries, call: Calling) -> Response:
    """Have part of a unit split off and held: the inventory service does it, or refuses that and names the issue.

    Whoever may move stock may set it apart. The part is held while the issue is not resolved and has no disposition
    that allows its use.
    """
    of_unit_id = wanted.unit_id or (await queries.issue(issue_id)).state.unit_id
    part_id = split_id(of_unit_id or issue_id, new_id())
    command = commands.QuarantinePart(issue_id, call.by, call.at, part_id, wanted.quantity, of_unit_id)
    return await call.do(Ask((issue_id,), command), issue_answer)
