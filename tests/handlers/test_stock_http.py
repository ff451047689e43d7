"""Stock over HTTP and its topic, on a real PostgreSQL: receipts, moves, splits, scrap, returns, locations."""

import asyncio
import json
from typing import Any

import pytest

from shared.testing.databases import Database
from shared.testing.topics import event
from tests.handlers.inventory_records import PUMP, ROTOR, created, installed, received
from tests.handlers.served import Served

SERVICE = "inventory"

LOT = "SCR-4:L1"
RECEIPT = {"part_number": "SCR-4", "revision": "A", "lot": "L1", "quantity": "400", "location": "Rack 3"}


async def said(as_: Served, path: str, body: Any, role: str = "quality", method: str = "POST") -> Any:
    """Somebody asks for a change; the document of the answer, which is a yes."""
    answer = await as_(role).request(method, path, json=body)
    assert answer.is_success, answer.text
    return answer.json()


async def unit(as_: Served, unit_id: str) -> Any:
    """A unit as it is shown."""
    return (await as_("viewer").get(f"/units/{unit_id}")).json()


async def test_a_lot_is_received_in_deliveries_and_taken_apart(as_: Served, kept: Database) -> None:
    """What was split off is a unit with its origin; everything adds up, and the tables know the splits."""
    await said(as_, "/units", RECEIPT | {"delivery": "DN-1"})
    more = await said(as_, "/units", RECEIPT | {"delivery": "DN-2", "quantity": "100.5"})
    assert more["quantity"] == "500.5"
    moved = await said(as_, f"/units/{LOT}/move", {"location": "Line 2", "quantity": "50.5"})
    scrapped = await said(as_, f"/units/{LOT}/scrap", {"reason": "rusty", "quantity": "20"})
    returned = await said(as_, f"/units/{LOT}/return", {"reason": "RMA 1", "quantity": "30"})
    parts = [one["part_unit_id"] for one in (moved, scrapped, returned)]
    shown = [await unit(as_, one) for one in (LOT, *parts)]
    assert [one["quantity"] for one in shown] == ["400.0", "50.5", "20", "0"]
    assert [one["status"] for one in shown] == ["available", "available", "scrapped", "unavailable"]
    assert shown[3]["returned_quantity"] == "30"
    assert {one["origin_unit_id"] for one in shown[1:]} == {LOT}
    rows = kept.rows("select part_unit_id, because, quantity, at, recorded_at from split order by recorded_at")
    assert [(one["part_unit_id"], one["because"]) for one in rows] == list(
        zip(parts, ("move", "scrap", "return"), strict=True)
    )
    assert all(one["recorded_at"] >= one["at"] for one in rows)
    assert kept.rows("select quantity, location from unit where unit_id = 'SCR-4:L1'") == [
        {"quantity": pytest.approx(400), "location": "Rack 3"}
    ]


async def test_a_label_that_reads_like_a_key_of_asbuilt_gets_an_answer(as_: Served, kept: Database) -> None:
    """Nothing is received under the name that the locations have among the units."""
    own = "asbuilt:locations"
    received_ = await as_("operator").post("/units", json={"part_number": "SCR-4", "revision": "A", "serial": own})
    moved = await as_("operator").post(f"/units/{own}/move", json={"location": "Rack 3"})
    assert [(one.status_code, one.json()["code"]) for one in (received_, moved)] == [
        (422, "receipt-invalid"),
        (404, "unknown-unit"),
    ]
    assert "begins with asbuilt:" in received_.json()["detail"]
    assert kept.rows("select 1 from unit") == []


async def test_a_plant_system_says_the_same_over_its_topic(as_: Served) -> None:
    """Moves and returns; scrapping is quality's to decide, so a machine is refused."""
    receipt = RECEIPT | {"unit_id": LOT, "delivery": "DN-1"}
    about = {"unit_id": LOT, "operator": "olga"}
    endings = await as_.takes(
        event("plant.unit.received.v1", receipt),
        event("plant.unit.moved.v1", about | {"location": "Rack 4"}),
        event("plant.unit.returned.v1", about | {"reason": "RMA 2", "quantity": "100"}),
        event("plant.unit.scrapped.v1", about | {"reason": "rusty"}),
    )
    assert endings == {"done": 3, "refused": 1, "seen": 0}
    assert ((await unit(as_, LOT))["location"], (await unit(as_, LOT))["quantity"]) == ("Rack 4", "300")


