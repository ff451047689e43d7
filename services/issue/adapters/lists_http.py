"""`GET /issues`: which issues there are."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from services.issue.adapters.calls import Queries
from services.issue.adapters.lists import Sort, Wanted
from services.issue.domain.issue import IssueState
from shared.contracts.base import Id, Name
from shared.runtime.http import needs
from shared.runtime.pages import Paging
from shared.runtime.times import When

router = APIRouter()


def _wanted(
    run_id: Annotated[Id | None, Query(examples=["RUN-2041"])] = None,
    step_id: Annotated[Id | None, Query(description="of that run")] = None,
    requirement_id: Annotated[Id | None, Query(description="of that run")] = None,
    unit_id: Annotated[
        Id | None,
        Query(description="its serial, or `part_number:lot`; what an issue holds in quarantine is its unit as well"),
    ] = None,
    part_number: Annotated[
        Name | None,
        Query(
            examples=["BRG-7"],
            description="of its unit or lot, of what its run builds, of its requirement, or of what it holds",
        ),
    ] = None,
    state: Annotated[IssueState | None, Query(examples=["pending"])] = None,
    is_open: Annotated[bool | None, Query(alias="open", examples=[True], description="not resolved")] = None,
    disposition: Annotated[Name | None, Query(examples=["use-as-is"])] = None,
    opened_by: Annotated[Name | None, Query(examples=["omar"], description="a person, or else a machine")] = None,
    since: Annotated[
        When | None,
        Query(alias="from", examples=["2026-11-01T00:00:00Z"], description="opened then or later"),
    ] = None,
    until: Annotated[
        When | None, Query(alias="to", examples=["2026-12-01T00:00:00Z"], description="opened before that")
    ] = None,
) -> Wanted:
    about = (run_id, step_id, requirement_id, unit_id, part_number)
    return Wanted(*about, state and state.value, is_open, disposition, opened_by, since, until)


@router.get("/issues", **needs("read"))
async def list_issues(
    queries: Queries,
    wanted: Annotated[Wanted, Depends(_wanted)],
    page: Paging,
    sort: Annotated[Sort, Query(description="with a minus the latest come first")] = Sort.LATEST_OPENED,
) -> dict[str, Any]:
    """Issues, the newest first where nothing else is said."""
    return await queries.issues(page, wanted, sort)
