"""Part of what is installed comes out again, over HTTP and Kafka, on a real PostgreSQL: both ends stay visible, and the
past has the quantities that it had.
"""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.inventory.app import build
from shared.testing.databases import Database
from shared.testing.topics import event
from tests.handlers.inventory_records import PUMP
from tests.handlers.served import Served, served
from tests.handlers.test_installing_http import LOT, SCREWS, needs, put, screws, take

TEN = SCREWS | {"quantity": "10"}
MORNING, NOON, EVENING = (f"2026-11-20T{hour}:00:00Z" for hour in ("08", "12", "18"))


@pytest.fixture
def stock(database: Callable[[str], Database]) -> Database:
    """The inventory service's database, fresh."""
    return database("inventory")


@pytest.fixture
async def as_(stock: Database, tmp_path: Path) -> AsyncIterator[Served]:
    """The inventory service, served: `as_("operator")` is a client."""
    async with served(build, stock, tmp_path) as service:
        yield service


async def asks(as_: Served, path: str, **query: str) -> Any:
    """What the service answers a viewer."""
    answer = await as_("viewer").get(f"/units/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def fitted(as_: Served) -> str:
    """Ten of twelve washers are in the pump since the morning; the id of that part of the lot."""
    said = {"parent_unit_id": PUMP, "unit_id": LOT, "requirement_id": "screws", "quantity": "10", "operator": "olga"}
    await as_.takes(
        screws("12"), needs(TEN), event("plant.unit.installed.v1", said, time=datetime.fromisoformat(MORNING))
    )
    return str((await asks(as_, f"{PUMP}/installations"))["items"][0]["unit_id"])


async def taken(as_: Served, quantity: str, at: str = NOON, **more: Any) -> None:
    """A station takes some of them out."""
    said = {"parent_unit_id": PUMP, "unit_id": LOT, "quantity": quantity, "reason": "dented", "operator": "omar"}
    assert (await as_.takes(event("plant.unit.removed.v1", said | more, time=datetime.fromisoformat(at))))["done"] == 1


def quantities(items: list[dict[str, Any]], *, installed: bool = True) -> list[str]:
    """What is, or was, in a unit."""
    return sorted(one["quantity"] for one in items if (one["removed_at"] is None) is installed)


async def test_four_of_ten_washers_come_out_and_six_stay(as_: Served, stock: Database) -> None:
    """The six as they were put in; of the four both ends are visible, each with its time and person."""
    part = await fitted(as_)
    await taken(as_, "4")
    six, four = (await asks(as_, f"{PUMP}/installations"))["items"]
    assert (six["unit_id"], six["quantity"], six["removed_at"], six["installed_by"]["person"]) == (
        part,
        "6",
        None,
        "olga",
    )
    assert (four["quantity"], four["installed_at"], four["installed_by"]) == (
        "4",
        six["installed_at"],
        six["installed_by"],
    )
    assert (four["removed_at"][:13], four["removed_by"]["person"], four["removed_because"]) == (
        NOON[:13],
        "omar",
        "dented",
    )
    back = await asks(as_, four["unit_id"])
    assert (back["status"], back["quantity"], back["origin_unit_id"], back["lot"]) == ("available", "4", part, "L1")
    assert ((await asks(as_, part))["quantity"], (await asks(as_, LOT))["quantity"]) == ("6", "2")
    types = [row["type"] for row in stock.rows("select convert_from(body, 'UTF8')::json->>'type' as type from outbox")]
    assert types[-3:] == [f"asbuilt.unit.{one}.v1" for one in ("split", "received", "removed")]


async def test_the_past_has_the_quantities_that_it_had(as_: Served) -> None:
    """As of any time and as known at any time, from the pump down and from the lot up; since then there are six."""
    await fitted(as_)
    known_before = (await asks(as_, f"{PUMP}/as-built"))["known_at"]
    await taken(as_, "4", EVENING)
    for query in ({"as_of": NOON}, {"known_at": known_before}):
        down = (await asks(as_, f"{PUMP}/as-built", **query))["items"]
        up = [one for one in (await asks(as_, f"{LOT}/where-used", **query))["items"] if one["unit_id"] == PUMP]
        for ways in (down, up):
            assert sorted(one["quantity"] for one in ways) == ["4", "6"], query
        assert {one["status"] for one in down} == {"installed"}
        assert {one["removed_at"] for one in up} == {None}
        assert {one["unit_id"]: one["quantity"] for one in down} == {
            one["unit_id"]: (await asks(as_, f"{one['unit_id']}/tree", **query))["quantity"] for one in down
        }
    assert [one["quantity"] for one in (await asks(as_, f"{PUMP}/as-built"))["items"]] == ["6"]
    ways = (await asks(as_, f"{LOT}/where-used"))["items"]
    into = {one["quantity"]: (one["since"][:13], (one["until"] or "")[:13]) for one in ways if one["unit_id"] == PUMP}
    assert into == {"6": (MORNING[:13], ""), "4": (MORNING[:13], EVENING[:13])}
    (now,) = (await asks(as_, f"{LOT}/next-higher-assembly"))["items"]
    assert now["quantity"] == "6"


async def test_several_parts_come_out_in_one_batch(as_: Served) -> None:
    """And the rest after them; what is taken out goes back in."""
    await fitted(as_)
    said = {"parent_unit_id": PUMP, "unit_id": LOT, "reason": "dented"}
    each = [event("plant.unit.removed.v1", said | {"quantity": quantity}) for quantity in ("1", "2.5")]
    assert (await as_.takes(*each))["done"] == 2
    items = (await asks(as_, f"{PUMP}/installations"))["items"]
    assert (quantities(items), quantities(items, installed=False)) == (["6.5"], ["1", "2.5"])
    out = next(one["unit_id"] for one in items if one["quantity"] == "2.5")
    again = await put(as_, out, requirement_id="screws", quantity="2.5")
    assert again.status_code == 201, again.text
    rest = next(one["unit_id"] for one in items if one["quantity"] == "6.5")
    assert (await take(as_, rest)).status_code == 200
    assert quantities((await asks(as_, f"{PUMP}/installations"))["items"]) == ["2.5"]


async def test_a_terminal_takes_part_out_as_a_station_does(as_: Served) -> None:
    """By the lot or by the part; for scrap only who may scrap; the plan says what is missing."""
    part = await fitted(as_)
    forbidden = await take(as_, part, quantity="4", scrapped=True)
    assert (forbidden.status_code, forbidden.json()["permission"]) == (403, "unit:scrap")
    done = await take(as_, part, "quality", quantity="4", scrapped=True)
    assert done.status_code == 200, done.text
    assert [one["quantity"] for one in done.json()["installations"]] == ["6"]
    (gone,) = [one for one in (await asks(as_, f"{PUMP}/installations"))["items"] if one["removed_at"] is not None]
    assert (await asks(as_, gone["unit_id"]))["status"] == "scrapped"
    (short,) = (await asks(as_, f"{PUMP}/as-built/against-plan"))["items"]
    assert short["change"] == "quantity", short


@pytest.mark.parametrize(
    ("quantity", "status", "code"),
    [("0", 422, "quantity-invalid"), ("-1", 422, "quantity-invalid"), ("11", 409, "more-than-installed")],
)
async def test_what_cannot_come_out_is_refused_alike_on_both(
    as_: Served, stock: Database, quantity: str, status: int, code: str
) -> None:
    """With the way out; nothing is changed by that."""
    await fitted(as_)
    refused: httpx.Response = await take(as_, LOT, quantity=quantity)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert refused.json()["resolve"]
    said = {"parent_unit_id": PUMP, "unit_id": LOT, "quantity": quantity}
    assert (await as_.takes(event("plant.unit.removed.v1", said)))["refused"] == 1
    told = stock.value("select convert_from(body, 'UTF8')::json->'data'->>'code' from outbox order by outbox_id desc")
    assert told == code
    assert quantities((await asks(as_, f"{PUMP}/installations"))["items"]) == ["10"]
