"""`/units`: receiving over HTTP; a unit, its status with the reason."""

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field

from services.inventory.adapters.calls import Queries, UnitId, the_unit
from services.inventory.adapters.listing import WantedUnits
from services.inventory.adapters.views import unit_view
from services.inventory.domain import commands
from services.inventory.domain.unit import Identification, UnitStatus
from shared.contracts.base import Exact, Id, Name
from shared.kernel import unit_id_of
from shared.messaging.messages import Ask
from shared.runtime.bodies import RequestBody
from shared.runtime.http import Calling, needs
from shared.runtime.pages import Paging

router = APIRouter(tags=["units"])

ONE = Decimal(1)


class Receipt(RequestBody):
    """A unit that came in: a serial unit, or a lot quantity."""

    part_number: Name = Field(examples=["MTR-40"])
    revision: Name = Field(examples=["A"])
    serial: Annotated[Id | None, Field(examples=["MTR-40-0091"])] = None
    lot: Id | None = None
    quantity: Exact = ONE
    unit_of_measure: Name = "each"
    location: Annotated[Name | None, Field(examples=["stock-1"])] = None
    delivery: Annotated[Id | None, Field(description="another delivery of the same lot adds to it")] = None


@router.post("/units", status_code=201, **needs("unit:receive"))
async def receive_unit(receipt: Receipt, call: Calling) -> Response:
    """Receive a unit. The same receipt again is fine; of a lot, another delivery adds to it."""
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
    command = commands.ReceiveUnit(unit_id, call.by, call.at, came, receipt.delivery)
    return await call.do(Ask((unit_id,), command), the_unit, status=201)


@router.get("/units", **needs("read"))
async def list_units(
    queries: Queries,
    page: Paging,
    status: Annotated[UnitStatus | None, Query(examples=["available"])] = None,
    part_number: Annotated[Name | None, Query(examples=["MTR-40"])] = None,
    lot: Annotated[Id | None, Query(description="of any part")] = None,
    serial: Annotated[Id | None, Query(examples=["MTR-40-0091"])] = None,
    location: Annotated[Name | None, Query(examples=["stock-1"])] = None,
    run_id: Annotated[Id | None, Query(description="the run that builds it, or built it last")] = None,
    origin_unit_id: Annotated[Id | None, Query(description="the lot that it was split off from")] = None,
    withheld_by: Annotated[
        Id | None, Query(description="the issue that does not allow its use, wherever it is")
    ] = None,
) -> dict[str, Any]:
    """Units in the order of their ids; several filters at once are all to match."""
    about = (status and status.value, part_number, lot, serial, location, run_id, origin_unit_id, withheld_by)
    wanted = WantedUnits(*about)
    return await queries.units(page, wanted)


@router.get("/units/{unit_id}", **needs("read"))
async def show_unit(unit_id: UnitId, queries: Queries) -> dict[str, Any]:
    """One unit: its status, the reason, and what would change it."""
    return unit_view(await queries.unit(unit_id))
