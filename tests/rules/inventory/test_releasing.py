"""What a run's completion does to units, and a completion that is contested (domain.md 3.8, 4.3)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.inventory.domain.commands import Release
from services.inventory.domain.events import (
    CompletionContested,
    ComponentReopened,
    Difference,
    StatusChanged,
    UnitConsumed,
    UnitFreed,
    UnitInstalled,
    UnitPlaced,
    UnitReceived,
    UnitReleased,
    UnitReopened,
    UnitScrapped,
    UnitSplit,
)
from services.inventory.domain.refusals import TargetNotAvailable
from services.inventory.domain.unit import UnitStatus
from shared.kernel import split_id
from tests.rules.inventory.examples import (
    BUILT,
    INVENTORY,
    LOT,
    OTHER_ROTOR,
    PUMP,
    PUMPS,
    ROTOR,
    SKID,
    add,
    cancel,
    claimed,
    complete,
    edit,
    fail,
    give_back,
    install,
    issue,
    lot,
    lot_run,
    quarantine,
    received,
    relied_on,
    remove,
    reopen,
    requirement,
    scrap,
    status,
)

SCREWS = requirement("screws", part_number="INS-8", quantity=Decimal(10), unit_of_measure="m")
FITTED = (received(), claimed(), install())


def finished(scrapped: str) -> Release:
    """The run of a lot of ten pumps was completed, some of them no good."""
    done = complete(1, unit_id=PUMPS, run_id="run-1")
    return replace(done, scrapped_quantity=Decimal(scrapped), part_unit_id=f"{PUMPS}~scrapped")


def test_a_lot_finishes_with_good_and_scrapped_quantity() -> None:
    """What is no good is split off and scrapped; the rest is available, and nothing is lost."""
    story = INVENTORY.given(lot_run()).when(finished("3"))
    story.then(UnitReleased, UnitSplit, UnitReceived, UnitScrapped, StatusChanged)
    assert (status(story, PUMPS), status(story, f"{PUMPS}~scrapped")) == (UnitStatus.AVAILABLE, UnitStatus.SCRAPPED)
    assert [story.state(one).identification.quantity for one in (PUMPS, f"{PUMPS}~scrapped")] == [7, 3]
    assert story.events[3].run_id == "run-1"
    story.when(finished("3")).nothing_happens()


def test_a_lot_of_which_nothing_is_good_is_scrapped_whole() -> None:
    """There is nothing to split off."""
    story = INVENTORY.given(lot_run()).when(finished("10")).then(UnitReleased, UnitScrapped, StatusChanged)
    assert status(story, PUMPS) is UnitStatus.SCRAPPED


def test_a_contested_completion_scraps_nothing() -> None:
    """Part of the lot was put in quarantine while it was being completed: nobody reviewed what is left."""
    story = (
        INVENTORY.given(lot_run(), quarantine("2", PUMPS)).when(finished("3")).then(CompletionContested, StatusChanged)
    )
    assert status(story, PUMPS) is UnitStatus.ON_HOLD
    assert story.state(PUMPS).identification.quantity == 8


@pytest.mark.parametrize(
    ("before", "why"),
    [
        ((received(PUMP), scrap(PUMP)), "scrapped"),
        ((received(PUMP), give_back(PUMP)), "0 each, not 1 each"),
        ((*BUILT, claimed(SKID, "", requirement("pump", "PUMP")), install(PUMP, SKID, "pump")), "installed in SKID-1"),
        ((claimed(),), "the target of the open run run of PUMP-1"),
        ((*BUILT, reopen()), "the target of the open run run of PUMP-1"),
        ((claimed(), fail()), "the target of the open run run of PUMP-1"),
    ],
    ids=["scrapped", "returned", "installed", "being built", "reopened", "failed"],
)
def test_a_target_that_is_not_there_to_be_built_is_refused(before: Any, why: str) -> None:
    """Its run hears why, and is canceled."""
    INVENTORY.given(*before).when(claimed(PUMP, "run-2")).is_refused(TargetNotAvailable, naming=why)


def test_a_lot_is_claimed_as_it_is() -> None:
    """Ten are not twelve, and metres are no pieces; what is withheld may be reworked."""
    there = (lot_run(), complete(1, unit_id=PUMPS, run_id="run-1"))
    story = INVENTORY.given(*there)
    story.when(lot_run(run_id="run-2", quantity="12")).is_refused(TargetNotAvailable, naming="10 each, not 12 each")
    story = INVENTORY.given(*there, issue(PUMPS, "release-on-resolve")).when(lot_run(run_id="run-2")).and_then()
    assert status(story, PUMPS) is UnitStatus.WIP


def test_a_completed_run_releases_its_unit_and_marks_what_was_consumed() -> None:
    """Work in progress ends, the rotor is consumed by that run, and both are said."""
    story = INVENTORY.given(*FITTED).when(complete(2, ROTOR)).then(UnitReleased, UnitConsumed, StatusChanged)
    assert status(story) is UnitStatus.AVAILABLE
    assert story.state(ROTOR).consumed_by == "run of PUMP-1"
    assert (story.events[0].number, story.events[0].as_built_version) == (1, 2)


def test_a_completion_that_is_heard_twice_releases_once() -> None:
    """By its number: the same completion again changes nothing."""
    INVENTORY.given(*BUILT).when(complete(2, ROTOR)).nothing_happens()


def test_a_completion_of_another_run_releases_nothing() -> None:
    """A run whose claim was refused has no say about the unit."""
    INVENTORY.given(*FITTED).when(complete(2, ROTOR, run_id="run-2")).nothing_happens()


def test_a_run_that_needed_nothing_may_be_completed_before_it_heard_of_its_claim() -> None:
    """It relied on no as-built version, and there is nothing in the unit."""
    INVENTORY.given(claimed()).when(complete(0)).then(UnitReleased, StatusChanged)


def test_a_unit_is_never_released_against_an_as_built_that_nobody_reviewed() -> None:
    """A removal was in flight: the completion is contested with the difference, and the unit stays."""
    story = INVENTORY.given(*FITTED, remove()).when(complete(2, ROTOR)).then(CompletionContested, StatusChanged)
    contested = story.events[0]
    assert contested.differences == (Difference("removed", "rotor", ROTOR, None, Decimal(1)),)
    assert (contested.number, contested.relied_on_version, contested.as_built_version) == (1, 2, 3)
    assert status(story) is UnitStatus.ON_HOLD


def test_a_record_that_names_another_component_than_is_there_is_contested() -> None:
    """Though the version is the same: whoever wrote that record did not read this as-built."""
    INVENTORY.given(*FITTED).when(complete(2, OTHER_ROTOR)).then(CompletionContested, StatusChanged)


def test_a_completion_of_another_quantity_is_contested_in_words() -> None:
    """Part of what is built was split off, or part of what is installed was taken out, while it was being confirmed."""
    built = replace(finished("0"), quantity=Decimal(10))
    story = INVENTORY.given(lot_run(), quarantine("2", PUMPS)).when(built)
    assert story.events[0].differences == (Difference("quantity", None, PUMPS, None, Decimal(10), Decimal(8)),)
    screwed = (lot(), claimed(PUMP, "", SCREWS), install(LOT, PUMP, "screws", quantity="10"))
    part = split_id(LOT, f"{LOT} in {PUMP}")
    out = remove(LOT, quantity=Decimal(4), installation_id="taken out", part_unit_id=f"{part}~4")
    confirmed = replace(complete(2), relied_on={f"{LOT} in {PUMP}": relied_on(part, "screws", "10")})
    contested = INVENTORY.given(*screwed, out).when(confirmed).events[0]
    assert contested.differences == (Difference("quantity", "screws", part, None, Decimal(10), Decimal(6)),)
    INVENTORY.given(*screwed).when(replace(confirmed, quantity=Decimal(1))).then(
        UnitReleased, UnitConsumed, StatusChanged
    )


def test_an_edited_requirement_is_named_with_what_it_wanted_and_wants() -> None:
    """An engineer was faster than the lead: edited, added and removed requirements, which the review did not have."""
    confirmed = replace(complete(2, ROTOR), required={"rotor": Decimal(1), "shim": Decimal(3)})
    wired = add("wire", quantity=Decimal(2))
    contested = INVENTORY.given(*FITTED, edit(quantity=Decimal(2)), wired).when(confirmed).events[0]
    assert contested.differences == (
        Difference("requirement", "rotor", PUMP, None, Decimal(1), Decimal(2)),
        Difference("requirement", "shim", PUMP, None, Decimal(3), None),
        Difference("requirement", "wire", PUMP, None, None, Decimal(2)),
    )


def test_a_requirement_for_which_other_parts_will_do_since_the_review_is_named_too() -> None:
    """Also where the record does not say what was required; one that was edited before the review is not."""
    before = add("wire", quantity=Decimal(2))
    substitute = edit(substitutes=("ROTOR-8",))
    for required in ({"rotor": Decimal(1), "wire": Decimal(2)}, None):
        confirmed = replace(complete(3, ROTOR), required=required)
        contested = INVENTORY.given(*FITTED, before, substitute).when(confirmed).events[0]
        assert contested.differences == (Difference("requirement", "rotor", PUMP, None, Decimal(1), Decimal(1)),)


def test_an_exchange_in_flight_shows_both_sides() -> None:
    """What was added and what was removed since the review."""
    exchange = (received(OTHER_ROTOR), remove(), install(OTHER_ROTOR))
    contested = INVENTORY.given(*FITTED, *exchange).when(complete(2, ROTOR)).events[0]
    assert {(one.change, one.component_id) for one in contested.differences} == {
        ("added", OTHER_ROTOR),
        ("removed", ROTOR),
    }


def test_an_unheard_claim_of_a_unit_with_components_is_contested() -> None:
    """A rework that was completed before it heard what is in the unit relied on nothing that anybody saw."""
    INVENTORY.given(*BUILT, claimed(PUMP, "rework")).when(complete(0, run_id="rework")).then(
        CompletionContested, StatusChanged
    )


def test_a_contested_unit_is_work_in_progress_again_when_its_run_reopens_itself() -> None:
    """The contest ends there; reviewed and completed again, the unit is released."""
    story = INVENTORY.given(*FITTED, remove(), complete(2, ROTOR)).when(reopen()).then(UnitReopened, StatusChanged)
    assert status(story) is UnitStatus.WIP
    story = story.when(install()).and_then().when(complete(4, ROTOR, number=2))
    story.then(UnitReleased, UnitConsumed, StatusChanged)
    assert status(story) is UnitStatus.AVAILABLE


def test_a_contested_completion_is_contested_once() -> None:
    """The same completion again changes nothing."""
    INVENTORY.given(*FITTED, remove(), complete(2, ROTOR)).when(complete(2, ROTOR)).nothing_happens()


def test_a_canceled_run_ends_its_contest() -> None:
    """Nothing keeps the unit on hold once its run is gone."""
    story = INVENTORY.given(*FITTED, remove(), complete(2, ROTOR)).when(cancel()).then(UnitFreed, StatusChanged)
    assert status(story) is UnitStatus.AVAILABLE


def test_a_reopened_run_takes_its_unit_back_into_work() -> None:
    """Wip again, and its as-built unlocked; hearing it twice changes nothing."""
    story = INVENTORY.given(*BUILT).when(reopen()).then(UnitReopened, StatusChanged)
    assert status(story) is UnitStatus.WIP
    story.when(reopen()).nothing_happens()


def test_a_reopened_run_leaves_an_installed_unit_installed() -> None:
    """Wip unless a higher row of the status table applies."""
    skid = claimed(SKID, "", requirement("pump", "PUMP"))
    story = INVENTORY.given(*BUILT, skid, install(PUMP, SKID, "pump")).when(reopen())
    story = story.then(UnitReopened, ComponentReopened)
    assert status(story) is UnitStatus.INSTALLED


def test_an_earlier_run_that_is_reopened_does_not_touch_a_unit_in_rework() -> None:
    """The unit belongs to the run that claimed it last."""
    INVENTORY.given(*BUILT, claimed(PUMP, "rework")).when(reopen()).nothing_happens()


def test_a_second_completion_consumes_only_what_is_new() -> None:
    """What the first completion consumed is not consumed again."""
    again = INVENTORY.given(*BUILT, reopen()).when(complete(2, ROTOR, number=2))
    again.then(UnitReleased, StatusChanged)


def test_a_rework_consumes_what_it_installed_and_nothing_else() -> None:
    """What the first run consumed stays consumed by the first run."""
    rework = (received(OTHER_ROTOR), claimed(PUMP, "rework"), install(OTHER_ROTOR))
    story = INVENTORY.given(*BUILT, *rework).when(complete(4, OTHER_ROTOR, run_id="rework"))
    story.then(UnitReleased, UnitConsumed, StatusChanged)
    assert story.state(ROTOR).consumed_by == "run of PUMP-1"
    assert story.state(OTHER_ROTOR).consumed_by == "rework"


def test_a_removed_component_is_consumed_no_more() -> None:
    """It may be used again: taken out of a reopened pump and put into another."""
    story = INVENTORY.given(*BUILT, reopen(), remove(), claimed("PUMP-2"))
    assert story.state(ROTOR).consumed_by is None
    story.when(install(ROTOR, "PUMP-2")).then(UnitInstalled, UnitPlaced, StatusChanged)
