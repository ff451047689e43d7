"""Requirements, installs and removals on a real PostgreSQL, by terminals over HTTP and by stations over Kafka; every
refusal of domain.md 4.2 is said alike on both.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.inventory.app import build
from shared.testing.databases import Database
from shared.testing.topics import Sent, event
from tests.handlers import inventory_records as units
from tests.handlers.bench import BY
from tests.handlers.inventory_records import PUMP, ROTOR, completion
from tests.handlers.served import Served, served

LOT = "SCREW-4:L1"


@pytest.fixture
def stock(database: Callable[[str], Database]) -> Database:
    """The inventory service's database, fresh."""
    return database("inventory")


@pytest.fixture
async def as_(stock: Database, tmp_path: Path) -> AsyncIterator[Served]:
    """The inventory service, served: `as_("operator")` is a client."""
    async with served(build, stock, tmp_path) as service:
        yield service


def screws(quantity: str = "10", **more: Any) -> Sent:
    """A lot of screws came in."""
    lot = {"unit_id": LOT, "part_number": "SCREW-4", "revision": "A", "lot": "L1", "quantity": quantity}
    return event("plant.unit.received.v1", lot | more)


def needs(*requirements: Mapping[str, Any], unit_id: str = PUMP, run_id: str = "", **more: Any) -> Sent:
    """A run was created, with these requirements."""
    wanted = [{"requirement_id": "r", "part_number": "ROTOR-7", "quantity": "1", **one} for one in requirements]
    run = {"run_id": run_id or f"run of {unit_id}", "unit_id": unit_id, "part_number": "PUMP-100", "revision": "A"}
    does = {"procedure": {"name": "Build", "version": "1"}, "steps": [{"step_id": "s", "name": "S"}]}
    target = {"target": {"serial": unit_id}, "place": {"line": "Line 2"}}
    return event("asbuilt.run.created.v1", BY | run | does | target | {"requirements": wanted} | more)


SCREWS = {"requirement_id": "screws", "part_number": "SCREW-4", "quantity": "4"}
PLACES = SCREWS | {"designators": ["U7", "U8", "U9", "U10"]}


async def put(as_: Served, unit_id: str = ROTOR, parent_id: str = PUMP, **more: Any) -> httpx.Response:
    """An operator installs something."""
    asked = {"unit_id": unit_id, "requirement_id": "r"} | more
    return await as_("operator").post(f"/units/{parent_id}/installations", json=asked)


async def take(as_: Served, unit_id: str = ROTOR, role: str = "operator", **more: Any) -> httpx.Response:
    """Somebody takes something out of the pump."""
    return await as_(role).post(f"/units/{PUMP}/installations/{unit_id}/remove", json={"reason": "worn"} | more)


async def installations(as_: Served, **query: Any) -> Any:
    """Everything that ever was in the pump."""
    return (await as_("viewer").get(f"/units/{PUMP}/installations", params=query)).json()


async def test_part_of_a_lot_goes_in_and_comes_out_as_a_unit_of_its_own(as_: Served) -> None:
    """The lot has the rest; the part keeps its lot and its origin, in the pump and in stock again."""
    await as_.takes(screws(), needs(SCREWS))
    answer = await put(as_, LOT, requirement_id="screws", quantity="4")
    assert answer.status_code == 201, answer.text
    part = answer.json()["installations"][0]
    assert (part["quantity"], part["lot"], part["unit_id"].startswith(f"{LOT}~")) == ("4", "L1", True)
    reads = as_("viewer")
    assert (await reads.get(f"/units/{LOT}")).json()["quantity"] == "6"
    assert (await take(as_, LOT)).status_code == 200, "named as its lot"
    out = (await reads.get(f"/units/{part['unit_id']}")).json()
    assert (out["quantity"], out["status"], out["origin_unit_id"], out["lot"]) == ("4", "available", LOT, "L1")
    assert (await put(as_, part["unit_id"], requirement_id="screws", quantity="4")).status_code == 201


