"""`/issues`: opening, dispositioning and resolving over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from services.issue.adapters.queries import IssueQueries
from services.issue.adapters.views import issue_view
from services.issue.domain import commands
from services.issue.domain.issue import Disposition, Finding, IssueState, RequirementException
from shared.contracts.base import Exact, Id, Name, Text
from shared.messaging.messages import Ask
from shared.messaging.transaction import Held
from shared.messaging.walk import Outcome
from shared.runtime.http import Calling, needs
from shared.runtime.ids import new_id
from shared.runtime.pages import Paging

router = APIRouter(tags=["issues"])

IssueId = Annotated[Id, Path(examples=["019be2c4-9f02-7a41-8c6d-51b7e3d20f18"])]


class Report(BaseModel):
    """What was found, and on what: a run, a step or requirement of it, a unit."""

    title: Name = Field(examples=["One bearing is missing"])
    description: Annotated[Text, Field(examples=["None left in stock-1."])] = ""
    run_id: Annotated[Id | None, Field(examples=["RUN-2041"])] = None
    step_id: Id | None = Field(None, description="a step of that run")
    field_id: Id | None = Field(None, description="a field of that step, whose value is wrong")
    requirement_id: Id | None = Field(None, examples=["bearings"], description="a requirement of that run")
    unit_id: Id | None = None


class ExceptionGranted(BaseModel):
    """A quantity of one requirement of the issue's run that need not be installed."""

    requirement_id: Id = Field(examples=["bearings"])
    quantity: Exact = Field(examples=["1"])


class Decision(BaseModel):
    """What is to be done, why, and what need not be installed."""

    disposition: Name = Field(examples=["use-as-is"], description="a disposition type; `/disposition-types` lists them")
    justification: Text = Field(
        "", examples=["The customer agreed."], description="needed for use-as-is, and where anything is excepted"
    )
    exceptions: list[ExceptionGranted] = Field(default_factory=list, max_length=1_000)


class Closing(BaseModel):
    """How it was closed."""

    resolution: Annotated[Text, Field(examples=["Delivered with one bearing less."])] = ""


def _queries(request: Request) -> IssueQueries:
    queries: IssueQueries = request.app.state.queries
    return queries


Queries = Annotated[IssueQueries, Depends(_queries)]


@router.post("/issues", status_code=201, **needs("issue:open"))
async def open_issue(report: Report, call: Calling) -> Response:
    """Raise an issue on a run, a step or requirement of it, or a unit; also after the run is complete."""
    issue_id = new_id()
    command = commands.OpenIssue(issue_id, call.by, call.at, Finding(**report.model_dump()))
    return await call.do(Ask((issue_id,), command), _answer, status=201)


@router.get("/issues", **needs("read"))
async def list_issues(
    queries: Queries,
    page: Paging,
    run_id: Annotated[Id | None, Query(examples=["RUN-2041"])] = None,
    unit_id: Annotated[Id | None, Query()] = None,
    state: Annotated[IssueState | None, Query(examples=["pending"])] = None,
) -> dict[str, Any]:
    """Issues, the newest first."""
    return await queries.issues(page, run_id, unit_id, state and state.value)


@router.get("/issues/{issue_id}", **needs("read"))
async def show_issue(issue_id: IssueId, queries: Queries) -> dict[str, Any]:
    """One issue: what was found, what was decided, how it was closed."""
    return issue_view(await queries.issue(issue_id))


@router.post("/issues/{issue_id}/disposition", **needs("issue:disposition"))
async def disposition_issue(issue_id: IssueId, decision: Decision, call: Calling) -> Response:
    """Decide what is to be done, and approve it; a later decision takes the place of an earlier one."""
    exceptions = tuple(RequirementException(one.requirement_id, one.quantity) for one in decision.exceptions)
    disposition = Disposition(decision.disposition, decision.justification, exceptions)
    command = commands.DispositionIssue(issue_id, call.by, call.at, disposition)
    return await call.do(Ask((issue_id,), command), _answer)


@router.post("/issues/{issue_id}/resolve", **needs("issue:disposition"))
async def resolve_issue(issue_id: IssueId, closing: Closing, call: Calling) -> Response:
    """Close it: what was decided is done. Its exceptions stay."""
    command = commands.ResolveIssue(issue_id, call.by, call.at, closing.resolution, call.roles)
    return await call.do(Ask((issue_id,), command), _answer)


def _answer(outcome: Outcome) -> dict[str, Any]:
    if outcome.refusal is not None or outcome.state is None:
        return {}
    return issue_view(Held(outcome.version, outcome.state))
