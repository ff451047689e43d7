"""Redlines: proposed, applied, reviewed, turned down or taken back (domain.md 3.2a)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from services.run.domain import refusals
from services.run.domain.commands import AnyCommand
from services.run.domain.events import (
    IssueNoted,
    StepStarted,
    ValueRecorded,
)
from services.run.domain.redline import AddStep, ChangeDependencies, ChangeStep, MarkNotApplicable, Redrawn
from services.run.domain.redline_events import (
    RedlineAccepted,
    RedlineApplied,
    RedlineCanceled,
    RedlineProposed,
    RedlineRejected,
    RedlineReviewed,
)
from services.run.domain.run import RunStatus, StepState, Verdict
from tests.rules.run.examples import (
    ASSEMBLE,
    LABEL,
    LEAD,
    NEXT_TORQUE,
    NOON,
    RUN,
    SHIM,
    TEST,
    R,
    accept,
    apply,
    approve,
    blockers_of,
    cancel,
    complete,
    completed,
    installed,
    issue,
    order,
    ordered,
    propose,
    ready,
    record,
    reject,
    reopen,
    sign,
    start,
    version_of,
    withdraw,
)

LABEL_FIRST = ChangeDependencies("label", ())
NO_LEAK_TEST = MarkNotApplicable("test")
DISPOSITIONED = issue(state="in_progress", disposition="rework", approved=True)


def test_a_proposal_changes_nothing_yet_and_nobody_works_on_the_steps_that_it_touches() -> None:
    """Those that it changes, and those before which it adds one; the run says that it is in redline."""
    story = RUN.given(ordered(), start()).when(propose()).then(RedlineProposed)
    run = story.state(R)
    assert [step.state for step in run.steps.values()] == [StepState.REDLINE, StepState.REDLINE, StepState.TODO]
    assert (run.steps["assemble"].definition, run.status) == (ASSEMBLE, RunStatus.REDLINE)
    for command in (start(), record(), sign()):
        story.when(command).is_refused(refusals.StepInRedline, naming="redline-1")
    story.when(start()).is_refused(refusals.StepInRedline, way_out="applied, rejected or canceled")


def test_steps_downstream_of_a_redline_wait_while_others_go_on() -> None:
    """Two legs of a run: a redline in one does not stop the other."""
    painted = replace(TEST, step_id="paint", after=())
    story = RUN.given(ordered(steps=(ASSEMBLE, TEST, LABEL, painted)), propose(ChangeStep(ASSEMBLE)))
    story.when(start("test")).is_refused(refusals.UpstreamNotComplete, naming="assemble")
    story.when(sign("paint")).and_then()


def test_an_applied_redline_changes_the_steps_and_they_are_todo() -> None:
    """With what each was before and is after; the step that was added has no before."""
    story = RUN.given(ordered(), start(), propose()).when(apply()).then(RedlineApplied)
    softer = replace(ASSEMBLE, fields=(NEXT_TORQUE, ASSEMBLE.fields[1]))
    tested = replace(TEST, after=("assemble", "shim"))
    assert story.events[0].steps == (
        Redrawn("test", TEST, tested),
        Redrawn("assemble", ASSEMBLE, softer),
        Redrawn("shim", None, SHIM),
    )
    steps = story.state(R).steps
    assert {name: step.definition for name, step in steps.items()} == {
        "assemble": softer,
        "test": tested,
        "label": LABEL,
        "shim": SHIM,
    }
    assert {step.state for step in steps.values()} == {StepState.TODO}


def test_a_run_is_worked_through_as_the_redline_left_it() -> None:
    """New limits hold, the added step comes between, and completion asks for it."""
    story = RUN.given(ordered(), propose(), apply()).when(record(Decimal("20.5"))).then(StepStarted, ValueRecorded)
    assert story.events[1].verdict is Verdict.IN_RANGE
    story = story.when(sign()).and_then()
    story.when(start("test")).is_refused(refusals.UpstreamNotComplete, naming="shim")
    assert ("step-not-signed-off", "shim") in blockers_of(story)
    story.when(sign("shim")).and_then().when(sign("test")).and_then()


def test_what_was_recorded_before_stays_as_evidence_and_is_no_value_any_more() -> None:
    """A torque by the old limits does not sign the new step off; numbers of recordings go on."""
    story = RUN.given(ordered(), record(), propose(), apply())
    story.when(sign()).is_refused(refusals.FieldsMissing, naming="torque")
    assert ("field-missing", "assemble/torque") in blockers_of(story)
    assert story.state(R).steps["assemble"].values["torque"].value == Decimal("25.0")
    story = story.when(record(Decimal("20.5"))).and_then()
    assert story.events[-1].number == 2
    story.when(sign()).and_then()


def test_the_order_and_other_runs_never_see_a_redline() -> None:
    """It changes one run's steps; what was ordered stays what it was."""
    assert RUN.given(ordered(), propose(), apply()).state(R).order == order()


