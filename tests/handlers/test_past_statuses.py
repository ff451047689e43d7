"""What a unit's status, quantity and as-built version were, in trees and traces of the past: as of a time, as known at
one; on a real PostgreSQL.
"""

from datetime import datetime
from random import Random
from typing import Any

import pytest

from shared.testing.databases import Database
from shared.testing.topics import Sent, event
from tests.handlers.bench import BY
from tests.handlers.genealogy_rows import Ledger, Put, Said, at
from tests.handlers.inventory_records import PUMP, ROTOR, an_issue, completion, created, installed, received, removed
from tests.handlers.served import Served
from tests.handlers.test_as_built_http import asked, listed, moment, now

SERVICE = "inventory"


async def statuses(as_: Served, unit_id: str, **query: Any) -> dict[str, str | None]:
    """The status of each unit of a tree; the tree, its pages and its export agree."""
    tree = await asked(as_, unit_id, "tree", **query)
    there = {one["unit_id"]: one["status"] for one in await listed(as_, unit_id, 1, **query)}
    assert there == {one["unit_id"]: one["status"] for one in tree["children"]}
    return {unit_id: tree["status"], **there}


async def test_a_tree_of_the_past_shows_the_statuses_of_then(as_: Served) -> None:
    """In progress while it was built, available after its completion at noon, and its rotor in it all the time."""
    await as_.takes(received(time=at(0)), created(time=at(1)), installed(time=at(2)))
    await as_.takes(completion(PUMP, 2, ROTOR))
    assert await statuses(as_, PUMP) == {PUMP: "available", ROTOR: "installed"}
    assert await statuses(as_, PUMP, as_of=moment(3)) == {PUMP: "wip", ROTOR: "installed"}
    assert await statuses(as_, PUMP, as_of=moment(1.5)) == {PUMP: "wip"}


async def test_before_anything_was_said_of_a_unit_it_had_no_status(as_: Served) -> None:
    """None, instead of that of today."""
    await as_.takes(received(time=at(5)))
    assert (await asked(as_, ROTOR, "tree", as_of=moment(4)))["status"] is None
    assert (await asked(as_, ROTOR, "tree", as_of=moment(5)))["status"] == "available"


async def test_a_late_record_changes_the_status_that_was_and_not_the_one_that_was_known(
    as_: Served, kept: Database
) -> None:
    """The rotor was scored at three, which is heard of after the first look."""
    await as_.takes(received(time=at(0)), created(time=at(1)))
    before = now(kept)
    await as_.takes(an_issue("opened"), an_issue("disposition-chosen", time=at(3), **SCORED))
    for query, status in (
        ({}, "on_hold"),
        ({"as_of": moment(2)}, "available"),
        ({"as_of": moment(3)}, "on_hold"),
        ({"known_at": before}, "available"),
        ({"known_at": now(kept)}, "on_hold"),
        ({"as_of": moment(3), "known_at": before}, "available"),
    ):
        assert (await asked(as_, ROTOR, "tree", **query))["status"] == status, query


LOT = "OIL:L9"


def oil(quantity: str, delivery: str, hours: float) -> Sent:
    """A delivery of a lot."""
    came = {"unit_id": LOT, "part_number": "OIL", "revision": "A", "lot": "L9", "unit_of_measure": "l"}
    return event("plant.unit.received.v1", came | {"quantity": quantity, "delivery": delivery}, time=at(hours))


def moved_oil(quantity: str, hours: float) -> Sent:
    """Some of it is brought to the line, which splits it off."""
    return event("plant.unit.moved.v1", {"unit_id": LOT, "location": "Line 2", "quantity": quantity}, time=at(hours))


def returned_oil(hours: float, quantity: str | None = None) -> Sent:
    """Some of it, or all that is left, goes back to its supplier."""
    data = {"unit_id": LOT, "reason": "water in it"} | ({} if quantity is None else {"quantity": quantity})
    return event("plant.unit.returned.v1", data, time=at(hours))


async def root(as_: Served, unit_id: str, **query: Any) -> tuple[str | None, int | None]:
    """The quantity and as-built version of the unit at the root of its tree."""
    tree = await asked(as_, unit_id, "tree", **query)
    return tree["quantity"], tree["as_built_version"]


async def test_a_tree_of_the_past_shows_the_quantity_of_then(as_: Served, kept: Database) -> None:
    """Twelve litres came, two went to the line, four more came, and what is left goes back; before, it was nothing."""
    await as_.takes(oil("12", "DN-1", 1), moved_oil("2", 2))
    before = now(kept)
    await as_.takes(oil("4", "DN-2", 3), returned_oil(4))
    for query, quantity in (
        ({}, "0"),
        ({"as_of": moment(0.5)}, None),
        ({"as_of": moment(1.5)}, "12"),
        ({"as_of": moment(2.5)}, "10"),
        ({"as_of": moment(3.5)}, "14"),
        ({"as_of": moment(4)}, "0"),
        ({"known_at": before}, "10"),
        ({"as_of": moment(3.5), "known_at": before}, "10"),
    ):
        assert (await root(as_, LOT, **query))[0] == quantity, query


async def test_a_tree_of_the_past_shows_the_as_built_version_of_then(as_: Served) -> None:
    """The claim is the first, the rotor put in the second, taken out again the third."""
    await as_.takes(received(time=at(0)), created(time=at(1)), installed(time=at(2)), removed(time=at(3)))
    assert await root(as_, PUMP) == ("1", 3)
    for hours, version in ((1, 1), (2.5, 2), (3, 3)):
        assert await root(as_, PUMP, as_of=moment(hours)) == ("1", version)
    assert await root(as_, PUMP, as_of=moment(0.5)) == (None, None)


