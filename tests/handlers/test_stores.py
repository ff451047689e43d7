"""What run and inventory keep in PostgreSQL is what their rules decided; nothing of it depends on memory."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from services.inventory.adapters.store import UnitStore
from services.inventory.app import SERVICE as INVENTORY
from services.run.adapters.store import RunStore
from services.run.app import SERVICE as RUN
from services.run.domain import commands, redline_commands
from services.run.domain.order import FieldDefinition, FieldKind, StepDefinition
from services.run.domain.redline import AddStep, ChangeDependencies, ChangeStep, MarkNotApplicable
from services.run.domain.run import Recording
from shared.kernel import Actor
from shared.messaging.postgres import PostgresUnitOfWork, Store
from shared.messaging.road import Road
from shared.messaging.service import Service
from shared.messaging.watch import Unwatched
from shared.runtime.database import is_waiting
from shared.runtime.permissions import PERMISSIONS, allowing
from shared.testing.databases import Database
from shared.testing.topics import Sent, event
from tests.handlers import inventory_records as units
from tests.handlers import run_records as runs
from tests.handlers.bench import BY, EARLY_FOR, Bench

Engines = Callable[[Database], AsyncEngine]


@pytest.fixture
async def engine_of() -> AsyncIterator[Engines]:
    """Connections to a database, closed after the test."""
    made: list[AsyncEngine] = []

    def make(database: Database) -> AsyncEngine:
        made.append(create_async_engine(database.url))
        return made[-1]

    yield make
    for engine in made:
        await engine.dispose()


def on_postgres(bench: Bench, service: Service, engine: AsyncEngine, store: Store[Any]) -> Bench:
    """The bench with its road on PostgreSQL instead of memory."""
    bench.road = Road(
        service,
        PostgresUnitOfWork(engine, store),
        clock=lambda: datetime(2026, 11, 24, 12, 0, tzinfo=UTC),
        early_for=EARLY_FOR,
        allows=allowing(PERMISSIONS),
        is_waiting=is_waiting,
        watch=Unwatched(),
    )
    return bench


async def both(service: Service, stored: Bench, remembered: Bench, *batch: Sent) -> None:
    """The same batch on PostgreSQL and in memory."""
    assert await stored.takes(*batch) == await remembered.takes(*batch), service.name


EVERY_KIND = [
    {"field_id": "number", "name": "N", "kind": "number", "unit": "V", "min": "1"},
    {"field_id": "text", "name": "T", "kind": "text"},
    {"field_id": "boolean", "name": "B", "kind": "boolean"},
    {"field_id": "select", "name": "S", "kind": "select", "options": ["1", "2"]},
    {"field_id": "multiselect", "name": "M", "kind": "multiselect", "options": ["1", "2"]},
    {"field_id": "datetime", "name": "D", "kind": "datetime"},
    {"field_id": "file", "name": "F", "kind": "file"},
    {"field_id": "signoff", "name": "O", "kind": "signoff"},
]
CURVE = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
VALUES = {
    "number": "1.50",
    "text": "1.50",
    "boolean": True,
    "select": "1",
    "multiselect": ["1", "2"],
    "datetime": "2026-11-24T08:00:00Z",
    "file": CURVE,
    "signoff": True,
}


async def test_a_run_is_loaded_as_it_was_left(database: Callable[[str], Database], engine_of: Engines) -> None:
    """Every kind of value with its type and digits, files, issues, installations, a claim: the run as in memory."""
    engine = engine_of(database("run"))
    stored, remembered = on_postgres(Bench(RUN), RUN, engine, RunStore(0)), Bench(RUN)
    step = {"step_id": "every", "name": "Every kind", "fields": EVERY_KIND}
    requirements = [{"requirement_id": "rotor", "part_number": "ROTOR-7", "quantity": "0.50", "unit_of_measure": "kg"}]
    order = runs.ordered(steps=[step, {"step_id": "b", "name": "B", "after": ["every"]}], requirements=requirements)
    recorded = [
        event("plant.step.value-recorded.v1", {"run_id": runs.R, "step_id": "every", "field_id": name, "value": value})
        for name, value in VALUES.items()
    ]
    curve = {"uri": "s3://stand/curve", "sha256": CURVE, "name": "c", "media_type": "text/csv", "size_bytes": 1}
    recorded.insert(0, event("plant.step.file-attached.v1", {"run_id": runs.R, "step_id": "every"} | curve))
    issue = {"issue_id": "i-1", "title": "Scratch", "state": "in_progress", "run_id": runs.R, "approved": True}
    excepted = [{"requirement_id": "rotor", "quantity": "0.250"}]
    dispositioned = event("asbuilt.issue.dispositioned.v1", BY | issue | {"exceptions": excepted})
    await both(RUN, stored, remembered, order, runs.claimed(), *recorded, runs.signed("every"), dispositioned)
    async with engine.connect() as connection:
        loaded = await RunStore(0).load(connection, [runs.R])
    kept = remembered.work.tables.aggregates[runs.R]
    assert loaded[runs.R] == kept
    exact = [_exactly(held.state.steps["every"].values) for held in (loaded[runs.R], kept)]
    assert exact[0] == exact[1]
    assert len(exact[0]) == len(EVERY_KIND)


async def test_a_run_with_redlines_is_loaded_as_it_was_left(
    database: Callable[[str], Database], engine_of: Engines
) -> None:
    """Applied, open and rejected ones, added and canceled steps, evidence of a field that is of another kind by now."""
    engine = engine_of(database("run"))
    stored, remembered = on_postgres(Bench(RUN), RUN, engine, RunStore(0)), Bench(RUN)
    await both(RUN, stored, remembered, runs.ordered(), runs.recorded("25.50"))
    noted = FieldDefinition("torque", "Torque as noted", FieldKind.TEXT, required=False)
    assemble = StepDefinition("assemble", "Assemble", "", True, (), (noted,))
    limited = FieldDefinition("gap", "Gap", FieldKind.NUMBER, True, "mm", Decimal("0.10"), Decimal("0.300"))
    added = [StepDefinition(name, name, "", True, ("assemble",), (limited,)) for name in ("z", "a")]
    proposals = {
        "redline-1": (ChangeStep(assemble), *(AddStep(step) for step in added)),
        "redline-2": (AddStep(replace(added[0], step_id="later")),),
        "redline-3": (MarkNotApplicable("test"), ChangeDependencies("z", ())),
    }
    for bench in (stored, remembered):
        for name, changes in proposals.items():
            await ask(bench, redline_commands.ProposeRedline, name, "Thin seals.", changes, ("Quality",))
            await ask(bench, redline_commands.ApplyRedline, name)
            if name == "redline-1":
                await ask(bench, redline_commands.AcceptRedline, name, "Quality", frozenset({"Quality"}))
        await ask(bench, redline_commands.RejectRedline, "redline-2", "Not needed.")
    async with engine.connect() as connection:
        loaded = (await RunStore(0).load(connection, [runs.R]))[runs.R]
    kept = remembered.work.tables.aggregates[runs.R]
    assert loaded == kept
    assert list(loaded.state.steps) == list(kept.state.steps) == ["assemble", "test", "a", "later", "z"]
    assert _exactly(loaded.state.steps["assemble"].values) == {"torque": (Decimal, "25.50")}


async def ask(bench: Bench, command: Callable[..., commands.AnyCommand], redline_id: str, *more: Any) -> None:
    """Lena asks for something about a redline of the run, and it is done."""
    asked = command(runs.R, Actor("lena"), bench.now, redline_id, *more)
    answer = await bench.asked(asked, runs.R, key=f"{command.__name__} {redline_id}")
    assert answer.status == 200, answer.document


def _exactly(values: Mapping[str, Recording]) -> dict[str, tuple[type, str]]:
    """Types and digits: 1.5 equals 1.50, and is not the same value."""
    return {name: (type(one.value), str(one.value)) for name, one in values.items()}


async def test_a_unit_is_loaded_as_it_was_left(database: Callable[[str], Database], engine_of: Engines) -> None:
    """Build, installations, consumption: the same units as in memory."""
    engine = engine_of(database("inventory"))
    stored, remembered = on_postgres(Bench(INVENTORY), INVENTORY, engine, UnitStore(0)), Bench(INVENTORY)
    batch = (units.received(id_="r"), units.created(designators=["U7"]), units.installed(designator="U7", id_="i"))
    await both(INVENTORY, stored, remembered, *batch)
    await both(INVENTORY, stored, remembered, units.completed(remembered))
    async with engine.connect() as connection:
        loaded = await UnitStore(0).load(connection, [units.PUMP, units.ROTOR])
    assert loaded == remembered.work.tables.aggregates
    assert loaded[units.ROTOR].state.consumed_by == "run of PUMP-1"


async def trees(engine: AsyncEngine) -> None:
    """Two valves in two skids, each ready to take the other's skid."""
    remembered = Bench(INVENTORY, units.and_above)
    stored = on_postgres(Bench(INVENTORY), INVENTORY, engine, UnitStore(0))
    for number in (1, 2):
        valve, skid = f"VALVE-{number}", f"SKID-{number}"
        await both(INVENTORY, stored, remembered, units.created(valve, wants="SKID"))
        put = units.installed(valve, skid, id_=f"i-{number}")
        done = units.completed(remembered, valve)
        await both(INVENTORY, stored, remembered, done, units.created(skid, wants="VALVE"), put)
        await both(INVENTORY, stored, remembered, units.completed(remembered, skid), units.reopened(valve))


