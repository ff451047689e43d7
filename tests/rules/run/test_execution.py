"""The order in which a run is executed (the step-by-step view of the source document)."""

from dataclasses import replace
from datetime import timedelta

from services.run.domain.execution import execution
from services.run.domain.run import Run
from shared.testing.story import Story
from tests.rules.run.examples import ASSEMBLE, LABEL, NOON, RUN, TEST, R, ordered, record, sign, start


def order_of(story: Story[Run]) -> list[str]:
    """The steps in the order of their execution."""
    return [step.definition.step_id for _, step in execution(story.state(R))]


def test_nothing_begun_shows_what_may_be_done_first_first() -> None:
    """Whatever order the order lists the steps in, each comes after those before it."""
    assert order_of(RUN.given(ordered(steps=(LABEL, TEST, ASSEMBLE)))) == ["assemble", "test", "label"]


def test_steps_that_do_not_depend_on_each_other_come_as_they_were_ordered() -> None:
    """A planner finds the list of the order again."""
    free = tuple(replace(LABEL, step_id=name, after=()) for name in "zax")
    behind = replace(LABEL, step_id="m", after=("z",))
    assert order_of(RUN.given(ordered(steps=(*free, behind)))) == ["z", "a", "x", "m"]


def test_what_was_begun_comes_as_it_was_begun() -> None:
    """And before what is still to come."""
    free = tuple(replace(LABEL, step_id=name, after=()) for name in "abcd")
    later, first = (start(name, at=NOON + timedelta(minutes=m)) for name, m in (("b", 9), ("d", 3)))
    assert order_of(RUN.given(ordered(steps=free), later, first)) == ["d", "b", "a", "c"]


def test_steps_begun_at_the_same_moment_come_in_the_order_of_the_plan() -> None:
    """A station that says everything at once."""
    done = (record(), sign(), sign("test"), sign("label"))
    assert order_of(RUN.given(ordered(), *done)) == ["assemble", "test", "label"]
