"""Where a unit or a lot went, over HTTP, on a real PostgreSQL: up to every top, through splits, past removals."""

import csv
import json
from datetime import datetime
from io import StringIO
from random import Random
from typing import Any

import pytest

from shared.testing.databases import Database
from tests.handlers.genealogy_rows import Ledger, Put, at
from tests.handlers.served import Served
from tests.handlers.test_as_built_http import a_story, replayed

SERVICE = "inventory"

LOT = "OIL:L9"


@pytest.fixture
def ledger(kept: Database) -> Ledger:
    """Writes stories into it."""
    return Ledger(kept)


async def used(as_: Served, unit_id: str, what: str = "where-used", **query: Any) -> list[dict[str, Any]]:
    """All pages of an answer."""
    items: list[dict[str, Any]] = []
    async with as_("viewer") as viewer:
        while True:
            answer = await viewer.get(f"/units/{unit_id}/{what}", params=query)
            assert answer.status_code == 200, answer.text
            items += answer.json()["items"]
            if answer.json()["next"] is None:
                return items
            query["cursor"] = answer.json()["next"]


def moment(hours: float) -> str:
    """A moment as a query has it."""
    return at(hours).isoformat()


def paths(items: list[dict[str, Any]]) -> list[str]:
    """Each way up, in one line; with a cross before it when it does not stand any more."""
    return [f"{'' if one['in_place'] else '✗ '}{' > '.join(one['path'])}" for one in items]


@pytest.fixture
def bad_lot(ledger: Ledger) -> None:
    """10 l of oil: 2 l into a pump in a skid, 3 l into a pump that was drained in time, 1 l set aside, 4 l left."""
    ledger.units(LOT, quantity="4")
    ledger.split(LOT, f"{LOT}~a", "2", 1)
    ledger.split(LOT, f"{LOT}~b", "3", 1)
    ledger.split(LOT, f"{LOT}~c", "1", 2, "quarantine")
    ledger.units("PUMP-1", "PUMP-2", "SKID-1")
    ledger.puts(
        Put(f"{LOT}~a", "PUMP-1", 1, quantity="2"),
        Put(f"{LOT}~b", "PUMP-2", 1, 3, quantity="3"),
        Put("PUMP-1", "SKID-1", 4),
        Put("PUMP-2", "SKID-1", 5),
    )


@pytest.mark.usefixtures("bad_lot")
async def test_a_lot_is_traced_through_its_parts_to_every_top(as_: Served) -> None:
    """With what was removed in time, which never was in the skid that its pump went into later."""
    assert paths(await used(as_, LOT)) == [
        "OIL:L9 > OIL:L9~a",
        "OIL:L9 > OIL:L9~a > PUMP-1",
        "OIL:L9 > OIL:L9~a > PUMP-1 > SKID-1",
        "OIL:L9 > OIL:L9~b",
        "✗ OIL:L9 > OIL:L9~b > PUMP-2",
        "OIL:L9 > OIL:L9~c",
    ]
    assert [one["unit_id"] for one in await used(as_, LOT, tops=True)] == ["SKID-1", "PUMP-2", f"{LOT}~c"]


@pytest.mark.usefixtures("bad_lot")
async def test_each_way_tells_quantity_interval_status_and_both_ends(as_: Served) -> None:
    """How much of the lot, from when to when, who put it in and who took it out and why."""
    found = {one["unit_id"]: one for one in await used(as_, LOT)}
    skid, drained, aside = found["SKID-1"], found["PUMP-2"], found[f"{LOT}~c"]
    assert (skid["quantity"], skid["unit_of_measure"]) == ("2", "each")
    assert (skid["since"], skid["until"], skid["is_top"]) == (moment(4), None, True)
    assert (skid["relation"], skid["from_unit_id"], skid["requirement_id"]) == ("installed", "PUMP-1", "r")
    assert (drained["quantity"], drained["since"], drained["until"]) == ("3", moment(1), moment(3))
    assert (drained["removed_at"], drained["removed_by"]["person"], drained["because"]) == (moment(3), "omar", "scored")
    assert drained["by"] == {"person": "olga", "machine": "scanner-4"}
    assert (aside["relation"], aside["quantity"], aside["because"]) == ("split", "1", "quarantine")
    assert (aside["at"], aside["status"], aside["lot"]) == (moment(2), "available", "L9")


