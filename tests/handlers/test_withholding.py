"""The inventory service hears of issues: records in, announcements out; and on a real PostgreSQL."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from services.inventory.app import SERVICE, build
from services.inventory.domain.status import standing
from services.inventory.handlers import ISSUE_FACTS
from shared.contracts import issue
from shared.contracts.catalog import CATALOG
from shared.testing.databases import Database
from shared.testing.topics import Sent, event
from tests.handlers.bench import BY, EARLY_FOR, Bench
from tests.handlers.inventory_records import PUMP, ROTOR, an_issue, and_above, created, installed, received
from tests.handlers.served import Served, served

LOT = "SCR-4:L1"
PART = f"{LOT}~quarantine"
HELD = {"unit_id": PART, "of_unit_id": LOT, "quantity": "25"}


@pytest.fixture
def bench() -> Bench:
    """The inventory service."""
    return Bench(SERVICE, and_above)


@pytest.fixture
async def as_(database: Callable[[str], Database], tmp_path: Path) -> AsyncIterator[Served]:
    """The inventory service, served, on PostgreSQL."""
    async with served(build, database("inventory"), tmp_path) as service:
        yield service


def a_lot(quantity: str = "400") -> Sent:
    """Screws."""
    what = {"unit_id": LOT, "part_number": "SCR-4", "revision": "A", "lot": "L1", "quantity": quantity}
    return event("plant.unit.received.v1", what)


def test_inventory_hears_everything_that_an_issue_says() -> None:
    """A type of issue event that is new is heard unasked."""
    said = {entry.contract for entry in CATALOG.values() if issubclass(entry.contract, issue.IssueFact)}
    assert set(ISSUE_FACTS) == said
    assert said <= set(SERVICE.handlers)


async def test_a_chosen_disposition_withholds_the_unit_and_its_resolution_frees_it(bench: Bench) -> None:
    """Approved or not; the change of status names the issue."""
    waits = {"disposition": "rework", "availability": "release-on-resolve"}
    await bench.takes(received(), an_issue("opened"), an_issue("disposition-chosen", **waits))
    said = bench.said("unit.status-changed")[-1]
    assert (said["status"], said["reason"]) == (
        "on_hold",
        "the issue i-1 withholds it (rework: release-on-resolve)",
    )
    noted = bench.said("unit.issue-noted")[-1]
    assert (noted["unit_id"], noted["withholds"], noted["disposition"]) == (ROTOR, True, "rework")
    await bench.takes(created(), installed())
    assert bench.refusals == ["unit-not-available"]
    await bench.takes(an_issue("resolved", state="resolved", approved=True, **waits))
    assert standing(bench.state(ROTOR)).status == "available"


async def test_a_quarantine_splits_the_part_off(bench: Bench) -> None:
    """Under the id that the issue gave it; told again by the next event of the issue, nothing more happens."""
    await bench.takes(a_lot(), an_issue("quarantined", LOT, quarantined=[HELD], part=HELD))
    split_off = ["unit.split", "unit.received", "unit.issue-noted", "unit.issue-noted"]
    assert bench.types[-4:] == split_off
    assert bench.said("unit.received")[-1]["status"] == "on_hold"
    assert [(one["unit_id"], one["withholds"]) for one in bench.said("unit.issue-noted")] == [
        (PART, True),
        (LOT, False),
    ]
    assert bench.said("unit.split")[0]["because"] == "quarantine"
    assert standing(bench.state(PART)).status == "on_hold"
    count = len(bench.told)
    await bench.takes(an_issue("in-review", LOT, quarantined=[HELD], part_numbers=["SCR-4"]))
    assert len(bench.told) == count


async def test_a_quarantine_that_cannot_be_is_refused_to_its_issue(bench: Bench) -> None:
    """Whoever had it split off reads why: the refusal is about the issue, and names the unit."""
    await bench.takes(a_lot("20"), an_issue("quarantined", LOT, quarantined=[HELD], part=HELD))
    said = bench.said("unit.change-refused")[0]
    assert (said["code"], said["subject_id"], said["unit_id"]) == ("insufficient-quantity", "i-1", LOT)
    assert (said["refused_type"], said["quarantine_unit_id"]) == ("asbuilt.issue.quarantined.v1", PART)


async def test_a_quarantine_of_what_never_came_is_refused_when_it_was_waited_for_long_enough(bench: Bench) -> None:
    """Till then it waits, as everything early does; the refusal names the part that is not held."""
    await bench.takes(an_issue("quarantined", LOT, quarantined=[HELD], part=HELD))
    assert (bench.refusals, [one.waits_for for one in bench.aside]) == ([], [LOT])
    await bench.waits(EARLY_FOR.total_seconds() / 60)
    said = bench.said("unit.change-refused")[0]
    assert (said["code"], said["subject_id"], said["quarantine_unit_id"]) == ("unknown-unit", "i-1", PART)
    assert said["resolve"]


async def test_a_quarantine_of_what_is_installed_is_refused_to_its_issue(bench: Bench) -> None:
    """It is where its parent is, and comes out of that first."""
    screws = {"requirement_id": "r", "part_number": "SCR-4", "quantity": "4"}
    await bench.takes(a_lot("20"), created(**screws), installed(LOT, quantity="4"))
    inside = bench.said("unit.installed")[0]["unit_id"]
    of_it = HELD | {"of_unit_id": inside, "quantity": "1"}
    await bench.takes(an_issue("quarantined", inside, quarantined=[of_it], part=of_it))
    said = bench.said("unit.change-refused")[0]
    assert (said["code"], said["subject_id"], said["quarantine_unit_id"]) == ("still-installed", "i-1", PART)


async def test_an_issue_is_told_of_which_part_its_unit_is(bench: Bench) -> None:
    """It withholds nothing yet; and it is told once: what it knows, it says."""
    await bench.takes(a_lot(), an_issue("opened", LOT))
    said = bench.said("unit.issue-noted")[0]
    assert (said["unit_id"], said["withholds"], said["part_number"]) == (LOT, False, "SCR-4")
    count = len(bench.told)
    await bench.takes(an_issue("parts-noted", LOT, part_numbers=["SCR-4"]))
    assert len(bench.told) == count


async def test_a_unit_that_comes_after_its_issue_was_opened_tells_its_part_at_once(bench: Bench) -> None:
    """It withholds nothing yet, and nothing of it waits."""
    await bench.takes(an_issue("opened", LOT))
    assert list(bench.aside) == []
    await bench.takes(a_lot())
    assert [one["part_number"] for one in bench.said("unit.issue-noted")] == ["SCR-4"]


async def test_what_is_known_is_held_at_once_though_the_unit_of_its_issue_is_not_known(bench: Bench) -> None:
    """The machine that made the lot was reported under a number that nobody has; the lot is held all the same."""
    scrap = {"disposition": "scrap", "availability": "permanently-unavailable"}
    held = HELD | {"quantity": "7.5"}
    await bench.takes(a_lot("20"), an_issue("disposition-chosen", ROTOR, **scrap))
    await bench.takes(an_issue("quarantined", ROTOR, **scrap, quarantined=[held], part=held))
    assert (list(bench.aside), standing(bench.state(PART)).status) == ([], "on_hold")


async def test_a_recall_reaches_what_was_split_off_before(as_: Served) -> None:
    """Locked and loaded though the issue names the lot only; the reason is shown with the unit."""
    moved = {"unit_id": LOT, "location": "Line 2", "quantity": "50"}
    await as_.takes(a_lot(), event("plant.unit.moved.v1", moved))
    chosen = {"disposition": "scrap", "availability": "permanently-unavailable"}
    await as_.takes(an_issue("disposition-chosen", LOT, **chosen))
    found = (await as_("viewer").get("/units", params={"part_number": "SCR-4"})).json()["items"]
    assert [one["status"] for one in found] == ["on_hold", "on_hold"]
    shown = (await as_("viewer").get(f"/units/{found[1]['unit_id']}")).json()
    assert shown["status_changes_when"] == "the issue i-1 gets another disposition"
    assert shown["withheld_by"] == ["i-1"]
    free = chosen | {"availability": "immediate", "was": "permanently-unavailable"}
    await as_.takes(an_issue("availability-changed", LOT, **free))
    found = (await as_("viewer").get("/units", params={"part_number": "SCR-4"})).json()["items"]
    assert [one["status"] for one in found] == ["available", "available"]


async def test_an_issue_after_completion_changes_the_status_and_nothing_else(as_: Served) -> None:
    """The unit is withheld; what was released stays released."""
    await as_.takes(received(), created(), installed())
    canceled = BY | {"run_id": f"run of {PUMP}", "unit_id": PUMP, "reason": "order withdrawn"}
    await as_.takes(event("asbuilt.run.canceled.v1", canceled))
    before = (await as_("viewer").get(f"/units/{PUMP}")).json()
    await as_.takes(an_issue("dispositioned", PUMP, disposition="repair", availability="release-on-resolve"))
    after = (await as_("viewer").get(f"/units/{PUMP}")).json()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"status", "status_row", "status_reason", "status_changes_when", "withheld_by", "version"}


async def test_a_unit_that_comes_long_after_its_issue_is_withheld_from_its_receipt_on(bench: Bench) -> None:
    """The word is kept, and told."""
    scrap = {"disposition": "scrap", "availability": "permanently-unavailable"}
    await bench.takes(an_issue("disposition-chosen", **scrap))
    assert (list(bench.aside), bench.refusals) == ([], [])
    (said,) = bench.said("unit.issue-expected")
    assert (said["unit_id"], said["issue_id"], said["withholds"]) == (ROTOR, "i-1", True)
    await bench.takes(received())
    assert standing(bench.state(ROTOR)).status == "on_hold"


async def test_what_is_kept_for_a_unit_to_come_is_kept_in_the_database(
    database: Callable[[str], Database], tmp_path: Path
) -> None:
    """By whichever process the unit is received, before and after a restart."""
    inventory = database("inventory")
    async with served(build, inventory, tmp_path) as as_:
        await as_.takes(an_issue("disposition-chosen", disposition="scrap", availability="permanently-unavailable"))
        assert inventory.count("parked") == 0
    async with served(build, inventory, tmp_path) as again:
        await again.takes(received())
        shown = (await again("viewer").get(f"/units/{ROTOR}")).json()
        assert (shown["status"], shown["withheld_by"]) == ("on_hold", ["i-1"])
        scrap = {"disposition": "scrap", "availability": "permanently-unavailable"}
        await again.takes(an_issue("disposition-chosen", "ROT-2", issue_id="i-2", **scrap))
    (kept,) = inventory.rows("select array(select jsonb_object_keys(body->'by_unit')) as units from expected")
    assert kept["units"] == ["ROT-2"], "the one that came is not waited for any more"
