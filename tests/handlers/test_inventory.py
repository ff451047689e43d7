"""The inventory service on its road: records in, announcements out."""

from decimal import Decimal

import pytest

from services.inventory.app import SERVICE
from services.inventory.domain.status import standing
from services.inventory.domain.unit import UnitStatus
from services.inventory.handlers import HANDLERS
from shared.contracts.base import PlantEvent
from shared.contracts.catalog import CATALOG
from shared.contracts.envelope import contract_of, read
from shared.runtime.permissions import PERMISSIONS
from shared.testing.topics import Sent, event
from tests.handlers.bench import BY, EARLY_FOR, Bench
from tests.handlers.inventory_records import (
    PUMP,
    ROTOR,
    an_issue,
    and_above,
    completed,
    created,
    installed,
    received,
    removed,
    reopened,
)


@pytest.fixture
def bench() -> Bench:
    """The inventory service."""
    return Bench(SERVICE, and_above)


async def test_a_unit_is_built_in_one_batch(bench: Bench) -> None:
    """Receive, claim and install in one transaction: each sees what came before it."""
    assert await bench.takes(received(), created(), installed()) == {"done": 3, "seen": 0}
    assert bench.types == [
        "unit.received",
        "unit.received",
        "unit.claimed",
        "unit.installed",
        "unit.placed",
        "unit.status-changed",
    ]
    keys = [(one["partitionkey"], one["sequence"]) for one in bench.told]
    assert keys[-3:] == [(PUMP, "3"), (ROTOR, "2"), (ROTOR, "3")]
    first = [(one["unit_id"], one["status"], one["status_reason"]) for one in bench.said("unit.received")]
    assert first == [
        (ROTOR, "available", "nothing keeps it from being used"),
        (PUMP, "wip", "target of the run run of PUMP-1"),
    ]


async def test_an_installation_is_announced_under_its_parent(bench: Bench) -> None:
    """With run, requirement, part, serial and who did it."""
    await bench.takes(received(), created(), installed())
    said = bench.said("unit.installed")[0]
    assert (said["parent_unit_id"], said["unit_id"], said["run_id"]) == (PUMP, ROTOR, "run of PUMP-1")
    assert (said["part_number"], said["serial"], said["requirement_id"]) == ("ROTOR-7", ROTOR, "r")
    assert said["by"] == {"person": "olga", "machine": "urn:plant:station-1"}
    assert said["as_built_version"] == 2


async def test_an_install_and_its_removal_in_one_batch_leave_the_unit_free(bench: Bench) -> None:
    """Both stay visible, and the as-built moved on twice."""
    await bench.takes(received(), created(), installed(), removed())
    assert standing(bench.state(ROTOR)).status == "available"
    assert (bench.state(PUMP).installations, bench.state(PUMP).as_built_version) == ({}, 3)
    assert bench.said("unit.removed")[0]["installation_id"] == bench.said("unit.installed")[0]["installation_id"]


async def test_a_doubled_install_is_one_installation(bench: Bench) -> None:
    """In one batch and in two; the same serial said by another event is refused."""
    once = installed(id_="i-1")
    await bench.takes(received(), created(), once, once)
    assert await bench.takes(once) == {"seen": 1}
    assert (len(bench.said("unit.installed")), bench.refusals) == (1, [])
    await bench.takes(installed())
    assert bench.refusals == ["already-installed"]


async def test_an_installation_id_follows_from_the_event(bench: Bench) -> None:
    """Done again after a crash, the same event makes the same installation."""
    other = Bench(SERVICE, and_above)
    for one in (bench, other):
        await one.takes(received(id_="r"), created(), installed(id_="i-1"))
    assert bench.said("unit.installed")[0]["installation_id"] == other.said("unit.installed")[0]["installation_id"]


async def test_of_two_installs_of_one_serial_in_one_batch_exactly_one_wins(bench: Bench) -> None:
    """The first in arrival order; the other is told where the serial is."""
    await bench.takes(received(), created(), created("PUMP-2"), installed(), installed(ROTOR, "PUMP-2"))
    assert bench.refusals == ["already-installed"]
    assert bench.state(ROTOR).parent_unit_id == PUMP