@pytest.mark.usefixtures("bad_lot")
async def test_a_trace_as_of_a_time_and_as_known_then(as_: Served) -> None:
    """As of two nothing was drained; before one, nothing was split off."""
    as_of_two = await used(as_, LOT, as_of=moment(2))
    assert [one["unit_id"] for one in as_of_two if one["relation"] == "installed"] == ["PUMP-1", "PUMP-2"]
    assert {one["removed_at"] for one in as_of_two if one["relation"] == "installed"} == {None}
    assert await used(as_, LOT, as_of=moment(0.5)) == []
    assert await used(as_, LOT, known_at=moment(0.5)) == []


@pytest.mark.usefixtures("bad_lot")
async def test_a_part_of_a_lot_is_traced_by_itself(as_: Served) -> None:
    """The other parts are no concern of its."""
    assert paths(await used(as_, f"{LOT}~a")) == ["OIL:L9~a > PUMP-1", "OIL:L9~a > PUMP-1 > SKID-1"]


async def test_a_late_removal_changes_what_was_so_and_not_what_was_known(as_: Served, ledger: Ledger) -> None:
    """It was out at two, which nobody knew until nine."""
    ledger.story(Put("ROTOR-1", "PUMP-1", 1, 2, out_known=9), Put("PUMP-1", "SKID-1", 3))
    assert paths(await used(as_, "ROTOR-1")) == ["✗ ROTOR-1 > PUMP-1"]
    assert paths(await used(as_, "ROTOR-1", known_at=moment(5))) == ["ROTOR-1 > PUMP-1", "ROTOR-1 > PUMP-1 > SKID-1"]
    assert paths(await used(as_, "ROTOR-1", as_of=moment(5))) == ["✗ ROTOR-1 > PUMP-1"]


async def test_a_unit_that_was_in_two_assemblies_was_in_what_each_was_in_at_the_time(
    as_: Served, ledger: Ledger
) -> None:
    """In pump 1 while that was in skid 1, in pump 2 after that had left skid 2; and into pump 1 again."""
    ledger.story(
        Put("ROTOR-1", "PUMP-1", 2, 4),
        Put("ROTOR-1", "PUMP-2", 5, 6),
        Put("ROTOR-1", "PUMP-1", 7),
        Put("PUMP-1", "SKID-1", 1, 3),
        Put("PUMP-2", "SKID-2", 1, 5),
        Put("PUMP-1", "SKID-2", 6),
    )
    assert sorted(paths(await used(as_, "ROTOR-1"))) == [
        "ROTOR-1 > PUMP-1",
        "ROTOR-1 > PUMP-1 > SKID-2",
        "✗ ROTOR-1 > PUMP-1",
        "✗ ROTOR-1 > PUMP-1 > SKID-1",
        "✗ ROTOR-1 > PUMP-2",
    ]
    (top,) = [one for one in await used(as_, "ROTOR-1", tops=True) if one["unit_id"] == "SKID-1"]
    assert (top["since"], top["until"]) == (moment(2), moment(3))


async def test_an_assembly_that_was_split_later_is_followed_into_its_parts(as_: Served, ledger: Ledger) -> None:
    """A lot of paste, in a lot of cells: cells that were split off before the paste came hold none of it."""
    ledger.units("PASTE:P1", "CELL:C1", "PACK-1", "PACK-2")
    ledger.split("CELL:C1", "CELL:C1~early", "10", 1)
    ledger.split("CELL:C1", "CELL:C1~late", "10", 5)
    ledger.puts(
        Put("PASTE:P1", "CELL:C1", 3, quantity="0.5"),
        Put("CELL:C1~early", "PACK-1", 6, quantity="10"),
        Put("CELL:C1~late", "PACK-2", 6, quantity="10"),
    )
    found = await used(as_, "PASTE:P1")
    assert paths(found) == [
        "PASTE:P1 > CELL:C1",
        "PASTE:P1 > CELL:C1 > CELL:C1~late",
        "PASTE:P1 > CELL:C1 > CELL:C1~late > PACK-2",
    ]
    assert [one["quantity"] for one in found] == ["0.5", None, None]


