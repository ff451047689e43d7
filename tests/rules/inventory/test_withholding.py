"""Units that an issue withholds, and parts in quarantine (domain.md 4.1, 5)."""

from dataclasses import replace
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from services.inventory.domain import expecting
from services.inventory.domain.events import IssueNoted, RequirementChanged, StatusChanged, UnitReceived, UnitSplit
from services.inventory.domain.expecting import EXPECTED, Expected, IssueExpected
from services.inventory.domain.refusals import (
    InsufficientQuantity,
    NothingToBuild,
    SerialIndivisible,
    StillInstalled,
    UnitNotAvailable,
    UnknownUnit,
)
from services.inventory.domain.status import standing
from services.inventory.domain.unit import IssueSays, UnitStatus
from tests.rules.inventory.examples import (
    BUILT,
    INVENTORY,
    LOT,
    PLACES,
    PUMP,
    PUMPS,
    ROTOR,
    build_of,
    claimed,
    complete,
    install,
    issue,
    lot,
    lot_run,
    move,
    quarantine,
    received,
    remove,
    reopen,
    requirement,
    status,
)

HELD = f"{LOT}~held"
FREE = (None, "immediate")
WITHHELD = ("release-on-resolve", "permanently-unavailable")


@pytest.mark.parametrize("availability", WITHHELD)
def test_an_issue_withholds_its_unit_by_its_disposition(availability: str) -> None:
    """Chosen counts, approved or not; the reason names the issue, and what would change it."""
    story = INVENTORY.given(received(), claimed()).when(issue(ROTOR, availability)).then(IssueNoted, StatusChanged)
    said = standing(story.state(ROTOR))
    assert said.status is UnitStatus.ON_HOLD
    assert "the issue i-1 withholds it" in said.reason
    assert "the issue i-1" in said.changes_when
    story.when(install()).is_refused(UnitNotAvailable, naming="i-1")


@pytest.mark.parametrize("availability", FREE)
def test_an_issue_that_allows_the_use_says_nothing_about_a_unit(availability: str | None) -> None:
    """Open, or with a disposition that is immediate."""
    INVENTORY.given(received()).when(issue(ROTOR, availability)).nothing_happens()


def test_a_resolved_issue_releases_what_it_withheld_till_then_only() -> None:
    """What is permanently unavailable stays so, resolved or not, until it gets another disposition."""
    story = INVENTORY.given(received(), issue(ROTOR, "release-on-resolve"))
    story.when(issue(ROTOR, "release-on-resolve", is_resolved=True)).then(IssueNoted, StatusChanged)
    story = story.when(issue(ROTOR, "permanently-unavailable")).then(IssueNoted)
    story = story.when(issue(ROTOR, "permanently-unavailable", is_resolved=True)).then(IssueNoted)
    assert status(story, ROTOR) is UnitStatus.ON_HOLD
    story.when(issue(ROTOR, "immediate")).then(IssueNoted, StatusChanged)


@pytest.mark.parametrize(("one", "other"), list(product(FREE + WITHHELD, repeat=2)))
def test_two_issues_on_a_unit_must_both_allow_its_use(one: str | None, other: str | None) -> None:
    """In whatever order they speak."""
    story = INVENTORY.given(received(), issue(ROTOR, one), issue(ROTOR, other, issue_id="i-2"))
    is_free = one in FREE and other in FREE
    assert (status(story, ROTOR) is UnitStatus.AVAILABLE) is is_free
    freed = story.when(issue(ROTOR, "immediate")).and_then()
    assert (status(freed, ROTOR) is UnitStatus.AVAILABLE) is (other in FREE)


def test_the_same_word_of_an_issue_again_changes_nothing() -> None:
    """Issues say how they stand with every change of theirs, comments included."""
    INVENTORY.given(received(), issue(ROTOR, "release-on-resolve")).when(
        issue(ROTOR, "release-on-resolve")
    ).nothing_happens()


def test_an_issue_withholds_everything_that_was_split_off_from_its_lot() -> None:
    """A recall reaches what was brought to the line before, and what is split off after; and frees it again."""
    story = INVENTORY.given(lot(), move(quantity="7.5"))
    story = story.when(issue(LOT, "permanently-unavailable")).then(IssueNoted, IssueNoted, StatusChanged, StatusChanged)
    assert status(story, f"{LOT}~moved") is UnitStatus.ON_HOLD
    story = story.when(move(f"{LOT}~moved", "Rack 9", "2.5")).and_then()
    assert status(story, f"{LOT}~moved~moved") is UnitStatus.ON_HOLD
    story = story.when(issue(LOT, "immediate")).and_then()
    assert {one.announced_status for one in story.known.values()} == {UnitStatus.AVAILABLE}


def test_what_is_withheld_while_it_is_installed_is_on_hold_when_it_comes_out() -> None:
    """Installed comes first; the completion record, and the release of its parent, are untouched."""
    story = INVENTORY.given(*BUILT).when(issue(ROTOR, "permanently-unavailable")).then(IssueNoted)
    assert (status(story, ROTOR), status(story, PUMP)) == (UnitStatus.INSTALLED, UnitStatus.AVAILABLE)
    story = story.when(reopen()).and_then().when(remove()).and_then()
    assert status(story, ROTOR) is UnitStatus.ON_HOLD