def test_a_step_that_is_not_applicable_is_not_asked_for() -> None:
    """Required or not: it is left out with the reason, and what comes after it may start."""
    story = RUN.given(ordered(), record(), sign(), propose(NO_LEAK_TEST), apply())
    step = story.state(R).steps["test"]
    assert (step.state, step.because) == (StepState.CANCELED, "The seals are thin.")
    assert "test" not in [subject for _, subject in blockers_of(story)]
    story.when(start("label")).then(StepStarted)
    assert story.state(R).redlines["redline-1"].redrawn == (Redrawn("test", TEST, None),)


def test_a_changed_step_keeps_its_place_in_the_graph() -> None:
    """A definition that says nothing of what comes before leaves it; one that says something else is refused."""
    story = RUN.given(ordered(), propose(ChangeStep(replace(TEST, text="At 500 V.", after=()))), apply())
    assert story.state(R).steps["test"].definition == replace(TEST, text="At 500 V.")
    moved = propose(ChangeStep(replace(TEST, after=("label",))))
    RUN.given(ordered()).when(moved).is_refused(refusals.RedlineInvalid, naming="place")


def test_the_changes_of_a_redline_add_up_in_whatever_order_they_are_written() -> None:
    """A step is changed, moved, and gets another one before it."""
    changes = (AddStep(SHIM, ("label",)), ChangeDependencies("label", ()), ChangeStep(replace(LABEL, required=True)))
    for ordering in (changes, changes[::-1]):
        label = RUN.given(ordered(), propose(*ordering), apply()).state(R).steps["label"].definition
        assert label == replace(LABEL, required=True, after=("shim",))


def test_dependencies_may_be_taken_away() -> None:
    """The label may go on first, then."""
    RUN.given(ordered(), propose(LABEL_FIRST), apply()).when(start("label")).then(StepStarted)


@pytest.mark.parametrize(
    ("changes", "naming"),
    [
        ((AddStep(SHIM), AddStep(SHIM)), "shim is there 2 times"),
        ((AddStep(replace(SHIM, step_id="label")),), "label is there 2 times"),
        ((AddStep(replace(SHIM, after=("weld",))),), "after weld, which is unknown"),
        ((ChangeDependencies("assemble", ("label",)),), "circle"),
        ((ChangeDependencies("test", ("test",)),), "circle"),
        ((AddStep(replace(SHIM, after=("test",)), ("assemble",)),), "circle"),
        ((ChangeStep(TEST), ChangeStep(TEST)), "change-step of the step test 2 times"),
        ((ChangeStep(TEST), NO_LEAK_TEST), "not applicable"),
        ((ChangeStep(replace(ASSEMBLE, fields=(NEXT_TORQUE, NEXT_TORQUE))),), "torque is there 2 times"),
        ((ChangeStep(replace(ASSEMBLE, fields=(replace(NEXT_TORQUE, maximum=Decimal(1)),))),), "nothing can meet"),
    ],
)
def test_a_redline_that_leaves_nothing_to_work_through_is_refused(changes: tuple[AddStep, ...], naming: str) -> None:
    """The graph, the ids and the fields are those of an order that would be taken."""
    RUN.given(ordered()).when(propose(*changes)).is_refused(refusals.RedlineInvalid, naming=naming)


def test_a_redline_says_what_it_changes_and_why() -> None:
    """Without a reason, without a change, or under an id that is taken it is none."""
    story = RUN.given(ordered())
    story.when(propose(reason=" ")).is_refused(refusals.RedlineInvalid, naming="reason")
    story.when(propose(changes=())).is_refused(refusals.RedlineInvalid, naming="nothing")
    again = story.when(propose(AddStep(SHIM))).and_then().when(propose(LABEL_FIRST))
    again.is_refused(refusals.RedlineInvalid, naming="redline-1")


