"""Stations that install at the same time, each over a connection of its own, on a real PostgreSQL (domain.md 4.2).

Exactly one wins, or as many as there are pieces; nobody waits for somebody who waits for him, and quantities add up.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from services.inventory.adapters.store import UnitStore
from services.inventory.app import SERVICE as INVENTORY
from services.inventory.app import build
from shared.testing.conditions import eventually_async
from shared.testing.databases import Database
from shared.testing.topics import Sent, event
from tests.handlers import inventory_records as units
from tests.handlers.bench import Bench
from tests.handlers.served import served
from tests.handlers.test_stores import on_postgres

LOT = "SCREW-4:L1"
ENOUGH_S = 20


class Plant:
    """A database of inventory with stations at it, each with a connection and a memory of its own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._engines: list[AsyncEngine] = []

    def station(self) -> Bench:
        """One more station."""
        self._engines.append(create_async_engine(self.database.url, pool_size=1, max_overflow=0))
        return on_postgres(Bench(INVENTORY), INVENTORY, self._engines[-1], UnitStore(100))

    async def takes(self, *batch: Sent) -> Counter[str]:
        """What a station that is alone says."""
        return await self.station().takes(*batch)

    async def at_once(self, *batches: Sequence[Sent]) -> list[Counter[str]]:
        """Each batch by a station of its own, all at the same time; whatever goes wrong there, surfaces here."""
        stations = [self.station() for _ in batches]
        return await asyncio.gather(*(one.takes(*batch) for one, batch in zip(stations, batches, strict=True)))

    @property
    def parents(self) -> dict[str, str | None]:
        """What every unit is in."""
        return {row["unit_id"]: row["parent_unit_id"] for row in self._rows("select unit_id, parent_unit_id from unit")}

    @property
    def refusals(self) -> Counter[str]:
        """How often each code was said."""
        said = "select convert_from(body, 'UTF8')::json -> 'data' ->> 'code' as code from outbox"
        return Counter(row["code"] for row in self._rows(said) if row["code"] is not None)

    def quantity(self, what: str) -> Decimal:
        """The sum of the quantities of these units."""
        return Decimal(str(self.database.value(f"select coalesce(sum(quantity), 0) from unit where {what}")))

    def _rows(self, statement: str) -> Sequence[dict[str, Any]]:
        return self.database.rows(statement)

    async def close(self) -> None:
        """Close all connections; afterwards the server knows whether somebody deadlocked."""
        for engine in self._engines:
            await engine.dispose()


@pytest.fixture
async def plant(database: Callable[[str], Database]) -> AsyncIterator[Plant]:
    """A plant; whatever happens in it, nobody may have deadlocked, not even where it was tried again unseen."""
    made = Plant(database("inventory"))
    yield made
    await made.close()
    deadlocks = "select deadlocks from pg_stat_database where datname = current_database()"
    assert made.database.value(deadlocks) == 0


def done(endings: Sequence[Counter[str]]) -> int:
    """How many records were taken with yes."""
    return sum(one["done"] for one in endings)


def screws(quantity: str) -> Sent:
    """A lot of screws came in."""
    lot = {"unit_id": LOT, "part_number": "SCREW-4", "revision": "A", "lot": "L1", "quantity": quantity}
    return event("plant.unit.received.v1", lot)


def wants_screws(unit_id: str, quantity: str = "1", **more: Any) -> Sent:
    """A run builds a pump that wants screws."""
    return units.created(unit_id, part_number="SCREW-4", quantity=quantity, **more)


PUMPS = [f"PUMP-{number}" for number in range(1, 41)]


@pytest.mark.parametrize("stations", [2, 12])
async def test_one_serial_goes_into_one_parent(plant: Plant, stations: int) -> None:
    """Every station has a pump and the same rotor: one wins, the others are told where it is."""
    pumps = PUMPS[:stations]
    await plant.takes(units.received(), *map(units.created, pumps))
    endings = await plant.at_once(*([units.installed(units.ROTOR, pump)] for pump in pumps))
    assert (done(endings), plant.refusals["already-installed"]) == (1, stations - 1)
    assert plant.database.count("installation") == 1
    assert plant.parents[units.ROTOR] in pumps


async def test_the_last_designator_goes_to_one(plant: Plant) -> None:
    """Twelve rotors, one place; the others are told that none is free."""
    rotors = [f"ROTOR-{number}" for number in range(1, 13)]
    await plant.takes(*map(units.received, rotors), units.created(designators=["U7"]))
    endings = await plant.at_once(*([units.installed(rotor, designator="U7")] for rotor in rotors))
    assert (done(endings), plant.refusals["designator-taken"]) == (1, 11)
    assert plant.database.count("installation") == 1


