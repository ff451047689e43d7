"""Lists of units over HTTP, on a real PostgreSQL: filters, pages, and what a page reads."""

import json
from typing import Any

from services.inventory.adapters.listing import WantedUnits, paged
from shared.testing.databases import Database
from shared.testing.topics import event
from tests.handlers.inventory_records import PUMP, ROTOR, an_issue, created, installed, received
from tests.handlers.served import Served

SERVICE = "inventory"

PAGE = 50


async def listed(as_: Served, **wanted: Any) -> list[str]:
    """The units of a list, page by page."""
    found: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        answer = await as_("viewer").get("/units", params=wanted | cursor)
        assert answer.status_code == 200, answer.text
        found += [one["unit_id"] for one in answer.json()["items"]]
        if answer.json()["next"] is None:
            return found
        cursor = {"cursor": answer.json()["next"]}


async def test_units_are_found_by_what_they_are_where_they_are_and_what_builds_them(as_: Served) -> None:
    """Each filter alone, and several together; the lot text of two parts is two lots."""
    lots = [
        event(
            "plant.unit.received.v1",
            {"unit_id": f"{part}:L1", "part_number": part, "revision": "A", "lot": "L1", "quantity": "12.50"},
        )
        for part in ("INS-8", "INS-9")
    ]
    moved = event("plant.unit.moved.v1", {"unit_id": "INS-8:L1", "location": "Rack 3", "quantity": "2.5"})
    await as_.takes(received(), received("ROTOR-2"), created(), installed(), *lots, moved)
    (part,) = await listed(as_, origin_unit_id="INS-8:L1")
    for wanted, units in (
        ({"lot": "L1"}, ["INS-8:L1", part, "INS-9:L1"]),
        ({"lot": "L1", "part_number": "INS-9"}, ["INS-9:L1"]),
        ({"serial": "ROTOR-2"}, ["ROTOR-2"]),
        ({"location": "Rack 3"}, [part]),
        ({"location": "Line 2"}, [PUMP, ROTOR]),
        ({"run_id": f"run of {PUMP}"}, [PUMP]),
        ({"status": "installed"}, [ROTOR]),
        ({"status": "available", "part_number": "ROTOR-7"}, ["ROTOR-2"]),
        ({"run_id": "nobody's"}, []),
    ):
        for limit in (1, 2, 50):
            assert sorted(await listed(as_, **wanted, limit=limit)) == sorted(units), wanted
    (item,) = (await as_("viewer").get("/units", params={"location": "Rack 3"})).json()["items"]
    assert (item["quantity"], item["origin_unit_id"], item["status"]) == ("2.5", "INS-8:L1", "available")


async def test_what_an_issue_withholds_is_listed_with_what_was_split_off_since(as_: Served) -> None:
    """The recalled lot, what was moved out of it, and no other lot; what another issue withholds is that one's."""
    lots = [
        event(
            "plant.unit.received.v1",
            {"unit_id": f"INS-8:{lot}", "part_number": "INS-8", "revision": "A", "lot": lot, "quantity": "12.50"},
        )
        for lot in ("L1", "L2", "L3")
    ]
    recalled = {"disposition": "scrap", "availability": "permanently-unavailable"}
    moved = event("plant.unit.moved.v1", {"unit_id": "INS-8:L1", "location": "Rack 3", "quantity": "2.5"})
    await as_.takes(
        *lots,
        an_issue("disposition-chosen", "INS-8:L1", **recalled),
        an_issue("disposition-chosen", "INS-8:L2", issue_id="i-2", **recalled),
        moved,
    )
    (part,) = await listed(as_, origin_unit_id="INS-8:L1")
    assert await listed(as_, withheld_by="i-1", limit=1) == ["INS-8:L1", part]
    assert await listed(as_, withheld_by="i-2") == ["INS-8:L2"]
    assert await listed(as_, withheld_by="i-3") == []
    await as_.takes(an_issue("resolved", "INS-8:L2", issue_id="i-2", state="resolved", disposition="use-as-is"))
    assert await listed(as_, withheld_by="i-2") == []


