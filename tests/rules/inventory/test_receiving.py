"""Receiving units, and claiming the target of a run (domain.md 3.1, 4.1)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.inventory.domain.commands import ReceiveUnit
from services.inventory.domain.events import BuildFailed, StatusChanged, UnitClaimed, UnitFreed, UnitReceived
from services.inventory.domain.refusals import (
    DuplicateSerial,
    ReceiptInvalid,
    TargetNotAvailable,
    UnitIdInvalid,
    UnknownUnit,
)
from services.inventory.domain.status import standing
from services.inventory.domain.unit import UnitStatus
from shared.testing.story import Story
from tests.rules.inventory.examples import (
    BUILT,
    INVENTORY,
    NOON,
    OLGA,
    PLACES,
    PUMP,
    ROTOR,
    SKID,
    build_of,
    cancel,
    claimed,
    complete,
    fail,
    install,
    location,
    move,
    received,
    reopen,
    requirement,
    status,
    unit,
)


def test_a_received_unit_is_available() -> None:
    """It is known from then on, and its first status is told with it."""
    story = INVENTORY.given().when(received()).then(UnitReceived)
    assert status(story, ROTOR) is UnitStatus.AVAILABLE
    (event,) = story.events
    assert (event.status, event.status_reason) == (UnitStatus.AVAILABLE, "nothing keeps it from being used")


def test_the_same_receipt_again_changes_nothing() -> None:
    """A scanner that says it twice is right both times."""
    INVENTORY.given(received()).when(received()).nothing_happens()


@pytest.mark.parametrize(
    "changed", [{"revision": "B"}, {"part_number": "ROTOR-8"}, {"location": "Rack 2"}], ids=lambda one: next(iter(one))
)
def test_a_serial_names_one_unit_only(changed: dict[str, Any]) -> None:
    """A second receipt that says something else is refused, naming what is known."""
    INVENTORY.given(received()).when(received(**changed)).is_refused(DuplicateSerial, naming="ROTOR-7 A")


def test_a_unit_id_is_the_serial_or_the_lot_within_its_part() -> None:
    """So that the plant can know it; the refusal names the right one."""
    wrong = replace(unit(ROTOR), unit_id="R-1")
    story = INVENTORY.given().when(ReceiveUnit("R-1", OLGA, NOON, wrong))
    story.is_refused(UnitIdInvalid, naming="should be ROTOR-1")
    lot = replace(unit(ROTOR), unit_id="ROTOR-7:L1", serial=None, lot="L1", quantity=Decimal("37.50"))
    INVENTORY.given().when(ReceiveUnit("ROTOR-7:L1", OLGA, NOON, lot)).then(UnitReceived)


@pytest.mark.parametrize(
    ("changed", "naming"),
    [
        ({"quantity": Decimal(0)}, "quantity is 0"),
        ({"quantity": Decimal(-1)}, "-1"),
        ({"quantity": Decimal(2)}, "not 2"),
    ],
)
def test_a_receipt_that_contradicts_itself_is_refused(changed: dict[str, Any], naming: str) -> None:
    """Nothing is received in no or a negative quantity, and a serial names one unit."""
    INVENTORY.given().when(received(**changed)).is_refused(ReceiptInvalid, naming=naming)


def test_an_endless_id_is_refused() -> None:
    """Every id has to fit where it is announced."""
    endless = "x" * 201
    came = replace(unit(ROTOR), unit_id=endless, serial=endless)
    INVENTORY.given().when(ReceiveUnit(endless, OLGA, NOON, came)).is_refused(ReceiptInvalid, naming="200 characters")


@pytest.mark.parametrize("own", ["asbuilt:locations", "asbuilt:expected", "asbuilt:within:PUMP-1"])
def test_an_id_of_asbuilts_own_is_of_no_unit(own: str) -> None:
    """Whatever a scanner reads off a label: the locations are nothing that can be received, built, moved or put in."""
    story = PLACES.given(location(), claimed())
    came = replace(unit(ROTOR), unit_id=own, serial=own)
    story.when(ReceiveUnit(own, OLGA, NOON, came)).is_refused(ReceiptInvalid, naming="Asbuilt's own")
    built = replace(claimed(), unit_id=own, run_id="run-2", identification=came)
    story.when(built).is_refused(TargetNotAvailable, naming="Asbuilt's own")
    story.when(move(own)).is_refused(UnknownUnit, naming=own)
    story.when(install(own)).is_refused(UnknownUnit, naming=own)


def test_an_unknown_target_is_created_as_work_in_progress() -> None:
    """A run builds what was not there before."""
    story = INVENTORY.given().when(claimed()).then(UnitReceived, UnitClaimed)
    assert status(story) is UnitStatus.WIP
    assert story.state(PUMP).as_built_version == 1


def test_a_known_unit_is_claimed_for_rework() -> None:
    """Available or built before: the next run takes it over, with the requirements of that run."""
    rework = claimed(PUMP, "rework", requirement("seal", "VALVE"))
    story = INVENTORY.given(*BUILT).when(rework).then(UnitClaimed, StatusChanged)
    assert status(story) is UnitStatus.WIP
    assert set(build_of(story).requirements) == {"seal"}
    INVENTORY.given(received(ROTOR)).when(claimed(ROTOR)).then(UnitClaimed, StatusChanged)


def test_a_run_claims_its_target_once() -> None:
    """The same claim again changes nothing, whatever happened since."""
    INVENTORY.given(claimed()).when(claimed()).nothing_happens()
    INVENTORY.given(*BUILT).when(claimed()).nothing_happens()


def test_the_target_of_an_open_run_is_not_claimed_by_another() -> None:
    """Two runs never build one unit at the same time; a reopened run is open."""
    INVENTORY.given(claimed()).when(claimed(PUMP, "run-2")).is_refused(TargetNotAvailable, naming="run of PUMP-1")
    INVENTORY.given(*BUILT, reopen()).when(claimed(PUMP, "run-2")).is_refused(TargetNotAvailable, naming="open run")


def test_an_installed_unit_is_not_claimed() -> None:
    """What is in a parent is reworked after it was removed."""
    INVENTORY.given(*BUILT).when(claimed(ROTOR)).is_refused(TargetNotAvailable, naming="installed in PUMP-1")


def test_a_scrapped_unit_is_not_claimed() -> None:
    """Scrap stays scrap."""
    story = INVENTORY.given(received())
    scrapped = {ROTOR: replace(story.state(ROTOR), scrapped_quantity=Decimal(1))}
    Story(story.rules, scrapped).when(claimed(ROTOR)).is_refused(TargetNotAvailable, naming="scrapped")


def test_a_unit_of_another_part_is_not_claimed() -> None:
    """A run for a pump does not build a skid, even with the serial of one."""
    wrong = replace(claimed(PUMP), identification=unit(PUMP, part_number="SKID-9"))
    INVENTORY.given(*BUILT).when(replace(wrong, run_id="run-2")).is_refused(TargetNotAvailable, naming="PUMP-100")


def test_a_canceled_run_frees_its_target() -> None:
    """It is no longer work in progress, and the next run may claim it."""
    story = INVENTORY.given(claimed()).when(cancel()).then(UnitFreed, StatusChanged)
    assert status(story) is UnitStatus.AVAILABLE
    story.when(claimed(PUMP, "run-2")).then(UnitClaimed, StatusChanged)


def test_a_run_that_never_had_the_target_frees_nothing() -> None:
    """Canceled because another run builds the unit: that one goes on."""
    INVENTORY.given(claimed()).when(cancel(PUMP, "run-2")).nothing_happens()


def test_what_is_told_of_an_unknown_unit_waits_for_it() -> None:
    """Completions, reopenings and cancellations of a unit that is not known yet may be early."""
    for early in (complete(1, unit_id=SKID), reopen(SKID), cancel(SKID), install(SKID, PUMP)):
        assert INVENTORY.given(claimed()).when(early).is_refused(UnknownUnit, naming=SKID).refusal.waits_for == SKID


def test_a_run_that_failed_for_good_keeps_its_unit_in_work() -> None:
    """Its standing says which run failed and why, and what frees it; nobody else can claim it."""
    story = INVENTORY.given(claimed()).when(fail()).then(BuildFailed)
    said = standing(story.state(PUMP))
    assert said.status is UnitStatus.WIP
    assert "run of PUMP-1, which failed for good: the housing is cracked" in said.reason
    assert "canceled" in said.changes_when
    story.when(claimed(run_id="run-2")).is_refused(TargetNotAvailable, naming="run of PUMP-1")


def test_canceling_a_failed_run_frees_its_unit() -> None:
    """The next run starts with a clean slate."""
    story = INVENTORY.given(claimed(), fail()).when(cancel()).then(UnitFreed, StatusChanged)
    again = story.when(claimed(run_id="run-2")).and_then()
    assert "failed" not in standing(again.state(PUMP)).reason


def test_a_failure_is_heard_once_and_only_of_the_run_that_builds_the_unit() -> None:
    """Heard twice, or of a run that never had the unit: nothing changes."""
    INVENTORY.given(claimed(), fail()).when(fail()).nothing_happens()
    INVENTORY.given(claimed()).when(fail(run_id="run-2")).nothing_happens()
    INVENTORY.given(claimed(), cancel()).when(fail()).nothing_happens()