def test_a_change_to_an_unknown_step_is_refused() -> None:
    """Naming the steps that there are."""
    for change in (ChangeDependencies("weld", ()), MarkNotApplicable("weld"), AddStep(SHIM, ("weld",))):
        RUN.given(ordered()).when(propose(change)).is_refused(refusals.UnknownStep, naming="weld")


def test_a_signed_step_is_never_changed() -> None:
    """Whatever the change is, also on a run that was reopened; a step may be added behind it."""
    for story in (RUN.given(ordered(), record(), sign()), completed(reopen())):
        for change in (ChangeStep(ASSEMBLE), MarkNotApplicable("assemble"), AddStep(SHIM, ("assemble",))):
            story.when(propose(change)).is_refused(refusals.StepIsSigned, naming="assemble")
        story.when(propose(AddStep(SHIM))).then(RedlineProposed)


def test_the_way_out_of_a_signature_is_the_one_that_is_left() -> None:
    """Completing and reopening; after that, starting the step again; and once it is signed again, anew."""
    change = propose(ChangeStep(ASSEMBLE))
    refusal = refusals.StepIsSigned
    RUN.given(ordered(), record(), sign()).when(change).is_refused(refusal, way_out="completed and reopened")
    reopened = completed(reopen())
    reopened.when(change).is_refused(refusal, way_out="Start assemble again")
    reopened.when(start()).and_then().when(change).then(RedlineProposed)
    again = completed(reopen(), start(), sign())
    again.when(change).is_refused(refusal, way_out="reopened anew")
    again.when(start()).is_refused(refusal, way_out="reopened anew")


def test_a_step_that_is_left_out_stays_left_out() -> None:
    """Another step may be added for it."""
    story = RUN.given(ordered(), propose(NO_LEAK_TEST), apply(), accept())
    story.when(propose(ChangeStep(TEST), redline_id="redline-2")).is_refused(refusals.RedlineInvalid, naming="left out")


def test_two_open_redlines_do_not_touch_the_same_step() -> None:
    """Proposed or applied, the first one is decided first; also about the steps that it added."""
    other = propose(ChangeStep(replace(TEST, after=())), redline_id="redline-2")
    story = RUN.given(ordered(), propose())
    story.when(other).is_refused(refusals.StepInRedline, naming="redline-1, which is proposed")
    story = story.when(apply()).and_then()
    story.when(other).is_refused(refusals.StepInRedline, naming="redline-1, which is applied")
    story.when(other).is_refused(refusals.StepInRedline, way_out="accepted or rejected")
    story.when(propose(ChangeStep(SHIM), redline_id="redline-2")).is_refused(refusals.StepInRedline, naming="shim")
    story.when(accept()).and_then().when(other).then(RedlineProposed)


def test_two_redlines_that_contradict_each_other_only_together_are_found_out() -> None:
    """Each alone leaves a graph; the second one that is applied would close a circle, or add a step twice."""
    beside = ordered(steps=(ASSEMBLE, replace(TEST, after=()), LABEL))
    first = propose(ChangeDependencies("assemble", ("test",)))
    second = propose(ChangeDependencies("test", ("assemble",)), redline_id="redline-2")
    RUN.given(beside, first, second, apply()).when(apply("redline-2")).is_refused(
        refusals.RedlineInvalid, naming="circle"
    )
    twice = (propose(AddStep(SHIM)), propose(AddStep(SHIM), redline_id="redline-2"), apply())
    RUN.given(ordered(), *twice).when(apply("redline-2")).is_refused(refusals.RedlineInvalid, naming="2 times")


def test_a_redline_is_accepted_when_every_wanted_role_has_accepted() -> None:
    """Each once; the last one closes it, and names who and when."""
    story = RUN.given(ordered(), propose(roles=("Quality", "Design")), apply()).when(accept()).then(RedlineReviewed)
    story.when(accept()).nothing_happens()
    assert story.state(R).redlines["redline-1"].is_open
    story = story.when(accept("Design")).then(RedlineReviewed, RedlineAccepted)
    redline = story.state(R).redlines["redline-1"]
    assert (redline.is_open, redline.closed_by, redline.closed_at) == (False, LEAD, NOON)
    assert {role: one.by for role, one in redline.reviews.items()} == {"Quality": LEAD, "Design": LEAD}
    story.when(accept()).nothing_happens()


def test_a_redline_that_wants_nobodys_review_is_accepted_with_its_application() -> None:
    """Every wanted role has accepted when there is none."""
    RUN.given(ordered(), propose(roles=())).when(apply()).then(RedlineApplied, RedlineAccepted)