async def test_the_last_pieces_of_a_lot_go_to_as_many_as_there_are(plant: Plant) -> None:
    """Forty stations, each with a pump, want one of 25 screws: 25 have one, 15 hear that nothing is left."""
    await plant.takes(screws("25"), *map(wants_screws, PUMPS))
    endings = await plant.at_once(*([units.installed(LOT, pump)] for pump in PUMPS))
    assert (done(endings), plant.refusals["insufficient-quantity"]) == (25, 15)
    assert plant.quantity(f"unit_id = '{LOT}'") == 0
    assert plant.quantity(f"origin_unit_id = '{LOT}' and parent_unit_id is not null") == 25
    assert sorted(Counter(filter(None, plant.parents.values())).values()) == [1] * 25


async def test_a_requirement_takes_no_more_whoever_comes_at_once(plant: Plant) -> None:
    """Forty stations, one pump that takes 25 screws, a lot with plenty."""
    await plant.takes(screws("100"), wants_screws(units.PUMP, "25"))
    endings = await plant.at_once(*([units.installed(LOT)] for _ in PUMPS))
    assert (done(endings), plant.refusals["requirement-full"]) == (25, 15)
    assert (plant.quantity(f"unit_id = '{LOT}'"), plant.quantity("lot = 'L1'")) == (75, 100)


async def test_what_is_installed_comes_out_piece_by_piece_as_often_as_there_are_pieces(plant: Plant) -> None:
    """Forty stations each take one of the 25 screws of a pump: 25 have one, 15 hear that none is in it any more."""
    await plant.takes(screws("100"), wants_screws(units.PUMP, "25"), units.installed(LOT, quantity="25"))
    endings = await plant.at_once(*([units.removed(LOT, quantity="1")] for _ in PUMPS))
    assert (done(endings), plant.refusals["not-installed"]) == (25, 15)
    assert (plant.quantity(f"parent_unit_id = '{units.PUMP}'"), plant.quantity("lot = 'L1'")) == (0, 100)


async def test_forty_people_at_terminals_share_the_last_pieces(
    database: Callable[[str], Database], tmp_path: Path
) -> None:
    """Over HTTP: each gets a yes, or a no that says the way out; nobody is told to try again."""
    async with served(build, database("inventory"), tmp_path) as as_:
        await as_.takes(screws("25"), *map(wants_screws, PUMPS))
        async with as_("operator") as operator:
            asked = {"unit_id": LOT, "requirement_id": "r"}
            answers = await asyncio.gather(
                *(operator.post(f"/units/{pump}/installations", json=asked) for pump in PUMPS)
            )
    assert Counter(one.status_code for one in answers) == {201: 25, 409: 15}
    said = [one.json() for one in answers if one.status_code == 409]
    assert {one["code"] for one in said} == {"insufficient-quantity"}
    assert all("another lot" in one["resolve"] for one in said)


async def trees(plant: Plant, **requirement: Any) -> None:
    """Two valves in two skids, each ready to take the other's skid."""
    remembered, station = Bench(INVENTORY, units.and_above), plant.station()

    async def both(*batch: Sent) -> None:
        assert await station.takes(*batch) == await remembered.takes(*batch)

    for number in (1, 2):
        valve, skid = f"VALVE-{number}", f"SKID-{number}"
        await both(units.created(valve, wants="SKID", **requirement))
        await both(units.completed(remembered, valve), units.created(skid, wants="VALVE"), units.installed(valve, skid))
        await both(units.completed(remembered, skid), units.reopened(valve))


CLOSING = (("SKID-2", "VALVE-1"), ("SKID-1", "VALVE-2"))
"""Two installs that share no unit, and close a cycle together."""


@pytest.mark.parametrize("attempt", range(3))
async def test_two_transactions_that_share_no_unit_do_not_close_a_cycle(plant: Plant, attempt: int) -> None:
    """The skids are above the valves: each install looks up there, and one of them sees the other."""
    await trees(plant)
    installs = [units.installed(*one) for one in (CLOSING if attempt % 2 else CLOSING[::-1])]
    assert done(await plant.at_once(*([one] for one in installs))) == 1
    assert plant.refusals == {"would-create-cycle": 1}
    assert sorted(plant.parents[skid] is None for skid in ("SKID-1", "SKID-2")) == [False, True]


