"""A step that fails: what it takes, what it leaves, and the two ways on (domain.md 3.2)."""

from dataclasses import replace

import pytest

from services.run.domain import refusals
from services.run.domain.events import (
    FailureAcknowledged,
    RunNotReady,
    StepFailed,
    StepSentToRework,
    StepSignedOff,
    StepStarted,
    ValueRecorded,
)
from services.run.domain.refusals import (
    FieldsMissing,
    IssueNotOnStep,
    ReasonMissing,
    RunLocked,
    StepNotFailed,
    StepNotWorkable,
)
from services.run.domain.review import review
from services.run.domain.run import RunStatus, StepState
from tests.rules.run.examples import (
    NOON,
    OLGA,
    QUINN,
    RUN,
    R,
    acknowledge,
    blockers_of,
    complete,
    completed,
    fail,
    hold,
    issue,
    leave_out,
    ordered,
    ready,
    record,
    reopen,
    rework,
    sign,
    start,
    version_of,
)

ON_STEP = issue(step_id="assemble")


@pytest.mark.parametrize("before", [(), (start(),)], ids=["todo", "in progress"])
def test_a_step_fails_with_its_reason(before: tuple[object, ...]) -> None:
    """Who said so, when and why stays with the step, and the run shows it."""
    story = RUN.given(ordered(), *before).when(fail()).then(StepFailed)
    step = story.state(R).steps["assemble"]
    assert step.state is StepState.FAILED
    assert step.failure is not None
    assert (step.failure.reason, step.failure.by, step.failure.at) == ("the thread is stripped", OLGA, NOON)
    assert (story.state(R).status, story.events[0].unit_id) == (RunStatus.FAILED, "PUMP-1")


def test_a_step_that_fails_before_it_began_starts_nothing() -> None:
    """A run whose first step fails unbegun has not started."""
    run = RUN.given(ordered(), fail()).state(R)
    assert (run.started_at, run.steps["assemble"].started_at) == (None, None)


def test_a_step_may_fail_while_its_upstream_step_is_not_complete() -> None:
    """That it cannot be done may be known before its turn."""
    RUN.given(ordered()).when(fail("test")).then(StepFailed)


@pytest.mark.parametrize("command", [fail(reason=""), fail(reason="  "), hold(reason=""), leave_out(reason="\n")])
def test_failing_holding_and_leaving_out_need_a_reason(command: object) -> None:
    """Who reads the record years later must not guess."""
    RUN.given(ordered()).when(command).is_refused(ReasonMissing)


def test_a_failure_told_twice_is_one() -> None:
    """With the same reason nothing changes; another reason does not silently take the place of the first."""
    story = RUN.given(ordered(), fail())
    story.when(fail()).nothing_happens()
    story.when(fail(reason="wrong part")).is_refused(StepNotWorkable, naming="failed")


def test_a_failed_step_names_its_ways_on() -> None:
    """No start, value or sign-off, and what comes after it waits; the refusal says what can be done."""
    story = RUN.given(ordered(), record(), fail())
    for command in (start(), record(), sign(), hold()):
        refused = story.when(command).is_refused(StepNotWorkable, naming="failed").refusal
        assert refused is not None
        assert "rework" in refused.resolution
        assert "acknowledge" in refused.resolution
    story.when(start("test")).is_refused(refusals.UpstreamNotComplete, naming="assemble")


def test_a_signed_step_does_not_fail_unless_its_run_was_reopened() -> None:
    """Reopened, it may; its signature is gone then, and it is touched like one that was started again."""
    RUN.given(ordered(), record(), sign()).when(fail()).is_refused(refusals.StepIsSigned, naming="assemble")
    step = completed(reopen()).when(fail()).then(StepFailed, RunNotReady).state(R).steps["assemble"]
    assert (step.state, step.signed_by, step.signed_at) == (StepState.FAILED, None, None)
    done = completed(reopen(), fail(), ON_STEP, acknowledge())
    done.when(record()).is_refused(refusals.StepIsSigned)


