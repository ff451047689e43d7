"""Differences of as-builts over HTTP, on a real PostgreSQL: two units, one unit at two times, and against the plan."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from services.inventory.app import build
from shared.testing.databases import Database
from tests.handlers.genealogy_rows import Ledger, Put, at
from tests.handlers.inventory_records import PUMP, ROTOR, created, installed, received
from tests.handlers.served import Served, served


@pytest.fixture
def kept(database: Callable[[str], Database]) -> Database:
    """The inventory service's database, fresh."""
    return database("inventory")


@pytest.fixture
async def as_(kept: Database, tmp_path: Path) -> AsyncIterator[Served]:
    """The inventory service, served: `as_("viewer")` is a client."""
    async with served(build, kept, tmp_path) as service:
        yield service


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


async def test_a_unit_that_there_is_not_has_no_difference(as_: Served, kept: Database) -> None:
    """On either side."""
    Ledger(kept).units("PUMP-1")
    async with as_("viewer") as viewer:
        for path in ("PUMP-1/as-built/compare?with=X", "X/as-built/compare", "X/as-built/against-plan"):
            assert (await viewer.get(f"/units/{path}")).status_code == 404, path