async def test_two_installs_of_one_batch_do_not_close_a_cycle(plant: Plant) -> None:
    """The second one sees what the first one did."""
    await trees(plant)
    assert await plant.takes(*(units.installed(*one) for one in CLOSING)) == {"done": 1, "refused": 1, "seen": 0}
    assert plant.refusals == {"would-create-cycle": 1}


async def held(connection: asyncpg.Connection, unit_id: str) -> None:
    """Somebody changes a unit, and is not ready yet."""
    await connection.execute("begin")
    await connection.execute("select 1 from unit where unit_id = $1 for update", unit_id)


async def waits(connection: asyncpg.Connection, times: int = 1) -> None:
    """Until so many stations wait for what somebody holds."""

    async def are_waiting() -> bool:
        return bool(await connection.fetchval("select count(*) from pg_locks where not granted") >= times)

    await eventually_async(are_waiting, ENOUGH_S, "a station waits")


@pytest.fixture
async def connection(plant: Plant) -> AsyncIterator[asyncpg.Connection]:
    """One more connection to the plant's database."""
    made = await asyncpg.connect(plant.database.admin_url, database=plant.database.name, timeout=10)
    yield made
    await made.close()


async def test_what_was_installed_between_looking_up_and_locking_is_seen(
    plant: Plant, connection: asyncpg.Connection
) -> None:
    """A station looked up what is above its valve, and waits for a rotor. Meanwhile skid 2, which the valve is in, goes
    under skid 1: when the station goes on it sees that, and skid 1 does not go into its own part.
    """
    await trees(plant)
    await plant.takes(units.received())
    await held(connection, units.ROTOR)
    first, second = CLOSING
    late = asyncio.create_task(plant.takes(units.installed(units.ROTOR, "SKID-1"), units.installed(*second)))
    await waits(connection)
    assert await plant.takes(units.installed(*first)) == {"done": 1, "seen": 0}
    await connection.execute("commit")
    assert await late == {"refused": 2, "seen": 0}
    assert plant.refusals == {"as-built-locked": 1, "would-create-cycle": 1}


async def test_who_finds_more_above_does_not_wait_for_it_while_others_wait_for_him(
    plant: Plant, connection: asyncpg.Connection
) -> None:
    """While a station waits for a rotor, skid 2, which its valve is in, goes into valve 1, and somebody holds that: the
    station lets go of everything and begins again, so whoever holds valve 1 can have valve 2.
    """
    await trees(plant, substitutes=["ROTOR-7"], quantity="3")
    await plant.takes(units.received())
    await held(connection, units.ROTOR)
    late = asyncio.create_task(plant.takes(units.installed(units.ROTOR, "VALVE-2")))
    await waits(connection)
    assert await plant.takes(units.installed("SKID-2", "VALVE-1")) == {"done": 1, "seen": 0}
    other = await asyncpg.connect(plant.database.admin_url, database=plant.database.name, timeout=10)
    await held(other, "VALVE-1")
    await connection.execute("commit")
    await waits(connection)
    await other.execute("select 1 from unit where unit_id = 'VALVE-2' for update")
    await other.close()
    assert await late == {"done": 1, "seen": 0}


async def test_a_unit_that_was_received_between_looking_up_and_locking_is_known(
    plant: Plant, connection: asyncpg.Connection
) -> None:
    """An install does not stand aside for a rotor that is there by now."""
    await plant.takes(units.created())
    await held(connection, units.PUMP)
    late = asyncio.create_task(plant.takes(units.installed()))
    await waits(connection)
    await plant.takes(units.received())
    await connection.execute("commit")
    assert await late == {"done": 1, "seen": 0}


async def test_two_that_create_the_same_units_in_another_order_do_not_deadlock(plant: Plant) -> None:
    """A receipt and a claim of one serial come by two topics, to two consumers, in any order."""
    rotors = [f"ROTOR-{number}" for number in range(1, 60)]
    forward, backward = [units.received(one) for one in rotors], [units.received(one) for one in reversed(rotors)]
    endings = await plant.at_once(forward, backward, forward[::2], backward[::3])
    assert sum(one["done"] for one in endings) >= len(rotors)
    assert plant.database.count("unit") == len(rotors)


