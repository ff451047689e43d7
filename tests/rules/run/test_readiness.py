"""Readiness is announced when the last blocker goes, and when the first one comes; never twice, never in between."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from services.run.domain import events
from services.run.domain.commands import AnyCommand
from services.run.domain.review import is_blocked, review
from services.run.domain.run import Run
from tests.rules.run.examples import (
    LABEL,
    RUN,
    TEST,
    R,
    approve,
    cancel,
    claimed,
    complete,
    completed,
    installed,
    issue,
    lose_target,
    ordered,
    ready,
    record,
    removed,
    reopen,
    sign,
    start,
    version_of,
)
from tests.rules.run.test_any_story import STORIES, play

ALL_BUT = {
    "the last step": (record(), sign(), installed(), approve(), sign("test")),
    "the last part": (record(), sign(), sign("test"), approve(), installed()),
    "the last gate": (record(), sign(), sign("test"), installed(), approve()),
    "an exception": (
        *(record(), sign(), sign("test"), approve()),
        issue(approved=True, state="in_progress", excepted={"rotor": Decimal(1)}),
    ),
}


@pytest.mark.parametrize("what", ALL_BUT)
def test_a_run_is_ready_when_its_last_blocker_goes(what: str) -> None:
    """Whatever it was: a signature, a part, an approval, an exception."""
    *before, last = ALL_BUT[what]
    story = RUN.given(ordered(), claimed(), *before)
    assert not story.state(R).is_ready
    told = story.when(last).and_then()
    assert isinstance(told.events[-1], events.RunReady)
    assert told.state(R).is_ready


def test_what_is_announced_names_the_review_and_what_it_warns_of() -> None:
    """Who hears it can confirm just that review."""
    story = RUN.given(ordered(), claimed(), record(), sign(), sign("test"), installed(), issue())
    story = story.when(approve()).then(events.GateApproved, events.RunReady)
    said = story.events[-1]
    assert (said.review_version, said.warnings) == (version_of(story), (("issue-open", "issue-1"),))
    assert (said.unit_id, said.by, said.at) == ("PUMP-1", story.events[0].by, story.events[0].at)


def test_a_run_is_ready_no_more_when_its_first_blocker_comes() -> None:
    """The blockers are named, so that nobody has to ask."""
    story = ready().when(removed()).then(events.RemovalNoted, events.RunNotReady)
    said = story.events[-1]
    assert [(one.code, one.subject) for one in said.blockers] == [("requirement-short", "rotor")]
    assert (said.total, said.review_version) == (1, version_of(story))
    story.when(installed(2, 4)).then(events.InstallationNoted, events.RunReady)


@pytest.mark.parametrize("command", [issue(), start("label"), sign("label"), claimed(9)])
def test_what_blocks_nothing_is_no_news(command: AnyCommand) -> None:
    """A ready run that stays ready is not announced again, and one that is far from it never."""
    told = ready().when(command).and_then()
    assert not any(isinstance(event, events.RunReady | events.RunNotReady) for event in told.events)


def test_a_run_of_which_nothing_is_asked_is_ready_at_once() -> None:
    """All its steps are optional, and it needs no parts and no gates."""
    order = ordered(steps=(replace(LABEL, after=()),), requirements=(), gates=())
    RUN.given().when(order).then(events.RunCreated, events.RunReady)


def test_an_optional_step_at_the_end_does_not_hide_that_a_run_is_ready() -> None:
    """The label may stay undone: the test is the last thing that is asked for."""
    order = ordered(steps=(replace(TEST, after=()), LABEL), requirements=(), gates=())
    RUN.given(order).when(sign("test")).then(events.StepStarted, events.StepSignedOff, events.RunReady)


@pytest.mark.parametrize("closing", ["confirm", cancel()])
def test_a_decision_about_the_run_ends_its_readiness_without_a_word(closing: Any) -> None:
    """Who subscribes hears of the completion itself."""
    story = ready()
    command = complete(version_of(story)) if closing == "confirm" else closing
    closed = story.when(command).and_then()
    assert len(closed.events) == 1
    assert not closed.state(R).is_ready


def test_a_reopened_run_is_ready_until_something_is_touched() -> None:
    """Its steps stay signed, so it may be confirmed again; work on a step blocks it, and its signature frees it."""
    story = completed().when(reopen()).then(events.RunReopened, events.RunReady)
    story = story.when(start("test")).then(events.StepStarted, events.RunNotReady)
    story.when(sign("test")).then(events.StepSignedOff, events.RunReady)


def test_a_run_that_lost_its_target_after_it_was_completed_is_not_announced_as_ready() -> None:
    """It is opened and canceled in one breath."""
    completed().when(lose_target()).then(events.RunReopened, events.RunCanceled)


def tells_of(happened: tuple[Any, ...]) -> list[bool]:
    """What some events say about readiness, in order."""
    told = [event for event in happened if isinstance(event, events.RunReady | events.RunNotReady)]
    return [isinstance(event, events.RunReady) for event in told]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(STORIES)
def test_what_was_announced_is_always_so(story: list[Any]) -> None:
    """After every command an open run is ready just when its review is, and each word changes the one before."""
    last = False
    for before, after, happened in play(story):
        assert after is not None
        for is_ready in tells_of(happened):
            assert is_ready is not last or _was_closed(before)
            last = is_ready
        if after.decision is None:
            assert after.is_ready is review(after).is_ready is not is_blocked(after)
            assert after.is_ready is last
        else:
            last = False


def _was_closed(run: Run | None) -> bool:
    return run is not None and run.decision is not None
