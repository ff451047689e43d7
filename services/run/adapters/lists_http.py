"""`GET /runs`: which runs there are."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from services.run.adapters.lists import RunLists, Sort, Wanted
from services.run.domain.run import RunStatus
from shared.contracts.base import Id, Name
from shared.runtime.http import needs
from shared.runtime.pages import Paging
from shared.runtime.times import When

router = APIRouter()


def _filter(example: str, description: str | None = None) -> Any:
    return Query(examples=[example], description=description)


def _lists(request: Request) -> RunLists:
    lists: RunLists = request.app.state.lists
    return lists


def _wanted(
    status: Annotated[RunStatus | None, _filter("in_progress")] = None,
    part_number: Annotated[Name | None, _filter("HP-200")] = None,
    procedure: Annotated[Name | None, _filter("Assemble hydraulic pump")] = None,
    procedure_version: Annotated[Name | None, _filter("7", "of the procedure")] = None,
    line: Annotated[Name | None, _filter("pumps")] = None,
    work_center: Annotated[Name | None, _filter("cell-4")] = None,
    work_order: Annotated[Id | None, _filter("WO-88213")] = None,
    unit_id: Annotated[Id | None, _filter("HP-200-0417", "the target: its serial, or `part_number:lot`")] = None,
    person: Annotated[Name | None, _filter("omar", "who worked on a step of the run")] = None,
    since: Annotated[
        When | None,
        Query(alias="from", examples=["2026-11-01T00:00:00Z"], description="the time sorted by is this or later"),
    ] = None,
    until: Annotated[
        When | None,
        Query(alias="to", examples=["2026-12-01T00:00:00Z"], description="the time sorted by is before this"),
    ] = None,
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
        Sort,
        Query(
            examples=["-completed_at"],
            description="with a minus the latest come first; runs that lack the time come last",
        ),
    ] = Sort.LATEST_ORDERED,
) -> dict[str, Any]:
    """Runs, the newest first where nothing else is said.

    A period restricts the list to runs that have the time sorted by: `sort=-completed_at&from=…` are those completed
    since.
    """
    return await lists.runs(page, wanted, sort)