def test_a_role_accepts_what_it_was_asked_for_and_holds() -> None:
    """Nobody reviews unasked, or for a role that somebody else holds."""
    story = RUN.given(ordered(), propose(), apply())
    story.when(accept("Design")).is_refused(refusals.ReviewNotWanted, naming="Design")
    story.when(accept(roles=frozenset({"engineer"}))).is_refused(refusals.RoleNotHeld, naming="Quality")


def test_a_proposal_is_applied_before_it_is_accepted() -> None:
    """There is nothing to accept yet."""
    RUN.given(ordered(), propose()).when(accept()).is_refused(refusals.RedlineNotApplied, naming="redline-1")


def test_a_redline_is_applied_once() -> None:
    """Asked again, nothing changes."""
    RUN.given(ordered(), propose(), apply()).when(apply()).nothing_happens()


def test_a_rejected_redline_is_undone() -> None:
    """Definitions are what they were, the steps todo once more, and the step that it added is left out."""
    story = RUN.given(ordered(), propose(), apply(), record(Decimal("20.5")))
    story = story.when(reject()).then(RedlineRejected)
    steps = story.state(R).steps
    assert [step.definition for step in steps.values()] == [ASSEMBLE, TEST, LABEL, SHIM]
    assert [step.state for step in steps.values()] == [StepState.TODO] * 3 + [StepState.CANCELED]
    assert steps["shim"].because == "the customer says no"
    assert steps["assemble"].current("torque") is None
    assert Redrawn("shim", SHIM, None) in story.events[0].steps
    story.when(record()).and_then().when(sign()).and_then().when(sign("test")).and_then()


def test_a_step_that_was_not_applicable_is_to_be_done_again_when_that_is_rejected() -> None:
    """It is back, with its definition."""
    story = RUN.given(ordered(), propose(NO_LEAK_TEST), apply(), reject())
    step = story.state(R).steps["test"]
    assert (step.definition, step.state, step.because) == (TEST, StepState.TODO, None)
    assert story.events[0].steps == (Redrawn("test", None, TEST),)


@pytest.mark.parametrize("signed", ["assemble", "shim"])
def test_a_redline_with_signed_evidence_is_not_rejected(signed: str) -> None:
    """Neither when a step that it changed was signed, nor one that it added."""
    story = RUN.given(ordered(), propose(*propose().changes[:1] if signed == "shim" else propose().changes), apply())
    story = story.when(record(Decimal("20.5"))).and_then().when(sign()).and_then()
    story = story.when(sign("shim")).and_then() if signed == "shim" else story
    story.when(reject()).is_refused(refusals.RedlineHasEvidence, naming=signed)


def test_a_redline_that_others_build_on_is_not_rejected_before_them() -> None:
    """The way back would close a circle."""
    free = propose(ChangeDependencies("test", ()), roles=("Quality",))
    builds = propose(ChangeDependencies("assemble", ("test",)), redline_id="redline-2")
    story = RUN.given(ordered(), free, apply(), builds, apply("redline-2"))
    story.when(reject()).is_refused(refusals.RedlineNotUndoable, naming="circle")
    story.when(reject("redline-2")).and_then().when(reject()).then(RedlineRejected)


@pytest.mark.parametrize(("back", "event"), [(withdraw(), RedlineCanceled), (reject(), RedlineRejected)])
def test_after_a_proposal_that_came_to_nothing_the_steps_stand_where_they_stood(back: AnyCommand, event: type) -> None:
    """Taken back or turned down: todo, in progress, with the values that they had."""
    story = RUN.given(ordered(), record(), propose()).when(back).then(event)
    steps = story.state(R).steps
    assert [step.state for step in steps.values()] == [StepState.IN_PROGRESS, StepState.TODO, StepState.TODO]
    assert (steps["assemble"].definition, steps["assemble"].back_to) == (ASSEMBLE, None)
    story.when(sign()).and_then()


def test_an_applied_redline_is_not_taken_back() -> None:
    """It is rejected instead, which undoes it."""
    story = RUN.given(ordered(), propose(), apply())
    story.when(withdraw()).is_refused(refusals.RedlineAlreadyApplied, naming="redline-1")


