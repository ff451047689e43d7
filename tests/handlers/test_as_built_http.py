"""The as-built tree over HTTP, on a real PostgreSQL: now, as of a time, as known at a time, in pages and whole."""

import asyncio
import csv
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from io import StringIO
from random import Random
from typing import Any

import pytest

from services.inventory.adapters.as_built import tree_text
from shared.testing import sql
from shared.testing.conditions import eventually_async
from shared.testing.databases import Database
from tests.handlers.genealogy_rows import Ledger, Put, at
from tests.handlers.inventory_records import PUMP, ROTOR, created, installed, received, removed
from tests.handlers.served import Served

SERVICE = "inventory"


@pytest.fixture
def ledger(kept: Database) -> Ledger:
    """Writes stories into it."""
    return Ledger(kept)


async def asked(as_: Served, unit_id: str, what: str, **query: Any) -> Any:
    """What a viewer sees."""
    async with as_("viewer") as viewer:
        answer = await viewer.get(f"/units/{unit_id}/{what}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def listed(as_: Served, unit_id: str, limit: int = 500, **query: Any) -> list[dict[str, Any]]:
    """All pages of the as-built tree."""
    items: list[dict[str, Any]] = []
    cursor: dict[str, Any] = {}
    while True:
        answer = await asked(as_, unit_id, "as-built", limit=limit, **query, **cursor)
        items += answer["items"]
        if answer["next"] is None:
            return items
        cursor = {"cursor": answer["next"]}


def pairs(items: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """What is in what."""
    return [(one["unit_id"], one["parent_unit_id"]) for one in items]


def moment(hours: float) -> str:
    """A moment as a query has it."""
    return at(hours).isoformat()


def now(kept: Database) -> str:
    """The database's clock."""
    said = kept.value("select clock_timestamp()")
    assert isinstance(said, datetime)
    return said.isoformat()


async def test_the_tree_tells_parts_and_serials_and_who_installed_what_when(as_: Served) -> None:
    """From the records of scanners."""
    await as_.takes(received(), created(), installed(time=at(3)))
    tree = await asked(as_, PUMP, "tree")
    (rotor,) = tree["children"]
    assert (tree["unit_id"], tree["part_number"], tree["status"]) == (PUMP, "PUMP-100", "wip")
    assert (rotor["unit_id"], rotor["serial"], rotor["part_number"], rotor["revision"]) == (
        ROTOR,
        ROTOR,
        "ROTOR-7",
        "A",
    )
    assert (rotor["requirement_id"], rotor["designator"], rotor["substitute"]) == ("r", None, False)
    assert (rotor["quantity"], rotor["unit_of_measure"]) == ("1", "each")
    assert rotor["installed_by"] == {"person": "olga", "machine": "urn:plant:station-1"}
    assert datetime.fromisoformat(rotor["installed_at"]) == at(3)


async def test_a_late_event_changes_what_was_so_and_not_what_was_known(as_: Served, kept: Database) -> None:
    """The scanner was offline: installed at six, heard of after the first look."""
    await as_.takes(received(time=at(0)), created())
    before = now(kept)
    await as_.takes(installed(time=at(6)))
    after = now(kept)
    wanted: tuple[tuple[dict[str, Any], list[Any]], ...] = (
        ({}, [(ROTOR, PUMP)]),
        ({"as_of": moment(6)}, [(ROTOR, PUMP)]),
        ({"as_of": moment(5.9)}, []),
        ({"known_at": before}, []),
        ({"as_of": moment(7), "known_at": before}, []),
        ({"as_of": moment(7), "known_at": after}, [(ROTOR, PUMP)]),
    )
    for query, found in wanted:
        assert pairs(await listed(as_, PUMP, **query)) == found, query


async def test_what_was_removed_stood_until_then(as_: Served, kept: Database) -> None:
    """As of before the removal it is there; as known before the removal was recorded it is there, too."""
    await as_.takes(received(time=at(0)), created(), installed(time=at(2)))
    before = now(kept)
    await as_.takes(removed(time=at(4)))
    wanted: tuple[tuple[dict[str, Any], bool], ...] = (
        ({}, False),
        ({"as_of": moment(3.9)}, True),
        ({"as_of": moment(4)}, False),
        ({"known_at": before}, True),
        ({"known_at": before, "as_of": moment(5)}, True),
        ({"known_at": now(kept), "as_of": moment(5)}, False),
    )
    for query, there in wanted:
        assert (await listed(as_, PUMP, **query) != []) is there, query
        assert ((await asked(as_, PUMP, "tree", **query))["children"] != []) is there, query


async def test_now_is_as_of_now_and_as_known_at_now(as_: Served, kept: Database, ledger: Ledger) -> None:
    """The same document, whichever way it is asked for."""
    ledger.story(*a_story(Random(7), "U", 60))
    for unit in ("U-1", "U-2"):
        tree = await asked(as_, unit, "tree")
        for query in ({"as_of": now(kept)}, {"known_at": now(kept)}, {"as_of": now(kept), "known_at": now(kept)}):
            assert (await asked(as_, unit, "tree", **query))["children"] == tree["children"]


def a_story(random: Random, name: str, events: int) -> list[Put]:
    """Eight units are put into one another and taken out again; half of it is heard late."""
    stands: dict[int, Put] = {}
    done: list[Put] = []
    for number in range(events):
        hours = number / 4
        child, parent = random.randint(2, 8), random.randint(1, 8)
        late = random.choice([0, 0, 1, 5])
        if child in stands:
            done.append(_ended(stands.pop(child), hours, hours + late))
        elif parent < child:
            stands[child] = Put(f"{name}-{child}", f"{name}-{parent}", hours, known=hours + late)
    return done + list(stands.values())


def _ended(one: Put, hours: float, known: float) -> Put:
    known = max(known, one.known or 0)
    return Put(one.unit_id, one.parent_id, one.at, hours, one.known, known)


def replayed(story: list[Put], root: str, as_of: float, known_at: float) -> set[tuple[str, str]]:
    """What stood then, in the words of a model: what happened is played again, as far as it was known."""
    happened = [(one.at, one.known or one.at, "in", one) for one in story]
    happened += [(one.out, one.out_known or one.out, "out", one) for one in story if one.out is not None]
    stands: set[tuple[str, str]] = set()
    for hours, known, what, one in sorted(happened, key=lambda fact: (fact[0], fact[2] == "in")):
        if hours <= as_of and known <= known_at:
            (stands.add if what == "in" else stands.discard)((one.unit_id, one.parent_id))
    found: set[tuple[str, str]] = set()
    open_ = {root}
    while open_:
        below = {pair for pair in stands if pair[1] in open_}
        found |= below
        open_ = {child for child, _ in below}
    return found


async def test_the_tree_as_of_a_time_is_the_tree_that_stood_then(as_: Served, ledger: Ledger) -> None:
    """Against a model that plays the story again, for any time and any time of knowledge."""
    for seed in range(8):
        random, name = Random(seed), f"U{seed}"
        story = a_story(random, name, 60)
        ledger.units(*(f"{name}-{number}" for number in range(1, 9)))
        ledger.puts(*story)
        for _ in range(8):
            as_of, known_at = random.uniform(0, 16), random.uniform(0, 20)
            root = f"{name}-{random.randint(1, 3)}"
            there = await listed(as_, root, as_of=moment(as_of), known_at=moment(known_at))
            assert set(pairs(there)) == replayed(story, root, as_of, known_at), (seed, root, as_of, known_at)


@pytest.mark.parametrize("limit", [1, 3, 500])
async def test_pages_are_the_tree_each_followed_by_what_is_in_it(as_: Served, ledger: Ledger, limit: int) -> None:
    """Each installation once, in whatever pages, as one reads a tree from above."""
    story = [Put(f"U-{number}", f"U-{number // 2}", number, designator=f"J{number}") for number in range(2, 16)]
    ledger.story(*story)
    there = await listed(as_, "U-1", limit)
    assert sorted(pairs(there)) == sorted((one.unit_id, one.parent_id) for one in story)
    leads: list[str] = ["U-1"]
    for one in there:
        del leads[one["level"] :]
        assert one["parent_unit_id"] == leads[-1]
        leads.append(one["unit_id"])


async def test_pages_stand_still_while_units_come_and_go(as_: Served, kept: Database, ledger: Ledger) -> None:
    """Who reads on sees the tree of their first page, whatever is installed and removed meanwhile."""
    story = [Put(f"U-{number}", "U-1", number) for number in range(2, 12)]
    ledger.story(*story)
    first = await asked(as_, "U-1", "as-built", limit=4)
    kept.rows(
        "update installation set removed_at = $1, removed_by = '{}', removed_recorded_at = now() where unit_id = 'U-9'",
        at(20),
    )
    ledger.units("U-0", "U-99")
    ledger.puts(Put("U-99", "U-1", 30, known=1e6), Put("U-0", "U-1", 30, known=1e6))
    kept.rows("update installation set recorded_at = now() where unit_id in ('U-0', 'U-99')")
    rest = await asked(as_, "U-1", "as-built", limit=500, cursor=first["next"])
    assert rest["known_at"] == first["known_at"]
    assert {one["unit_id"] for one in first["items"] + rest["items"]} == {one.unit_id for one in story}
    assert {one["unit_id"] for one in await listed(as_, "U-1")} == {one.unit_id for one in story} - {"U-9"} | {
        "U-0",
        "U-99",
    }


LOOKS = "select query_start from pg_stat_activity where query like '%xact_start <=%' and pid <> pg_backend_pid()"


async def has_looked_again(kept: Database, looked: set[Any]) -> bool:
    """Whether somebody looked twice, and more, for transactions that are in flight: he waits."""
    looked.update(row["query_start"] for row in await asyncio.to_thread(kept.rows, LOOKS))
    return len(looked) > 2


async def test_the_first_page_waits_for_what_is_being_recorded(as_: Served, kept: Database, ledger: Ledger) -> None:
    """A transaction that began before the first page ends after it: a later page must not show what it recorded."""
    ledger.story(*(Put(f"U-{number}", "U-1", number) for number in range(2, 8)))
    ledger.units("U-99")
    insert = """
        insert into installation (installation_id, parent_unit_id, unit_id, requirement_id, run_id, quantity,
                                  substitute, installed_at, installed_by)
        values ('late', 'U-1', 'U-99', 's', 'run', 1, false, now(), '{}')"""
    with ThreadPoolExecutor(1) as thread:
        session = thread.submit(sql.Session, kept.url.replace("+asyncpg", ""), kept.name).result()
        thread.submit(session.do, "begin").result()
        thread.submit(session.do, insert).result()
        page = asyncio.ensure_future(asked(as_, "U-1", "as-built", limit=3))
        looked: set[Any] = set()
        await eventually_async(partial(has_looked_again, kept, looked), 30, "the page waits for the transaction")
        assert not page.done()
        thread.submit(session.do, "commit").result()
        first = await page
        thread.submit(session.__exit__).result()
    rest = await asked(as_, "U-1", "as-built", cursor=first["next"])
    assert "U-99" in {one["unit_id"] for one in rest["items"]}


async def test_an_export_has_every_installation_as_lines_and_as_a_table(as_: Served, ledger: Ledger) -> None:
    """The same rows as the pages; a text that looks like a formula is none."""
    ledger.story(*(Put(f"U-{number}", "U-1", number, designator="=J") for number in range(2, 6)))
    async with as_("viewer") as viewer:
        lines = await viewer.get("/units/U-1/as-built/export")
        table = await viewer.get("/units/U-1/as-built/export", params={"format": "csv"})
    assert [json.loads(line) for line in lines.text.splitlines()] == await listed(as_, "U-1")
    rows = list(csv.DictReader(StringIO(table.text)))
    assert [one["unit_id"] for one in rows] == ["U-2", "U-3", "U-4", "U-5"]
    assert {one["designator"] for one in rows} == {"'=J"}
    assert {(one["installed_by_person"], one["installed_by_machine"]) for one in rows} == {("olga", "scanner-4")}
    assert "U-1%20as%20built.csv" in table.headers["content-disposition"]
    assert [int(one.headers["content-length"]) for one in (lines, table)] == [len(lines.content), len(table.content)]


async def test_a_tree_too_large_for_one_document_names_the_way_out(
    as_: Served, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused, not cut off."""
    ledger.story(*(Put(f"U-{number}", "U-1", number) for number in range(2, 6)))
    monkeypatch.setattr("services.inventory.adapters.genealogy_http.TREE_AT_MOST", 3)
    async with as_("viewer") as viewer:
        answer = await viewer.get("/units/U-1/tree")
    assert (answer.status_code, answer.json()["code"]) == (413, "answer-too-large")
    assert "export" in answer.json()["resolve"]


@pytest.mark.parametrize("what", ["tree", "as-built", "as-built/export", "where-used", "next-higher-assembly"])
async def test_a_unit_that_there_is_not_has_no_answer(as_: Served, what: str) -> None:
    """It is said, instead of an empty tree."""
    async with as_("viewer") as viewer:
        answer = await viewer.get(f"/units/NOBODY/{what}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize(
    "cursor", ["x", "WzFd", "WyIyMDI2LTAxLTAxIiwgIjIwMjYtMDEtMDEiLCAxLCAiYSIsICJiIiwgImMiLCAiZCJd"]
)
async def test_a_cursor_of_somebody_else_is_refused(as_: Served, ledger: Ledger, cursor: str) -> None:
    """Garbage, another list's, and one whose moments name no zone."""
    ledger.units("U-1")
    async with as_("viewer") as viewer:
        answer = await viewer.get("/units/U-1/as-built", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor-invalid")


async def test_a_tree_is_written_to_any_depth(as_: Served, ledger: Ledger) -> None:
    """Deeper than a program that calls itself for each level could go."""
    ledger.story(*(Put(f"U-{number}", f"U-{number - 1}", 1) for number in range(2, 1000)))
    async with as_("viewer") as viewer:
        answer = await viewer.get("/units/U-1/tree")
    assert answer.status_code == 200
    assert answer.text.count('"children":[{') == 998
    assert answer.text.endswith("[]}" + "]}" * 998)


def test_a_tree_holds_its_nodes_in_order() -> None:
    """Each is followed by what is in it."""
    rows = [(1, "A"), (2, "C"), (3, "E"), (2, "D"), (1, "B"), (2, "F")]
    placed = [{"level": level, "unit_id": unit} for level, unit in rows]

    def drawn(node: Any) -> str:
        return str(node["unit_id"]) + "".join(f"({drawn(one)})" for one in node["children"])

    assert drawn(json.loads(tree_text({"unit_id": "R"}, placed))) == "R(A(C(E))(D))(B(F))"


async def test_clocks_that_contradict_each_other_end_in_an_answer(as_: Served, ledger: Ledger) -> None:
    """A in B and B in A at the same time, by what two stations said: a unit in itself is shown, and there it ends."""
    ledger.story(Put("A-1", "B-1", 1, 3), Put("B-1", "A-1", 2, 4))
    there = await listed(as_, "A-1", as_of=moment(2.5))
    assert [(one["level"], one["unit_id"]) for one in there] == [(1, "B-1"), (2, "A-1")]
