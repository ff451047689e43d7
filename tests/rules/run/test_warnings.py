"""What the completion review warns of (domain.md 3.4): five warnings, each with its subject and the way out."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.run.domain.redline import RedlineState
from services.run.domain.review import review
from services.run.domain.run import Run, StepState, Verdict
from services.run.domain.warned import CODES
from shared.testing.story import Story
from tests.rules.run.examples import (
    R,
    being,
    blockers_of,
    issue,
    ready,
    record,
    redline,
    refused_evidence,
    warnings_of,
    with_step,
)

UNCOVERED = ("out-of-range-without-issue", "assemble/torque")
LATE = refused_evidence()


def out_of_range() -> Story[Run]:
    """A pump whose torque is too low, and of which nothing else is missing."""
    story = ready()
    run = story.state(R)
    low = replace(run.steps["assemble"].values["torque"], value=Decimal("23.1"), verdict=Verdict.OUT_OF_RANGE)
    return with_step(story, values={"torque": low})


@pytest.mark.parametrize(
    ("standing", "warns"),
    [
        ({}, True),
        ({"state": "in_review"}, True),
        ({"state": "in_progress", "approved": True, "disposition": "use-as-is"}, False),
        ({"state": "resolved"}, False),
    ],
)
def test_an_issue_warns_until_it_is_dispositioned_or_resolved(standing: dict[str, Any], warns: bool) -> None:
    """An open issue is named by its id; it warns and never blocks."""
    story = ready(issue(**standing))
    assert warnings_of(story) == ([("issue-open", "issue-1")] if warns else [])
    assert blockers_of(story) == []


@pytest.mark.parametrize("state", RedlineState)
def test_a_redline_warns_while_it_is_proposed_or_applied(state: RedlineState) -> None:
    """Accepted, rejected and canceled ones are closed."""
    story = being(ready(), redlines={"redline-1": redline(state)})
    is_open = state in (RedlineState.PROPOSED, RedlineState.APPLIED)
    assert warnings_of(story) == ([("redline-open", "redline-1")] if is_open else [])
    assert blockers_of(story) == []


@pytest.mark.parametrize(
    ("state", "way_out"), [(RedlineState.PROPOSED, "Apply or reject"), (RedlineState.APPLIED, "Accept or reject")]
)
def test_the_way_out_of_an_open_redline_is_what_may_be_done_to_it(state: RedlineState, way_out: str) -> None:
    """A proposal cannot be accepted before it is applied."""
    (warned,) = review(being(ready(), redlines={"redline-1": redline(state)}).state(R)).warnings
    assert warned.resolve.startswith(f"{way_out} redline-1")


def test_a_redline_that_waits_for_an_issue_which_there_is_not_says_so() -> None:
    """Its approval would apply it, and never comes; whoever mistyped it sees that in the review."""
    proposed = replace(redline(RedlineState.PROPOSED), issue_id="issue-1")
    story = being(ready(), redlines={"redline-1": proposed})
    (warned,) = review(story.state(R)).warnings
    assert warned.sentence.startswith("The redline redline-1, whose issue issue-1 is not known, is proposed:")
    known = next(one for one in review(story.when(issue()).and_then().state(R)).warnings if one.code == "redline-open")
    assert known.sentence.startswith("The redline redline-1 is proposed:")


def test_a_value_out_of_range_warns_while_no_issue_covers_it() -> None:
    """It is named with its step; the sentence says what was measured."""
    story = out_of_range()
    assert warnings_of(story) == [UNCOVERED]
    assert review(story.state(R)).warnings[0].sentence.startswith("Torque is 23.1 N·m, which is out of range")


@pytest.mark.parametrize(
    ("linked", "covers"),
    [
        ({"step_id": "assemble"}, True),
        ({"step_id": "assemble", "field_id": "torque"}, True),
        ({"step_id": "assemble", "field_id": "torque", "state": "resolved"}, True),
        ({"step_id": "assemble", "field_id": "remark"}, False),
        ({"step_id": "test"}, False),
        ({}, False),
    ],
    ids=["the step", "the field", "resolved", "another field", "another step", "the run alone"],
)
def test_an_issue_covers_a_value_when_it_names_its_step_and_no_other_field(
    linked: dict[str, str], covers: bool
) -> None:
    """In whatever state the issue is: somebody has looked at the value."""
    story = out_of_range().when(issue(**linked)).and_then()
    assert (UNCOVERED in warnings_of(story)) is not covers


def test_only_the_current_value_of_a_field_warns() -> None:
    """A value of an earlier attempt is evidence, and one of a step that is not to be done warns of nothing."""
    assert warnings_of(with_step(out_of_range(), attempt=2)) == []
    assert warnings_of(with_step(out_of_range(), state=StepState.CANCELED)) == []
    reopened = with_step(ready(), state=StepState.IN_PROGRESS)
    low = reopened.when(record(Decimal("23.1"))).and_then()
    assert warnings_of(low) == [UNCOVERED]
    assert warnings_of(low.when(record(Decimal("25.1"))).and_then()) == []


def test_an_event_of_the_plant_that_was_refused_warns_until_somebody_dealt_with_it() -> None:
    """The warning says what was sent and why it was not taken."""
    story = being(ready(), refused_evidence={LATE.evidence_id: LATE})
    assert warnings_of(story) == [("refused-evidence", "evidence-9")]
    said = review(story.state(R)).warnings[0].sentence
    assert said == "plant.step.signed-off.v1 9 of urn:scanner was not taken (step-signed-off): It is signed off."


def test_a_component_whose_own_run_is_reopened_warns() -> None:
    """Each of them, by its unit."""
    story = being(ready(), reopened_components={"ROTOR-2": "run-8", "ROTOR-1": "run-7"})
    assert warnings_of(story) == [("component-reopened", "ROTOR-1"), ("component-reopened", "ROTOR-2")]
    shown = review(story.state(R)).warnings[0]
    assert (shown.sentence, shown.link) == (
        "The run run-7 of the installed unit ROTOR-1 is reopened.",
        "/runs/run-7/review",
    )


def everything_warned_of() -> Story[Run]:
    """A pump of which everything that can be warned of is so."""
    return being(
        out_of_range().when(issue()).and_then(),
        redlines={"redline-1": redline(RedlineState.APPLIED)},
        refused_evidence={LATE.evidence_id: LATE},
        reopened_components={"ROTOR-1": "run-7"},
    )


def test_all_five_warnings_are_shown_together_and_none_of_them_blocks() -> None:
    """The review hides nothing; a policy names them by the same codes."""
    story = everything_warned_of()
    assert [code for code, _ in warnings_of(story)] == list(CODES)
    assert blockers_of(story) == []


def test_every_warning_says_who_can_resolve_it_how_and_where() -> None:
    """A permission, a sentence that also names acknowledging, and the path of a resource."""
    shown = review(everything_warned_of().state(R)).warnings
    assert all(one.permission and one.link.startswith("/") for one in shown)
    assert all(one.resolve.endswith(", or acknowledge it when confirming.") for one in shown)
    assert {one.code: one.link for one in shown}["redline-open"] == "/runs/run-1/redlines/redline-1"
