"""Sessions: who is checked in on a step, from when to when (domain.md 3.2, 3.9)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.run.domain import refusals
from services.run.domain.commands import AnyCommand
from services.run.domain.events import CheckedIn, CheckedOut, SessionCorrected, StepStarted
from services.run.domain.refusals import (
    NotCheckedIn,
    PersonMissing,
    ReasonMissing,
    RunLocked,
    SessionTimesInvalid,
    StepNotWorkable,
    UnknownSession,
    UpstreamNotComplete,
)
from services.run.domain.review import review
from services.run.domain.run import Run, Session, SessionEnd, StepState
from shared.kernel import Actor
from shared.testing.story import Story
from tests.rules.run.examples import (
    ASSEMBLE,
    NOON,
    OLGA,
    RUN,
    R,
    cancel,
    check_in,
    check_out,
    complete,
    completed,
    correct,
    fail,
    give_up,
    hold,
    idle,
    leave_out,
    ordered,
    propose,
    ready,
    record,
    reopen,
    resume,
    rework,
    sign,
    start,
    version_of,
)

BORIS = Actor("boris", "tablet-1")
WRENCH = Actor(machine="torque-2")
STARTED = RUN.given(ordered(), start())
ANOTHER = replace(ASSEMBLE, step_id="paint", after=())


def at(minutes: int) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def sessions(story: Story[Run], step_id: str = "assemble") -> list[tuple[str, datetime, datetime | None]]:
    """Who was on a step, from when to when."""
    return [(one.person, one.started_at, one.ended_at) for one in story.state(R).steps[step_id].sessions]


def session(story: Story[Run], number: int = 1) -> Session:
    """One session of the first step."""
    return story.state(R).steps["assemble"].sessions[number - 1]


def test_who_starts_a_step_is_checked_in() -> None:
    """Whether the start is said, or implied by a value."""
    assert sessions(STARTED) == [("olga", NOON, None)]
    assert sessions(RUN.given(ordered(), record())) == [("olga", NOON, None)]


def test_a_check_in_on_a_step_that_is_todo_implies_its_start() -> None:
    """At the same time; one event says both."""
    story = RUN.given(ordered()).when(check_in()).then(StepStarted)
    assert story.state(R).steps["assemble"].state is StepState.IN_PROGRESS
    assert sessions(story) == [("olga", NOON, None)]


def test_a_check_in_waits_for_the_upstream_steps_too() -> None:
    """It would imply a start that is not allowed."""
    RUN.given(ordered()).when(check_in("test")).is_refused(UpstreamNotComplete, naming="assemble")


def test_several_people_are_on_a_step_at_once() -> None:
    """Each from check-in to check-out, whenever the others come and go."""
    story = STARTED.when(check_in(by=BORIS, at=at(5))).then(CheckedIn)
    story = story.when(check_out(at=at(20))).then(CheckedOut)
    assert sessions(story) == [("olga", NOON, at(20)), ("boris", at(5), None)]
    assert story.state(R).operators == {"olga", "boris"}


def test_a_person_is_on_a_step_once_at_a_time() -> None:
    """Checked in already, nothing changes; checked out, the next check-in is another session."""
    STARTED.when(check_in(at=at(5))).nothing_happens()
    story = STARTED.when(check_out(at=at(5))).and_then().when(check_in(at=at(9))).then(CheckedIn)
    assert sessions(story) == [("olga", NOON, at(5)), ("olga", at(9), None)]


def test_a_person_may_be_on_several_steps() -> None:
    """Two machines run side by side, and one person sees to both."""
    story = RUN.given(ordered(steps=(ASSEMBLE, ANOTHER)), start(), start("paint", at=at(1)))
    assert sessions(story) + sessions(story, "paint") == [("olga", NOON, None), ("olga", at(1), None)]


def test_a_machine_that_acts_for_nobody_has_no_session() -> None:
    """It starts and records, and nobody is checked in; only people check in and out."""
    story = RUN.given(ordered(), start(by=WRENCH))
    assert sessions(story) == []
    story.when(check_in(by=WRENCH)).is_refused(PersonMissing)
    story.when(check_out(by=WRENCH)).is_refused(PersonMissing)


def test_a_check_out_without_a_check_in_is_refused() -> None:
    """By whoever never came, and by who left before; a session of somebody else is not ended by that."""
    STARTED.when(check_out(by=BORIS)).is_refused(NotCheckedIn, naming="boris")
    left = STARTED.when(check_out(at=at(5))).and_then()
    left.when(check_out(at=at(6))).is_refused(NotCheckedIn, naming="olga")
    RUN.given(ordered()).when(check_out()).is_refused(NotCheckedIn, naming="assemble")


ENDING: dict[str, tuple[AnyCommand, SessionEnd]] = {
    "sign-off": (replace(sign(), at=at(30)), SessionEnd.SIGNED_OFF),
    "failure": (fail(at=at(30)), SessionEnd.FAILED),
    "hold": (hold(at=at(30)), SessionEnd.HELD),
    "redline": (replace(propose(), at=at(30)), SessionEnd.REDLINED),
    "cancellation of the run": (replace(cancel(), at=at(30)), SessionEnd.RUN_CLOSED),
    "failure of the run": (replace(give_up(), at=at(30)), SessionEnd.RUN_CLOSED),
}


@pytest.mark.parametrize(("command", "because"), ENDING.values(), ids=ENDING)
def test_what_ends_work_on_a_step_checks_everybody_out(command: AnyCommand, because: SessionEnd) -> None:
    """Whoever is on it, at the same time; one event says it."""
    story = RUN.given(ordered(), record(), check_in(by=BORIS, at=at(5))).when(command).and_then()
    assert sessions(story) == [("olga", NOON, at(30)), ("boris", at(5), at(30))]
    assert session(story).ended_because is because


def test_leaving_an_optional_step_out_checks_everybody_out() -> None:
    """Nobody works on what is not to be done."""
    story = RUN.given(ordered(), record(), sign(), sign("test"), start("label"))
    assert sessions(story.when(replace(leave_out(), at=at(9))).and_then(), "label") == [("olga", NOON, at(9))]


def test_completing_a_run_checks_everybody_out() -> None:
    """Somebody may still be on an optional step."""
    story = ready(start("label"))
    done = story.when(complete(version_of(story), at=at(60))).and_then()
    assert sessions(done, "label") == [("olga", NOON, at(60))]
    assert [step["labour_s"] for step in done.events[0].record["steps"] if step["step_id"] == "label"] == ["3600"]


def test_what_does_not_end_work_checks_nobody_out() -> None:
    """A value, another person's check-out, a resumed step."""
    assert sessions(STARTED.when(record()).and_then()) == [("olga", NOON, None)]
    resumed = RUN.given(ordered(), start(), hold(at=at(5)), resume())
    assert sessions(resumed) == [("olga", NOON, at(5))]


