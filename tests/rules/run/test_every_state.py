"""The table of domain.md 3.2, whole: what every command does to a step in every state, and every way between states."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from services.run.domain import events, redline_events, refusals
from services.run.domain.redline import ChangeStep
from services.run.domain.run import Run, StepState
from shared.testing.story import Story
from tests.rules.run.examples import (
    ASSEMBLE,
    REMARK,
    RUN,
    R,
    acknowledge,
    apply,
    attach,
    check_in,
    check_out,
    comment,
    fail,
    hold,
    issue,
    leave_out,
    ordered,
    propose,
    record,
    reject,
    resume,
    rework,
    sign,
    start,
    withdraw,
)

STEP = replace(ASSEMBLE, required=False, fields=(REMARK,))
"""An optional step, so that it may be left out; nothing must be recorded on it."""
TWICE = ChangeStep(replace(STEP, text="Twice."))

REACHED: Mapping[str, tuple[Any, ...]] = {
    "todo": (),
    "in_progress": (start(),),
    "complete": (start(), sign()),
    "failed": (start(), fail()),
    "hold": (start(), hold()),
    "redline": (propose(TWICE),),
    "canceled": (leave_out("assemble"),),
}
ASKED = {
    "start": start(),
    "record": record("fits", "remark"),
    "sign": sign(),
    "fail": fail(),
    "acknowledge": acknowledge(),
    "rework": rework(),
    "hold": hold(),
    "resume": resume(),
    "leave out": leave_out("assemble"),
    "check in": check_in(),
    "check out": check_out(),
    "propose": propose(TWICE, redline_id="redline-2"),
    "apply": apply(),
    "withdraw": withdraw(),
    "comment": comment(),
    "attach": attach(step_id="assemble"),
}

TABLE = """
            | todo             | in_progress       | complete          | failed            | hold              | redline               | canceled
start       | in_progress      | nothing           | StepIsSigned      | StepNotWorkable   | StepNotWorkable   | StepInRedline         | StepNotWorkable
record      | in_progress      | in_progress       | StepIsSigned      | StepNotWorkable   | StepNotWorkable   | StepInRedline         | StepNotWorkable
sign        | complete         | complete          | StepIsSigned      | StepNotWorkable   | StepNotWorkable   | StepInRedline         | StepNotWorkable
fail        | failed           | failed            | StepIsSigned      | nothing           | StepNotWorkable   | StepInRedline         | StepNotWorkable
acknowledge | StepNotFailed    | StepNotFailed     | StepNotFailed     | complete          | StepNotFailed     | StepNotFailed         | StepNotFailed
rework      | StepNotFailed    | StepNotFailed     | StepNotFailed     | todo              | StepNotFailed     | StepNotFailed         | StepNotFailed
hold        | hold             | hold              | StepIsSigned      | StepNotWorkable   | nothing           | StepInRedline         | StepNotWorkable
resume      | StepNotOnHold    | StepNotOnHold     | StepNotOnHold     | StepNotOnHold     | in_progress       | StepNotOnHold         | StepNotOnHold
leave out   | canceled         | canceled          | StepIsSigned      | canceled          | canceled          | StepInRedline         | nothing
check in    | in_progress      | nothing           | StepIsSigned      | StepNotWorkable   | StepNotWorkable   | StepInRedline         | StepNotWorkable
check out   | NotCheckedIn     | in_progress       | nothing           | nothing           | nothing           | NotCheckedIn          | NotCheckedIn
propose     | redline          | redline           | StepIsSigned      | redline           | redline           | StepInRedline         | RedlineInvalid
apply       | UnknownRedline   | UnknownRedline    | UnknownRedline    | UnknownRedline    | UnknownRedline    | todo                  | UnknownRedline
withdraw    | UnknownRedline   | UnknownRedline    | UnknownRedline    | UnknownRedline    | UnknownRedline    | todo                  | UnknownRedline
comment     | todo             | in_progress       | complete          | failed            | hold              | redline               | canceled
attach      | todo             | in_progress       | complete          | failed            | hold              | redline               | canceled
"""  # noqa: E501 - a table is read as a table
"""What becomes of the step, `nothing` where it is accepted and nothing happens, or why it is refused."""


def _cells() -> Iterator[tuple[str, str, str]]:
    head, *rows = ([cell.strip() for cell in line.split("|")] for line in TABLE.strip("\n").splitlines())
    for asked, *cells in rows:
        for state, becomes in zip(head[1:], cells, strict=True):
            yield asked, state, becomes


def being(state: str) -> Story[Run]:
    """A run whose step is in that state."""
    return RUN.given(ordered(steps=(STEP,)), issue(step_id="assemble"), *REACHED[state])


def state_of(story: Story[Run]) -> str:
    """The state of the step."""
    return story.state(R).steps["assemble"].state.value


@pytest.mark.parametrize(("asked", "state", "becomes"), list(_cells()), ids=lambda part: part)
def test_what_a_command_does_to_a_step(asked: str, state: str, becomes: str) -> None:
    """Another state, nothing at all, or a refusal with the way out; and refused, the step stays what it was."""
    before = being(state)
    assert state_of(before) == state
    after = before.when(ASKED[asked])
    if becomes in {one.value for one in StepState}:
        assert state_of(after.and_then()) == becomes
        assert after.events
    elif becomes == "nothing":
        after.nothing_happens()
    else:
        after.is_refused(getattr(refusals, becomes))
        assert after.state(R) == before.state(R)


def test_every_state_is_in_the_table() -> None:
    """A state more has its column."""
    assert {state for _, state, _ in _cells()} == {one.value for one in StepState} == set(REACHED)


WAYS = """
    todo        -> in_progress, complete, failed, hold, redline, canceled
    in_progress -> complete, failed, hold, redline, canceled
    failed      -> complete, todo, redline, canceled
    hold        -> in_progress, redline, canceled
    redline     -> todo
