"""`/locations`: where units lie, and whether what lies there may be used."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import Field

from services.inventory.adapters.calls import Queries
from services.inventory.domain.locations import LOCATIONS, ConfigureLocation, Location
from services.inventory.domain.lookup import at_location
from shared.contracts.base import Name, Text
from shared.messaging.messages import Ask
from shared.messaging.walk import Outcome
from shared.runtime.bodies import RequestBody
from shared.runtime.http import Calling, NotFound, needs
from shared.runtime.pages import Paging

router = APIRouter(tags=["locations"])

LocationName = Annotated[Name, Path(examples=["stock-1"])]


class LocationRequest(RequestBody):
    """Whether what lies there may be used, and why."""

    is_available: bool = Field(examples=[False])
    reason: Annotated[Text, Field(examples=["The roof leaks."])] = ""


@router.put("/locations/{location}", **needs("unit:move"))
async def configure_location(location: LocationName, given: LocationRequest, call: Calling) -> Response:
    """Make a location available, or not. Every unit there hears of it, and each status that changes is announced."""
    command = ConfigureLocation(call.by, call.at, location, given.is_available, given.reason)
    return await call.do(Ask((LOCATIONS, at_location(location)), command), _answer_for(location))


@router.get("/locations", **needs("read"))
async def list_locations(queries: Queries, page: Paging) -> dict[str, Any]:
    """Every location of which somebody said whether it is available, by name. One that is not here is available."""
    (after,) = page.begins_after(str)
    there = await queries.locations()
    rows = [there[name] for name in sorted(there) if after is None or name > after]
    return page.of(rows[: page.limit + 1], lambda one: [one.location], _view)


@router.get("/locations/{location}", **needs("read"))
async def show_location(location: LocationName, queries: Queries) -> dict[str, Any]:
    """Whether a location is available, and who said so."""
    found = (await queries.locations()).get(location)
    if found is None:
        raise NotFound(what="location", which=location)
    return _view(found)


def _answer_for(location: str) -> Any:
    def answer(outcome: Outcome) -> dict[str, Any]:
        if outcome.refusal is not None or outcome.state is None:
            return {}
        return _view(outcome.state.by_name[location])

    return answer


def _view(one: Location) -> dict[str, Any]:
    return {
        "location": one.location,
        "is_available": one.is_available,
        "reason": one.reason,
        "said_by": {"person": one.by.person, "machine": one.by.machine},
        "said_at": one.at.isoformat(),
    }
