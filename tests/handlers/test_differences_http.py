"""Differences of as-builts over HTTP, on a real PostgreSQL: two units, one unit at two times, and against the plan."""

import json
from typing import Any

from shared.testing.databases import Database
from shared.testing.topics import Sent, event
from tests.handlers.bench import BY
from tests.handlers.genealogy_rows import Ledger, Put, at
from tests.handlers.inventory_records import PUMP, ROTOR, an_issue, created, installed, received
from tests.handlers.served import Served

SERVICE = "inventory"


PUMPS = "PUMP-100:L9"


def of_ten_pumps() -> Sent:
    """A run was created that builds ten pumps, of two rotors and four screws each."""
    wanted = [
        {"requirement_id": "r", "part_number": "ROTOR-7", "quantity": "2"},
        {"requirement_id": "s", "part_number": "SCR-4", "quantity": "4"},
    ]
    run = {"run_id": "run of ten", "unit_id": PUMPS, "part_number": "PUMP-100", "revision": "A"}
    target = {"lot": "L9", "quantity": "10", "unit_of_measure": "each"}
    does = {"procedure": {"name": "Build", "version": "1"}, "steps": [{"step_id": "s", "name": "S"}]}
    place = {"place": {"line": "Line 2"}}
    return event("asbuilt.run.created.v1", BY | run | does | place | {"target": target, "requirements": wanted})


def canceled(unit_id: str) -> Sent:
    """The run of a unit was canceled."""
    return event(
        "asbuilt.run.canceled.v1", BY | {"run_id": f"run of {unit_id}", "unit_id": unit_id, "reason": "Withdrawn."}
    )


async def differences(as_: Served, unit_id: str, what: str, **query: Any) -> list[str]:
    """Each difference as a person says it."""
    async with as_("viewer") as viewer:
        answer = await viewer.get(f"/units/{unit_id}/as-built/{what}", params=query)
    assert answer.status_code == 200, answer.text
    return [f"{one['change']} {one['sentence']}" for one in answer.json()["items"]]


async def test_one_unit_is_compared_at_two_times(as_: Served, kept: Database) -> None:
    """What was exchanged, two levels down; the other way round it is told the other way round."""
    Ledger(kept).story(
        Put("MOTOR-1", "PUMP-1", 1, requirement_id="motor"),
        Put("BRG-1", "MOTOR-1", 1, 5, requirement_id="bearing"),
        Put("BALL-9", "MOTOR-1", 6, requirement_id="bearing", substitute=True),
    )
    before, after = at(2).isoformat(), at(7).isoformat()
    assert await differences(as_, "PUMP-1", "compare", as_of=before, with_as_of=after) == [
        "substituted motor / bearing: 1 x BALL rev A (serial BALL-9) instead of 1 x BRG rev A (serial BRG-1)."
    ]
    assert await differences(as_, "PUMP-1", "compare", as_of=after, with_as_of=before) == [
        "substituted motor / bearing: 1 x BRG rev A (serial BRG-1) instead of 1 x BALL rev A (serial BALL-9)."
    ]
    assert await differences(as_, "PUMP-1", "compare", as_of=before, with_known_at=before) == []


async def test_two_units_are_compared_by_parts(as_: Served, kept: Database) -> None:
    """Other serials of the same parts are no difference."""
    Ledger(kept).story(
        Put("MOTOR-1", "PUMP-1", 1, requirement_id="motor"),
        Put("MOTOR-2", "PUMP-2", 1, requirement_id="motor"),
        Put("SEAL-2", "PUMP-2", 1, requirement_id="seal", designator="J1"),
    )
    assert await differences(as_, "PUMP-1", "compare", **{"with": "PUMP-2"}) == [
        "added seal at J1: 1 x SEAL rev A (serial SEAL-2) at J1 was added."
    ]


