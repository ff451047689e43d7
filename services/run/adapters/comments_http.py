"""`/runs/{run_id}/comments` and those of a step: what people say about the work."""

from typing import Annotated, Any

from fastapi import APIRouter, Body
from fastapi.responses import Response
from pydantic import Field

from services.run.adapters.calls import Queries, RunId, StepId
from services.run.domain import commands
from services.run.domain.events import Commented
from shared.contracts.base import Text
from shared.messaging.messages import Ask
from shared.messaging.walk import Outcome
from shared.runtime.bodies import RequestBody
from shared.runtime.http import Calling, needs
from shared.runtime.ids import new_id
from shared.runtime.pages import Paging

router = APIRouter(tags=["comments"])

EXAMPLE = {"text": "Bolt 3 needed two attempts: swarf under the head."}


class Said(RequestBody):
    """What is to be known, in words."""

    text: Annotated[Text, Field(min_length=1)]


Saying = Annotated[Said, Body(examples=[EXAMPLE])]


@router.post("/runs/{run_id}/comments", status_code=201, **needs("step:work"))
async def comment_on_run(run_id: RunId, said: Saying, call: Calling) -> Response:
    """Say something about the run. A comment leaves the review and its version as they are."""
    command = commands.Comment(run_id, call.by, call.at, new_id(), said.text)
    return await call.do(Ask((run_id,), command), _comment, status=201)


@router.post("/runs/{run_id}/steps/{step_id}/comments", status_code=201, **needs("step:work"))
async def comment_on_step(run_id: RunId, step_id: StepId, said: Saying, call: Calling) -> Response:
    """Say something about a step, whatever its state."""
    command = commands.Comment(run_id, call.by, call.at, new_id(), said.text, step_id)
    return await call.do(Ask((run_id,), command), _comment, status=201)


@router.get("/runs/{run_id}/comments", **needs("read"))
async def list_comments(run_id: RunId, queries: Queries, page: Paging) -> dict[str, Any]:
    """What was said about the run and its steps, the newest first."""
    return await queries.comments(run_id, page)


@router.get("/runs/{run_id}/steps/{step_id}/comments", **needs("read"))
async def list_step_comments(run_id: RunId, step_id: StepId, queries: Queries, page: Paging) -> dict[str, Any]:
    """What was said about a step, the newest first."""
    return await queries.comments(run_id, page, step_id)


def _comment(outcome: Outcome) -> dict[str, Any]:
    if outcome.refusal is not None:
        return {}
    said = outcome.events[0]
    assert isinstance(said, Commented)  # noqa: S101 - a comment that is not refused is said
    by = {"person": said.by.person, "machine": said.by.machine}
    shown = {"comment_id": said.comment_id, "step_id": said.step_id, "text": said.text}
    return {**shown, "by": by, "at": said.at.isoformat()}
