"""A component whose own run is reopened while it is installed: everything above it hears of it (domain.md 3.4)."""

from decimal import Decimal

from services.inventory.domain import events
from services.inventory.domain.status import standing
from services.inventory.domain.unit import Unit, UnitStatus
from shared.testing.story import Story
from tests.rules.inventory.examples import (
    INVENTORY,
    PUMP,
    PUMPS,
    ROTOR,
    SKID,
    cancel,
    claimed,
    complete,
    holds,
    install,
    lot_run,
    move,
    quarantine,
    received,
    remove,
    reopen,
    requirement,
)

RELEASED_ROTOR = (claimed(ROTOR, "", requirement("blade", "VALVE")), complete(1, unit_id=ROTOR))
PUMP_ON_SKID = (
    *RELEASED_ROTOR,
    claimed(PUMP),
    install(),
    complete(2, ROTOR),
    claimed(SKID, "", requirement("pump", "PUMP")),
    install(PUMP, SKID, "pump"),
)
"""A rotor in a pump in a skid; the run of the skid goes on."""


def told(story: Story[Unit]) -> list[tuple[str, str | None, str]]:
    """Which unit, of which run, hears of which component, reopened or cleared."""
    about = (events.ComponentReopened, events.ComponentCleared)
    return [(one.unit_id, one.run_id, one.component_id) for one in story.events if isinstance(one, about)]


def kinds(story: Story[Unit]) -> set[type]:
    """Whether that was a reopening, or its end."""
    return {type(one) for one in story.events} & {events.ComponentReopened, events.ComponentCleared}


def test_everything_above_a_reopened_component_hears_of_it() -> None:
    """The unit that it is in, and the one above that; each names the run that builds it."""
    story = INVENTORY.given(*PUMP_ON_SKID).when(reopen(ROTOR)).and_then()
    assert told(story) == [(PUMP, "run of PUMP-1", ROTOR), (SKID, "run of SKID-1", ROTOR)]
    assert story.state(SKID).reopened_components == {ROTOR: "run of ROTOR-1"}
    reopened = next(one for one in story.events if isinstance(one, events.ComponentReopened))
    assert reopened.component_run_id == "run of ROTOR-1"


def test_it_ends_when_the_component_s_run_is_completed_again() -> None:
    """Or canceled: then nobody works on it any more."""
    story = INVENTORY.given(*PUMP_ON_SKID, reopen(ROTOR))
    for ended in (complete(1, unit_id=ROTOR, number=2), cancel(ROTOR)):
        done = story.when(ended).and_then()
        assert kinds(done) == {events.ComponentCleared}
        assert [unit_id for unit_id, _, _ in told(done)] == [PUMP, SKID]
        assert not done.state(SKID).reopened_components


def test_it_does_not_end_with_a_completion_that_is_contested() -> None:
    """The component is not released, so whoever relies on it is still warned."""
    story = INVENTORY.given(*PUMP_ON_SKID, reopen(ROTOR)).when(complete(0, "BLADE", unit_id=ROTOR, number=2)).and_then()
    assert isinstance(story.events[0], events.CompletionContested)
    assert told(story) == []
    assert told(story.when(reopen(ROTOR)).and_then()) == []


def test_it_ends_for_all_above_when_the_component_is_taken_out() -> None:
    """Also for those that it was not directly in."""
    story = INVENTORY.given(*PUMP_ON_SKID, reopen(ROTOR), reopen(PUMP))
    gone = story.when(remove()).and_then()
    assert told(gone) == [(PUMP, "run of PUMP-1", ROTOR), (SKID, "run of SKID-1", ROTOR)]
    assert gone.state(SKID).reopened_components == {PUMP: "run of PUMP-1"}


def test_what_is_taken_out_takes_its_own_components_along() -> None:
    """The pump with its reopened rotor leaves the skid: the skid need not care any more, the pump does."""
    story = INVENTORY.given(*PUMP_ON_SKID, reopen(ROTOR)).when(remove(PUMP, SKID)).and_then()
    assert told(story) == [(SKID, "run of SKID-1", ROTOR)]
    assert story.state(PUMP).reopened_components == {ROTOR: "run of ROTOR-1"}


def test_what_is_put_in_brings_its_own_components_along() -> None:
    """A pump may be released while its rotor is open; the skid that it goes into hears of the rotor at once."""
    story = INVENTORY.given(*PUMP_ON_SKID, reopen(ROTOR), remove(PUMP, SKID))
    put_back = story.when(install(PUMP, SKID, "pump")).and_then()
    assert told(put_back) == [(SKID, "run of SKID-1", ROTOR)]


def test_a_run_that_takes_a_unit_over_hears_what_is_open_in_it() -> None:
    """The pump is claimed for rework while its rotor is open: the new run is warned, not the old one."""
    story = INVENTORY.given(*PUMP_ON_SKID[:-2], reopen(ROTOR)).when(claimed(PUMP, "rework")).and_then()
    assert told(story) == [(PUMP, "rework", ROTOR)]
    assert told(story.when(complete(1, unit_id=ROTOR, number=2)).and_then()) == [(PUMP, "rework", ROTOR)]


def test_a_unit_that_is_in_nothing_is_nobody_s_component() -> None:
    """Nor is one that was never built by a run."""
    story = INVENTORY.given(*RELEASED_ROTOR, received("ROTOR-2")).when(reopen(ROTOR)).and_then()
    assert told(story) == []


