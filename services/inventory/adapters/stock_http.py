"""Moving, scrapping and returning units over HTTP; whole, or a quantity of a lot, which is a unit of its own since."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import Field

from services.inventory.adapters.calls import the_unit
from services.inventory.domain import commands
from services.inventory.domain.events import UnitSplit
from services.inventory.domain.lookup import within
from shared.contracts.base import Exact, Id, Name, Text
from shared.kernel import split_id
from shared.messaging.messages import Ask
from shared.messaging.walk import Outcome
from shared.runtime.bodies import RequestBody
from shared.runtime.http import Calling, needs
from shared.runtime.ids import new_id

router = APIRouter(tags=["stock"])

UnitId = Annotated[Id, Path(examples=["MTR-40-0091"])]
Quantity = Annotated[Exact | None, Field(description="of a lot; the whole unit if absent")]
Reason = Annotated[Text, Field(min_length=1)]


class MoveRequest(RequestBody):
    """Where it is brought."""

    location: Name = Field(examples=["stock-2"])
    quantity: Quantity = None


class ScrapRequest(RequestBody):
    """Why it is scrapped."""

    reason: Reason = Field(examples=["The shaft is bent."])
    quantity: Quantity = None


class ReturnRequest(RequestBody):
    """Why it goes back to its supplier."""

    reason: Reason = Field(examples=["RMA 5521: the bearing is noisy."])
    quantity: Quantity = None


@router.post("/units/{unit_id}/move", **needs("unit:move"))
async def move_unit(unit_id: UnitId, given: MoveRequest, call: Calling) -> Response:
    """Bring a unit, with everything in it, to another location. What is installed moves with its parent only."""
    part = split_id(unit_id, new_id())
    command = commands.MoveUnit(unit_id, call.by, call.at, given.location, given.quantity, part)
    return await call.do(Ask((unit_id, part, within(unit_id)), command), _answer)


@router.post("/units/{unit_id}/scrap", **needs("unit:scrap"))
async def scrap_unit(unit_id: UnitId, given: ScrapRequest, call: Calling) -> Response:
    """Scrap a unit, or a quantity of a lot: that is split off, and the part is scrapped."""
    part = split_id(unit_id, new_id())
    command = commands.ScrapUnit(unit_id, call.by, call.at, given.reason, given.quantity, part)
    return await call.do(Ask((unit_id, part), command), _answer)


@router.post("/units/{unit_id}/return", **needs("unit:move"))
async def return_unit(unit_id: UnitId, given: ReturnRequest, call: Calling) -> Response:
    """Return a unit, or a quantity of a lot, to its supplier. What comes back is received again."""
    part = split_id(unit_id, new_id())
    command = commands.ReturnUnit(unit_id, call.by, call.at, given.reason, given.quantity, part)
    return await call.do(Ask((unit_id, part), command), _answer)


def _answer(outcome: Outcome) -> dict[str, Any]:
    """The unit, and the id of the part where one was split off."""
    part = next((event.part_unit_id for event in outcome.events if isinstance(event, UnitSplit)), None)
    return {**the_unit(outcome), "part_unit_id": part}
