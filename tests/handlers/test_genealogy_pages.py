"""Pages of large trees and traces, on a real PostgreSQL: each begins where the one before ended, and reads no more than
a page needs, however large the whole is.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from random import Random
from typing import Any

import pytest

from services.inventory.adapters import questions
from services.inventory.adapters.as_built import PLACED
from services.inventory.adapters.questions import BETWEEN, Question
from services.inventory.adapters.where_used import NEXT, USED
from shared.testing.databases import Database
from tests.handlers.genealogy_rows import Ledger, Put
from tests.handlers.served import Served
from tests.handlers.test_as_built_http import a_story, asked
from tests.handlers.test_unit_lists import read

SERVICE = "inventory"

LOT = "OIL:L9"
PAGE = 10


async def in_pages(as_: Served, unit_id: str, what: str, limit: int, **query: Any) -> list[dict[str, Any]]:
    """All pages of an answer."""
    page = await asked(as_, unit_id, what, limit=limit, **query)
    items: list[dict[str, Any]] = page["items"]
    while page["next"] is not None:
        page = await asked(as_, unit_id, what, limit=limit, cursor=page["next"], **query)
        assert page["items"]
        items += page["items"]
    return items


async def whole(as_: Served, unit_id: str, what: str, **query: Any) -> list[dict[str, Any]]:
    """The export."""
    async with as_("viewer") as viewer:
        lines = await viewer.get(f"/units/{unit_id}/{what}/export", params=query)
    return [json.loads(line) for line in lines.text.splitlines()]


def next_higher(ways: list[dict[str, Any]], unit_id: str) -> list[dict[str, Any]]:
    """Of the ways up, those that lead through splits only to what holds a part now."""
    through = {(unit_id,)}
    for way in ways:
        if way["relation"] == "split" and tuple(way["path"][:-1]) in through:
            through.add(tuple(way["path"]))
    return [
        one for one in ways if one["relation"] == "installed" and one["in_place"] and tuple(one["path"][:-1]) in through
    ]


@pytest.mark.parametrize("seed", range(4))
async def test_the_pages_are_the_whole_answer_in_its_order(as_: Served, kept: Database, seed: int) -> None:
    """Of any story of units and lots, taken apart and put together again, in pages of any size."""
    ledger, random = Ledger(kept), Random(seed)
    ledger.units(LOT, *(f"U-{number}" for number in range(1, 9)))
    ledger.puts(*a_story(random, "U", 60))
    for number in range(12):
        part = f"{LOT}~{number}"
        ledger.split(LOT if number < 9 else f"{LOT}~{number - 9}", part, "1", random.uniform(0, 3))
        began = random.uniform(3, 14)
        out = random.choice([None, began + 1])
        ledger.puts(Put(part, f"U-{random.randint(1, 8)}", began, out, requirement_id=random.choice("ab")))
    for limit in (1, 2, 5):
        for unit_id in ("U-1", "U-2"):
            assert await in_pages(as_, unit_id, "as-built", limit) == await whole(as_, unit_id, "as-built")
        for unit_id in (LOT, "U-7", "U-8"):
            for tops in (False, True):
                there = await whole(as_, unit_id, "where-used", tops=tops)
                assert await in_pages(as_, unit_id, "where-used", limit, tops=tops) == there
            there = next_higher(await whole(as_, unit_id, "where-used"), unit_id)
            assert await in_pages(as_, unit_id, "next-higher-assembly", limit) == there


async def test_a_page_of_a_large_tree_reads_no_more_than_a_page_needs(as_: Served, kept: Database) -> None:
    """Of three thousand units, the first page and one in the middle of it."""
    Ledger(kept).story(*(Put(f"U-{number}", f"U-{(number + 1) // 3}", 1) for number in range(2, 3000)))
    kept.rows("analyze")
    first = await asked(as_, "U-1", "as-built", limit=500)
    assert rows_read(kept, PLACED, "U-1", None, depth=None) < 500
    assert rows_read(kept, PLACED, "U-1", first["next"], depth=None) < 500


@pytest.mark.parametrize("reach", ["all", "tops"])
async def test_a_page_of_a_large_trace_reads_no_more_than_a_page_needs(as_: Served, kept: Database, reach: str) -> None:
    """Of a lot in two thousand units, the first page and one in the middle of it."""
    parts_in_units(kept)
    first = await asked(as_, LOT, "where-used", limit=500, tops=reach == "tops")
    assert rows_read(kept, USED, LOT, None, reach=reach) < 500
    assert rows_read(kept, USED, LOT, first["next"], reach=reach) < 500


def parts_in_units(kept: Database, still_in: int = 2000) -> None:
    """A lot in two thousand parts, four in a unit; of these the last ``still_in`` still are."""
    Ledger(kept).units(LOT, *(f"{LOT}~{number:04}" for number in range(2000)))
    kept.rows(
        "insert into split select $1 || '~' || lpad(i::text, 4, '0'), $1, 1, 'install', now(), '{}', now()"
        " from generate_series(0, 1999) i",
        LOT,
    )
    out = 2000 - still_in
    Ledger(kept).story(
        *(Put(f"{LOT}~{number:04}", f"U-{number // 4}", 1, 2 if number < out else None) for number in range(2000))
    )
    kept.rows("analyze")


@pytest.mark.parametrize("still_in", [2000, 100])
async def test_a_page_of_next_higher_assemblies_reads_no_more_than_a_page_needs(
    as_: Served, kept: Database, still_in: int
) -> None:
    """Of a lot in two thousand units, and of one that was taken out of nearly all of them."""
    parts_in_units(kept, still_in)
    first = await asked(as_, LOT, "next-higher-assembly", limit=50)
    for cursor in (None, first["next"]):
        assert rows_read(kept, NEXT, LOT, cursor, reach="next") < 8 * NEXT.walks_at_least


async def test_a_page_that_finds_little_ends_and_the_next_one_goes_on(
    as_: Served, kept: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two thousand parts the last hundred are in something: nobody waits for a page until all others are seen."""
    monkeypatch.setattr(questions, "MOST_WALKS", 3)
    parts_in_units(kept, 100)
    first = page = await asked(as_, LOT, "next-higher-assembly", limit=50)
    found = page["items"]
    while page["next"] is not None:
        page = await asked(as_, LOT, "next-higher-assembly", limit=50, cursor=page["next"])
        found = found + page["items"]
    assert first["items"] == []
    assert [one["from_unit_id"] for one in found] == [f"{LOT}~{number:04}" for number in range(1900, 2000)]