def test_an_acknowledged_failure_counts_as_complete_and_as_resolved() -> None:
    """With the issue that covers it, and in the name of whoever acknowledged it; the next step may start."""
    story = RUN.given(ordered(), record(), fail(), ON_STEP).when(acknowledge()).then(FailureAcknowledged)
    step = story.state(R).steps["assemble"]
    assert step.failure is not None
    assert (step.state, step.signed_by, step.failure.acknowledged_issue) == (StepState.COMPLETE, QUINN, "issue-1")
    shown = review(story.state(R)).counts
    assert (shown.steps_completed, shown.steps_failed_then_resolved) == (1, 1)
    story.when(start("test")).then(StepStarted)


def test_a_run_with_an_acknowledged_failure_can_be_completed() -> None:
    """The failure is in its record, with the issue."""
    story = RUN.given(ordered(), record(), fail(), ON_STEP, acknowledge())
    assert ("step-not-signed-off", "assemble") not in blockers_of(story)


@pytest.mark.parametrize("other", [issue(), issue(step_id="test"), issue("issue-2", step_id="assemble")])
def test_a_failure_is_covered_by_an_issue_on_its_step_only(other: object) -> None:
    """One on the run alone, on another step, or one that nobody opened covers nothing; the refusal names what does."""
    RUN.given(ordered(), record(), fail(), other).when(acknowledge()).is_refused(IssueNotOnStep, naming="issue-1")
    both = RUN.given(ordered(), record(), fail(), issue("issue-2", step_id="assemble")).when(acknowledge())
    assert both.refusal is not None
    assert "issue-2" in both.refusal.resolution


def test_a_failure_is_not_acknowledged_while_a_required_field_is_empty() -> None:
    """No completion record lacks a value; rework or a redline is the way out."""
    refused = RUN.given(ordered(), fail(), ON_STEP).when(acknowledge()).is_refused(FieldsMissing, naming="torque")
    assert refused.refusal is not None
    assert "rework" in refused.refusal.resolution


def test_only_a_failed_step_has_a_failure_to_deal_with() -> None:
    """Acknowledged with the same issue again, nothing changes."""
    for before in ((), (start(),), (hold(),), (record(), sign())):
        story = RUN.given(ordered(), ON_STEP, *before)
        story.when(acknowledge()).is_refused(StepNotFailed, naming="assemble")
        story.when(rework()).is_refused(StepNotFailed, naming="assemble")
    RUN.given(ordered(), record(), fail(), ON_STEP, acknowledge()).when(acknowledge()).nothing_happens()


def test_a_step_in_rework_is_todo_and_its_values_are_evidence() -> None:
    """What was recorded before stays, and is not its value any more: it must be recorded again."""
    story = RUN.given(ordered(), record(), fail()).when(rework()).then(StepSentToRework)
    step = story.state(R).steps["assemble"]
    assert (step.state, step.attempt) == (StepState.TODO, 2)
    assert step.values["torque"].attempt == 1
    assert step.current("torque") is None
    assert ("field-missing", "assemble/torque") in blockers_of(story)
    story.when(sign()).is_refused(FieldsMissing, naming="torque")


def test_recordings_count_on_through_rework() -> None:
    """The third recording of a field is its third, whatever attempt it belongs to."""
    story = RUN.given(ordered(), record(), record(), fail(), rework()).when(record()).then(StepStarted, ValueRecorded)
    assert (story.events[1].number, story.events[1].attempt) == (3, 2)
    story.when(sign()).then(StepSignedOff)


def test_a_step_that_failed_and_was_done_again_was_resolved() -> None:
    """Its failure stays in sight, though nobody acknowledged it; its first start stays its start."""
    later = NOON.replace(hour=14)
    run = RUN.given(ordered(), record(), fail(), rework(), replace(record(), at=later), sign()).state(R)
    step = run.steps["assemble"]
    assert step.failure is not None
    assert (step.failure.acknowledged_issue, step.started_at) == (None, NOON)
    assert review(run).counts.steps_failed_then_resolved == 1


def test_a_failed_step_may_fail_again_after_rework() -> None:
    """Each failure has its own reason, also when it is the same one."""
    RUN.given(ordered(), fail(), rework()).when(fail()).then(StepFailed)


def test_a_failed_optional_step_blocks_nothing() -> None:
    """It may be left out, and the run completed."""
    story = ready(fail("label"))
    done = story.when(complete(version_of(story))).and_then()
    assert done.state(R).status is RunStatus.COMPLETE
    done.when(rework("label")).is_refused(RunLocked)