"""
"""domain.md 3.2. A sign-off implies the start, so it leads from todo as well; from hold back to where it was held from;
from redline back by withdrawing, to todo by applying: here both are todo.
"""


def test_there_are_the_ways_of_the_plan_and_no_others() -> None:
    """What the table of 3.2 lists happens, and nothing that it does not."""
    listed = {
        (before.strip(), after.strip())
        for before, _, afters in (line.partition("->") for line in WAYS.strip().splitlines())
        for after in afters.split(",")
    }
    states = {one.value for one in StepState}
    assert {(before, after) for _, before, after in _cells() if after in states and after != before} == listed


@pytest.mark.parametrize("state", ["todo", "in_progress", "hold", "failed"])
def test_a_redline_that_is_taken_back_leaves_the_step_where_it_was(state: str) -> None:
    """Withdrawn or turned down: the way back of the table, to every state that leads into a redline."""
    story = being(state).when(propose(TWICE)).and_then()
    assert state_of(story) == "redline"
    assert state_of(story.when(withdraw()).then(redline_events.RedlineCanceled)) == state
    assert state_of(story.when(reject()).then(redline_events.RedlineRejected)) == state


def test_a_step_is_held_from_todo_and_comes_back_to_it() -> None:
    """Back to the state held from."""
    assert state_of(being("todo").when(hold()).and_then().when(resume()).and_then()) == "todo"


EVENTS = {one for group in get_args(events.AnyEvent) for one in (get_args(group) or (group,))}
STORIES = [ast.parse(path.read_text()) for path in Path(__file__).parent.glob("test_*.py")]


def _told() -> Iterator[str]:
    """The names in what stories expect: `.then(StepStarted, events.StepSignedOff)`."""
    for node in (node for story in STORIES for node in ast.walk(story)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "then":
            for part in (part for argument in node.args for part in ast.walk(argument)):
                yield part.attr if isinstance(part, ast.Attribute) else getattr(part, "id", "")


@pytest.mark.parametrize("event", sorted(EVENTS, key=str), ids=lambda one: one.__name__)
def test_a_change_is_told_of_in_a_story(event: type) -> None:
    """A change that no story leads to is one that nobody has seen. Of refusals, `test_refusals` says the same."""
    assert event.__name__ in set(_told())