def rows_read(kept: Database, question: Question, unit_id: str, cursor: str | None, **more: str | None) -> float:
    """How many rows PostgreSQL reads for a page."""
    trail = "" if cursor is None else json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))[-1]
    parts = ",".join(_literal(one) for one in trail.split(BETWEEN)[:-1])
    values = {name: "null" if one is None else _literal(one) for name, one in more.items()}
    values |= {
        "unit_id": _literal(unit_id),
        "as_of": "null",
        "known_at": "now()",
        "limit": str(max(PAGE + 1, question.walks_at_least)),
    }
    values |= {"after": _literal(trail), "parts": f"array[{parts}]::text[]"}
    statement = re.sub(r"(?<![:\w\\]):(\w+)", lambda name: values[name[1]], question.of_page.text)
    (row,) = kept.rows("explain (analyze, format json) " + statement.replace("\\:", ":"))
    told = row["QUERY PLAN"]
    return read(json.loads(told) if isinstance(told, str) else told)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


async def test_a_cursor_of_another_question_is_refused(as_: Served, kept: Database) -> None:
    """Where a trace goes on is no place in a tree, nor in the trace of another unit; and half a character is none at
    all.
    """
    Ledger(kept).story(*(Put(f"U-{number}", f"U-{number - 1}", 1) for number in range(2, 6)))
    used = await asked(as_, "U-5", "where-used", limit=1)
    async with as_("viewer") as viewer:
        answer = await viewer.get("/units/U-1/as-built", params={"cursor": used["next"]})
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor-invalid")
        answer = await viewer.get("/units/U-4/where-used", params={"cursor": used["next"]})
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor-invalid")
        words = json.dumps(["where-used U-5", None, "2026-01-01T00:00:00Z", "\ud800"])
        half = urlsafe_b64encode(words.encode()).decode().rstrip("=")
        answer = await viewer.get("/units/U-5/where-used", params={"cursor": half})
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor-invalid")


async def test_a_lot_with_a_slash_in_its_number_is_found(as_: Served) -> None:
    """Suppliers number as they like."""
    oil = {"part_number": "OIL", "revision": "A", "lot": "12/24", "quantity": "2", "unit_of_measure": "l"}
    async with as_("operator") as operator:
        assert (await operator.post("/units", json=oil)).status_code == 201
        for path in ("", "/tree", "/where-used", "/epcis"):
            assert (await operator.get(f"/units/OIL:12%2F24{path}")).status_code == 200
        moved = await operator.post("/units/OIL:12%2F24/move", json={"location": "Rack 2", "quantity": "1"})
    assert moved.json()["quantity"] == "1"
