"""`/history`: what happened to a run, a unit or an issue, in the order in which it was recorded."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request

from services.audit.adapters.queries import HistoryQueries, Wanted
from shared.contracts.base import Id
from shared.runtime.http import needs
from shared.runtime.pages import Paging
from shared.runtime.times import When

router = APIRouter(tags=["history"])

Position = Annotated[int, Path(ge=1, le=2**63 - 1, examples=[1])]


def _queries(request: Request) -> HistoryQueries:
    queries: HistoryQueries = request.app.state.queries
    return queries


def _wanted(
    run_id: Annotated[Id | None, Query(examples=["RUN-2041"])] = None,
    unit_id: Annotated[Id | None, Query(description="the unit itself, and what went into it")] = None,
    issue_id: Annotated[Id | None, Query()] = None,
    event_type: Annotated[
        Id | None, Query(alias="type", examples=["plant.step.started.v1"], description="`asbuilt.run.completed.v1`, …")
    ] = None,
    actor: Annotated[Id | None, Query(examples=["omar"], description="a person or a machine")] = None,
    since: Annotated[When | None, Query(alias="from", description="happened at this time or later")] = None,
    until: Annotated[When | None, Query(alias="to", description="happened before this time")] = None,
    repeats: Annotated[bool, Query(description="records that repeat an event byte for byte, too")] = False,
) -> Wanted:
    return Wanted(run_id, unit_id, issue_id, event_type, actor, since, until, repeats)


@router.get("/history", **needs("read"))
async def show_history(
    queries: Annotated[HistoryQueries, Depends(_queries)],
    wanted: Annotated[Wanted, Depends(_wanted)],
    page: Paging,
) -> dict[str, Any]:
    """What happened, in the order in which it was recorded: events, refusals, and records that nobody could read.

    What is not known here has an empty history.
    """
    return await queries.history(page, wanted)


@router.get("/history/{position}", **needs("read"))
async def show_record(position: Position, queries: Annotated[HistoryQueries, Depends(_queries)]) -> dict[str, Any]:
    """One record with its exact bytes."""
    return await queries.record(position)