async def test_of_two_installs_for_the_last_designator_exactly_one_wins(bench: Bench) -> None:
    """Two rotors, one place."""
    await bench.takes(received(), received("ROTOR-2"), created(designators=["U7"]))
    await bench.takes(installed(designator="U7"), installed("ROTOR-2", designator="U7"))
    assert (bench.refusals, len(bench.said("unit.installed"))) == (["designator-taken"], 1)


async def a_tree(bench: Bench, number: int) -> None:
    """A valve that wants a skid, complete and reopened, in a skid of the same number that is complete."""
    valve, skid = f"VALVE-{number}", f"SKID-{number}"
    await bench.takes(created(valve, wants="SKID"))
    await bench.takes(completed(bench, valve), created(skid, wants="VALVE"), installed(valve, skid))
    await bench.takes(completed(bench, skid), reopened(valve))


async def test_two_installs_of_one_batch_do_not_close_a_cycle_together(bench: Bench) -> None:
    """They share no unit: skid 2 into valve 1, skid 1 into valve 2."""
    await a_tree(bench, 1)
    await a_tree(bench, 2)
    assert bench.refusals == []
    assert await bench.takes(installed("SKID-2", "VALVE-1"), installed("SKID-1", "VALVE-2")) == {
        "done": 1,
        "refused": 1,
        "seen": 0,
    }
    assert bench.refusals == ["would-create-cycle"]
    assert (bench.state("SKID-2").parent_unit_id, bench.state("SKID-1").parent_unit_id) == ("VALVE-1", None)


async def test_an_early_install_waits_for_its_component_and_for_its_claim(bench: Bench) -> None:
    """First neither is known, then the parent is, then both: it is taken up by itself."""
    await bench.takes(installed())
    assert [one.waits_for for one in bench.aside] == [PUMP]
    await bench.takes(received(PUMP))
    assert [one.waits_for for one in bench.aside] == [ROTOR]
    await bench.takes(received())
    assert [one.waits_for for one in bench.aside] == [PUMP]
    await bench.takes(created())
    assert not bench.aside
    assert bench.state(ROTOR).parent_unit_id == PUMP


async def test_what_follows_an_early_install_waits_behind_it(bench: Bench) -> None:
    """The removal of a rotor is not done before its installation."""
    await bench.takes(created(), installed(), removed())
    assert [one.parking for one in bench.aside] == ["early", "behind"]
    await bench.takes(received())
    assert not bench.aside
    assert bench.types[-6:] == [
        "unit.installed",
        "unit.placed",
        "unit.status-changed",
        "unit.removed",
        "unit.placed",
        "unit.status-changed",
    ]


async def test_an_early_install_whose_time_is_up_is_refused(bench: Bench) -> None:
    """The refusal names the event that waited."""
    await bench.takes(created(), installed(id_="i-1"))
    await bench.waits(EARLY_FOR.total_seconds() / 60)
    assert bench.refusals == ["unknown-unit"]
    assert bench.said("unit.change-refused")[0]["refused_id"] == "i-1"


async def test_a_record_with_a_wrong_key_is_refused(bench: Bench) -> None:
    """An install is keyed by its parent, a receipt by its unit."""
    await bench.takes(received(), created(), installed(key=ROTOR), received("ROTOR-2", key=PUMP))
    assert bench.refusals == ["wrong-key", "wrong-key"]
    assert PUMP in bench.said("unit.change-refused")[0]["resolve"]


async def test_a_refused_claim_is_said_so_that_its_run_is_canceled(bench: Bench) -> None:
    """With the run, and the type and id of its creation."""
    await bench.takes(created(), created(PUMP, "run-2"))
    said = bench.said("unit.change-refused")[0]
    assert (said["code"], said["run_id"], said["unit_id"]) == ("target-not-available", "run-2", PUMP)
    assert said["refused_type"] == "asbuilt.run.created.v1"