async def test_a_unit_is_compared_with_the_requirements_of_its_run(as_: Served) -> None:
    """Short of its rotor, and then as planned; a unit that no run builds has no plan."""
    await as_.takes(received(), created())
    assert await differences(as_, PUMP, "against-plan") == ["removed r: 1 x ROTOR-7 is planned and not installed."]
    await as_.takes(installed())
    assert await differences(as_, PUMP, "against-plan") == []
    assert await differences(as_, ROTOR, "against-plan") == []


async def test_a_unit_is_compared_with_the_requirements_as_they_were(as_: Served, kept: Database) -> None:
    """A seal was added after the rotor was in: as of before, and as known before, nothing was missing."""
    await as_.takes(received(time=at(0)), created(time=at(1)), installed(time=at(2)))
    before = kept.value("select clock_timestamp()")
    seal = {"requirement_id": "seal", "part_number": "SEAL-8", "quantity": "2", "reason": "It leaks."}
    async with as_("engineer") as engineer:
        assert (await engineer.post(f"/units/{PUMP}/requirements", json=seal)).status_code == 201
    missing = "removed seal: 2 x SEAL-8 is planned and not installed."
    assert await differences(as_, PUMP, "against-plan") == [missing]
    assert await differences(as_, PUMP, "against-plan", as_of=at(3).isoformat()) == []
    assert await differences(as_, PUMP, "against-plan", known_at=before) == []
    assert await differences(as_, PUMP, "against-plan", as_of=at(1.5).isoformat()) == [
        "removed r: 1 x ROTOR-7 is planned and not installed."
    ]
    async with as_("engineer") as engineer:
        await engineer.patch(f"/units/{PUMP}/requirements/seal", json={"quantity": "1", "reason": "One will do."})
        between = kept.value("select clock_timestamp()")
        await engineer.post(f"/units/{PUMP}/requirements/seal/remove", json={"reason": "It does not leak."})
    assert await differences(as_, PUMP, "against-plan") == []
    assert await differences(as_, PUMP, "against-plan", known_at=between) == [missing.replace("2 x", "1 x")]


async def test_before_a_run_claimed_a_unit_it_had_no_plan(as_: Served) -> None:
    """As of a time before the run was created; and after it was canceled, there is none again."""
    await as_.takes(created(time=at(1)))
    async with as_("viewer") as viewer:
        path = f"/units/{PUMP}/as-built/against-plan"
        assert (await viewer.get(path)).json()["run_id"] == f"run of {PUMP}"
        then = (await viewer.get(path, params={"as_of": at(0.5).isoformat()})).json()
        assert (then["run_id"], then["items"]) == (None, [])
        await as_.takes(canceled(PUMP))
        assert (await viewer.get(path)).json()["run_id"] is None
        then = (await viewer.get(path, params={"as_of": at(2).isoformat()})).json()
        assert then["run_id"] == f"run of {PUMP}"


async def test_taking_part_of_a_lot_that_is_built_leaves_one_plan(kept: Database, as_: Served) -> None:
    """However many requirements are scaled by it."""
    held = {"unit_id": f"{PUMPS}~q", "of_unit_id": PUMPS, "quantity": "3"}
    await as_.takes(of_ten_pumps(), an_issue("quarantined", PUMPS, quarantined=[held], part=held))
    plans = kept.rows("select cast(requirements as text) as requirements from plan order by plan_id")
    asked = [[one["quantity"] for one in json.loads(plan["requirements"]).values()] for plan in plans]
    assert asked == [["20", "40"], ["14", "28"]]


async def test_a_unit_that_there_is_not_has_no_difference(as_: Served, kept: Database) -> None:
    """On either side."""
    Ledger(kept).units("PUMP-1")
    async with as_("viewer") as viewer:
        for path in ("PUMP-1/as-built/compare?with=X", "X/as-built/compare", "X/as-built/against-plan"):
            assert (await viewer.get(f"/units/{path}")).status_code == 404, path
