"""A unit's life as an EPCIS 2.0 document, over HTTP, on a real PostgreSQL."""

from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from services.inventory.adapters.epcis import UNITS_OF_MEASURE, epcis_document, transformation_events
from services.inventory.adapters.epcis_ids import Ids
from services.inventory.app import build
from shared.runtime.settings import SettingsWrong, load
from shared.testing.databases import Database
from shared.testing.topics import Sent, event
from tests.handlers.epcis_schema import check
from tests.handlers.genealogy_rows import OLGA, Ledger, Put, at
from tests.handlers.inventory_records import PUMP, ROTOR, completed, created, installed, received, removed, reopened
from tests.handlers.served import Served, served

SERVICE = "inventory"

LOT = "OIL:L 9"


async def life(as_: Served, unit_id: str) -> list[dict[str, Any]]:
    """The events of a unit's life, in a document that is valid."""
    async with as_("viewer") as viewer:
        answer = await viewer.get(f"/units/{unit_id}/epcis")
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert check(document) == []
    events: list[dict[str, Any]] = document["epcisBody"]["eventList"]
    assert len({one["eventID"] for one in events}) == len(events)
    return events


def told(events: list[dict[str, Any]]) -> list[tuple[str, str | None, str]]:
    """Each event in a few words."""
    return [(one["type"], one.get("action"), one["bizStep"]) for one in events]


async def test_a_serial_unit_is_received_put_in_and_taken_out(as_: Served) -> None:
    """With parent and child, run and person, and both times."""
    await as_.takes(received(time=at(1)), created(), installed(time=at(2)), removed(time=at(3)))
    events = await life(as_, ROTOR)
    assert told(events) == [
        ("ObjectEvent", "ADD", "receiving"),
        ("AggregationEvent", "ADD", "assembling"),
        ("AggregationEvent", "DELETE", "disassembling"),
    ]
    into = events[1]
    assert (into["parentID"], into["childEPCs"]) == ("urn:asbuilt:unit:PUMP-1", ["urn:asbuilt:unit:ROTOR-1"])
    assert into["bizTransactionList"] == [{"type": "prodorder", "bizTransaction": "urn:asbuilt:run:run%20of%20PUMP-1"}]
    assert (into["urn:asbuilt:person"], into["urn:asbuilt:machine"]) == ("olga", "urn:plant:station-1")
    assert (into["eventTime"], into["eventTimeZoneOffset"]) == ("2026-03-02T08:00:00.000Z", "+00:00")
    assert into["recordTime"] > into["eventTime"]


async def test_what_a_run_builds_is_commissioned_and_holds_what_was_put_in(as_: Served) -> None:
    """The same events as in the life of what was put in, with the same ids."""
    await as_.takes(received(time=at(1)), created(), installed(time=at(2)))
    pump, rotor = await life(as_, PUMP), await life(as_, ROTOR)
    assert ("ObjectEvent", "ADD", "commissioning") in told(pump)
    assert [one for one in pump if one["type"] == "AggregationEvent"] == [
        one for one in rotor if one["type"] == "AggregationEvent"
    ]


async def test_a_lot_is_received_in_deliveries_and_scrapped_in_part(as_: Served) -> None:
    """Quantities of a class, in the units of measure that trade has agreed on."""
    oil = {"part_number": "OIL", "revision": "A", "lot": "L 9", "unit_id": LOT, "unit_of_measure": "l"}
    await as_.takes(event("plant.unit.received.v1", oil | {"quantity": "2.50", "location": "Rack 7"}, time=at(1)))
    (came,) = await life(as_, LOT)
    assert (came["action"], came["bizStep"]) == ("ADD", "receiving")
    assert came["quantityList"] == [{"epcClass": "urn:asbuilt:lot:OIL:L%209", "quantity": 2.5, "uom": "LTR"}]
    assert came["bizLocation"] == {"id": "urn:asbuilt:location:Rack%207"}


