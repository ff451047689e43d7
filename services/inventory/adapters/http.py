"""`/units`: receiving, installing and removing over HTTP; a unit, its status with the reason, and its tree."""

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from services.inventory.adapters.queries import UnitQueries
from services.inventory.adapters.views import tree_view, unit_view
from services.inventory.domain import commands
from services.inventory.domain.unit import Identification, UnitStatus
from shared.contracts.base import Exact, Id, Name, Text
from shared.kernel import unit_id_of
from shared.messaging.messages import Ask
from shared.messaging.transaction import Held
from shared.messaging.walk import Outcome
from shared.runtime.http import Calling, needs
from shared.runtime.ids import new_id
from shared.runtime.pages import Paging

router = APIRouter(tags=["units"])

ONE = Decimal(1)

UnitId = Annotated[Id, Path(examples=["HP-200-0417"])]
ComponentId = Annotated[Id, Path(examples=["MTR-40-0091"])]


class Receipt(BaseModel):
    """A unit that came in: a serial unit, or a lot quantity."""

    part_number: Name = Field(examples=["MTR-40"])
    revision: Name = Field(examples=["A"])
    serial: Annotated[Id | None, Field(examples=["MTR-40-0091"])] = None
    lot: Id | None = None
    quantity: Exact = ONE
    unit_of_measure: Name = "each"
    location: Annotated[Name | None, Field(examples=["stock-1"])] = None


class InstallRequest(BaseModel):
    """What is installed, and for which requirement."""

    unit_id: Id = Field(examples=["MTR-40-0091"])
    requirement_id: Id = Field(examples=["motor"])
    designator: Name | None = None
    quantity: Exact = ONE


class RemoveRequest(BaseModel):
    """Why it is removed."""

    reason: Annotated[Text, Field(examples=["The shaft is scored."])] = ""


def _queries(request: Request) -> UnitQueries:
    queries: UnitQueries = request.app.state.queries
    return queries


Queries = Annotated[UnitQueries, Depends(_queries)]


@router.post("/units", status_code=201, **needs("unit:receive"))
async def receive_unit(receipt: Receipt, call: Calling) -> Response:
    """Receive a unit. The same receipt again is fine."""
    unit_id = unit_id_of(receipt.part_number, receipt.serial, receipt.lot)
    came = Identification(
        unit_id,
        receipt.part_number,
        receipt.revision,
        receipt.serial,
        receipt.lot,
        receipt.quantity,
        receipt.unit_of_measure,
        receipt.location,
    )
    return await call.do(Ask((unit_id,), commands.ReceiveUnit(unit_id, call.by, call.at, came)), _answer, status=201)


@router.get("/units", **needs("read"))
async def list_units(
    queries: Queries,
    page: Paging,
    status: Annotated[UnitStatus | None, Query(examples=["available"])] = None,
    part_number: Annotated[Name | None, Query(examples=["MTR-40"])] = None,
) -> dict[str, Any]:
    """Units in the order of their ids."""
    return await queries.units(page, status and status.value, part_number)


@router.get("/units/{unit_id}", **needs("read"))
async def show_unit(unit_id: UnitId, queries: Queries) -> dict[str, Any]:
    """One unit: its status, the reason, and what would change it."""
    return unit_view(await queries.unit(unit_id))


@router.get("/units/{unit_id}/tree", **needs("read"))
async def show_tree(unit_id: UnitId, queries: Queries) -> dict[str, Any]:
    """The as-built tree of a unit, to any depth."""
    return tree_view(await queries.unit(unit_id), await queries.tree(unit_id))


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
    return await call.do(Ask((unit_id, given.unit_id), command), _answer, status=201)


@router.post("/units/{unit_id}/installations/{component_id}/remove", **needs("unit:remove"))
async def remove_unit(unit_id: UnitId, component_id: ComponentId, given: RemoveRequest, call: Calling) -> Response:
    """Take a unit out of this one; the installation stays visible with its end."""
    command = commands.Remove(unit_id, call.by, call.at, component_id, given.reason)
    return await call.do(Ask((unit_id, component_id), command), _answer)


def _answer(outcome: Outcome) -> dict[str, Any]:
    if outcome.refusal is not None or outcome.state is None:
        return {}
    return unit_view(Held(outcome.version, outcome.state))
