"""How much stock issues withhold, or would, on a real PostgreSQL."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from services.inventory.app import build
from shared.testing.databases import Database
from shared.testing.topics import Sent, event
from tests.handlers.bench import BY
from tests.handlers.served import Served, served

LOT = "SEAL-3:L77"


@pytest.fixture
async def as_(database: Callable[[str], Database], tmp_path: Path) -> AsyncIterator[Served]:
    """The inventory service, served, with a lot of 10 seals: `as_("viewer")` is a client."""
    made = database("inventory")
    async with served(build, made, tmp_path) as service:
        lot = {"unit_id": LOT, "part_number": "SEAL-3", "revision": "A", "lot": "L77", "quantity": "10.50"}
        await service.takes(event("plant.unit.received.v1", lot))
        yield service


def said(type_: str, **more: Any) -> Sent:
    """The issue service said something about an issue on the lot."""
    issue = {"issue_id": "I-1", "title": "Cracks", "state": "pending", "unit_id": LOT}
    return event(f"asbuilt.issue.{type_}.v1", BY | issue | more)


def summed(status: str, quantity: str, units: int = 1) -> dict[str, Any]:
    """A line of what there is."""
    part = {"part_number": "SEAL-3", "revision": "A", "unit_of_measure": "each"}
    return part | {"status": status, "units": units, "quantity": quantity}


async def test_the_stock_of_a_lot_counts_what_was_split_off(as_: Served) -> None:
    """By status: what a decision about the lot would touch. Nothing is lost by a split."""
    held = {"unit_id": f"{LOT}~a", "of_unit_id": LOT, "quantity": "4"}
    await as_.takes(said("quarantined", part=held, quarantined=[held]))
    found = (await as_("viewer").get("/stock", params={"unit_id": [LOT, "nobody"]})).json()
    assert found["items"] == [summed("available", "6.50"), summed("on_hold", "4")]


async def test_what_is_withheld_is_summed_by_the_disposition_that_does_it(as_: Served) -> None:
    """And is gone from the sum when the issue allows its use."""
    chosen = {"disposition": "rework", "availability": "release-on-resolve", "approved": True}
    await as_.takes(said("dispositioned", **chosen))
    withheld = [summed("on_hold", "10.50")]
    assert await sums(as_) == withheld
    assert await sums(as_, disposition="rework") == withheld
    assert await sums(as_, disposition="scrap") == []
    await as_.takes(said("resolved", **chosen | {"state": "resolved"}))
    assert await sums(as_) == []


async def sums(as_: Served, **asked: str) -> Any:
    """What is withheld."""
    return (await as_("viewer").get("/stock/withheld", params=asked)).json()["items"]
