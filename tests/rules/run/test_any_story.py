"""Whatever is asked of a run, in whatever order, some things always hold."""

from dataclasses import asdict, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.run.domain import events
from services.run.domain.commands import CompleteRun
from services.run.domain.decide import decide
from services.run.domain.evolve import evolve
from services.run.domain.numbers import labour_s, run_labour_s
from services.run.domain.review import review
from services.run.domain.run import Run, RunStatus, StepState
from shared.kernel import Actor, Refused
from tests.rules.run.examples import (
    ASSEMBLE,
    DONE,
    LABEL,
    NOON,
    TEST,
    R,
    acknowledge,
    approve,
    attach,
    cancel,
    check_in,
    check_out,
    claimed,
    comment,
    complete,
    correct,
    fail,
    give_up,
    hold,
    idle,
    installed,
    issue,
    leave_out,
    lose_target,
    ordered,
    record,
    removed,
    reopen,
    resume,
    rework,
    sign,
    start,
)

STEP_IDS = [step.step_id for step in (ASSEMBLE, TEST, LABEL)]
NUMBERS = st.decimals(allow_nan=True, places=2, min_value=-10, max_value=60)
PEOPLE = st.sampled_from([Actor("olga", "torque-2"), Actor("boris"), Actor(machine="torque-2")])
TIMES = st.integers(-90, 90).map(lambda minutes: NOON + timedelta(minutes=minutes))
ASKED = st.one_of(
    st.just(ordered()),
    st.builds(start, st.sampled_from(STEP_IDS), by=PEOPLE, at=TIMES),
    st.builds(record, NUMBERS),
    st.builds(record, st.text(max_size=5), st.just("remark")),
    st.builds(sign, st.sampled_from(STEP_IDS)),
    st.builds(fail, st.sampled_from(STEP_IDS), st.sampled_from(["broken", "worn", ""])),
    st.builds(acknowledge, st.sampled_from(STEP_IDS), st.sampled_from(["issue-1", "issue-2"])),
    st.builds(rework, st.sampled_from(STEP_IDS)),
    st.builds(hold, st.sampled_from(STEP_IDS)),
    st.builds(resume, st.sampled_from(STEP_IDS)),
    st.builds(leave_out, st.sampled_from(STEP_IDS)),
    st.builds(check_in, st.sampled_from(STEP_IDS), by=PEOPLE, at=TIMES),
    st.builds(check_out, st.sampled_from(STEP_IDS), by=PEOPLE, at=TIMES),
    st.builds(correct, st.integers(0, 3), st.sampled_from(STEP_IDS), started_at=st.none() | TIMES, ended_at=TIMES),
    st.builds(idle, st.sampled_from(STEP_IDS), st.integers(1, 60), quiet_since=st.none() | TIMES),
    st.just(approve()),
    st.just(comment()),
    st.just(attach()),
    st.builds(claimed, st.integers(1, 5)),
    st.builds(installed, st.integers(1, 3), st.integers(2, 9)),
    st.builds(removed, st.integers(1, 3), st.integers(2, 9)),
    st.builds(issue, st.sampled_from(["issue-1", "issue-2"]), approved=st.booleans()),
    st.builds(issue, st.sampled_from(["issue-1", "issue-2"]), step_id=st.sampled_from(STEP_IDS)),
    st.builds(issue, excepted=st.just({"rotor": Decimal(1)}), approved=st.booleans()),
    st.just(reopen()),
    st.builds(reopen, st.integers(1, 2)),
    st.just("confirm"),
    st.sampled_from([cancel(), lose_target(), give_up()]),
)
BEGUN = ([ordered()], [ordered(), record(), sign()], [*DONE], [*DONE, "confirm"])
TODO, IN_PROGRESS, SIGNED, FAILED, HOLD, CANCELED = (
    StepState.TODO,
    StepState.IN_PROGRESS,
    StepState.COMPLETE,
    StepState.FAILED,
    StepState.HOLD,
    StepState.CANCELED,
)
WAYS = {
    (TODO, IN_PROGRESS),
    (TODO, SIGNED),  # a sign-off implies the start
    (IN_PROGRESS, SIGNED),
    *((one, FAILED) for one in (TODO, IN_PROGRESS)),
    *((one, HOLD) for one in (TODO, IN_PROGRESS)),
    *((one, CANCELED) for one in (TODO, IN_PROGRESS, HOLD, FAILED)),
    *((HOLD, one) for one in (TODO, IN_PROGRESS, SIGNED)),
    *((FAILED, one) for one in (TODO, SIGNED)),
}
"""From state to state, as domain.md 3.2 has it; a redline has its own story."""
STORIES = st.tuples(st.sampled_from(BEGUN), st.lists(ASKED, max_size=25)).map(lambda both: [*both[0], *both[1]])


DECIDED = {
    events.RunCompleted: RunStatus.COMPLETE,
    events.RunCanceled: RunStatus.CANCELED,
    events.RunFailed: RunStatus.FAILED,
    events.RunReopened: None,
}


def confirmation(run: Run | None) -> CompleteRun:
    """A confirmation of the review as it is now, every warning acknowledged."""
    shown = None if run is None else review(run)
    warnings = [] if shown is None else [(one.code, one.subject) for one in shown.warnings]
    return complete(shown.version if shown else "", *warnings)