async def test_a_station_installs_and_removes_by_the_label_of_a_lot(as_: Served, stock: Database) -> None:
    """In one batch: two places are filled, one is emptied again."""
    filled = [units.installed(LOT, requirement_id="screws", designator=one) for one in ("U7", "U8")]
    gone = units.removed(LOT, designator="U7")
    assert await as_.takes(screws(), needs(PLACES), *filled, gone) == {"done": 5, "seen": 0}
    rows = stock.rows("select designator, removed_at is null as there, quantity from installation order by 1")
    assert [(row["designator"], row["there"], row["quantity"]) for row in rows] == [("U7", False, 1), ("U8", True, 1)]
    assert await as_.takes(units.removed(LOT)) == {"done": 1, "seen": 0}
    assert stock.value("select sum(quantity) from unit where lot = 'L1'") == 10


async def test_both_ends_of_an_installation_stay_with_time_and_person(as_: Served) -> None:
    """Page by page, what was removed too."""
    await as_.takes(units.received(), units.received("ROTOR-2"), needs({}))
    for unit_id in (ROTOR, "ROTOR-2"):
        await put(as_, unit_id)
        await take(as_, unit_id, "lead")
    await put(as_)
    page = await installations(as_, limit=2)
    rest = await installations(as_, limit=2, cursor=page["next"])
    listed: list[Any] = [*page["items"], *rest["items"]]
    first, second, last = listed
    assert [one["unit_id"] for one in (first, second, last)] == [ROTOR, "ROTOR-2", ROTOR]
    assert (first["installed_by"]["person"], first["removed_by"]["person"]) == ("operator", "lead")
    assert first["installed_at"] < first["removed_at"] < last["installed_at"]
    assert (first["removed_because"], last["removed_at"], last["removed_by"]) == ("worn", None, None)
    assert rest["next"] is None
    assert (await as_("viewer").get("/units/nobody/installations")).status_code == 404


async def test_a_removed_unit_is_scrapped_by_those_who_may(as_: Served, stock: Database) -> None:
    """An operator takes it out; that it is scrap is for quality to say, and for stations where the site lets them."""
    await as_.takes(units.received(), needs({}))
    await put(as_)
    refused = await take(as_, scrapped=True)
    assert (refused.status_code, refused.json()["permission"]) == (403, "unit:scrap")
    assert await as_.takes(units.removed(scrapped=True)) == {"refused": 1, "seen": 0}
    said = json.loads(stock.rows("select body from outbox order by outbox_id desc limit 1")[0]["body"])["data"]
    assert (said["code"], "unit:scrap" in said["obstacle"]) == ("permission-missing", True)
    assert (await take(as_, role="quality", scrapped=True)).status_code == 200
    assert (await as_("viewer").get(f"/units/{ROTOR}")).json()["status"] == "scrapped"


async def test_a_station_that_may_scraps_what_it_takes_out(stock: Database, tmp_path: Path) -> None:
    """The settings give machines the permission."""
    held = ["read", "unit:receive", "unit:install", "unit:remove", "unit:scrap"]
    async with served(build, stock, tmp_path, permissions={"machine": held}) as as_:
        await as_.takes(units.received(), needs({}), units.installed(), units.removed(scrapped=True))
        assert (await as_("viewer").get(f"/units/{ROTOR}")).json()["status"] == "scrapped"


async def test_an_engineer_edits_requirements_while_the_run_is_open(as_: Served) -> None:
    """Added, changed, removed; the list says what is installed and what is free."""
    await as_.takes(needs({}, PLACES), screws())
    path, engineer = f"/units/{PUMP}/requirements", as_("engineer")
    seal = {"requirement_id": "seal", "part_number": "SEAL-8", "quantity": "2", "reason": "It leaks."}
    added = await engineer.post(path, json=seal)
    assert (added.status_code, added.json()["quantity"], added.json()["is_satisfied"]) == (201, "2", False)
    edit = {"substitutes": ["SEAL-9"], "revision": "B", "interchangeable_revisions": ["A"], "reason": "Shortage."}
    changed = (await engineer.patch(f"{path}/seal", json=edit)).json()
    assert (changed["substitutes"], changed["revision"], changed["quantity"]) == (["SEAL-9"], "B", "2")
    await put(as_, LOT, requirement_id="screws", designator="U8")
    listed = {one["requirement_id"]: one for one in (await as_("viewer").get(path)).json()["items"]}
    assert (listed["screws"]["quantity_installed"], listed["screws"]["free_designators"]) == ("1", ["U7", "U9", "U10"])
    gone = await engineer.post(f"{path}/seal/remove", json={"reason": "Not on this variant."})
    assert [one["requirement_id"] for one in gone.json()["items"]] == ["r", "screws"]