def test_a_check_out_that_says_what_happened_anyway_changes_nothing() -> None:
    """The tool signed off, and the person checks out at the door a minute later: no refusal, and no second end."""
    story = RUN.given(ordered(), record(), replace(sign(), at=at(30)))
    story.when(check_out(at=at(31))).nothing_happens()
    story.when(check_out(by=BORIS)).is_refused(NotCheckedIn, naming="boris")


def test_a_check_out_that_is_told_late_ends_the_session_when_it_was() -> None:
    """The door's gateway was offline: the person had left before the step was signed off."""
    story = RUN.given(ordered(), record(), replace(sign(), at=at(30)))
    late = story.when(check_out(at=at(10))).then(CheckedOut)
    assert (sessions(late), session(late).ended_because) == ([("olga", NOON, at(10))], SessionEnd.CHECKED_OUT)
    late.when(check_out(at=at(9))).is_refused(NotCheckedIn)


def test_a_late_check_out_does_not_end_a_session_that_began_after_it() -> None:
    """Held and resumed meanwhile, the person is on the step again, and stays."""
    story = RUN.given(ordered(), start(), hold(at=at(30)), resume(), check_in(at=at(40)))
    late = story.when(check_out(at=at(20))).then(CheckedOut)
    assert sessions(late) == [("olga", NOON, at(20)), ("olga", at(40), None)]


def test_no_session_lasts_less_than_no_time() -> None:
    """Two clocks differ by minutes: what ends before it began, took no time."""
    behind = STARTED.when(check_out(at=at(-3))).then(CheckedOut)
    assert sessions(behind) == [("olga", NOON, NOON)]
    for command in (replace(sign(), at=at(-3)), fail(at=at(-3)), hold(at=at(-3))):
        assert sessions(RUN.given(ordered(), record(), command)) == [("olga", NOON, NOON)]


