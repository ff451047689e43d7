"""Whatever redlines a run has, in whatever order they are decided, some things always hold (domain.md 3.2a)."""

from dataclasses import replace
from functools import partial
from graphlib import TopologicalSorter
from itertools import chain
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.run.domain import redline_events
from services.run.domain.redline import AddStep, ChangeDependencies, ChangeStep, MarkNotApplicable, RedlineState
from services.run.domain.run import Run, StepState
from tests.rules.run.examples import (
    DONE,
    LABEL,
    SHIM,
    TEST,
    accept,
    apply,
    issue,
    ordered,
    propose,
    record,
    reject,
    reopen,
    sign,
    start,
    withdraw,
)
from tests.rules.run.test_any_story import play

STEP_IDS = ["assemble", "test", "label", "shim", "clean"]
REDLINE_IDS = [f"redline-{number}" for number in range(1, 6)]
STEP = st.sampled_from(STEP_IDS)
SOME = st.lists(STEP, max_size=2, unique=True).map(tuple)
DEFINED = st.builds(
    lambda step_id, after, text, required: replace(SHIM, step_id=step_id, after=after, text=text, required=required),
    STEP,
    st.just(()) | SOME,
    st.sampled_from(["", "Twice."]),
    st.booleans(),
)
ADDED = st.builds(AddStep, DEFINED, SOME)
CHANGE = st.one_of(
    ADDED,
    st.builds(AddStep, st.sampled_from([SHIM, replace(SHIM, step_id="clean")]), st.sampled_from([(), ("label",)])),
    st.builds(ChangeStep, DEFINED.map(lambda step: replace(step, after=()))),
    st.builds(ChangeDependencies, STEP, SOME),
    st.builds(MarkNotApplicable, STEP),
)
REDLINE = st.sampled_from(REDLINE_IDS)
PROPOSED = st.builds(
    lambda changes, **more: propose(*changes, **more),
    st.lists(CHANGE, min_size=1, max_size=3).map(tuple),
    redline_id=REDLINE,
    issue_id=st.sampled_from([None, "issue-1"]),
    roles=st.sampled_from([(), ("Quality",), ("Quality", "Design")]),
)
DECIDED = st.builds(
    lambda proposal, decide: [proposal, *(one(proposal.redline_id) for one in decide)],
    PROPOSED,
    st.sampled_from([(apply,), (apply, reject), (apply, partial(accept, "Quality")), (reject,), (withdraw,)]),
)
ASKED = st.one_of(
    PROPOSED,
    st.builds(apply, REDLINE),
    st.builds(reject, REDLINE),
    st.builds(accept, st.sampled_from(["Quality", "Design"]), REDLINE),
    st.builds(issue, approved=st.booleans()),
    st.builds(start, STEP),
    st.builds(sign, STEP),
    st.just(record()),
    st.sampled_from(["confirm", reopen()]),
).map(lambda one: [one])
BEGUN = (
    [ordered()],
    [ordered(), propose(), apply()],
    [ordered(), propose(), apply(), start("assemble"), propose(AddStep(replace(SHIM, step_id="clean")))],
    [ordered(steps=(TEST, LABEL, replace(SHIM, step_id="assemble", after=())))],
    [*DONE],
)
STORIES = st.tuples(st.sampled_from(BEGUN), st.lists(DECIDED | ASKED, max_size=20)).map(
    lambda both: [*both[0], *chain.from_iterable(both[1])]
)


def moments(story: list[Any]) -> list[tuple[Run, Run, tuple[Any, ...]]]:
    """The run before and after each command, and the events between, once it is there."""
    return [(before, after, happened) for before, after, happened in play(story) if before and after]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(STORIES)
def test_the_steps_of_a_run_never_form_a_circle(story: list[Any]) -> None:
    """And none comes after a step that there is not."""
    for _, run, _ in moments(story):
        graph = {name: step.definition.after for name, step in run.steps.items()}
        TopologicalSorter(graph).prepare()
        assert {upstream for after in graph.values() for upstream in after} <= graph.keys()
        assert all(name == step.definition.step_id for name, step in run.steps.items())


@settings(max_examples=60, deadline=None, derandomize=True)
@given(STORIES)
def test_the_definition_of_a_signed_step_never_changes(story: list[Any]) -> None:
    """What somebody signed is what stands there."""
    for before, after, _ in moments(story):
        for name, step in before.steps.items():
            if step.state is StepState.COMPLETE:
                assert after.steps[name].definition == step.definition


@settings(max_examples=60, deadline=None, derandomize=True)
@given(STORIES)
def test_a_rejected_redline_leaves_every_step_as_it_found_it(story: list[Any]) -> None:
    """Definitions are those from before it was applied; what it added is left out; its values count no more."""
    for before, after, happened in moments(story):
        for event in happened:
            if isinstance(event, redline_events.RedlineRejected):
                for one in before.redlines[event.redline_id].redrawn:
                    step = after.steps[one.step_id]
                    assert step.definition == (one.before or step.definition)
                    assert step.state is (StepState.CANCELED if one.before is None else StepState.TODO)
                    assert not any(step.current(name) for name in step.values)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(STORIES)
def test_a_step_is_in_redline_exactly_while_a_proposal_touches_it(story: list[Any]) -> None:
    """Nobody is on it then, and no two open redlines change the same step."""
    for _, run, _ in moments(story):
        proposed = [one for one in run.redlines.values() if one.state is RedlineState.PROPOSED]
        touched = [name for one in proposed for name in one.touched]
        redlined = {name for name, step in run.steps.items() if step.state is StepState.REDLINE}
        assert redlined == set(touched)
        assert all(session.ended_at for name in redlined for session in run.steps[name].sessions)
        named = [name for one in run.redlines.values() if one.is_open for name in one.touched]
        assert len(named) == len(set(named))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(STORIES)
def test_a_redline_changes_only_the_steps_that_it_names(story: list[Any]) -> None:
    """All others, the order and every value that was recorded stay as they were."""
    for before, after, happened in moments(story):
        if any(isinstance(event, redline_events.RedlineApplied | redline_events.RedlineRejected) for event in happened):
            named = {name for one in after.redlines.values() for name in (*one.touched, *one.added)}
            for name, step in before.steps.items():
                assert after.steps[name].values == step.values
                assert name in named or after.steps[name] == step
            assert after.order == before.order


@settings(max_examples=60, deadline=None, derandomize=True)
@given(STORIES)
def test_every_change_of_a_definition_is_told_with_before_and_after(story: list[Any]) -> None:
    """Whoever reads the events alone knows each step's definition at every moment."""
    told: dict[str, Any] = {}
    for before, after, happened in moments(story):
        told = told or {name: step.definition for name, step in before.steps.items()}
        for event in happened:
            if isinstance(event, redline_events.RedlineApplied | redline_events.RedlineRejected):
                for one in event.steps:
                    assert one.before in (None, told.get(one.step_id))
                    told[one.step_id] = one.after or told[one.step_id]
        assert told == {name: step.definition for name, step in after.steps.items()}


def test_the_stories_told_here_do_have_redlines() -> None:
    """Random stories prove nothing when every proposal is refused: one begins with a redline that is applied."""
    happened = [event for _, _, more in play([*BEGUN[1], reject()]) for event in more]
    assert any(isinstance(event, redline_events.RedlineApplied) for event in happened)
    assert any(isinstance(event, redline_events.RedlineRejected) for event in happened)
