"""`/issues/{issue_id}/submit`, `/send-back`, `/resolve` and `/reopen`: the way of an issue to its end, and back."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from services.issue.adapters.calls import IssueId, Reason, issue_answer
from services.issue.domain import commands
from shared.contracts.base import Text
from shared.messaging.messages import Ask
from shared.runtime.bodies import RequestBody
from shared.runtime.http import Calling, needs

router = APIRouter()


class Work(RequestBody):
    """What was done."""

    note: Annotated[Text, Field(examples=["Pressed again, and measured."])] = ""


class Closing(RequestBody):
    """How it was closed."""

    resolution: Annotated[Text, Field(examples=["Delivered with one bearing less."])] = ""


@router.post("/issues/{issue_id}/submit", **needs("issue:open"))
async def submit_for_review(issue_id: IssueId, work: Work, call: Calling) -> Response:
    """Say that what the disposition asks for is done: the issue is in review. Whoever may open an issue may do that."""
    command = commands.SubmitForReview(issue_id, call.by, call.at, work.note)
    return await call.do(Ask((issue_id,), command), issue_answer)


@router.post("/issues/{issue_id}/send-back", **needs("issue:disposition"))
async def send_back(issue_id: IssueId, why: Reason, call: Calling) -> Response:
    """Say that what was done is not enough: the issue is in progress again."""
    return await call.do(Ask((issue_id,), commands.SendBack(issue_id, call.by, call.at, why.reason)), issue_answer)


@router.post("/issues/{issue_id}/resolve", **needs("issue:disposition"))
async def resolve_issue(issue_id: IssueId, closing: Closing, call: Calling) -> Response:
    """Close it: what was decided is done. Its exceptions stay. Where its disposition type names closer roles, one of
    them closes.
    """
    command = commands.ResolveIssue(issue_id, call.by, call.at, closing.resolution, call.roles)
    return await call.do(Ask((issue_id,), command), issue_answer)


@router.post("/issues/{issue_id}/reopen", **needs("issue:disposition"))
async def reopen_issue(issue_id: IssueId, why: Reason, call: Calling) -> Response:
    """Let a resolved issue be decided again: it is pending, its approvals are void and its exceptions dead."""
    return await call.do(Ask((issue_id,), commands.ReopenIssue(issue_id, call.by, call.at, why.reason)), issue_answer)