async def test_a_quantity_in_a_unit_of_measure_that_trade_does_not_know_is_not_told_wrong(as_: Served) -> None:
    """Ten spools are not ten."""
    wire = {"part_number": "WIRE", "revision": "A", "lot": "W", "unit_id": "WIRE:W", "unit_of_measure": "spool"}
    await as_.takes(event("plant.unit.received.v1", wire | {"quantity": "10"}))
    (came,) = await life(as_, "WIRE:W")
    assert came["quantityList"] == [{"epcClass": "urn:asbuilt:lot:WIRE:W"}]


def was_completed(kept: Database, unit_id: str, hours: float) -> None:
    """The run of a unit was completed."""
    kept.rows(
        """insert into life (unit_id, what, run_id, at, done_by, recorded_at)
           values ($1, 'released', $2, $3, $4::text::jsonb, $3)""",
        unit_id,
        f"run of {unit_id}",
        at(hours),
        OLGA,
    )


async def test_a_completed_run_uses_lots_up(as_: Served, kept: Database) -> None:
    """What stood in the unit at its completion; what was taken out before did not; a second completion tells only what
    came since. In the life of the lot it is the same event; in that of the bearing beside it there is none.
    """
    ledger = Ledger(kept)
    ledger.units("PUMP-1", "BRG-1", "OIL:L9", "GREASE:G1")
    for part, quantity in (("OIL:L9~a", "2"), ("OIL:L9~b", "1")):
        ledger.split("OIL:L9", part, quantity, 1)
    ledger.puts(
        Put("OIL:L9~a", "PUMP-1", 1, quantity="2"),
        Put("OIL:L9~b", "PUMP-1", 1, 2, quantity="1"),
        Put("BRG-1", "PUMP-1", 1),
        Put("GREASE:G1", "PUMP-1", 5, quantity="0.5"),
    )
    was_completed(kept, "PUMP-1", 4)
    was_completed(kept, "PUMP-1", 6)
    used = [one for one in await life(as_, "PUMP-1") if one["type"] == "TransformationEvent"]
    assert [one["inputQuantityList"] for one in used] == [
        [{"epcClass": "urn:asbuilt:lot:OIL:L9", "quantity": 2}],
        [{"epcClass": "urn:asbuilt:lot:GREASE:G1", "quantity": 0.5}],
    ]
    assert [one["outputEPCList"] for one in used] == [["urn:asbuilt:unit:PUMP-1"]] * 2
    assert used[0] in await life(as_, "OIL:L9")
    assert used[0] in await life(as_, "OIL:L9~a")
    assert used[1] not in await life(as_, "OIL:L9")
    assert not any(one["type"] == "TransformationEvent" for one in await life(as_, "BRG-1"))


async def test_what_the_run_service_says_is_remembered_for_it(as_: Served, kept: Database) -> None:
    """Commissioned, released and reopened leave their row; a serial's receipt and its install leave none."""
    empty: Any = SimpleNamespace(state=lambda _: SimpleNamespace(as_built_version=1, installations={}, build=None))
    await as_.takes(received(), created(), completed(empty))
    await as_.takes(reopened(PUMP), installed())
    rows = kept.rows("select what, unit_id from life order by life_id")
    assert [(row["what"], row["unit_id"]) for row in rows] == [
        ("commissioned", PUMP),
        ("released", PUMP),
        ("reopened", PUMP),
    ]


OIL = {"part_number": "OIL", "revision": "A", "lot": "L 9", "unit_id": LOT, "unit_of_measure": "l"}


def about(kind: str, unit_id: str, hours: float, **more: Any) -> Sent:
    """The warehouse says something about a unit."""
    return event(f"plant.unit.{kind}.v1", {"unit_id": unit_id, "operator": "olga", **more}, time=at(hours))


async def asked(as_: Served, path: str, **body: Any) -> None:
    """Quality asks for something, and gets it."""
    async with as_("quality") as quality:
        answer = await quality.post(path, json=body)
    assert answer.is_success, answer.text


