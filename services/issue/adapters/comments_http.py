"""`/issues/{issue_id}/comments`: what people say about an issue."""

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from services.issue.adapters.calls import IssueId, Queries
from services.issue.domain import commands
from services.issue.domain.events import IssueCommented
from shared.contracts.base import Text
from shared.messaging.messages import Ask
from shared.messaging.walk import Outcome
from shared.runtime.bodies import RequestBody
from shared.runtime.http import Calling, needs
from shared.runtime.ids import new_id
from shared.runtime.pages import Paging

router = APIRouter(tags=["comments"])


class Said(RequestBody):
    """What is to be known, in words."""

    text: Annotated[Text, Field(min_length=1, examples=["The bag was open when it came."])]


@router.post("/issues/{issue_id}/comments", status_code=201, **needs("issue:open"))
async def comment_on_issue(issue_id: IssueId, said: Said, call: Calling) -> Response:
    """Say something about the issue, whatever became of it."""
    command = commands.CommentOnIssue(issue_id, call.by, call.at, new_id(), said.text)
    return await call.do(Ask((issue_id,), command), _comment, status=201)


@router.get("/issues/{issue_id}/comments", **needs("read"))
async def list_issue_comments(issue_id: IssueId, queries: Queries, page: Paging) -> dict[str, Any]:
    """What was said about the issue, the newest first."""
    return await queries.comments(issue_id, page)


def _comment(outcome: Outcome) -> dict[str, Any]:
    if outcome.refusal is not None:
        return {}
    said = outcome.events[0]
    assert isinstance(said, IssueCommented)  # noqa: S101 - a comment that is not refused is said
    by = {"person": said.by.person, "machine": said.by.machine}
    return {"comment_id": said.comment_id, "text": said.text, "by": by, "at": said.at.isoformat()}