def test_a_check_in_that_is_told_late_may_move_the_start_back() -> None:
    """Durations use the time at which something happened, whenever it is told."""
    story = STARTED.when(check_in(by=BORIS, at=at(-20))).then(CheckedIn)
    step = story.state(R).steps["assemble"]
    assert (step.started_at, step.started_by, story.state(R).started_at) == (at(-20), BORIS, at(-20))
    earlier = STARTED.when(start(at=at(-10))).then(StepStarted)
    assert (earlier.state(R).steps["assemble"].started_at, sessions(earlier)) == (at(-10), [("olga", NOON, None)])


STANDING = {"hold": hold(), "failed": fail(), "redline": propose()}


@pytest.mark.parametrize(("state", "command"), STANDING.items())
def test_nobody_checks_in_on_a_step_that_is_not_worked_on(state: str, command: AnyCommand) -> None:
    """The refusal says how it gets workable again."""
    story = RUN.given(ordered(), start(), command).when(check_in())
    story.is_refused(refusals.StepInRedline if state == "redline" else StepNotWorkable, naming="assemble")


def test_nobody_checks_in_on_a_signed_step_unless_its_run_was_reopened() -> None:
    """Then it takes the signature away, as a start does."""
    RUN.given(ordered(), record(), sign()).when(check_in()).is_refused(refusals.StepIsSigned)
    assert type(completed(reopen()).when(check_in()).and_then().events[0]) is StepStarted


def test_sessions_count_on_through_rework() -> None:
    """Labour is labour, whatever became of it."""
    story = RUN.given(ordered(), start(), fail(at=at(10)), rework(), start(at=at(20)))
    assert sessions(story) == [("olga", NOON, at(10)), ("olga", at(20), None)]


def test_a_session_is_put_right_with_a_reason_and_what_was_said_is_kept() -> None:
    """By whom and when too."""
    story = STARTED.when(check_out(at=at(30))).and_then().when(correct()).then(SessionCorrected)
    right = session(story)
    assert (right.started_at, right.ended_at, right.ended_because) == (at(-60), at(30), SessionEnd.CHECKED_OUT)
    (before,) = right.earlier
    assert (before.started_at, before.ended_at, before.reason) == (NOON, at(30), "forgot to check in")
    assert (before.corrected_by.person, before.corrected_at) == ("lena", at(360))
    again = story.when(correct(started_at=at(-50))).then(SessionCorrected)
    assert [one.started_at for one in session(again).earlier] == [NOON, at(-60)]


def test_putting_a_session_right_changes_labour_and_nothing_else() -> None:
    """Not the step's start, not the run's, not the review that somebody is looking at."""
    story = ready(correct(started_at=at(-600), ended_at=at(600), at=at(900)))
    before, after = ready().state(R), story.state(R)
    step = after.steps["assemble"]
    assert replace(step, sessions=()) == replace(before.steps["assemble"], sessions=())
    assert (after.started_at, review(after).version) == (before.started_at, review(before).version)


def test_a_session_that_goes_on_may_be_put_right_and_goes_on() -> None:
    """Its start alone; or it is ended by that, for somebody who forgot."""
    open_ = STARTED.when(correct()).then(SessionCorrected)
    assert sessions(open_) == [("olga", at(-60), None)]
    ended = STARTED.when(correct(ended_at=at(90))).then(SessionCorrected)
    assert (session(ended).ended_at, session(ended).ended_because) == (at(90), SessionEnd.CORRECTED)
    ended.when(check_out(at=at(80))).is_refused(NotCheckedIn)
    ended.when(check_in(at=at(95))).then(CheckedIn)


WRONG: dict[str, dict[str, Any]] = {
    "an end before its start": {"started_at": None, "ended_at": at(-1)},
    "a start after its end": {"started_at": at(31)},
    "a start that has not come": {"started_at": at(361)},
    "an end that has not come": {"started_at": None, "ended_at": at(361)},
}


@pytest.mark.parametrize("times", WRONG.values(), ids=WRONG)
def test_a_session_is_not_put_wrong(times: dict[str, Any]) -> None:
    """It has a start, and an end after it that has passed."""
    STARTED.when(check_out(at=at(30))).and_then().when(correct(**times)).is_refused(SessionTimesInvalid)