def test_a_decided_redline_stays_decided() -> None:
    """Accepted, rejected and canceled are ends."""
    for ending in ((apply(), accept()), (reject(),), (withdraw(),)):
        story = RUN.given(ordered(), propose(), *ending)
        for command in (apply(), reject(), withdraw()):
            story.when(command).is_refused(refusals.RedlineNotOpen, naming="redline-1")
    RUN.given(ordered(), propose(), withdraw()).when(accept()).is_refused(refusals.RedlineNotOpen)


def test_a_redline_that_there_is_not_is_refused_by_name() -> None:
    """With the redlines that there are."""
    story = RUN.given(ordered())
    for command in (apply(), accept(), reject(), withdraw()):
        story.when(command).is_refused(refusals.UnknownRedline, naming="redline-1")
    other = story.when(propose()).and_then().when(apply("redline-2"))
    other.is_refused(refusals.UnknownRedline, way_out="redline-1")


def test_the_approval_of_the_linked_issues_disposition_applies_a_redline() -> None:
    """In the same decision; an issue that is only opened, or another issue, applies nothing."""
    story = RUN.given(ordered(), propose(issue_id="issue-1"), issue())
    story.when(issue("issue-2", approved=True)).then(IssueNoted)
    story = story.when(DISPOSITIONED).then(IssueNoted, RedlineApplied)
    assert (story.events[1].issue_id, story.events[1].by) == ("issue-1", LEAD)


def test_every_redline_that_waits_for_an_issue_is_applied_and_what_contradicts_stays_a_proposal() -> None:
    """Two redlines of one issue add the same step: the first is applied, the second waits for a person."""
    first = propose(AddStep(SHIM), issue_id="issue-1", roles=())
    second = propose(AddStep(SHIM), LABEL_FIRST, issue_id="issue-1", redline_id="redline-2")
    third = propose(ChangeStep(ASSEMBLE), issue_id="issue-1", redline_id="redline-3")
    story = RUN.given(ordered(), first, second, third).when(DISPOSITIONED)
    story.then(IssueNoted, RedlineApplied, RedlineAccepted, RedlineApplied)
    assert [one.state for one in story.state(R).redlines.values()] == ["accepted", "proposed", "applied"]


def test_an_approval_applies_only_what_was_proposed_before_it() -> None:
    """Whoever approved did not see what came later; another disposition is another approval."""
    story = RUN.given(ordered(), DISPOSITIONED, propose(issue_id="issue-1"))
    resolved = replace(DISPOSITIONED.issue, state="resolved")
    story = story.when(replace(DISPOSITIONED, issue=resolved)).then(IssueNoted)
    another = replace(resolved, disposition="repair")
    story.when(replace(DISPOSITIONED, issue=another)).then(IssueNoted, RedlineApplied)


def test_a_locked_run_takes_no_redline_and_keeps_those_that_are_open() -> None:
    """Not from people, and not from an issue; after reopening it goes on."""
    story = ready(propose(LABEL_FIRST, issue_id="issue-1"))
    story = story.when(complete(version_of(story), ("redline-open", "redline-1"))).and_then()
    for command in (propose(AddStep(SHIM), redline_id="redline-2"), apply(), accept(), reject(), withdraw()):
        story.when(command).is_refused(refusals.RunLocked)
    story = story.when(DISPOSITIONED).then(IssueNoted)
    story.when(reopen()).and_then().when(apply()).then(RedlineApplied)
    RUN.given(ordered(), cancel()).when(propose()).is_refused(refusals.RunNotOpen)


def test_a_run_completes_as_its_redlines_left_it() -> None:
    """The record has the added step with its signer, and the accepted redline."""
    story = RUN.given(ordered(), propose(), apply(), accept(), record(Decimal("20.5")), sign(), sign("shim"))
    story = story.when(sign("test")).and_then().when(installed()).and_then().when(approve()).and_then()
    record_ = story.when(complete(version_of(story))).and_then().events[-1].record
    assert [step["step_id"] for step in record_["steps"]] == ["assemble", "test", "label", "shim"]
    assert record_["counts"]["redlines_accepted"] == 1
    (redline,) = record_["redlines"]
    assert (redline["state"], redline["accepted_for"]) == ("accepted", ["Quality"])
    assert redline["steps"] == ["test", "assemble", "shim"]


def test_sessions_end_when_a_redline_takes_the_step() -> None:
    """Whoever was checked in is checked out, never before the check-in."""
    story = RUN.given(ordered(), start(at=NOON + timedelta(minutes=1)), propose())
    sessions = story.state(R).steps["assemble"].sessions
    assert all(one.ended_at is not None and one.ended_at >= one.started_at for one in sessions)