async def test_a_completed_run_releases_its_unit_and_consumes_what_is_in_it(bench: Bench) -> None:
    """One completion, one release, whatever is heard twice."""
    await bench.takes(received(), created(), installed())
    await bench.takes(completed(bench), completed(bench))
    assert bench.types[-3:] == ["unit.released", "unit.consumed", "unit.status-changed"]
    assert bench.said("unit.consumed")[0] == BY | {"unit_id": ROTOR, "run_id": "run of PUMP-1", "parent_unit_id": PUMP}


async def test_a_removal_in_flight_contests_the_completion(bench: Bench) -> None:
    """The unit is not released; the difference is said, and after the run reopened all goes on."""
    await bench.takes(received(), created(), installed())
    completion = completed(bench)
    await bench.takes(removed(), completion)
    said = bench.said("completion.contested")[0]
    assert (said["relied_on_version"], said["as_built_version"]) == (2, 3)
    assert said["differences"] == [{"change": "removed", "requirement_id": "r", "unit_id": ROTOR, "was": "1"}]
    assert standing(bench.state(PUMP)).status == "on_hold"
    await bench.takes(reopened(PUMP), installed())
    await bench.takes(completed(bench, number=2))
    assert standing(bench.state(PUMP)).status == "available"


async def test_a_rework_does_not_need_what_earlier_runs_installed(bench: Bench) -> None:
    """A second run on a built unit is completed with nothing of its own."""
    await bench.takes(received(), created(), installed())
    await bench.takes(completed(bench))
    again = created(PUMP, "rework", "VALVE")
    await bench.takes(again, received("VALVE-1"), installed("VALVE-1"))
    assert bench.refusals == []
    said = event_of_rework(bench)
    assert await bench.takes(said) == {"done": 1, "seen": 0}
    assert bench.state("VALVE-1").consumed_by == "rework"
    assert bench.state(ROTOR).consumed_by == "run of PUMP-1"


def event_of_rework(bench: Bench) -> Sent:
    """The completion of the rework, which knows its own valve only."""
    _, contract = contract_of(read(completed(bench).value, []))
    data = contract.model_dump(mode="json", exclude_none=True)
    own = [one for one in data["record"]["installations"] if one["unit_id"] == "VALVE-1"]
    record = data["record"] | {"run_id": "rework", "installations": own}
    return event("asbuilt.run.completed.v1", data | {"run_id": "rework", "record": record})


async def test_a_machine_does_only_what_its_role_may() -> None:
    """A site whose machines must not install gets refusals, not silence."""
    bench = Bench(SERVICE, permissions={**PERMISSIONS, "unit:install": frozenset({"operator"})})
    await bench.takes(received(), created(), installed())
    assert bench.refusals == ["permission-missing"]


def test_plant_events_need_a_permission_and_facts_need_none() -> None:
    """A handler that is new is covered unasked."""
    for contract, handler in HANDLERS.items():
        assert (handler.permission in PERMISSIONS) is issubclass(contract, PlantEvent), contract


async def test_everything_that_is_announced_can_be_read_by_its_contract(bench: Bench) -> None:
    """Type, key and shape."""
    await bench.takes(received(), created(), installed(), removed(), installed(), removed("VALVE-1"))
    await bench.takes(completed(bench), reopened(PUMP))
    for one in bench.work.tables.outbox:
        entry, contract = contract_of(read(one.body, []))
        assert entry == CATALOG[entry.type]
        assert getattr(contract, entry.key) == one.key


async def test_quantities_keep_their_digits(bench: Bench) -> None:
    """37.50 m stay 37.50 m."""
    foil = {"part_number": "INS-8", "revision": "A", "lot": "L1", "quantity": "37.50", "unit_of_measure": "m"}
    await bench.takes(event("plant.unit.received.v1", foil | {"unit_id": "INS-8:L1"}))
    assert bench.said("unit.received")[0]["quantity"] == "37.50"
    assert bench.state("INS-8:L1").identification.quantity == Decimal("37.50")