def test_availability_follows_the_disposition_long_after_completion() -> None:
    """A unit that was released is withheld, and available again; its build stays complete."""
    story = INVENTORY.given(*BUILT).when(issue(PUMP, "release-on-resolve")).then(IssueNoted, StatusChanged)
    assert status(story) is UnitStatus.ON_HOLD
    assert build_of(story).is_open is False
    story = story.when(issue(PUMP, "release-on-resolve", is_resolved=True)).then(IssueNoted, StatusChanged)
    assert status(story) is UnitStatus.AVAILABLE


def test_what_an_issue_says_of_a_unit_that_is_not_known_is_kept_until_it_comes() -> None:
    """However long that takes: it is withheld from its receipt on, and no run can use it in between."""
    story = PLACES.given().when(issue(ROTOR, "permanently-unavailable")).then(IssueExpected)
    story.when(issue(ROTOR, "permanently-unavailable")).nothing_happens()
    received_now = story.when(received()).then(UnitReceived, IssueNoted)
    assert (received_now.events[0].status, received_now.events[1].part_number) == (UnitStatus.ON_HOLD, "ROTOR-7")
    assert status(received_now, ROTOR) is UnitStatus.ON_HOLD
    assert "i-1" in standing(received_now.state(ROTOR)).reason
    freed = received_now.when(issue(ROTOR, "immediate")).then(IssueNoted, StatusChanged)
    assert status(freed, ROTOR) is UnitStatus.AVAILABLE


def test_two_issues_about_a_unit_to_come_are_both_kept_and_each_lets_go_for_itself() -> None:
    """One that is resolved meanwhile is forgotten."""
    both = [issue(ROTOR, "release-on-resolve"), issue(ROTOR, "permanently-unavailable", issue_id="i-2")]
    story = PLACES.given(*both)
    resolved = issue(ROTOR, "release-on-resolve", is_resolved=True)
    story = story.when(resolved).then(IssueExpected)
    came = story.when(received()).and_then()
    assert set(came.state(ROTOR).issues) == {"i-2"}
    done = issue(ROTOR, "immediate", issue_id="i-2", is_resolved=True)
    story = story.when(done).then(IssueExpected)
    assert story.state(EXPECTED) == Expected()
    assert status(story.when(received()).and_then(), ROTOR) is UnitStatus.AVAILABLE


def test_an_issue_that_withholds_nothing_yet_hears_of_the_part_of_a_unit_that_comes_later() -> None:
    """It was opened on a serial that nobody has received; when it has ended, or knows a part, it asks no more."""
    asks = replace(issue(ROTOR), part_numbers=())
    for one in (issue(None), replace(asks, says=issue(ROTOR, is_resolved=True).says)):
        PLACES.given().when(one).nothing_happens()
    PLACES.given().when(replace(asks, part_numbers=("ROTOR-7",))).nothing_happens()
    story = PLACES.given().when(asks).then(IssueExpected).when(received()).then(UnitReceived, IssueNoted)
    assert (status(story, ROTOR), story.events[1].part_number) == (UnitStatus.AVAILABLE, "ROTOR-7")


def test_a_target_that_is_built_under_an_issue_is_withheld_when_it_is_done() -> None:
    """A run creates its unit as a receipt does."""
    story = PLACES.given(issue(PUMP, "permanently-unavailable")).when(claimed()).and_then()
    assert set(story.state(PUMP).issues) == {"i-1"}


def test_everything_split_off_a_lot_that_came_under_an_issue_is_withheld_too() -> None:
    """As of a lot that was there before its issue."""
    story = PLACES.given(issue(LOT, "release-on-resolve"), lot(), move(quantity="7.5"))
    assert status(story, f"{LOT}~moved") is UnitStatus.ON_HOLD