EDITS: Sequence[tuple[str, str, Mapping[str, Any], int, str, str]] = (
    ("POST", "", {"requirement_id": "screws", "part_number": "X-1", "quantity": "1"}, 409, "requirement-exists", "id"),
    ("POST", "", {"requirement_id": "x", "part_number": "X-1", "quantity": "0"}, 422, "requirement-invalid", "Correct"),
    ("PATCH", "/screws", {"designators": ["U8"], "quantity": "1"}, 409, "requirement-in-use", "Remove"),
    ("PATCH", "/screws", {"quantity": "3"}, 422, "requirement-invalid", "Correct"),
    ("PATCH", "/blade", {"quantity": "3"}, 404, "unknown-requirement", "screws"),
    ("POST", "/screws/remove", {}, 409, "requirement-in-use", f"from {PUMP} first"),
)


@pytest.mark.parametrize(("method", "path", "body", "status", "code", "resolve"), EDITS)
async def test_an_edit_that_is_refused_says_the_way_out(
    as_: Served, method: str, path: str, body: Mapping[str, Any], status: int, code: str, resolve: str
) -> None:
    """As a problem document; a lead may not edit at all."""
    await as_.takes(needs(PLACES), screws(), units.installed(LOT, requirement_id="screws", designator="U7"))
    asked: dict[str, Any] = {"url": f"/units/{PUMP}/requirements{path}", "json": {"reason": "Because.", **body}}
    answer = await as_("engineer").request(method, **asked)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert resolve in answer.json()["resolve"]
    assert (await as_("lead").request(method, **asked)).json()["permission"] == "requirement:edit"


async def test_requirements_of_a_complete_run_are_locked(as_: Served) -> None:
    """Whoever asks; the refusal names reopening."""
    await as_.takes(needs(), completion(PUMP, 1))
    answer = await as_("admin").post(f"/units/{PUMP}/requirements/r/remove", json={"reason": "Because."})
    assert (answer.status_code, answer.json()["code"]) == (409, "as-built-locked")
    assert "run:reopen" in answer.json()["resolve"]


@dataclass(frozen=True)
class No:
    """An install that is refused, in a plant where this happened before."""

    code: str
    resolve: str
    before: Sequence[Sent]
    asked: Mapping[str, Any] = field(default_factory=dict)
    status: int = 409


CYCLE = (
    needs({"part_number": "PUMP-100"}),
    completion(PUMP, 1),
    needs({"part_number": "PUMP-100"}, unit_id="PUMP-2"),
    units.installed(PUMP, "PUMP-2"),
    completion("PUMP-2", 2, PUMP),
    units.reopened(PUMP),
)
"""Pump 1 in pump 2; the run of pump 1 is open again and wants a pump."""
OPEN = (needs({}, SCREWS), units.received(), screws("2"))

NOES = (
    No(
        "part-not-approved",
        "ROTOR-7 (revision B or C)",
        (needs(BC := {"revision": "B", "interchangeable_revisions": ["C"]}), units.received()),
    ),
    No("part-not-approved", "as a substitute", (needs({}), units.received("VALVE-1")), {"unit_id": "VALVE-1"}),
    No("unit-not-available", "completes", (*OPEN, units.created(ROTOR, wants="VALVE"))),
    No(
        "already-installed",
        "Remove it from PUMP-2 first",
        (*OPEN, needs({}, unit_id="PUMP-2"), units.installed(ROTOR, "PUMP-2")),
    ),
    No("insufficient-quantity", "another lot", OPEN, {"unit_id": LOT, "requirement_id": "screws", "quantity": "3"}),
    No("quantity-invalid", "above 0", OPEN, {"unit_id": LOT, "requirement_id": "screws", "quantity": "-1"}, 422),
    No("whole-units-only", "quantity 1", OPEN, {"quantity": "0.5"}),
    No(
        "unit-of-measure-differs",
        "counted in each",
        (needs(SCREWS), screws(unit_of_measure="kg")),
        {"unit_id": LOT, "requirement_id": "screws"},
    ),
    No(
        "designator-taken",
        "U8, U9, U10",
        (needs(PLACES), screws(), units.installed(LOT, requirement_id="screws", designator="U7")),
        {"unit_id": LOT, "requirement_id": "screws", "designator": "U7"},
    ),
    No(
        "designator-unknown", "U7, U8, U9, U10", (needs(PLACES), screws()), {"unit_id": LOT, "requirement_id": "screws"}
    ),
    No(
        "one-per-designator",
        "one for each assembly",
        (needs(PLACES), screws()),
        {"unit_id": LOT, "requirement_id": "screws", "designator": "U7", "quantity": "2"},
    ),
    No("requirement-full", "Remove what is installed", (*OPEN, units.received("ROTOR-2"), units.installed("ROTOR-2"))),
    No("unknown-requirement", "r, screws", OPEN, {"requirement_id": "seal"}, 404),
    No("would-create-cycle", "which unit is the parent", CYCLE, {"unit_id": "PUMP-2"}),
    No("as-built-locked", "run:reopen", (*OPEN, completion(PUMP, 1))),
)


