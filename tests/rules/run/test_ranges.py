"""Values out of range: what each policy of a step says to them at sign-off."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.run.domain.events import StepSignedOff, ValueRecorded
from services.run.domain.order import OutOfRange
from services.run.domain.refusals import IssueAwaited, IssueNeeded, ValueOutOfRange
from services.run.domain.run import IssueWanted, Run
from shared.testing.story import Story
from tests.rules.run.examples import ASSEMBLE, RUN, TORQUE, R, fail, issue, ordered, record, rework, sign

HIGH = record(Decimal("26.40"))
ON_FIELD = issue(step_id="assemble", field_id="torque")
ON_STEP = issue(step_id="assemble")
STRICT = (OutOfRange.NEEDS_ISSUE, OutOfRange.OPENS_ISSUE)


def a_step_that(policy: OutOfRange, *more: Any, **field: Any) -> Story[Run]:
    """A run whose first step has that policy."""
    step = replace(ASSEMBLE, fields=(replace(TORQUE, **field),), out_of_range=policy)
    return RUN.given(ordered(steps=(step,)), *more)


def test_where_nothing_is_said_a_value_out_of_range_may_be_signed_off() -> None:
    """The completion review warns of it."""
    RUN.given(ordered(), HIGH).when(sign()).then(StepSignedOff)


@pytest.mark.parametrize("policy", OutOfRange)
def test_values_in_range_are_signed_off_under_every_policy(policy: OutOfRange) -> None:
    """The latest value counts: measured again in range, nothing stands in the way."""
    a_step_that(policy, HIGH, record(Decimal(25))).when(sign()).then(StepSignedOff)


def test_a_step_may_refuse_values_out_of_range() -> None:
    """The refusal names field, value, limits and the ways out; no issue helps."""
    story = a_step_that(OutOfRange.REFUSED, HIGH, ON_FIELD).when(sign()).is_refused(ValueOutOfRange, naming="26.40")
    assert story.refusal is not None
    assert "torque" in story.refusal.obstacle
    assert "24.5 to 25.5 N·m" in story.refusal.obstacle
    assert "Record torque again" in story.refusal.resolution


def test_a_step_may_need_an_issue_on_a_value_out_of_range() -> None:
    """The refusal says which issue would do."""
    story = a_step_that(OutOfRange.NEEDS_ISSUE, HIGH).when(sign()).is_refused(IssueNeeded, naming="26.40")
    assert story.refusal is not None
    assert {R, "assemble", "torque"} <= set(story.refusal.resolution.replace(",", "").split())


def test_an_issue_that_is_opened_unasked_is_waited_for() -> None:
    """A plant system that signs off at once is early, not wrong: its event waits for the issue."""
    story = a_step_that(OutOfRange.OPENS_ISSUE, HIGH).when(sign()).is_refused(IssueAwaited, naming="torque")
    assert isinstance(story.refusal, IssueAwaited)
    assert story.refusal.waits_for == "an issue on run-1/assemble"


@pytest.mark.parametrize("policy", STRICT)
@pytest.mark.parametrize("linked", [ON_FIELD, ON_STEP, issue(step_id="assemble", field_id="torque", state="resolved")])
def test_a_value_out_of_range_with_an_issue_may_be_signed_off(policy: OutOfRange, linked: Any) -> None:
    """An issue on the field, or on the step and no field; in whatever state."""
    a_step_that(policy, HIGH, linked).when(sign()).then(StepSignedOff)


@pytest.mark.parametrize(
    "other",
    [issue(), issue(step_id="test"), issue(step_id="assemble", field_id="remark")],
    ids=["run", "step", "field"],
)
def test_an_issue_on_something_else_is_not_linked(other: Any) -> None:
    """On the run alone, on another step, on another field."""
    a_step_that(OutOfRange.NEEDS_ISSUE, HIGH, other).when(sign()).is_refused(IssueNeeded)


def test_a_value_out_of_range_opens_an_issue_where_policy_says_so() -> None:
    """The announcement of the value says which one: the first of its field, on the run's unit."""
    story = a_step_that(OutOfRange.OPENS_ISSUE).when(HIGH)
    assert story.events[-1].opens_issue == IssueWanted(1, "PUMP-1")
    assert a_step_that(OutOfRange.OPENS_ISSUE).when(record(Decimal(25))).events[-1].opens_issue is None
    for policy in set(OutOfRange) - {OutOfRange.OPENS_ISSUE}:
        assert a_step_that(policy).when(HIGH).events[-1].opens_issue is None


def test_no_second_issue_is_opened_on_a_field_while_one_is_open() -> None:
    """Measured again before the issue is known, it is the same one; resolved, the next value opens the second."""
    story = a_step_that(OutOfRange.OPENS_ISSUE, HIGH)
    assert story.when(HIGH).events[0].opens_issue == IssueWanted(1, "PUMP-1")
    story = story.when(ON_FIELD).and_then()
    assert story.when(HIGH).then(ValueRecorded).events[0].opens_issue is None
    resolved = issue(step_id="assemble", field_id="torque", state="resolved")
    assert story.when(resolved).and_then().when(HIGH).events[0].opens_issue == IssueWanted(2, "PUMP-1")


def test_values_of_an_earlier_attempt_do_not_count() -> None:
    """Done again in range, what was out of range before is evidence only."""
    story = a_step_that(OutOfRange.REFUSED, HIGH, fail(), rework(), record(Decimal(25)))
    story.when(sign()).then(StepSignedOff)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"minimum": None}, "at most 25.5 N·m"),
        ({"minimum": Decimal(30), "maximum": None, "unit": None}, "at least 30"),
    ],
)
def test_limits_are_said_as_they_are(limits: dict[str, Any], said: str) -> None:
    """One side may be open, and a number may have no unit."""
    story = a_step_that(OutOfRange.REFUSED, HIGH, **limits).when(sign()).is_refused(ValueOutOfRange, naming=said)
    assert story.refusal is not None