async def test_a_run_that_failed_for_good_keeps_its_unit(bench: Bench) -> None:
    """Work in progress, with the run and its reason; canceled afterwards, it is free."""
    said = BY | {"run_id": f"run of {PUMP}", "unit_id": PUMP, "reason": "cracked"}
    await bench.takes(created(), event("asbuilt.run.failed.v1", said))
    assert bench.said("unit.build-failed")[0]["reason"] == "cracked"
    assert standing(bench.state(PUMP)).status is UnitStatus.WIP
    await bench.takes(event("asbuilt.run.canceled.v1", said))
    assert standing(bench.state(PUMP)).status is UnitStatus.AVAILABLE


async def test_what_is_above_a_reopened_component_is_told_by_key_and_run() -> None:
    """The skid's topic key keeps its order: installed, then reopened, then cleared, whoever reads it."""
    bench = Bench(SERVICE, and_above)
    await bench.takes(created("VALVE-1", wants="SKID"))
    await bench.takes(completed(bench, "VALVE-1"), created("SKID-1", wants="VALVE"))
    await bench.takes(installed("VALVE-1", "SKID-1"), reopened("VALVE-1"))
    said = bench.said("component.reopened")[0]
    assert (said["unit_id"], said["run_id"], said["component_run_id"]) == ("SKID-1", "run of SKID-1", "run of VALVE-1")
    await bench.takes(completed(bench, "VALVE-1", 2))
    assert bench.said("component.cleared")[0]["component_id"] == "VALVE-1"
    of_skid = [one["type"].removeprefix("asbuilt.") for one in bench.told if one["partitionkey"] == "SKID-1"]
    assert of_skid[-3:] == ["unit.installed.v1", "component.reopened.v1", "component.cleared.v1"]
    placed = bench.said("unit.placed")[0]
    assert (placed["run_id"], placed["parent_run_id"]) == ("run of VALVE-1", "run of SKID-1")


PUMPS = "PUMP-100:L9"


def of_ten_pumps() -> Sent:
    """A run was created that builds ten pumps, two rotors each."""
    _, contract = contract_of(read(created(quantity="2").value, []))
    data = contract.model_dump(mode="json", exclude_none=True)
    target = {"lot": "L9", "quantity": "10", "unit_of_measure": "each"}
    return event("asbuilt.run.created.v1", data | {"unit_id": PUMPS, "target": target})


async def test_part_of_what_a_run_builds_is_held_and_its_run_hears_of_it(bench: Bench) -> None:
    """The split names the run and the new version of its as-built, and each requirement is told anew."""
    held = {"unit_id": f"{PUMPS}~q", "of_unit_id": PUMPS, "quantity": "3"}
    await bench.takes(of_ten_pumps(), an_issue("quarantined", PUMPS, quarantined=[held], part=held))
    split, changed = bench.said("unit.split")[0], bench.said("requirement.changed")[0]
    assert (split["run_id"], split["left"], split["as_built_version"]) == ("run of PUMP-1", "7", 2)
    assert (changed["run_id"], changed["quantity"], changed["as_built_version"]) == ("run of PUMP-1", "14", 3)


async def test_a_completion_that_scraps_part_of_a_lot(bench: Bench) -> None:
    """What is no good is split off under an id that follows from the completion, and is scrapped by its run."""
    await bench.takes(of_ten_pumps())
    _, contract = contract_of(read(completed(bench, PUMPS).value, []))
    data = contract.model_dump(mode="json", exclude_none=True)
    record = data["record"] | {"run_id": "run of PUMP-1", "scrapped_quantity": "3", "good_quantity": "7"}
    done = event("asbuilt.run.completed.v1", data | {"run_id": "run of PUMP-1", "record": record})
    assert await bench.takes(done) == {"done": 1, "seen": 0}
    (scrapped,) = bench.said("unit.scrapped")
    assert (scrapped["quantity"], scrapped["run_id"]) == ("3", "run of PUMP-1")
    assert standing(bench.state(scrapped["unit_id"])).status is UnitStatus.SCRAPPED
    assert bench.state(PUMPS).identification.quantity == Decimal(7)
    await bench.takes(done)
    assert len(bench.said("unit.scrapped")) == 1