def play(story: list[Any]) -> list[tuple[Run | None, Run | None, tuple[Any, ...]]]:
    """The run before and after each command, and the events between."""
    run: Run | None = None
    steps = []
    for asked in story:
        command = confirmation(run) if asked == "confirm" else asked
        before = run
        try:
            happened = decide(run, command)
        except Refused:
            happened = ()
        for event in happened:
            run = evolve(run, event)
        steps.append((before, run, happened))
    return steps


@settings(max_examples=150, deadline=None, derandomize=True)
@given(STORIES)
def test_the_status_follows_from_what_happened(story: list[Any]) -> None:
    """An independent reading of the events gives the same status as the run."""
    decided: RunStatus | None = None
    is_begun = False
    troubled: dict[str, RunStatus] = {}
    for _, after, happened in play(story):
        for event in happened:
            decided = DECIDED.get(type(event), decided)
            match event:
                case events.StepStarted() | events.FailureAcknowledged():
                    is_begun = True
                    troubled.pop(event.step_id, None)
                case events.StepFailed():
                    troubled[event.step_id] = RunStatus.FAILED
                case events.StepHeld():
                    troubled[event.step_id] = RunStatus.HOLD
                case events.StepSentToRework() | events.StepResumed() | events.StepCanceled():
                    troubled.pop(event.step_id, None)
        assert after is not None
        by_steps = max(troubled.values(), key=[RunStatus.HOLD, RunStatus.FAILED].index, default=None)
        assert after.status is (decided or by_steps or (RunStatus.IN_PROGRESS if is_begun else RunStatus.TODO))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(STORIES)
def test_a_completed_run_is_never_worked_on(story: list[Any]) -> None:
    """Between a completion and the reopening after it, no step, gate or order changes."""
    for before, after, happened in play(story):
        if before is not None and before.status is RunStatus.COMPLETE:
            assert after is not None
            assert (after.steps, after.approvals, after.order) == (before.steps, before.approvals, before.order)
            assert not any(isinstance(event, events.ValueRecorded | events.RunCompleted) for event in happened)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(STORIES)
def test_recordings_and_completions_are_numbered_without_gaps(story: list[Any]) -> None:
    """Every recording of a field is the next one, and every completion record too."""
    numbers: dict[str, int] = {}
    for _, _, happened in play(story):
        for event in happened:
            match event:
                case events.ValueRecorded():
                    counted = f"{event.step_id}/{event.field_id}"
                case events.RunCompleted():
                    counted = "completion"
                    assert event.record["number"] == event.number
                case _:
                    continue
            numbers[counted] = numbers.get(counted, 0) + 1
            assert event.number == numbers[counted]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(STORIES)
def test_the_same_story_leads_to_the_same_run(story: list[Any]) -> None:
    """Rules have no memory and no clock: told twice, a story has the same events, records and hashes."""
    assert play(story) == play(story)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(STORIES)
def test_what_happened_told_again_gives_the_same_run(story: list[Any]) -> None:
    """The state follows from the events alone: replayed without the rules, they lead to the same run."""
    again: Run | None = None
    for _, after, happened in play(story):
        for event in happened:
            again = evolve(again, event)
        assert again == after


@settings(max_examples=150, deadline=None, derandomize=True)
@given(STORIES)
def test_steps_go_only_where_the_table_of_states_lets_them(story: list[Any]) -> None:
    """domain.md 3.2: every way from state to state, and no other; one that is signed moves only after reopening."""
    for before, after, _ in play(story):
        for name, step in (before.steps if before is not None else {}).items():
            assert after is not None
            now = after.steps[name].state
            if now is not step.state:
                assert (step.state, now) in WAYS or step.state is StepState.COMPLETE
                assert step.state is not StepState.COMPLETE or after.completions


@settings(max_examples=150, deadline=None, derandomize=True)
@given(STORIES)
def test_a_person_is_on_a_step_once_and_only_while_it_is_worked_on(story: list[Any]) -> None:
    """Sessions are numbered without gaps, none takes less than no time, and none outlives the work on its step."""
    for _, after, _ in play(story):
        assert after is not None
        for step in after.steps.values():
            assert [one.number for one in step.sessions] == list(range(1, len(step.sessions) + 1))
            assert all(one.ended_at is None or one.ended_at >= one.started_at for one in step.sessions)
            there = [one.person for one in step.sessions if one.ended_at is None]
            assert len(there) == len(set(there))
            assert not there or (step.state is StepState.IN_PROGRESS and after.decision is None)
        assert run_labour_s(after) == sum(map(labour_s, after.steps.values()))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(STORIES)
def test_the_version_of_a_review_is_a_function_of_what_it_shows(story: list[Any]) -> None:
    """The same shown, the same version; another version, something else shown."""
    version_of: dict[str, str] = {}
    shown_of: dict[str, str] = {}
    for _, after, _ in play(story):
        assert after is not None
        current = review(after)
        shown = repr(asdict(replace(current)))
        assert version_of.setdefault(shown, current.version) == current.version
        assert shown_of.setdefault(current.version, shown) == shown


@settings(max_examples=100, deadline=None, derandomize=True)
@given(STORIES)
def test_a_run_completes_only_when_its_review_is_ready(story: list[Any]) -> None:
    """No path leads around the blockers."""
    for before, _, happened in play(story):
        if any(isinstance(event, events.RunCompleted) for event in happened):
            assert before is not None
            assert review(before).is_ready
            assert before.run_id == R


def test_the_stories_told_here_do_complete() -> None:
    """Random stories prove nothing when every command is refused: some begin with a run that completes."""
    assert any(isinstance(event, events.RunCompleted) for _, _, happened in play([*BEGUN[-1]]) for event in happened)
