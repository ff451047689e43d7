"""Numbers of a run: cycle time, step time and labour, in exact seconds (domain.md 9)."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.run.domain.numbers import (
    cycle_time_s,
    labour_by_person,
    labour_s,
    run_labour_s,
    seconds_between,
    step_time_s,
)
from shared.kernel import Actor
from tests.rules.run.examples import (
    NOON,
    RUN,
    R,
    check_in,
    check_out,
    complete,
    completed,
    correct,
    fail,
    ordered,
    ready,
    record,
    reopen,
    rework,
    sign,
    start,
    version_of,
)

BORIS = Actor("boris")


def at(minutes: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("minutes", "seconds"), [(0, "0"), (1, "60"), (0.00025, "0.015"), (60 * 24 * 400, "34560000"), (-3, "0")]
)
def test_durations_are_exact_and_never_negative(minutes: float, seconds: str) -> None:
    """Microseconds are kept; what ends before it began took no time."""
    assert seconds_between(NOON, at(minutes)) == Decimal(seconds)


@given(st.datetimes(), st.datetimes())
def test_whatever_two_clocks_say_no_duration_is_negative(start: datetime, end: datetime) -> None:
    """And there and back is the way itself."""
    assert seconds_between(start, end) >= 0
    assert seconds_between(start, end) + seconds_between(end, start) == seconds_between(
        min(start, end), max(start, end)
    )


def test_a_cycle_goes_from_the_first_start_to_the_completion() -> None:
    """Before either there is none."""
    assert cycle_time_s(NOON, at(90)) == 5400
    assert cycle_time_s(None, at(90)) is None
    assert cycle_time_s(NOON, None) is None


def test_a_run_completed_again_shows_its_latest_cycle_and_keeps_the_first() -> None:
    """Both are in the second completion record; the first record knows of no other."""
    story = ready()
    story = story.when(complete(version_of(story), at=at(60))).and_then()
    first = story.events[0].record
    story = story.when(reopen()).and_then()
    second = story.when(complete(version_of(story), at=at(90))).and_then().events[0].record
    assert (first["cycle_time_s"], "first_completed_at" in first) == ("3600", False)
    assert (second["cycle_time_s"], second["first_cycle_time_s"]) == ("5400", "3600")
    assert second["first_completed_at"] == first["completed_at"]


def test_a_step_takes_from_its_first_start_to_its_sign_off() -> None:
    """Rework included; none while it is not signed off."""
    done = RUN.given(ordered(), start(), fail(), rework(), start(at=at(30)), record(), replace(sign(), at=at(45)))
    assert step_time_s(done.state(R).steps["assemble"]) == 45 * 60
    assert step_time_s(RUN.given(ordered(), start()).state(R).steps["assemble"]) is None


def test_people_who_work_at_the_same_time_add_up() -> None:
    """Olga for thirty minutes, Boris for twenty of them."""
    story = RUN.given(
        ordered(), start(), check_in(by=BORIS, at=at(5)), check_out(by=BORIS, at=at(25)), check_out(at=at(30))
    )
    step = story.state(R).steps["assemble"]
    assert labour_s(step) == 50 * 60
    assert labour_by_person([step]) == {"boris": 1200, "olga": 1800}


def test_a_session_counts_once_it_has_ended() -> None:
    """How long it will be, nobody knows."""
    step = RUN.given(ordered(), start()).state(R).steps["assemble"]
    assert (labour_s(step), labour_by_person([step])) == (0, {"olga": 0})


def test_the_labour_of_a_run_is_that_of_its_steps() -> None:
    """Several sessions of one person add up as well, as they are put right."""
    story = RUN.given(ordered(), record(), replace(sign(), at=at(10)), start("test", at=at(20)))
    story = story.when(check_out("test", at=at(25))).and_then()
    assert run_labour_s(story.state(R)) == 15 * 60
    assert run_labour_s(story.when(correct()).and_then().state(R)) == 75 * 60


def test_a_completion_record_tells_who_worked_how_long() -> None:
    """Of the run and of each step; a step that nobody was checked in on says nothing."""
    story = ready(correct(ended_at=at(10)))
    record_ = story.when(complete(version_of(story))).and_then().events[0].record
    assert (record_["labour_s"], record_["labour"]) == ("4200", [{"person": "olga", "labour_s": "4200"}])
    assemble, test, label = record_["steps"]
    assert (assemble["labour_s"], assemble["step_time_s"]) == ("4200", "0")
    assert (test["labour_s"], "labour_s" in label) == ("0", False)


def test_a_completion_record_tells_what_failed_and_how_that_ended() -> None:
    """Reason, person, time, and how often it was tried."""
    story = completed(reopen(), fail(), rework(), record(), sign())
    record_ = story.when(complete(version_of(story))).and_then().events[0].record
    step = record_["steps"][0]
    assert (step["attempt"], step["failure"]["reason"]) == (2, "the thread is stripped")
    assert "acknowledged_issue" not in step["failure"]
    assert [one["recording"] for one in step["values"]] == [2]