def test_only_so_many_units_to_come_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond that the word waits for its unit as everything early does, and is refused when its time is up, unless
    it withholds nothing; what is kept still changes.
    """
    monkeypatch.setattr(expecting, "MOST_EXPECTED", 1)
    story = PLACES.given(issue(ROTOR, "release-on-resolve"))
    story.when(issue(PUMP, "release-on-resolve")).is_refused(UnknownUnit, naming=PUMP)
    story.when(issue(PUMP)).nothing_happens()
    story.when(issue(ROTOR, "permanently-unavailable")).then(IssueExpected)


def test_a_part_of_a_lot_is_put_in_quarantine() -> None:
    """It is split off and held; the rest is as good as before."""
    story = INVENTORY.given(lot()).when(quarantine())
    story.then(UnitSplit, UnitReceived, IssueNoted)
    said = standing(story.state(HELD))
    assert (said.status, said.reason) == (UnitStatus.ON_HOLD, "the issue i-1 holds it in quarantine")
    assert "gets a disposition that allows its use, or is resolved" in said.changes_when
    assert (status(story, LOT), story.state(LOT).identification.quantity) == (UnitStatus.AVAILABLE, Decimal("30.00"))
    story.when(quarantine()).nothing_happens()


def test_the_disposition_of_an_issue_with_a_quarantine_speaks_of_the_parts_only() -> None:
    """Also when the whole lot was withheld before."""
    withheld = INVENTORY.given(lot(), issue(LOT, "release-on-resolve"))
    story = withheld.when(quarantine(availability="release-on-resolve")).and_then()
    assert [status(story, one) for one in (LOT, HELD)] == [UnitStatus.AVAILABLE, UnitStatus.ON_HOLD]
    for availability in FREE[1:]:
        freed = story.when(issue(LOT, availability, held=[HELD])).and_then()
        assert [status(freed, one) for one in (LOT, HELD)] == [UnitStatus.AVAILABLE, UnitStatus.AVAILABLE]
    story = story.when(issue(LOT, "permanently-unavailable", held=[HELD])).and_then()
    assert [status(story, one) for one in (LOT, HELD)] == [UnitStatus.AVAILABLE, UnitStatus.ON_HOLD]


def test_an_issue_whose_quarantine_was_refused_speaks_of_the_whole_lot() -> None:
    """Nothing was set apart, so nothing of it may be used."""
    story = INVENTORY.given(lot())
    story.when(quarantine("9999")).is_refused(InsufficientQuantity)
    withheld = story.when(issue(LOT, "permanently-unavailable", held=[HELD])).then(IssueNoted, StatusChanged)
    assert status(withheld, LOT) is UnitStatus.ON_HOLD


def test_a_quarantine_ends_when_its_issue_is_resolved() -> None:
    """Without a disposition that withholds it."""
    story = INVENTORY.given(lot(), quarantine()).when(issue(LOT, held=[HELD], is_resolved=True))
    story.then(IssueNoted, StatusChanged)
    assert status(story, HELD) is UnitStatus.AVAILABLE


def test_part_of_what_a_run_builds_is_put_in_quarantine_and_the_rest_goes_on() -> None:
    """With scaled requirements: two rotors for each of the seven that are left, and a new as-built version."""
    story = INVENTORY.given(lot_run()).when(quarantine("3", PUMPS))
    story.then(UnitSplit, UnitReceived, RequirementChanged, IssueNoted)
    build = build_of(story, PUMPS)
    assert (build.quantity, build.requirements["rotor"].quantity) == (7, 14)
    assert (story.events[0].run_id, story.events[0].as_built_version) == ("run-1", 2)
    assert story.state(PUMPS).as_built_version == story.events[2].as_built_version == 3
    assert (status(story, PUMPS), status(story, f"{PUMPS}~held")) == (UnitStatus.WIP, UnitStatus.ON_HOLD)
    assert story.state(f"{PUMPS}~held").build is None


def test_scaled_requirements_keep_their_digits() -> None:
    """0.125 m for each, whatever was split off."""
    foil = requirement("foil", quantity=Decimal("0.125"))
    story = INVENTORY.given(lot_run(foil, quantity="12")).when(quarantine("5", PUMPS)).and_then()
    assert build_of(story, PUMPS).requirements["foil"].quantity == Decimal("0.875")


@pytest.mark.parametrize(
    ("story", "command", "refusal", "naming"),
    [
        ((lot(),), quarantine("37.51"), InsufficientQuantity, "37.50 left"),
        ((received(),), quarantine("0.5", ROTOR), SerialIndivisible, ROTOR),
        ((received(), claimed(), install()), quarantine("1", ROTOR), StillInstalled, PUMP),
        ((), quarantine(), UnknownUnit, LOT),
    ],
    ids=["too much", "serial", "installed", "unknown"],
)
def test_a_quarantine_that_cannot_be_is_refused(story: Any, command: Any, refusal: Any, naming: str) -> None:
    """The issue hears why."""
    INVENTORY.given(*story).when(command).is_refused(refusal, naming=naming)


def test_a_run_is_not_left_with_nothing_to_build() -> None:
    """All of a lot that is being built is held by its run; all of a lot in stock may be put in quarantine."""
    INVENTORY.given(lot_run()).when(quarantine("10", PUMPS)).is_refused(NothingToBuild, naming="issue i-1")
    INVENTORY.given(lot_run(), complete(1, unit_id=PUMPS, run_id="run-1")).when(quarantine("10", PUMPS)).and_then()


def test_an_issue_says_whether_it_withholds() -> None:
    """Every combination of availability, state and quarantine."""
    assert [
        (availability, is_resolved, is_quarantine)
        for availability in FREE + WITHHELD
        for is_resolved in (False, True)
        for is_quarantine in (False, True)
        if IssueSays("i-1", None, availability, is_resolved, is_quarantine).withholds
    ] == [
        (None, False, True),
        ("release-on-resolve", False, False),
        ("release-on-resolve", False, True),
        ("permanently-unavailable", False, False),
        ("permanently-unavailable", False, True),
        ("permanently-unavailable", True, False),
        ("permanently-unavailable", True, True),
    ]
