"""`GET /stock` and `GET /stock/withheld`: how much there is, before somebody decides about it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from services.inventory.adapters.stock_reading import Stock
from shared.contracts.base import Id, Name
from shared.runtime.http import needs

router = APIRouter(tags=["stock"])

MOST_UNITS = 500


def _stock(request: Request) -> Stock:
    stock: Stock = request.app.state.stock
    return stock


Sums = Annotated[Stock, Depends(_stock)]


@router.get("/stock", **needs("read"))
async def show_stock(
    stock: Sums,
    unit_id: Annotated[list[Id], Query(max_length=MOST_UNITS, examples=[["MTR-40-0091"]], description="repeatable")],
) -> dict[str, Any]:
    """The quantity of some units, with all that was split off them, by part and status: what a decision about them
    touches.
    """
    return await stock.of_units(unit_id)


@router.get("/stock/withheld", **needs("read"))
async def show_withheld_stock(
    stock: Sums,
    disposition: Annotated[Name | None, Query(description="only what issues with this disposition withhold")] = None,
) -> dict[str, Any]:
    """The quantity that issues withhold now, by part."""
    return await stock.withheld(disposition)
