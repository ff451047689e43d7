"""`/runs`: ordering, working, reviewing, confirming and reopening over HTTP."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field

from services.run.adapters import comments_http, lists_http, redlines_http
from services.run.adapters.calls import HappenedAt, PartId, Queries, Reason, RunId, happened, run_answer
from services.run.adapters.steps_http import router as steps_router
from services.run.adapters.views import completion_view, review_view, run_view, step_view
from services.run.domain import commands
from services.run.domain.events import RunCompleted
from services.run.domain.refusals import CompletionBlocked, ReviewStale, WarningNotAcknowledged
from services.run.handlers import order_of
from shared.contracts.base import Id, Name, Text
from shared.contracts.plant import OrderSnapshot
from shared.messaging.messages import Ask
from shared.messaging.walk import Outcome
from shared.runtime.http import Calling, needs
from shared.runtime.pages import Page

LATEST = Page(limit=50, after=None)
"""Comments that are shown with a run or its steps; the others are on the pages that follow."""

router = APIRouter(tags=["runs"])
router.include_router(steps_router)
router.include_router(redlines_http.router)
router.include_router(comments_http.router)
router.include_router(lists_http.router)


class WarningAcknowledged(BaseModel):
    """A warning of the review, named by its code and subject."""

    code: Name
    subject: Id


class Confirmation(BaseModel):
    """The confirmation of a completion review."""

    review_version: Text = Field(description="`version` of the review that was looked at")
    acknowledged: list[WarningAcknowledged] = Field(default_factory=list, description="every warning of that review")
    note: Text = ""
    occurred_at: HappenedAt = None


class Order(OrderSnapshot):
    """The order of a run: a full snapshot of what it executes."""

    occurred_at: HappenedAt = None


@router.post("/runs", status_code=201, **needs("run:order"))
async def order_run(order: Order, call: Calling) -> Response:
    """Order a run with a full snapshot of what it executes. The same order again is fine."""
    at, imported = happened(call, order.occurred_at)
    command = commands.OrderRun(order.run_id, call.by, at, order_of(order), imported)
    return await call.do(Ask((order.run_id,), command), run_answer, status=201)


@router.get("/runs/{run_id}", **needs("read"))
async def show_run(run_id: RunId, queries: Queries) -> dict[str, Any]:
    """One run with its steps, redlines, requirements, gates, installations, issues and latest comments."""
    return run_view(await queries.run(run_id)) | {"comments": await queries.comments(run_id, LATEST)}


@router.get("/runs/{run_id}/review", **needs("read"))
async def show_review(run_id: RunId, queries: Queries) -> dict[str, Any]:
    """The completion review: what blocks the run, what it warns of, the counts, and its version."""
    return review_view((await queries.run(run_id)).state)


@router.get("/runs/{run_id}/steps", **needs("read"))
async def show_steps(run_id: RunId, queries: Queries) -> dict[str, Any]:
    """The steps in the order of execution, with signers, values, every earlier value and the latest comments."""
    held = await queries.run(run_id)
    recordings = await queries.recordings(run_id)
    done = sorted(held.state.steps.values(), key=lambda step: (step.started_at is None, step.started_at))
    comments = await queries.comments(run_id, LATEST)
    return {"items": [step_view(held.state, step) for step in done], "recordings": recordings, "comments": comments}


@router.get("/runs/{run_id}/completions", **needs("read"))
async def list_completions(run_id: RunId, queries: Queries) -> dict[str, Any]:
    """Every completion record, superseded ones too, each with the issues that changed since it was confirmed."""
    run = (await queries.run(run_id)).state
    return {"items": [completion_view(run, one) for one in await queries.completions(run_id)]}


@router.post("/runs/{run_id}/gates/{gate_id}/approve", **needs("gate:approve"))
async def approve_gate(run_id: RunId, gate_id: PartId, call: Calling) -> Response:
    """Approve a gate, holding its role."""
    command = commands.ApproveGate(run_id, call.by, call.at, gate_id, call.roles)
    return await call.do(Ask((run_id,), command), run_answer)


@router.post("/runs/{run_id}/complete", **needs("run:complete"))
async def complete_run(run_id: RunId, confirmation: Confirmation, call: Calling) -> Response:
    """Confirm the completion review. A stale version is refused with the new review."""
    acknowledged = frozenset((one.code, one.subject) for one in confirmation.acknowledged)
    at, imported = happened(call, confirmation.occurred_at)
    command = commands.CompleteRun(
        run_id, call.by, at, confirmation.review_version, acknowledged, confirmation.note, imported
    )
    return await call.do(Ask((run_id,), command), _completion_answer)


@router.post("/runs/{run_id}/cancel", **needs("run:cancel"))
async def cancel_run(run_id: RunId, given: Reason, call: Calling) -> Response:
    """Take a run back that is not complete."""
    return await call.do(Ask((run_id,), commands.CancelRun(run_id, call.by, call.at, given.reason)), run_answer)


@router.post("/runs/{run_id}/reopen", **needs("run:reopen"))
async def reopen_run(run_id: RunId, given: Reason, call: Calling) -> Response:
    """Open a completed run again; its completion record stays, marked superseded."""
    return await call.do(Ask((run_id,), commands.ReopenRun(run_id, call.by, call.at, given.reason)), run_answer)


def _completion_answer(outcome: Outcome) -> dict[str, Any]:
    shows_review = isinstance(outcome.refusal, CompletionBlocked | ReviewStale | WarningNotAcknowledged)
    if outcome.refusal is not None:
        return {"review": review_view(outcome.state)} if shows_review else {}
    completed = next(event for event in outcome.events if isinstance(event, RunCompleted))
    return dict(completed.record)