SCORED: Any = {"disposition": "Scrap", "availability": "permanently-unavailable"}


async def test_a_trace_of_the_past_shows_the_statuses_of_then(as_: Served, kept: Database) -> None:
    """Of each unit above; also of the next higher assembly; and in exports."""
    ledger = Ledger(kept)
    ledger.story(Put("ROTOR-1", "PUMP-1", 1), Put("PUMP-1", "SKID-1", 4))
    ledger.statuses(Said("PUMP-1", "wip", 0), Said("PUMP-1", "available", 3, 6), Said("PUMP-1", "installed", 4, 7))
    for query, status in (
        ({}, "installed"),
        ({"as_of": moment(2)}, "wip"),
        ({"as_of": moment(3.5)}, "available"),
        ({"as_of": moment(3.5), "known_at": moment(5)}, "wip"),
        ({"known_at": moment(6.5)}, "available"),
    ):
        for what in ("where-used", "next-higher-assembly"):
            pump = (await asked(as_, "ROTOR-1", what, **query))["items"][0]
            assert (pump["unit_id"], pump["status"]) == ("PUMP-1", status), (what, query)
    async with as_("viewer") as viewer:
        lines = await viewer.get("/units/ROTOR-1/where-used/export", params={"as_of": moment(2)})
    assert '"status":"wip"' in lines.text


async def test_pages_keep_the_statuses_of_the_first_one(as_: Served, kept: Database) -> None:
    """A unit that is scrapped while somebody reads on is shown as it was known to be at their first page."""
    ledger = Ledger(kept)
    ledger.story(*(Put(f"U-{number}", "U-1", number) for number in range(2, 6)))
    first = await asked(as_, "U-1", "as-built", limit=2)
    last = (await listed(as_, "U-1"))[-1]["unit_id"]
    kept.rows("insert into status_change (unit_id, status, at) values ($1, 'scrapped', now())", last)
    rest = await asked(as_, "U-1", "as-built", cursor=first["next"])
    assert {one["status"] for one in first["items"] + rest["items"]} == {"available"}
    assert (await listed(as_, "U-1", known_at=now(kept)))[-1]["status"] == "scrapped"


PUMPS = [f"PUMP-{number}" for number in range(3)]
ROTORS = [f"ROTOR-{number}" for number in range(4)]
DOINGS = ("put", "put", "put", "take", "take", "score", "resolve", "complete", "order anew", "oil")


def a_shift(random: Random) -> list[Sent]:
    """Pumps, rotors and oil through whatever a shift does to them, a third of it told late."""
    done = [created(pump, time=at(0)) for pump in PUMPS] + [received(rotor, time=at(0)) for rotor in ROTORS]
    done.append(oil("10", "DN", 0))
    inside: dict[str, str] = {}
    for number in range(40):
        hours = number / 2 + random.choice([0, 0, -3])
        doing = random.choice(DOINGS)
        if doing in {"put", "take"}:
            done += _fitted(random, doing, inside, hours)
        else:
            done += _happened(random, doing, number, hours)
    return done


def _fitted(random: Random, doing: str, inside: dict[str, str], hours: float) -> list[Sent]:
    """A rotor is put into a pump that has none, or taken out again; ``inside`` is what should be in what."""
    if doing == "take":
        if not inside:
            return []
        pump, rotor = inside.popitem()
        return [removed(rotor, pump, time=at(hours), scrapped=random.random() < 0.2)]
    pump, rotor = random.choice(PUMPS), random.choice(ROTORS)
    if pump in inside or rotor in inside.values():
        return []
    inside[pump] = rotor
    return [installed(rotor, pump, time=at(hours))]


def _happened(random: Random, doing: str, number: int, hours: float) -> list[Sent]:
    pump, rotor, time = random.choice(PUMPS), random.choice(ROTORS), at(hours)
    match doing:
        case "score":
            return [an_issue("disposition-chosen", rotor, time=time, issue_id=f"i-{rotor}", **SCORED)]
        case "resolve":
            return [an_issue("resolved", rotor, time=time, issue_id=f"i-{rotor}", state="resolved")]
        case "complete":
            return [completion(pump, random.randint(1, 4), rotor)]
        case "order anew":
            canceled = BY | {"run_id": f"run of {pump}", "unit_id": pump, "reason": "order withdrawn"}
            again = created(pump, f"run {number}", quantity="2", time=time)
            return [event("asbuilt.run.canceled.v1", canceled, time=time), again]
        case _:
            return [random.choice([oil("5", f"DN-{number}", hours), moved_oil("2", hours), returned_oil(hours)])]


@pytest.mark.parametrize("seed", range(5))
async def test_now_is_as_of_now_and_as_known_now(as_: Served, kept: Database, seed: int) -> None:
    """After any shift: trees with their statuses, traces, what is otherwise than planned; whichever way one asks."""
    for one in a_shift(Random(seed)):
        await as_.takes(one)
    assert kept.count("installation where removed_at is not null") > 0, "a shift that takes nothing out proves little"
    later = datetime(2030, 1, 1, tzinfo=at(0).tzinfo).isoformat()
    for unit_id in [*PUMPS, *ROTORS, LOT]:
        for what in ("tree", "as-built/against-plan", "where-used"):
            there = await asked(as_, unit_id, what)
            for query in ({"as_of": later}, {"known_at": now(kept)}, {"as_of": later, "known_at": now(kept)}):
                then = await asked(as_, unit_id, what, **query)
                assert _without_moments(then) == _without_moments(there), (unit_id, what, query)


def _without_moments(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in answer.items() if name not in {"as_of", "known_at"}}