@pytest.mark.parametrize("attempt", range(4))
async def test_two_transactions_do_not_close_a_cycle_together(
    database: Callable[[str], Database], engine_of: Engines, attempt: int
) -> None:
    """Skid 2 into valve 1 and skid 1 into valve 2, at the same time, by two processes: exactly one wins."""
    made = database("inventory")
    await trees(engine_of(made))
    one = on_postgres(Bench(INVENTORY), INVENTORY, engine_of(made), UnitStore(100))
    other = on_postgres(Bench(INVENTORY), INVENTORY, engine_of(made), UnitStore(100))
    first = one.takes(units.installed("SKID-2", "VALVE-1", id_="a"))
    second = other.takes(units.installed("SKID-1", "VALVE-2", id_="b"))
    endings = await asyncio.gather(*((first, second) if attempt % 2 else (second, first)))
    assert sorted(one.get("done", 0) for one in endings) == [0, 1]
    parents = {row["unit_id"]: row["parent_unit_id"] for row in made.rows("select unit_id, parent_unit_id from unit")}
    assert sorted([parents["SKID-1"] is None, parents["SKID-2"] is None]) == [False, True]
    assert made.count("outbox where convert_from(body, 'UTF8') like '%would-create-cycle%'") == 1


async def test_of_two_installs_of_one_serial_at_the_same_time_exactly_one_wins(
    database: Callable[[str], Database], engine_of: Engines
) -> None:
    """Two stations, two processes, one rotor."""
    made = database("inventory")
    one = on_postgres(Bench(INVENTORY), INVENTORY, engine_of(made), UnitStore(100))
    other = on_postgres(Bench(INVENTORY), INVENTORY, engine_of(made), UnitStore(100))
    await one.takes(units.received(), units.created(), units.created("PUMP-2"))
    endings = await asyncio.gather(one.takes(units.installed()), other.takes(units.installed(units.ROTOR, "PUMP-2")))
    assert sorted(ending.get("done", 0) for ending in endings) == [0, 1]
    assert made.count("installation") == 1