async def test_what_is_taken_off_a_lot_is_told_in_its_life(as_: Served) -> None:
    """Moved, returned, scrapped: each with the quantity that it was then, whatever the lot became since."""
    await as_.takes(
        event("plant.unit.received.v1", OIL | {"quantity": "10", "delivery": "1"}, time=at(1)),
        about("moved", LOT, 2, location="Rack 7"),
        event("plant.unit.received.v1", OIL | {"quantity": "2.5", "delivery": "2"}, time=at(3)),
        about("moved", LOT, 4, location="Line 2", quantity="4"),
        about("returned", LOT, 5, reason="too much", quantity="1.5"),
    )
    await asked(as_, f"/units/{LOT}/scrap", reason="spilled", quantity="0.25")
    events = await life(as_, LOT)
    assert [(one["bizStep"], one["quantityList"][0]["quantity"]) for one in events] == [
        ("receiving", 10),
        ("storing", 10),
        ("receiving", 2.5),
        ("storing", 4),
        ("shipping", 1.5),
        ("destroying", 0.25),
    ]
    assert {one["quantityList"][0]["epcClass"] for one in events} == {"urn:asbuilt:lot:OIL:L%209"}


async def test_a_serial_that_was_returned_and_came_again_has_both_receipts(as_: Served) -> None:
    """And what was scrapped when it was taken out is destroyed."""
    await as_.takes(received(time=at(1)), about("returned", ROTOR, 2, reason="RMA 7"), received(time=at(3)))
    await as_.takes(created(), installed(time=at(4)))
    await asked(as_, f"/units/{PUMP}/installations/{ROTOR}/remove", reason="scored", scrapped=True)
    assert told(await life(as_, ROTOR)) == [
        ("ObjectEvent", "ADD", "receiving"),
        ("ObjectEvent", "DELETE", "shipping"),
        ("ObjectEvent", "ADD", "receiving"),
        ("AggregationEvent", "ADD", "assembling"),
        ("AggregationEvent", "DELETE", "disassembling"),
        ("ObjectEvent", "DELETE", "destroying"),
    ]


async def test_a_run_that_builds_a_lot_puts_out_its_quantity(as_: Served, kept: Database) -> None:
    """As it was at the completion; what was taken off the lot later was put out too. What was put in names the lot
    that it was put into as a unit of its own.
    """
    ledger = Ledger(kept)
    ledger.units("CREAM:C1", quantity="30")
    ledger.units("OIL:L9~a", origin="OIL:L9", quantity="2")
    ledger.units("BRG-1")
    ledger.puts(Put("OIL:L9~a", "CREAM:C1", 1, quantity="2"), Put("BRG-1", "CREAM:C1", 1))
    was_completed(kept, "CREAM:C1", 4)
    ledger.split("CREAM:C1", "CREAM:C1~s", "10", 4, "scrap")
    ledger.split("CREAM:C1", "CREAM:C1~b", "5", 5)
    (used,) = [one for one in await life(as_, "CREAM:C1") if one["type"] == "TransformationEvent"]
    assert used["outputQuantityList"] == [{"epcClass": "urn:asbuilt:lot:CREAM:C1", "quantity": 35}]
    (put,) = [one for one in await life(as_, "BRG-1") if one["type"] == "AggregationEvent"]
    assert put["parentID"] == "urn:asbuilt:unit:CREAM%3AC1"


def test_what_of_one_lot_stood_in_a_unit_is_one_quantity() -> None:
    """Though it was put in in two goes, or part of it was taken out after the completion."""
    oil = {"part_number": "OIL", "serial": None, "lot": "L9", "unit_of_measure": "l", "run_id": "R", "removed_at": None}
    pump = {"unit_id": "P", "part_number": "PUMP", "serial": "P", "lot": None, "unit_of_measure": "each"}
    release = {"run_id": "R", "at": at(4), "recorded_at": at(4), "done_by": None, "quantity": Decimal(1)}

    def told_of(*rows: dict[str, Any]) -> list[dict[str, Any]]:
        stood = [oil | {"installed_at": at(1)} | one for one in rows]
        return list(transformation_events(pump, [release], stood, Ids("urn:asbuilt")))

    whole = told_of({"quantity": Decimal("0.5")})
    apart = told_of({"quantity": Decimal("0.3")}, {"quantity": Decimal("0.2"), "removed_at": at(5)})
    assert whole == apart
    assert whole[0]["inputQuantityList"] == [{"epcClass": "urn:asbuilt:lot:OIL:L9", "quantity": 0.5, "uom": "LTR"}]
    assert check(epcis_document(whole, at(6))) == []