async def test_what_came_into_an_assembly_and_out_before_it_was_split_is_not_in_its_parts(
    as_: Served, ledger: Ledger
) -> None:
    """The paste was taken out at four; the part was split off at five."""
    ledger.units("PASTE:P1", "CELL:C1")
    ledger.split("CELL:C1", "CELL:C1~late", "10", 5)
    ledger.puts(Put("PASTE:P1", "CELL:C1", 3, 4))
    assert paths(await used(as_, "PASTE:P1")) == ["✗ PASTE:P1 > CELL:C1"]


@pytest.mark.usefixtures("bad_lot")
async def test_the_next_higher_assembly_is_what_a_unit_is_in(as_: Served) -> None:
    """As it stands; of a lot, of each part that is installed; of what is installed in nothing, none."""
    next_higher = "next-higher-assembly"
    assert [one["unit_id"] for one in await used(as_, "PUMP-1", next_higher)] == ["SKID-1"]
    assert [one["unit_id"] for one in await used(as_, LOT, next_higher)] == ["PUMP-1"]
    assert [one["unit_id"] for one in await used(as_, LOT, next_higher, as_of=moment(2))] == ["PUMP-1", "PUMP-2"]
    assert await used(as_, "SKID-1", next_higher) == []


async def test_a_trace_holds_exactly_the_units_that_held_it_at_each_moment(as_: Served, ledger: Ledger) -> None:
    """Against a model that plays the story again: who is above at a moment has that moment in the interval of a way."""
    for seed in range(4):
        random, name = Random(seed), f"U{seed}"
        story = a_story(random, name, 60)
        units = [f"{name}-{number}" for number in range(1, 9)]
        ledger.units(*units)
        ledger.puts(*story)
        for _ in range(6):
            component, hours, known_at = random.choice(units[3:]), random.uniform(0, 16), random.uniform(0, 20)
            ways = await used(as_, component, known_at=moment(known_at))
            at_that_moment = {one["unit_id"] for one in ways if _held(one, moment(hours))}
            above = {
                root for root in units if component in {child for child, _ in replayed(story, root, hours, known_at)}
            }
            assert at_that_moment == above, (seed, component, hours, known_at)


def _held(way: dict[str, Any], when: str) -> bool:
    at_ = datetime.fromisoformat(when)
    since, until = (way[name] and datetime.fromisoformat(way[name]) for name in ("since", "until"))
    return bool(since <= at_ and (until is None or at_ < until))


@pytest.mark.parametrize("limit", [1, 2, 500])
async def test_pages_and_exports_have_every_way_once(as_: Served, ledger: Ledger, limit: int) -> None:
    """The same rows, in the same order, in whatever pages, as lines and as a table."""
    ledger.units(LOT, *(f"PUMP-{number}" for number in range(6)), "SKID-0", "SKID-1")
    for number in range(6):
        ledger.split(LOT, f"{LOT}~{number}", "1", 1)
    ledger.puts(*(Put(f"{LOT}~{number}", f"PUMP-{number}", 2) for number in range(6)))
    ledger.puts(*(Put(f"PUMP-{number}", f"SKID-{number % 2}", 3) for number in range(6)))
    found = await used(as_, LOT, limit=limit)
    assert len({tuple(one["path"]) for one in found}) == len(found) == 18
    async with as_("viewer") as viewer:
        lines = await viewer.get(f"/units/{LOT}/where-used/export")
        table = await viewer.get(f"/units/{LOT}/where-used/export", params={"format": "csv", "tops": True})
    assert [json.loads(line) for line in lines.text.splitlines()] == found
    rows = list(csv.DictReader(StringIO(table.text)))
    assert [one["unit_id"] for one in rows] == ["SKID-0", "SKID-1"] * 3
    assert rows[0]["path"] == "OIL:L9; OIL:L9~0; PUMP-0; SKID-0"
