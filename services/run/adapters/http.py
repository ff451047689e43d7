"""`/runs`: all routes of a run joined; here ordering, showing, gates and taking a run back."""

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ConfigDict

from services.run.adapters import (
    comments_http,
    completing_http,
    files_http,
    lists_http,
    policies_http,
    reading_http,
    redlines_http,
)
from services.run.adapters.calls import GateId, HappenedAt, Queries, Reason, RunId, happened, run_answer
from services.run.adapters.examples import ORDER
from services.run.adapters.steps_http import router as steps_router
from services.run.adapters.views import run_view
from services.run.domain import commands
from services.run.handlers import order_of
from shared.contracts.plant import OrderSnapshot
from shared.messaging.messages import Ask
from shared.runtime.bodies import all_known
from shared.runtime.http import Calling, needs
from shared.runtime.pages import Page

LATEST = Page(limit=50, after=None)
"""Comments that are shown with a run or its steps; the others are on the pages that follow."""

router = APIRouter(tags=["runs"])
router.include_router(steps_router)
router.include_router(completing_http.router)
router.include_router(policies_http.router)
router.include_router(redlines_http.router)
router.include_router(comments_http.router)
router.include_router(files_http.router)
router.include_router(lists_http.router)
router.include_router(reading_http.router)


class Order(OrderSnapshot):
    """The order of a run: a full snapshot of what it executes."""

    model_config = ConfigDict(json_schema_extra={"examples": [ORDER]})

    occurred_at: HappenedAt = None


@router.post("/runs", status_code=201, **needs("run:order"))
async def order_run(order: Annotated[Order, all_known(Order)], call: Calling) -> Response:
    """Order a run with a full snapshot of what it executes. The same order again is fine."""
    at, imported = happened(call, order.occurred_at)
    command = commands.OrderRun(order.run_id, call.by, at, order_of(order), imported)
    return await call.do(Ask((order.run_id,), command), run_answer, status=201)


@router.get("/runs/{run_id}", **needs("read"))
async def show_run(run_id: RunId, queries: Queries) -> dict[str, Any]:
    """One run with its steps, redlines, requirements, gates, installations, issues and latest comments."""
    return run_view(await queries.run(run_id)) | {"comments": await queries.comments(run_id, LATEST)}


@router.post("/runs/{run_id}/gates/{gate_id}/approve", **needs("gate:approve"))
async def approve_gate(run_id: RunId, gate_id: GateId, call: Calling) -> Response:
    """Approve a gate, holding its role."""
    command = commands.ApproveGate(run_id, call.by, call.at, gate_id, call.roles)
    return await call.do(Ask((run_id,), command), run_answer)


@router.post("/runs/{run_id}/cancel", **needs("run:cancel"))
async def cancel_run(run_id: RunId, given: Reason, call: Calling) -> Response:
    """Take a run back that is not complete."""
    return await call.do(Ask((run_id,), commands.CancelRun(run_id, call.by, call.at, given.reason)), run_answer)


@router.post("/runs/{run_id}/fail", **needs("run:fail"))
async def fail_run(run_id: RunId, given: Reason, call: Calling) -> Response:
    """Give a run up for good. Its unit stays work in progress; canceling the run frees it."""
    return await call.do(Ask((run_id,), commands.FailRun(run_id, call.by, call.at, given.reason)), run_answer)
