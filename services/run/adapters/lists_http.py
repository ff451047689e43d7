"""`GET /runs`: which runs there are."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime

from services.run.adapters.lists import RunLists, Sort, Wanted
from services.run.domain.run import RunStatus
from shared.contracts.base import Id, Name
from shared.runtime.http import needs
from shared.runtime.pages import Paging

router = APIRouter()

Filter = Annotated[Name | None, Query()]


def _lists(request: Request) -> RunLists:
    lists: RunLists = request.app.state.lists
    return lists


def _wanted(
    status: RunStatus | None = None,
    part_number: Filter = None,
    procedure: Filter = None,
    procedure_version: Annotated[Name | None, Query(description="of the procedure")] = None,
    line: Filter = None,
    work_center: Filter = None,
    work_order: Annotated[Id | None, Query()] = None,
    unit_id: Annotated[Id | None, Query(description="the target: its serial, or `part_number:lot`")] = None,
    person: Annotated[Name | None, Query(description="who worked on a step of the run")] = None,
    since: Annotated[
        AwareDatetime | None, Query(alias="from", description="the time sorted by is this or later")
    ] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to", description="the time sorted by is before this")] = None,
) -> Wanted:
    return Wanted(
        status=status and status.value,
        part_number=part_number,
        procedure=procedure,
        procedure_version=procedure_version,
        line=line,
        work_center=work_center,
        work_order=work_order,
        unit_id=unit_id,
        person=person,
        since=since,
        until=until,
    )


@router.get("/runs", **needs("read"))
async def list_runs(
    lists: Annotated[RunLists, Depends(_lists)],
    wanted: Annotated[Wanted, Depends(_wanted)],
    page: Paging,
    sort: Annotated[
        Sort, Query(description="with a minus the latest come first; runs that lack the time come last")
    ] = Sort.LATEST_ORDERED,
) -> dict[str, Any]:
    """Runs, the newest first where nothing else is said.

    A period restricts the list to runs that have the time sorted by: `sort=-completed_at&from=…` are those completed
    since.
    """
    return await lists.runs(page, wanted, sort)
