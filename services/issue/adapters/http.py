"""`/issues`: all routes of an issue joined; here opening and showing."""

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from services.issue.adapters import (
    closing_http,
    comments_http,
    disposition_types_http,
    dispositions_http,
    files_http,
    lists_http,
)
from services.issue.adapters.calls import IssueId, Queries, issue_answer
from services.issue.adapters.views import issue_view
from services.issue.domain import commands
from services.issue.domain.issue import Finding
from shared.contracts.base import Id, Name, Text
from shared.messaging.messages import Ask
from shared.runtime.bodies import RequestBody
from shared.runtime.http import Calling, needs
from shared.runtime.ids import new_id

router = APIRouter(tags=["issues"])
router.include_router(lists_http.router)
router.include_router(dispositions_http.router)
router.include_router(closing_http.router)
router.include_router(comments_http.router)
router.include_router(files_http.router)
router.include_router(disposition_types_http.router)


class Report(RequestBody):
    """What was found, and on what: a run, a step or requirement of it, a unit or lot."""

    title: Name = Field(examples=["One bearing is missing"])
    description: Annotated[Text, Field(examples=["None left in stock-1."])] = ""
    run_id: Annotated[Id | None, Field(examples=["RUN-2041"])] = None
    step_id: Id | None = Field(None, description="a step of that run")
    field_id: Id | None = Field(None, description="a field of that step, whose value is wrong")
    requirement_id: Id | None = Field(None, examples=["bearings"], description="a requirement of that run")
    unit_id: Id | None = Field(None, description="a unit: its serial, or `part_number:lot`")


@router.post("/issues", status_code=201, **needs("issue:open"))
async def open_issue(report: Report, call: Calling) -> Response:
    """Raise an issue on a run, a step or requirement of it, or a unit; also after the run is complete."""
    issue_id = new_id()
    command = commands.OpenIssue(issue_id, call.by, call.at, Finding(**report.model_dump()))
    return await call.do(Ask((issue_id,), command), issue_answer, status=201)


@router.get("/issues/{issue_id}", **needs("read"))
async def show_issue(issue_id: IssueId, queries: Queries) -> dict[str, Any]:
    """One issue: what was found, what was decided and by whom approved, what it holds, how it was closed."""
    return issue_view(await queries.issue(issue_id))
