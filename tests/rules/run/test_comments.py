"""Comments: said about a run or a step, and nothing else changes."""

from dataclasses import replace

import pytest

from services.run.domain import refusals
from services.run.domain.events import Commented
from services.run.domain.review import review
from tests.rules.run.examples import (
    OLGA,
    RUN,
    R,
    cancel,
    comment,
    completed,
    ordered,
    propose,
    ready,
    record,
    sign,
    version_of,
)


@pytest.mark.parametrize("step_id", ["assemble", None])
def test_a_comment_is_said_of_a_step_or_of_the_run(step_id: str | None) -> None:
    """By whom, when and in whose words."""
    said = RUN.given(ordered()).when(comment(step_id=step_id)).then(Commented).events[0]
    assert (said.by, said.text, said.step_id) == (OLGA, "Swarf under the head.", step_id)


def test_a_comment_leaves_the_run_and_its_review_as_they_are() -> None:
    """Whoever looked at the review may confirm it, whatever was said since."""
    story = ready()
    after = story.when(comment()).then(Commented)
    assert after.state(R) is story.state(R)
    assert version_of(after) == version_of(story)
    assert review(after.state(R)) == review(story.state(R))


def test_a_step_takes_comments_in_every_state() -> None:
    """Signed or in redline: words are no work."""
    RUN.given(ordered(), record(), sign()).when(comment()).then(Commented)
    RUN.given(ordered(), propose()).when(comment()).then(Commented)


def test_a_comment_says_something_of_something() -> None:
    """Nothing but blanks is no comment, and a step that there is not has none."""
    story = RUN.given(ordered())
    story.when(comment(" \n")).is_refused(refusals.CommentEmpty)
    story.when(comment(step_id="weld")).is_refused(refusals.UnknownStep, naming="weld")
    RUN.given().when(comment()).is_refused(refusals.UnknownRun)


def test_a_locked_run_takes_no_comment() -> None:
    """What was confirmed is what is read; nor does one that was canceled."""
    completed().when(comment()).is_refused(refusals.RunLocked)
    RUN.given(ordered(), cancel()).when(replace(comment(), step_id=None)).is_refused(refusals.RunNotOpen)