def test_a_placed_unit_says_which_run_built_it_and_which_builds_its_parent() -> None:
    """So that the run of the unit can say where its product went."""
    story = INVENTORY.given(*PUMP_ON_SKID[:-1]).when(install(PUMP, SKID, "pump")).and_then()
    placed = next(one for one in story.events if isinstance(one, events.UnitPlaced))
    assert (placed.run_id, placed.parent_run_id) == ("run of PUMP-1", "run of SKID-1")
    out = story.when(remove(PUMP, SKID)).and_then()
    placed = next(one for one in out.events if isinstance(one, events.UnitPlaced))
    assert (placed.run_id, placed.parent_run_id) == ("run of PUMP-1", None)


def test_a_lot_whose_run_is_reopened_is_heard_of_wherever_parts_of_it_went() -> None:
    """Two pumps of the ten stand on a skid, and stay there: its run is warned, and hears when that is over."""
    two = requirement("pump", "PUMP", quantity=Decimal(2))
    built = (lot_run(), complete(1, unit_id=PUMPS, run_id="run-1"), claimed(SKID, "", two))
    story = INVENTORY.given(*built, install(PUMPS, SKID, "pump", quantity="2"))
    (part,) = holds(story, SKID)
    reopened = story.when(reopen(PUMPS, "run-1")).and_then()
    assert told(reopened) == [(part, None, part), (SKID, "run of SKID-1", part)]
    assert holds(reopened, SKID) == [part]
    again = reopened.when(complete(1, unit_id=PUMPS, run_id="run-1", number=2)).and_then()
    assert told(again) == [(part, None, part), (SKID, "run of SKID-1", part)]
    assert kinds(again) == {events.ComponentCleared}
    assert told(reopened.when(remove(part, SKID)).and_then()) == [(SKID, "run of SKID-1", part)]


LOT_IN_STOCK = (lot_run(), complete(1, unit_id=PUMPS, run_id="run-1"), move(PUMPS, "Line 4", "3"))
"""Three of ten pumps were brought to a line; they are in nothing."""
MOVED = f"{PUMPS}~moved"
SKID_RUN = claimed(SKID, "", requirement("pump", "PUMP", quantity=Decimal(3)))


def test_a_part_in_stock_of_a_reopened_lot_warns_whatever_it_is_put_into_later() -> None:
    """It was split off before its lot's run was reopened, and is installed after: whole, or a part of it again."""
    story = INVENTORY.given(*LOT_IN_STOCK, SKID_RUN).when(reopen(PUMPS, "run-1")).and_then()
    assert told(story) == [(MOVED, None, MOVED)]
    whole = story.when(install(MOVED, SKID, "pump", quantity="3")).and_then()
    assert told(whole) == [(SKID, "run of SKID-1", MOVED)]
    taken = story.when(install(MOVED, SKID, "pump", quantity="1")).and_then()
    (part,) = holds(taken, SKID)
    assert told(taken) == [(part, None, part), (SKID, "run of SKID-1", part)]
    assert taken.state(SKID).reopened_components == {part: "run-1"}
    again = taken.when(complete(1, unit_id=PUMPS, run_id="run-1", number=2)).and_then()
    assert not any(again.state(one).reopened_components for one in (SKID, part, MOVED))


def test_a_part_that_is_taken_out_and_put_in_again_warns_again() -> None:
    """Its lot's run is still open."""
    story = INVENTORY.given(*LOT_IN_STOCK, SKID_RUN, reopen(PUMPS, "run-1"), install(MOVED, SKID, "pump", quantity="3"))
    out = story.when(remove(MOVED, SKID)).and_then()
    assert told(out) == [(SKID, "run of SKID-1", MOVED)]
    assert told(out.when(install(MOVED, SKID, "pump", quantity="3")).and_then()) == [(SKID, "run of SKID-1", MOVED)]


def test_the_status_of_a_part_says_that_its_lot_s_run_is_reopened() -> None:
    """It may be used; whoever does knows. It says so no more when the run is complete again, or canceled."""
    story = INVENTORY.given(*LOT_IN_STOCK, reopen(PUMPS, "run-1"))
    said = standing(story.state(MOVED))
    assert said.status is UnitStatus.AVAILABLE
    assert said.reason.endswith(f"; the run run-1 of {PUMPS}, which it was split off from, is reopened")
    for ended in (complete(1, unit_id=PUMPS, run_id="run-1", number=2), cancel(PUMPS, "run-1")):
        assert "reopened" not in standing(story.when(ended).and_then().state(MOVED)).reason


def test_what_is_put_in_quarantine_while_the_lot_s_run_is_reopened_is_of_that_run_too() -> None:
    """It is used when its issue allows it, and the run may be open still."""
    story = INVENTORY.given(*LOT_IN_STOCK, reopen(PUMPS, "run-1")).when(quarantine("2", PUMPS)).and_then()
    part = next(one.part_unit_id for one in story.events if isinstance(one, events.UnitSplit))
    assert told(story) == [(part, None, part)]


def test_what_a_lot_s_first_build_splits_off_is_of_no_reopened_run() -> None:
    """It was never complete, so nobody relied on it."""
    assert told(INVENTORY.given(lot_run()).when(quarantine("2", PUMPS)).and_then()) == []