async def test_what_an_issue_withholds_is_found_where_it_is_installed_and_where_it_is_built(as_: Served) -> None:
    """A recall team takes it out there; with a status besides, only what lies about or only what is to come out."""
    recalled = {"disposition": "scrap", "availability": "permanently-unavailable"}
    await as_.takes(received(), received("ROTOR-9"), created(), installed())
    for unit in (ROTOR, PUMP, "ROTOR-9"):
        await as_.takes(an_issue("disposition-chosen", unit, **recalled))
    assert await listed(as_, withheld_by="i-1") == sorted([ROTOR, PUMP, "ROTOR-9"])
    for unit, status in ((ROTOR, "installed"), (PUMP, "wip"), ("ROTOR-9", "on_hold")):
        assert await listed(as_, withheld_by="i-1", status=status) == [unit]


async def test_a_page_goes_on_where_the_one_before_ended(as_: Served) -> None:
    """Whatever came in since."""
    await as_.takes(*(received(f"ROTOR-{number}") for number in range(1, 6)))
    first = (await as_("viewer").get("/units", params={"limit": 2})).json()
    await as_.takes(received("ROTOR-0"), received("ROTOR-6"))
    second = (await as_("viewer").get("/units", params={"limit": 9, "cursor": first["next"]})).json()
    assert [one["unit_id"] for one in second["items"]] == ["ROTOR-3", "ROTOR-4", "ROTOR-5", "ROTOR-6"]


FILL = """
    insert into unit (unit_id, version, part_number, revision, serial, lot, origin_unit_id, quantity, unit_of_measure,
                      location, status, run_id, received_at, body)
    select 'U-' || i, 1, 'PART-' || i % 40, 'A', case when i % 2 = 0 then 'U-' || i end,
           case when i % 2 = 1 then 'L-' || i % 50 end, case when i % 5 = 1 then 'O-' || i % 50 end, 1, 'each',
           'Rack ' || i % 60, case when i % 40 = 0 then 'on_hold' else 'available' end,
           case when i % 2 = 0 then 'RUN-' || i end, now(), '{}'
    from generate_series(1, 20000) i returning 1"""

WITHHOLD = """
    insert into withheld (issue_id, unit_id) select 'I-' || i % 2, unit_id
    from unit cross join lateral (select substr(unit_id, 3)::int as i) as number where i % 40 < 2 returning 1"""

FILTERS = (
    WantedUnits(),
    WantedUnits(status="on_hold"),
    WantedUnits(part_number="PART-1"),
    WantedUnits(lot="L-1"),
    WantedUnits(serial="U-20"),
    WantedUnits(location="Rack 7"),
    WantedUnits(run_id="RUN-20"),
    WantedUnits(origin_unit_id="O-1"),
    WantedUnits(withheld_by="I-1"),
)


def test_a_page_reads_no_more_than_a_page_of_units(kept: Database) -> None:
    """For each filter, by PostgreSQL's own plan; a list that reads all units would read twenty thousand."""
    kept.rows(FILL)
    kept.rows(WITHHOLD)
    kept.rows("analyze unit, withheld")
    for wanted in FILTERS:
        asked = str(paged(wanted))
        for name, one in {**wanted.given, "after": "U-1", "limit": str(PAGE)}.items():
            asked = asked.replace(f":{name}", one if name == "limit" else f"'{one}'")
        (row,) = kept.rows(f"explain (analyze, format json) {asked}")
        told = row["QUERY PLAN"]
        assert read(json.loads(told) if isinstance(told, str) else told) <= 2 * PAGE, wanted


def read(plans: Any) -> float:
    """The rows that scans gave, and those that they read in vain."""
    nodes, found = [plans[0]["Plan"]], 0.0
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        if "Relation Name" in node:
            found += (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    return found