@pytest.mark.parametrize("unit_of_measure", [*UNITS_OF_MEASURE, "spool"])
async def test_every_unit_of_measure_makes_a_valid_document(as_: Served, unit_of_measure: str) -> None:
    """Those that trade has agreed on, and those that it has not."""
    await as_.takes(event("plant.unit.received.v1", OIL | {"quantity": "2", "unit_of_measure": unit_of_measure}))
    (came,) = await life(as_, LOT)
    assert came["quantityList"][0].get("uom") == UNITS_OF_MEASURE.get(unit_of_measure)


@pytest.mark.parametrize(
    ("base", "unit", "lot"),
    [
        ("urn:acme:plant-7", "urn:acme:plant-7:unit:ROTOR-1", "urn:acme:plant-7:lot:OIL:L%209"),
        ("https://id.acme.com/p7", "https://id.acme.com/p7/unit/ROTOR-1", "https://id.acme.com/p7/lot/OIL/L%209"),
    ],
)
async def test_a_plant_has_identifiers_of_its_own(
    kept: Database, tmp_path: Path, base: str, unit: str, lot: str
) -> None:
    """Under a base that it sets."""
    async with served(build, kept, tmp_path, epcis_id_base=base) as as_:
        await as_.takes(received(), event("plant.unit.received.v1", OIL | {"quantity": "2"}))
        assert (await life(as_, ROTOR))[0]["epcList"] == [unit]
        assert (await life(as_, LOT))[0]["quantityList"][0]["epcClass"] == lot


@pytest.mark.parametrize("base", ["acme", "urn:acme:", "https://id.acme.com/", "ftp://acme", "urn:acme:pl ant", ""])
def test_a_base_that_makes_no_uri_is_refused_at_start(base: str) -> None:
    """Not when the first document is read by somebody else."""
    with pytest.raises(SettingsWrong, match="EPCIS_ID_BASE"):
        load(database_url="postgresql+asyncpg://x", epcis_id_base=base)


def test_what_is_not_epcis_is_found() -> None:
    """The check that the other tests rely on can fail: members and words that there are not, times and URIs without
    their form.
    """
    an_event = {
        "type": "ObjectEvent",
        "eventTime": "2026-03-02T06:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "eventID": "urn:uuid:1",
        "action": "ADD",
        "bizStep": "receiving",
        "epcList": ["urn:asbuilt:unit:1"],
    }

    def wrong(**changed: Any) -> list[str]:
        document = epcis_document([an_event], at(1))
        document["epcisBody"]["eventList"] = [an_event | changed]
        return check(document)

    assert wrong() == []
    for changed in (
        {"colour": "red"},
        {"bizStep": "glueing"},
        {"eventTime": "yesterday"},
        {"epcList": ["ROTOR 1"]},
        {"action": "PUT"},
        {"eventTimeZoneOffset": "CET"},
    ):
        assert wrong(**changed) != []


async def test_a_unit_that_there_is_not_has_no_life(as_: Served) -> None:
    """It is said."""
    async with as_("viewer") as viewer:
        assert (await viewer.get("/units/NOBODY/epcis")).status_code == 404


async def test_a_life_too_long_for_one_document_is_refused(
    as_: Served, kept: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not cut off."""
    Ledger(kept).story(*(Put(f"U-{number}", "U-1", number) for number in range(2, 6)))
    monkeypatch.setattr("services.inventory.adapters.life_of.EVENTS_AT_MOST", 3)
    async with as_("viewer") as viewer:
        answer = await viewer.get("/units/U-1/epcis")
    assert (answer.status_code, answer.json()["code"]) == (413, "answer-too-large")