def anything(chance: random.Random) -> Sent:
    """Something is installed in a valve, or taken out of it: a skid, a rotor, or one or two of the screws."""
    what = chance.choice(["SKID-1", "SKID-2", "ROTOR-1", "ROTOR-2", LOT, LOT])
    valve = chance.choice(["VALVE-1", "VALVE-2"])
    if chance.random() < 0.45:
        return units.removed(what, valve)
    return units.installed(what, valve, quantity=chance.choice(["1", "2"]) if what == LOT else "1")


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_is_installed_and_removed_at_once_adds_up(plant: Plant, seed: int) -> None:
    """Eight stations, two trees that may close a cycle, two rotors and one lot, in batches of any size."""
    await trees(plant, quantity="6", substitutes=["ROTOR-7", "SCREW-4"])
    await plant.takes(screws("40"), units.received(), units.received("ROTOR-2"))
    chance = random.Random(seed)
    stations = [plant.station() for _ in range(8)]
    plans = [[[anything(chance) for _ in range(chance.randint(1, 5))] for _ in range(12)] for _ in stations]

    async def works(station: Bench, plan: Sequence[Sequence[Sent]]) -> list[Counter[str]]:
        return [await station.takes(*batch) for batch in plan]

    endings = await asyncio.gather(*map(works, stations, plans))
    assert sum(map(done, endings)) >= 5  # how many, who comes first decides
    adds_up(plant)


def adds_up(plant: Plant) -> None:
    """No cycle, nothing in two places, both sides of every installation agree, no piece is lost or new."""
    parents = plant.parents
    for name in parents:
        seen, up = {name}, parents[name]
        while up is not None:
            assert up not in seen
            seen.add(up)
            up = parents[up]
    there = plant.database.rows("select unit_id, parent_unit_id, quantity from installation where removed_at is null")
    assert len({row["unit_id"] for row in there}) == len(there)
    assert {row["unit_id"]: row["parent_unit_id"] for row in there} == {k: v for k, v in parents.items() if v}
    for valve in ("VALVE-1", "VALVE-2"):
        assert sum(row["quantity"] for row in there if row["parent_unit_id"] == valve) <= 6
    assert plant.quantity("lot = 'L1'") == 40
    assert not plant.refusals.keys() & {"not-found", "defect"}
    assert plant.database.count("parked where parking = 'stuck'") == 0


CHOSEN = {"disposition": "scrap", "availability": "permanently-unavailable"}


def rotor(plant: Plant) -> object:
    """Where the rotor stands."""
    return plant.database.value(f"select status from unit where unit_id = '{units.ROTOR}'")


async def test_a_unit_that_is_being_received_while_an_issue_speaks_of_it_is_withheld(
    plant: Plant, connection: asyncpg.Connection
) -> None:
    """The receipt goes first: the issue waits for it, and then speaks of a unit that is known."""
    await plant.takes(units.created())
    await held(connection, units.PUMP)
    moved = event("plant.unit.moved.v1", {"unit_id": units.PUMP, "location": "Line 2"})
    receipt = asyncio.create_task(plant.takes(moved, units.received()))
    await waits(connection)
    issue = asyncio.create_task(plant.takes(units.an_issue("disposition-chosen", **CHOSEN)))
    await waits(connection, 2)
    await connection.execute("commit")
    await asyncio.gather(receipt, issue)
    assert rotor(plant) == "on_hold"
    assert plant.database.value("select version from expected") == 0


async def test_a_unit_that_comes_while_what_an_issue_says_is_being_kept_is_withheld(
    plant: Plant, connection: asyncpg.Connection
) -> None:
    """The issue goes first: the receipt waits for it, and then finds what is kept."""
    await connection.execute("begin")
    await connection.execute("lock table expected in exclusive mode")
    issue = asyncio.create_task(plant.takes(units.an_issue("disposition-chosen", **CHOSEN)))
    await waits(connection)
    receipt = asyncio.create_task(plant.takes(units.received()))
    await waits(connection, 2)
    await connection.execute("commit")
    await asyncio.gather(receipt, issue)
    assert rotor(plant) == "on_hold"
    assert plant.database.value("select version from expected") == 1


async def test_an_issue_on_a_unit_that_is_known_waits_for_no_other_unit(
    plant: Plant, connection: asyncpg.Connection
) -> None:
    """Stations work on while it is withheld."""
    await plant.takes(units.created(), units.received())
    await held(connection, units.PUMP)
    await asyncio.wait_for(plant.takes(units.an_issue("disposition-chosen", **CHOSEN)), ENOUGH_S)
    assert rotor(plant) == "on_hold"
