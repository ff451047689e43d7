"""`/units/{unit_id}/installations`: putting components in, taking them out, and everything that ever was in a unit."""

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import Field

from services.inventory.adapters.calls import Queries, UnitId, the_unit
from services.inventory.domain import commands
from services.inventory.domain.lookup import taken_out, within
from shared.contracts.base import Exact, Id, Name, Text
from shared.kernel import split_id
from shared.messaging.messages import Ask
from shared.runtime.bodies import RequestBody
from shared.runtime.http import Calling, needs
from shared.runtime.ids import new_id
from shared.runtime.pages import Paging

router = APIRouter(tags=["installations"])

ONE = Decimal(1)

ComponentId = Annotated[Id, Path(examples=["MTR-40-0091"])]


class InstallRequest(RequestBody):
    """What is installed, and for which requirement."""

    unit_id: Id = Field(examples=["MTR-40-0091"])
    requirement_id: Id = Field(examples=["motor"])
    designator: Name | None = None
    quantity: Exact = ONE


class RemoveRequest(RequestBody):
    """Why it is removed, and which one where several are of one lot."""

    reason: Annotated[Text, Field(examples=["The shaft is scored."])] = ""
    requirement_id: Annotated[Id | None, Field(description="what it is installed for")] = None
    designator: Annotated[Name | None, Field(description="where it is installed")] = None
    scrapped: Annotated[bool, Field(description="it will never be used; needs the permission unit:scrap too")] = False
    quantity: Annotated[Exact | None, Field(description="part of what is installed of a lot; else all of it")] = None


@router.post("/units/{unit_id}/installations", status_code=201, **needs("unit:install"))
async def install_unit(unit_id: UnitId, given: InstallRequest, call: Calling) -> Response:
    """Install a unit into this one, for a requirement of the run that builds it. What is taken off a lot becomes a unit
    of its own.
    """
    installation_id = new_id()
    part_unit_id = split_id(given.unit_id, installation_id)
    command = commands.Install(
        unit_id,
        call.by,
        call.at,
        given.unit_id,
        given.requirement_id,
        given.designator,
        given.quantity,
        installation_id,
        part_unit_id,
    )
    keys = (unit_id, given.unit_id, part_unit_id, within(given.unit_id))
    return await call.do(Ask(keys, command), the_unit, status=201)


@router.get("/units/{unit_id}/installations", **needs("read"))
async def list_installations(unit_id: UnitId, queries: Queries, page: Paging) -> dict[str, Any]:
    """Everything that was ever installed in the unit, the removed too, in the order in which it was recorded: for what,
    who put it in and took it out, and when.
    """
    return await queries.installations(unit_id, page)


@router.post("/units/{unit_id}/installations/{component_id}/remove", **needs("unit:remove"))
async def remove_unit(unit_id: UnitId, component_id: ComponentId, given: RemoveRequest, call: Calling) -> Response:
    """Take a unit out of this one; the installation stays visible with its end. What was taken off a lot may be named
    as that lot, and stays a unit of its own. With a quantity the rest stays in, and what is taken out is split off.
    """
    if given.scrapped:
        call.permit("unit:scrap")
    installation_id = new_id()
    part = split_id(component_id, installation_id)
    meant = (component_id, given.reason, given.requirement_id, given.designator, given.scrapped)
    command = commands.Remove(unit_id, call.by, call.at, *meant, given.quantity, installation_id, part)
    return await call.do(Ask((*taken_out(unit_id, component_id), part), command), the_unit)