@pytest.mark.parametrize("no", NOES, ids=[f"{one.code}-{number}" for number, one in enumerate(NOES)])
async def test_a_refused_install_is_told_alike_at_a_terminal_and_to_a_station(
    as_: Served, stock: Database, no: No
) -> None:
    """The same code, the same obstacle and the same way out."""
    assert (await as_.takes(*no.before))["done"] == len(no.before)
    asked = {"unit_id": ROTOR, "requirement_id": "r"} | dict(no.asked)
    answer = await as_("operator").post(f"/units/{PUMP}/installations", json=asked)
    assert (answer.status_code, answer.json()["code"]) == (no.status, no.code), answer.text
    assert no.resolve in answer.json()["resolve"]
    station = event("plant.unit.installed.v1", {"parent_unit_id": PUMP, "operator": "olga"} | asked)
    assert await as_.takes(station) == {"refused": 1, "seen": 0}
    said = json.loads(stock.rows("select body from outbox order by outbox_id desc limit 1")[0]["body"])["data"]
    assert {name: said[name] for name in ("code", "obstacle", "resolve")} == {
        name: answer.json()[name] for name in ("code", "obstacle", "resolve")
    }
    assert (said["subject_id"], said["by"]["person"]) == (PUMP, "olga")


REMOVALS = (
    ("not-installed", "the tree of PUMP-1", (), ROTOR),
    (
        "several-installed",
        "designator",
        [units.installed(LOT, requirement_id="screws", designator=one) for one in ("U7", "U8")],
        LOT,
    ),
    ("as-built-locked", "run:reopen", (units.installed(), completion(PUMP, 2, ROTOR)), ROTOR),
)


@pytest.mark.parametrize(("code", "resolve", "before", "unit_id"), REMOVALS, ids=[one[0] for one in REMOVALS])
async def test_a_refused_removal_is_told_alike_at_a_terminal_and_to_a_station(
    as_: Served, stock: Database, code: str, resolve: str, before: Sequence[Sent], unit_id: str
) -> None:
    """The same code, the same obstacle and the same way out."""
    await as_.takes(needs({}, PLACES), units.received(), screws(), *before)
    answer = await take(as_, unit_id)
    assert (answer.status_code, answer.json()["code"]) == (409, code), answer.text
    assert resolve in answer.json()["resolve"]
    assert await as_.takes(units.removed(unit_id)) == {"refused": 1, "seen": 0}
    said = json.loads(stock.rows("select body from outbox order by outbox_id desc limit 1")[0]["body"])["data"]
    assert (said["code"], said["resolve"]) == (code, answer.json()["resolve"])


async def test_a_second_unit_under_one_serial_is_told_alike(as_: Served, stock: Database) -> None:
    """`duplicate-serial`, at the dock."""
    await as_.takes(units.received())
    other = {"part_number": "ROTOR-7", "revision": "B", "serial": ROTOR}
    answer = await as_("operator").post("/units", json=other)
    assert (answer.status_code, answer.json()["code"]) == (409, "duplicate-serial")
    assert await as_.takes(event("plant.unit.received.v1", other | {"unit_id": ROTOR})) == {"refused": 1, "seen": 0}
    assert stock.count("outbox where convert_from(body, 'UTF8') like '%duplicate-serial%'") == 2
    assert "one unit only" in answer.json()["resolve"]