async def test_what_is_in_a_unit_moves_with_it(as_: Served) -> None:
    """Locked and loaded though nobody named it; by itself it is refused, with the way out."""
    await as_.takes(received(), created(), installed())
    await said(as_, f"/units/{PUMP}/move", {"location": "Dock 4"})
    assert [(await unit(as_, one))["location"] for one in (PUMP, ROTOR)] == ["Dock 4", "Dock 4"]
    refused = await as_("operator").post(f"/units/{ROTOR}/move", json={"location": "Rack 1"})
    assert (refused.status_code, refused.json()["code"]) == (409, "still-installed")
    assert PUMP in refused.json()["resolve"]


async def test_a_location_closes_for_everything_there(as_: Served, kept: Database) -> None:
    """Also for what comes later; each status is announced, the first with the receipt; who said so is shown."""
    await said(as_, "/units", RECEIPT)
    closed = {"is_available": False, "reason": "The roof leaks."}
    await said(as_, "/locations/Rack 3", closed, method="PUT")
    await said(as_, "/units", RECEIPT | {"lot": "L2"})
    for one in (LOT, "SCR-4:L2"):
        shown = await unit(as_, one)
        assert (shown["status"], "The roof leaks." in shown["status_reason"]) == ("unavailable", True)
    await said(as_, "/locations/Rack 3", {"is_available": True}, method="PUT")
    assert (await unit(as_, "SCR-4:L2"))["status"] == "available"
    told = [json.loads(row["body"]) for row in kept.rows("select body from outbox order by outbox_id")]
    statuses = [(one["type"].split(".")[2], one["data"]["status"]) for one in told if "status" in one["data"]]
    changed = [("status-changed", "unavailable"), ("received", "unavailable")]
    assert statuses == [("received", "available"), *changed, *[("status-changed", "available")] * 2]
    (place,) = (await as_("viewer").get("/locations")).json()["items"]
    assert (place["location"], place["is_available"], place["said_by"]["person"]) == ("Rack 3", True, "quality")
    assert (await as_("viewer").get("/locations/nowhere")).status_code == 404


async def test_nothing_slips_into_a_location_while_it_closes(as_: Served) -> None:
    """Forty receipts and moves and one closing at the same time: afterwards nothing there is available."""
    for number in range(10):
        await said(as_, "/units", RECEIPT | {"lot": f"M{number}", "location": "Rack 8"})
    receipts = [said(as_, "/units", RECEIPT | {"lot": f"N{number}"}) for number in range(10)]
    moves = [said(as_, f"/units/SCR-4:M{number}/move", {"location": "Rack 3"}) for number in range(10)]
    closing = said(as_, "/locations/Rack 3", {"is_available": False}, method="PUT")
    await asyncio.gather(*receipts[:5], *moves[:5], closing, *receipts[5:], *moves[5:])
    for name in [f"{kind}{number}" for kind in "MN" for number in range(10)]:
        shown = await unit(as_, f"SCR-4:{name}")
        assert (shown["location"], shown["status"]) == ("Rack 3", "unavailable"), name


async def test_the_same_request_again_splits_nothing_more(as_: Served, kept: Database) -> None:
    """A repeated call with its key gets the first answer."""
    await said(as_, "/units", RECEIPT)
    key = {"idempotency-key": "move-1"}
    asked = {"location": "Line 2", "quantity": "50"}
    answers = [await as_("operator").post(f"/units/{LOT}/move", json=asked, headers=key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert kept.count("split") == 1


async def test_an_answer_is_kept_only_where_somebody_can_ask_for_it_again(as_: Served, kept: Database) -> None:
    """Without a key of its own nobody can repeat a request."""
    await said(as_, "/units", RECEIPT)
    assert kept.count("inbox") == 0
    key = {"idempotency-key": "move-1"}
    await as_("operator").post(f"/units/{LOT}/move", json={"location": "Line 2"}, headers=key)
    assert kept.count("inbox") == 1
