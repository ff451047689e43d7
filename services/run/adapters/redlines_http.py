"""`/runs/{run_id}/redlines`: proposing a change to a run's steps, applying and reviewing it."""

from collections.abc import Callable
from typing import Annotated, Any, assert_never

from fastapi import APIRouter, Body
from fastapi.responses import Response
from pydantic import Field

from services.run.adapters.calls import Queries, Reason, RedlineId, RunId
from services.run.adapters.examples import SHIM
from services.run.adapters.redline_views import redline_view
from services.run.domain import redline, redline_commands
from services.run.domain.refusals import OrderInvalid, RedlineInvalid
from services.run.handlers import step_of
from shared.contracts import redline as wire
from shared.contracts.base import Id, Name, Text
from shared.messaging.messages import Ask
from shared.messaging.walk import Outcome
from shared.runtime.bodies import RequestBody, all_known
from shared.runtime.http import Calling, NotFound, needs
from shared.runtime.ids import new_id

router = APIRouter(tags=["redlines"])

MOST_CHANGES = 100
MOST_ROLES = 20


class Proposal(RequestBody):
    """A change to the steps of one run; its procedure and other runs never see it."""

    reason: Annotated[Text, Field(min_length=1)]
    changes: list[wire.StepChange] = Field(min_length=1, max_length=MOST_CHANGES)
    roles: list[Name] = Field(
        default_factory=list,
        max_length=MOST_ROLES,
        description="whose review is wanted; with none, it is accepted when it is applied",
    )
    issue_id: Id | None = Field(None, description="the issue whose approved disposition applies it")


class Review(RequestBody):
    """The review of a redline for one role."""

    role: Name = Field(
        examples=["Quality"], description="one of the roles whose review is wanted, and that the reviewer holds"
    )


@router.post("/runs/{run_id}/redlines", status_code=201, **needs("redline:propose"))
async def propose_redline(
    run_id: RunId, proposal: Annotated[Proposal, all_known(Proposal), Body(examples=[SHIM])], call: Calling
) -> Response:
    """Propose to change steps. Nobody works on those that it touches until it is decided; other steps go on."""
    redline_id = new_id()
    command = redline_commands.ProposeRedline(
        run_id,
        call.by,
        call.at,
        redline_id,
        proposal.reason,
        _changes(proposal),
        tuple(dict.fromkeys(proposal.roles)),
        proposal.issue_id,
    )
    return await call.do(Ask((run_id,), command), _shown(redline_id), status=201)


@router.get("/runs/{run_id}/redlines", **needs("read"))
async def list_redlines(run_id: RunId, queries: Queries) -> dict[str, Any]:
    """Every redline of the run, the newest first."""
    run = (await queries.run(run_id)).state
    return {"items": [redline_view(run, one) for one in sorted(run.redlines, reverse=True)]}


@router.get("/runs/{run_id}/redlines/{redline_id}", **needs("read"))
async def show_redline(run_id: RunId, redline_id: RedlineId, queries: Queries) -> dict[str, Any]:
    """One redline: what it changes, who reviewed it, and each step before and after."""
    run = (await queries.run(run_id)).state
    if redline_id not in run.redlines:
        raise NotFound(what="redline", which=redline_id)
    return redline_view(run, redline_id)


@router.post("/runs/{run_id}/redlines/{redline_id}/apply", **needs("redline:approve"))
async def apply_redline(run_id: RunId, redline_id: RedlineId, call: Calling) -> Response:
    """Change the steps. They are todo again; what was recorded on them before stays as evidence."""
    return await call.do(
        Ask((run_id,), redline_commands.ApplyRedline(run_id, call.by, call.at, redline_id)), _shown(redline_id)
    )


@router.post("/runs/{run_id}/redlines/{redline_id}/accept", **needs("redline:approve"))
async def accept_redline(run_id: RunId, redline_id: RedlineId, review: Review, call: Calling) -> Response:
    """Accept an applied redline for a role that you hold; it is accepted when every wanted role has accepted."""
    command = redline_commands.AcceptRedline(run_id, call.by, call.at, redline_id, review.role, call.roles)
    return await call.do(Ask((run_id,), command), _shown(redline_id))


@router.post("/runs/{run_id}/redlines/{redline_id}/reject", **needs("redline:approve"))
async def reject_redline(run_id: RunId, redline_id: RedlineId, given: Reason, call: Calling) -> Response:
    """Turn a redline down. An applied one is undone, while no step that it changed is signed."""
    command = redline_commands.RejectRedline(run_id, call.by, call.at, redline_id, given.reason)
    return await call.do(Ask((run_id,), command), _shown(redline_id))


@router.post("/runs/{run_id}/redlines/{redline_id}/cancel", **needs("redline:propose"))
async def cancel_redline(run_id: RunId, redline_id: RedlineId, given: Reason, call: Calling) -> Response:
    """Take a proposal back; its steps go on where they stood."""
    command = redline_commands.CancelRedline(run_id, call.by, call.at, redline_id, given.reason)
    return await call.do(Ask((run_id,), command), _shown(redline_id))


def _changes(proposal: Proposal) -> tuple[redline.StepChange, ...]:
    try:
        return tuple(map(_change, proposal.changes))
    except OrderInvalid as wrong:
        raise RedlineInvalid(**wrong.facts) from None


def _change(change: wire.StepChange) -> redline.StepChange:
    match change:
        case wire.StepAdded():
            return redline.AddStep(step_of(change.step), change.before)
        case wire.StepChanged():
            return redline.ChangeStep(step_of(change.step))
        case wire.DependenciesChanged():
            return redline.ChangeDependencies(change.step_id, change.after)
        case wire.StepNotApplicable():
            return redline.MarkNotApplicable(change.step_id)
        case _:
            assert_never(change)


def _shown(redline_id: str) -> Callable[[Outcome], dict[str, Any]]:
    """The redline as it is after the call; of a refused one, nothing besides the refusal."""

    def answer(outcome: Outcome) -> dict[str, Any]:
        return {} if outcome.refusal is not None else redline_view(outcome.state, redline_id)

    return answer
