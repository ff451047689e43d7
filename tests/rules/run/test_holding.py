"""Steps that nobody works on: on hold for now, or left out for good (domain.md 3.2)."""

from dataclasses import replace

import pytest

from services.run.domain import refusals
from services.run.domain.commands import AnyCommand
from services.run.domain.events import RunNotReady, RunReady, StepCanceled, StepHeld, StepResumed, StepStarted
from services.run.domain.refusals import StepNotOnHold, StepNotWorkable, StepRequired, UnknownStep
from services.run.domain.run import RunStatus, StepState
from tests.rules.run.examples import (
    ASSEMBLE,
    LABEL,
    RUN,
    TEST,
    R,
    blockers_of,
    completed,
    fail,
    hold,
    issue,
    leave_out,
    ordered,
    record,
    reopen,
    resume,
    rework,
    sign,
    start,
)

LABEL_BEFORE_TEST = (ASSEMBLE, replace(LABEL, after=()), replace(TEST, after=("assemble", "label")))


@pytest.mark.parametrize(
    ("before", "back"), [((), StepState.TODO), ((start(),), StepState.IN_PROGRESS)], ids=["todo", "in progress"]
)
def test_a_step_comes_back_from_hold_to_where_it_was(before: tuple[AnyCommand, ...], back: StepState) -> None:
    """Todo or in progress; the reason is shown as long as it is on hold."""
    story = RUN.given(ordered(), *before).when(hold()).then(StepHeld)
    step = story.state(R).steps["assemble"]
    assert (step.state, step.because) == (StepState.HOLD, "the wrench is away")
    assert story.state(R).status is RunStatus.HOLD
    resumed = story.when(resume()).then(StepResumed).state(R).steps["assemble"]
    assert (resumed.state, resumed.because, resumed.back_to) == (back, None, None)


def test_a_step_on_hold_is_not_worked_on() -> None:
    """Start, value, sign-off and failure wait until it is resumed; what comes after it waits too."""
    story = RUN.given(ordered(), record(), hold())
    for command in (start(), record(), sign(), fail()):
        refused = story.when(command).is_refused(StepNotWorkable, naming="hold")
        assert refused.refusal is not None
        assert "Resume" in refused.refusal.resolution
    story.when(start("test")).is_refused(refusals.UpstreamNotComplete)


def test_hold_keeps_what_was_recorded() -> None:
    """A pause is no rework: the values stay the step's values."""
    step = RUN.given(ordered(), record(), hold(), resume()).state(R).steps["assemble"]
    assert (step.attempt, step.current("torque")) == (1, step.values["torque"])


def test_a_hold_told_twice_is_one() -> None:
    """With the same reason nothing changes; another reason does not silently take the place of the first."""
    story = RUN.given(ordered(), hold())
    story.when(hold()).nothing_happens()
    story.when(hold(reason="lunch")).is_refused(StepNotWorkable, naming="hold")


@pytest.mark.parametrize("before", [(), (start(),), (fail(),), (record(), sign())])
def test_only_a_step_on_hold_is_resumed(before: tuple[AnyCommand, ...]) -> None:
    """Nothing else can be taken from hold."""
    RUN.given(ordered(), *before).when(resume()).is_refused(StepNotOnHold, naming="assemble")


def test_a_signed_step_is_held_only_after_its_run_was_reopened() -> None:
    """It comes back as it was, with its signature."""
    RUN.given(ordered(), record(), sign()).when(hold()).is_refused(refusals.StepIsSigned)
    story = completed(reopen(), hold()).when(resume()).then(StepResumed, RunReady)
    step = story.state(R).steps["assemble"]
    assert step.state is StepState.COMPLETE
    assert step.signed_by is not None
    story.when(start()).then(StepStarted, RunNotReady)


STANDING: dict[str, tuple[AnyCommand, ...]] = {
    "todo": (),
    "in progress": (start("label"),),
    "hold": (hold("label"),),
    "failed": (fail("label"),),
}


@pytest.mark.parametrize("before", STANDING.values(), ids=STANDING)
def test_an_optional_step_may_be_left_out(before: tuple[AnyCommand, ...]) -> None:
    """Whether it was begun, is on hold or failed; its reason stays with it."""
    story = RUN.given(ordered(), record(), sign(), sign("test"), *before).when(leave_out()).then(StepCanceled)
    step = story.state(R).steps["label"]
    assert (step.state, step.because) == (StepState.CANCELED, "the customer wants none")
    story.when(leave_out()).nothing_happens()


def test_a_required_step_is_not_left_out() -> None:
    """Only a redline takes it away."""
    refused = RUN.given(ordered()).when(leave_out("assemble")).is_refused(StepRequired, naming="assemble")
    assert refused.refusal is not None
    assert "redline" in refused.refusal.resolution


def test_what_comes_after_a_step_that_was_left_out_may_start() -> None:
    """Complete or left out: both are out of the way."""
    story = RUN.given(ordered(steps=LABEL_BEFORE_TEST), record(), sign())
    story.when(start("test")).is_refused(refusals.UpstreamNotComplete, naming="label")
    story.when(leave_out()).and_then().when(start("test")).then(StepStarted)


def test_a_step_that_was_left_out_is_not_worked_on() -> None:
    """It stays left out, and blocks nothing."""
    story = RUN.given(ordered(), leave_out())
    for command in (start("label"), sign("label"), hold("label"), fail("label")):
        story.when(command).is_refused(StepNotWorkable, naming="canceled")
    assert not [subject for _, subject in blockers_of(story) if subject == "label"]


def test_a_signed_optional_step_is_left_out_only_after_its_run_was_reopened() -> None:
    """Signed is signed."""
    story = RUN.given(ordered(), record(), sign(), sign("test"), sign("label"))
    story.when(leave_out()).is_refused(refusals.StepIsSigned, naming="label")
    completed(reopen()).when(leave_out()).then(StepCanceled)


@pytest.mark.parametrize("command", [fail("weld"), hold("weld"), resume("weld"), leave_out("weld"), rework("weld")])
def test_a_step_that_there_is_not_is_refused_by_name(command: AnyCommand) -> None:
    """Whatever is asked of it."""
    RUN.given(ordered(), issue()).when(command).is_refused(UnknownStep, naming="weld")


def test_the_worst_step_gives_the_run_its_status() -> None:
    """Failed before hold before in progress; nobody sets it."""
    story = RUN.given(ordered(), start(), hold("test"))
    assert story.state(R).status is RunStatus.HOLD
    story = story.when(fail()).and_then()
    assert story.state(R).status is RunStatus.FAILED
    story = story.when(rework()).and_then()
    assert story.state(R).status is RunStatus.HOLD
    story = story.when(resume("test")).and_then()
    assert story.state(R).status is RunStatus.IN_PROGRESS
