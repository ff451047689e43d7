"""`/units/{unit_id}/installations`: putting components in, taking them out, and everything that ever was in a unit."""

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import BaseModel, Field

from services.inventory.adapters.calls import Queries, UnitId, the_unit
from services.inventory.domain import commands
from services.inventory.domain.lookup import within
from shared.contracts.base import Exact, Id, Name, Text
from shared.messaging.messages import Ask
from shared.runtime.http import Calling, needs
from shared.runtime.ids import new_id
from shared.runtime.pages import Paging

router = APIRouter(tags=["installations"])

ONE = Decimal(1)

ComponentId = Annotated[Id, Path(examples=["MTR-40-0091"])]


class InstallRequest(BaseModel):
    """What is installed, and for which requirement."""

    unit_id: Id = Field(examples=["MTR-40-0091"])
    requirement_id: Id = Field(examples=["motor"])
    designator: Name | None = None
    quantity: Exact = ONE


class RemoveRequest(BaseModel):
    """Why it is removed."""

    reason: Annotated[Text, Field(examples=["The shaft is scored."])] = ""


@router.post("/units/{unit_id}/installations", status_code=201, **needs("unit:install"))
async def install_unit(unit_id: UnitId, given: InstallRequest, call: Calling) -> Response:
    """Install a unit into this one, for a requirement of the run that builds it."""
    command = commands.Install(
        unit_id,
        call.by,
        call.at,
        given.unit_id,
        given.requirement_id,
        given.designator,
        given.quantity,
        new_id(),
    )
    return await call.do(Ask((unit_id, given.unit_id, within(given.unit_id)), command), the_unit, status=201)


@router.get("/units/{unit_id}/installations", **needs("read"))
async def list_installations(unit_id: UnitId, queries: Queries, page: Paging) -> dict[str, Any]:
    """Everything that was ever installed in the unit, the removed too, in the order in which it was recorded: for what,
    who put it in and took it out, and when.
    """
    return await queries.installations(unit_id, page)


@router.post("/units/{unit_id}/installations/{component_id}/remove", **needs("unit:remove"))
async def remove_unit(unit_id: UnitId, component_id: ComponentId, given: RemoveRequest, call: Calling) -> Response:
    """Take a unit out of this one; the installation stays visible with its end."""
    command = commands.Remove(unit_id, call.by, call.at, component_id, given.reason)
    return await call.do(Ask((unit_id, component_id), command), the_unit)
