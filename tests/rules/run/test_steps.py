"""Working through steps: start, record, sign off, each with its guard (domain.md 3.2)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.run.domain import refusals
from services.run.domain.commands import AnyCommand
from services.run.domain.events import RunNotReady, StepSignedOff, StepStarted, ValueRecorded
from services.run.domain.refusals import (
    FieldsMissing,
    RunLocked,
    RunNotOpen,
    StepNotWorkable,
    UnknownField,
    UnknownRun,
    UnknownStep,
    UpstreamNotComplete,
)
from services.run.domain.run import RunStatus, StepState
from shared.testing.story import Story
from tests.rules.run.examples import (
    NOON,
    OLGA,
    RUN,
    R,
    cancel,
    complete,
    completed,
    ordered,
    record,
    reopen,
    sign,
    start,
    version_of,
)

EARLIER = NOON - timedelta(minutes=5)


def test_a_started_step_is_in_progress_and_so_is_its_run() -> None:
    """The first start stamps the run, and names who started."""
    story = RUN.given(ordered()).when(start()).then(StepStarted)
    run = story.state(R)
    assert run.steps["assemble"].state is StepState.IN_PROGRESS
    assert run.steps["assemble"].started_by == OLGA
    assert (run.status, run.started_at, run.operators) == (RunStatus.IN_PROGRESS, NOON, {"olga"})


def test_a_step_is_started_once() -> None:
    """A second start of a step in progress changes nothing."""
    RUN.given(ordered(), start()).when(start()).nothing_happens()


def test_a_step_waits_for_its_upstream_steps() -> None:
    """No start, value or sign-off before every upstream step is complete; the refusal names those that are not."""
    story = RUN.given(ordered(), start())
    story.when(start("test")).is_refused(UpstreamNotComplete, naming="assemble")
    story.when(sign("test")).is_refused(UpstreamNotComplete, naming="assemble")


def test_a_signed_upstream_step_lets_the_next_one_start() -> None:
    """Signing the upstream step off is all that the next one needs."""
    RUN.given(ordered(), record(), sign()).when(start("test")).then(StepStarted)


def test_a_value_on_a_step_that_is_todo_implies_its_start() -> None:
    """A torque tool knows nothing of starts: its first value begins the step, at the same time."""
    story = RUN.given(ordered()).when(record()).then(StepStarted, ValueRecorded)
    assert story.state(R).steps["assemble"].started_at == NOON


def test_a_sign_off_on_a_step_that_is_todo_implies_its_start() -> None:
    """A step without required fields may be signed off at once."""
    story = RUN.given(ordered(), record(), sign()).when(sign("test")).then(StepStarted, StepSignedOff)
    assert story.state(R).steps["test"].state is StepState.COMPLETE


def test_a_step_is_not_signed_off_while_a_required_field_is_empty() -> None:
    """The refusal names the fields; optional ones are not asked for."""
    story = RUN.given(ordered(), start()).when(sign())
    refused = story.is_refused(FieldsMissing, naming="torque")
    assert "remark" not in refused.refusal.obstacle


def test_a_refused_sign_off_does_not_start_the_step() -> None:
    """A no changes nothing, the implied start included."""
    story = RUN.given(ordered()).when(sign()).is_refused(FieldsMissing)
    assert story.state(R).steps["assemble"].state is StepState.TODO


def test_a_signed_step_names_its_signer_and_time() -> None:
    """Who signed and when is kept with the step."""
    step = RUN.given(ordered(), record(), sign()).state(R).steps["assemble"]
    assert (step.state, step.signed_by, step.signed_at) == (StepState.COMPLETE, OLGA, NOON)


@pytest.mark.parametrize("again", [start(), record(), sign()], ids=["start", "record", "sign off"])
def test_a_signed_step_is_closed(again: AnyCommand) -> None:
    """Complete changes only after the run was reopened."""
    RUN.given(ordered(), record(), sign()).when(again).is_refused(refusals.StepIsSigned, naming="assemble")


def test_a_step_of_a_reopened_run_stays_signed_until_it_is_touched() -> None:
    """Reopening changes no step; working on one takes its signature away, and only its own."""
    story = completed(reopen())
    assert story.state(R).steps["assemble"].state is StepState.COMPLETE
    touched = story.when(record()).then(StepStarted, ValueRecorded, RunNotReady).state(R)
    assert touched.steps["assemble"].state is StepState.IN_PROGRESS
    assert touched.steps["assemble"].signed_by is None
    assert touched.steps["test"].state is StepState.COMPLETE


def test_a_step_that_was_signed_again_after_reopening_is_closed_again() -> None:
    """Every reopening touches a step once."""
    story = completed(reopen(), start(), sign())
    story.when(record()).is_refused(refusals.StepIsSigned)
    again = story.when(complete(version_of(story))).and_then().when(reopen()).and_then()
    again.when(record()).then(StepStarted, ValueRecorded, RunNotReady)


def test_the_earliest_start_counts_even_when_it_is_told_late() -> None:
    """Durations use the time of occurrence: a late event may move the start of the run back, never forward."""
    late = RUN.given(ordered(), record(), sign(), start("test", at=EARLIER)).state(R)
    assert late.started_at == EARLIER
    assert RUN.given(ordered(), start(at=EARLIER), record(), sign(), sign("test")).state(R).started_at == EARLIER


def test_what_a_run_does_not_have_is_refused_by_name() -> None:
    """The refusal lists what there is, so that a wrong id is corrected at a glance."""
    story = RUN.given(ordered())
    story.when(start("weld")).is_refused(UnknownStep, naming="weld")
    story.when(sign("weld")).is_refused(UnknownStep, way_out="assemble, test, label")
    story.when(record(field_id="angle")).is_refused(UnknownField, naming="angle", way_out="torque, remark")
    story.when(record(step_id="test")).is_refused(UnknownField, way_out="it has none")


@pytest.mark.parametrize("state", [StepState.HOLD, StepState.FAILED, StepState.CANCELED])
def test_a_step_that_is_held_failed_or_canceled_is_not_worked_on(state: StepState) -> None:
    """No start, value or sign-off until it is todo or in progress again."""
    run = RUN.given(ordered(), start()).state(R)
    held = replace(run, steps={**run.steps, "assemble": replace(run.steps["assemble"], state=state)})
    for command in (start(), record(), sign()):
        Story(RUN, {R: held}).when(command).is_refused(StepNotWorkable, naming=state)


def test_an_unknown_run_may_be_an_early_event() -> None:
    """What waits for a run says for which."""
    story = RUN.given().when(start()).is_refused(UnknownRun, naming=R)
    assert story.refusal.waits_for == R


def test_a_canceled_run_takes_no_more_work() -> None:
    """Canceled is final; a new run is ordered for the unit."""
    story = RUN.given(ordered(), start(), cancel())
    assert story.state(R).status is RunStatus.CANCELED
    for command in (start("test"), record(), sign(), cancel()):
        story.when(command).is_refused(RunNotOpen, naming="canceled")


def test_a_completed_run_is_not_canceled() -> None:
    """What was completed stays completed until somebody reopens it."""
    completed().when(cancel()).is_refused(RunLocked, naming=R)