def test_putting_right_puts_nobody_on_a_step_twice_at_a_time() -> None:
    """The same minutes would count twice. Another person's do add up, and one session may begin as another ends."""
    twice = STARTED.when(check_out(at=at(30))).and_then().when(check_in(at=at(60))).and_then()
    both = twice.when(check_in(by=BORIS, at=at(61))).and_then()
    naming = f"olga is in session 1 from {NOON.isoformat()} until {at(30).isoformat()}"
    both.when(correct(2, started_at=at(29))).is_refused(SessionTimesInvalid, naming=naming)
    both.when(correct(1, started_at=None, ended_at=at(61))).is_refused(SessionTimesInvalid, naming="session 2")
    both.when(correct(2, started_at=at(30))).then(SessionCorrected)
    both.when(correct(3, started_at=at(10))).then(SessionCorrected)


def test_putting_right_needs_a_session_and_a_reason() -> None:
    """The refusal names the sessions that there are; nothing put right is no change."""
    STARTED.when(correct(2)).is_refused(UnknownSession, naming="2")
    STARTED.when(correct(0)).is_refused(UnknownSession, naming="0")
    RUN.given(ordered()).when(correct()).is_refused(UnknownSession)
    STARTED.when(correct(reason=" ")).is_refused(ReasonMissing)
    STARTED.when(correct(started_at=NOON)).nothing_happens()


def test_a_session_of_a_signed_step_may_be_put_right_until_its_run_is_complete() -> None:
    """The signature stays: what was done is not touched by how long it took."""
    story = RUN.given(ordered(), record(), sign()).when(correct()).then(SessionCorrected)
    assert story.state(R).steps["assemble"].state is StepState.COMPLETE
    completed().when(correct()).is_refused(RunLocked)


def test_who_does_nothing_for_long_is_checked_out() -> None:
    """So long after the person was last seen: a value that was recorded is a sign of life."""
    story = RUN.given(ordered(), start(), replace(record(), at=at(10)))
    out = story.when(idle(quiet_since=at(10))).then(CheckedOut)
    assert (sessions(out), session(out).ended_because) == ([("olga", NOON, at(40))], SessionEnd.IDLE)
    assert out.events[0].by == Actor(machine="urn:asbuilt:run")
    assert out.state(R).steps["assemble"].state is StepState.IN_PROGRESS


def test_who_did_something_meanwhile_is_not_idle() -> None:
    """Between the look and the decision a value came: nobody is checked out."""
    story = RUN.given(ordered(), start(), replace(record(), at=at(355)))
    story.when(idle(quiet_since=NOON)).nothing_happens()
    story.when(idle(quiet_since=at(355))).nothing_happens()


def test_what_others_do_on_a_step_tells_the_time() -> None:
    """Boris works on while Olga is gone; of old events only they say how long that was."""
    busy = RUN.given(ordered(), start(), check_in(by=BORIS, at=at(29)))
    busy.when(idle(quiet_since=None)).nothing_happens()
    later = replace(record(), by=BORIS, at=at(31))
    story = RUN.given(ordered(), start(), check_in(by=BORIS, at=at(29)), later).when(idle(quiet_since=None))
    assert sessions(story.then(CheckedOut)) == [("olga", NOON, at(30)), ("boris", at(29), None)]


def test_nobody_is_idle_where_nobody_is() -> None:
    """A step that nobody is on any more, or a run that was closed meanwhile: nothing to be done."""
    RUN.given(ordered()).when(idle()).nothing_happens()
    RUN.given(ordered(), start(), cancel()).when(idle()).nothing_happens()


def test_who_comes_back_checks_in_again() -> None:
    """And a check-out that comes after the end by idleness does not stretch the session."""
    story = STARTED.when(idle()).and_then()
    story.when(check_out(at=at(300))).nothing_happens()
    story.when(check_in(at=at(300))).then(CheckedIn)


def test_a_value_is_a_sign_of_life_only_of_whoever_recorded_it() -> None:
    """And only forward: one that is told late makes nobody idle."""
    story = STARTED.when(replace(record(), by=BORIS, at=at(20))).and_then()
    assert session(story).seen_at == NOON
    late = story.when(replace(record(), at=at(-9))).and_then()
    assert session(late).seen_at == NOON
    assert OLGA.person == session(late).person
