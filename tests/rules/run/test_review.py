"""The completion review: five blockers, the counts, and a version of all that is shown (domain.md 3.4)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from services.run.domain.commands import NoteIssue, RecordValue
from services.run.domain.counts import counts
from services.run.domain.redline import RedlineState
from services.run.domain.review import review
from services.run.domain.run import Failure, Run, RunStatus, StepState
from services.run.domain.shown import Blocker, Warned
from shared.testing.story import Story
from tests.rules.run.examples import (
    ASSEMBLE,
    NOON,
    OLGA,
    RELEASE,
    ROTOR,
    RUN,
    TEST,
    TORQUE,
    R,
    approve,
    being,
    blockers_of,
    cancel,
    claimed,
    completed,
    installed,
    issue,
    ordered,
    ready,
    record,
    redline,
    removed,
    sign,
    start,
    version_of,
    with_step,
)

SHORT = ("requirement-short", "rotor")
TWO = replace(ROTOR, quantity=Decimal(2), designators=("U7", "U8"))


def excepting(quantity: int, requirement_id: str = "rotor", *, approved: bool = True) -> NoteIssue:
    """An issue whose disposition excuses a quantity of a requirement."""
    return issue(approved=approved, state="in_progress", excepted={requirement_id: Decimal(quantity)})


def test_nothing_blocks_a_run_of_which_everything_is_done() -> None:
    """Steps signed, values recorded, parts installed, gates approved: the Complete button is free."""
    story = ready()
    assert blockers_of(story) == []
    assert review(story.state(R)).is_ready


def test_a_required_step_that_is_not_signed_off_blocks() -> None:
    """Whether it is todo or in progress."""
    todo = RUN.given(ordered(), claimed(), record(), sign(), installed(), approve())
    assert blockers_of(todo) == [("step-not-signed-off", "test")]
    assert blockers_of(todo.when(start("test"))) == [("step-not-signed-off", "test")]


@pytest.mark.parametrize(
    ("state", "way_out"),
    [
        (StepState.FAILED, "Rework test, or acknowledge its failure with the issue that covers it."),
        (StepState.HOLD, "Resume test and sign it off."),
        (StepState.REDLINE, "Apply or cancel the redline on test, then sign test off."),
        (StepState.IN_PROGRESS, "Sign off test."),
    ],
)
def test_the_way_out_follows_from_the_state_of_the_step(state: StepState, way_out: str) -> None:
    """A failed step, one on hold and one under redline need something else first."""
    blocker = review(with_step(ready(), "test", state=state).state(R)).blockers[0]
    assert (blocker.subject, blocker.resolve) == ("test", way_out)


def test_a_step_that_is_not_to_be_done_is_not_asked_for() -> None:
    """A redline may cancel a required step: neither it nor its fields block."""
    story = RUN.given(ordered(), claimed(), installed(), approve())
    canceled = with_step(with_step(story, state=StepState.CANCELED), "test", state=StepState.CANCELED)
    assert blockers_of(canceled) == []


def test_a_value_of_an_earlier_attempt_is_no_value() -> None:
    """What was recorded before a rework stays as evidence, and has to be recorded again."""
    assert blockers_of(with_step(ready(), attempt=2)) == [("field-missing", "assemble/torque")]


def test_an_optional_step_never_blocks() -> None:
    """The customer label may stay undone, begun or not."""
    assert blockers_of(ready(start("label"))) == []


def test_a_required_field_without_a_value_blocks() -> None:
    """It is named with its step; optional fields, and fields of optional steps, are not asked for."""
    story = RUN.given(ordered(), claimed(), installed(), approve())
    assert ("field-missing", "assemble/torque") in blockers_of(story)
    assert ("field-missing", "assemble/remark") not in blockers_of(story)
    optional = replace(ASSEMBLE, required=False)
    assert blockers_of(RUN.given(ordered(steps=(optional,)), claimed(), installed(), approve())) == []


def test_a_requirement_that_is_short_blocks() -> None:
    """Nothing installed, or removed again."""
    story = RUN.given(ordered(), claimed(), record(), sign(), sign("test"), approve())
    assert blockers_of(story) == [SHORT]
    assert blockers_of(ready(removed())) == [SHORT]
    assert blockers_of(ready(removed(), installed(2, 4))) == []


def test_a_short_requirement_names_what_is_missing_and_its_free_designators() -> None:
    """A person reads how much of which part is missing, and where."""
    story = RUN.given(ordered(requirements=(TWO,)), claimed(), installed(designator="U7"))
    blocker = next(one for one in review(story.state(R)).blockers if one.code == "requirement-short")
    assert blocker.sentence == "1 each of ROTOR-7 is neither installed nor excepted (free: U8)."


def test_too_much_at_one_designator_fills_no_other() -> None:
    """Since fewer are built, one place has what was meant for two; the other is as empty as before."""
    both_at_one = installed(designator="U7", quantity=Decimal(2))
    story = RUN.given(ordered(requirements=(TWO,)), claimed(), record(), sign(), sign("test"), approve(), both_at_one)
    found = review(story.state(R))
    assert [one.sentence for one in found.blockers] == [
        "1 each of ROTOR-7 is neither installed nor excepted (free: U8)."
    ]
    assert found.counts.requirements_installed == 0
    moved = story.when(installed(designator="U7")).when(installed(2, 3, designator="U8"))
    assert blockers_of(moved) == []


def test_an_approved_substitute_counts() -> None:
    """What inventory installed for a requirement fills it, whatever part it is."""
    substitute = installed(part_number="ROTOR-8", substitute=True)
    story = RUN.given(ordered(), claimed(), record(), sign(), sign("test"), approve(), substitute)
    assert blockers_of(story) == []


@pytest.mark.parametrize("disposition", ["use-as-is", "rework"])
def test_an_exception_dies_when_its_disposition_is_not_approved_any_more(disposition: str) -> None:
    """Its issue was reopened, or another disposition waits for its approvers; approved again, it lives."""
    excused = RUN.given(ordered(), claimed(), record(), sign(), sign("test"), approve(), excepting(1))
    assert blockers_of(excused) == []
    dead = excused.when(issue(approved=False, state="pending", disposition=disposition))
    assert blockers_of(dead) == [SHORT]
    assert blockers_of(dead.when(excepting(1))) == []


@pytest.mark.parametrize(("excused", "blocks"), [(1, True), (2, False), (3, False)])
def test_an_exception_for_one_does_not_cover_a_shortage_of_two(excused: int, blocks: bool) -> None:
    """Excepted and installed quantity together must reach what is required."""
    story = RUN.given(ordered(requirements=(TWO,)), claimed(), record(), sign(), sign("test"), approve())
    assert (SHORT in blockers_of(story.when(excepting(excused)))) is blocks


def test_exceptions_of_several_issues_add_up_with_what_is_installed() -> None:
    """One installed, one excused: two are met."""
    story = RUN.given(ordered(requirements=(TWO,)), claimed(), record(), sign(), sign("test"), approve())
    assert SHORT not in blockers_of(story.when(installed(designator="U7")).when(excepting(1)))


@pytest.mark.parametrize(
    "unheard",
    [excepting(1, approved=False), excepting(1, "bearing"), issue()],
    ids=["not approved", "another requirement", "no exception"],
)
def test_an_issue_that_excuses_nothing_here_leaves_the_shortage(unheard: NoteIssue) -> None:
    """Without an approved disposition, or not linked to that requirement, an issue excepts nothing."""
    assert SHORT in blockers_of(ready(removed(), unheard))


def test_a_withdrawn_disposition_takes_its_exception_along() -> None:
    """Exceptions exist only while their issue's disposition is approved."""
    story = ready(removed(), excepting(1))
    assert SHORT not in blockers_of(story)
    assert SHORT in blockers_of(story.when(excepting(1, approved=False)))


def test_a_required_gate_that_is_open_blocks() -> None:
    """An optional gate does not."""
    paint = replace(RELEASE, gate_id="paint", required=False)
    story = RUN.given(ordered(gates=(RELEASE, paint)), claimed(), record(), sign(), sign("test"), installed())
    assert blockers_of(story) == [("gate-open", "release")]
    assert blockers_of(story.when(approve())) == []


@pytest.mark.parametrize(
    ("closed", "way_out"), [(completed(), "run:reopen"), (ready(cancel()), "run:order")], ids=["complete", "canceled"]
)
def test_a_run_that_is_not_open_blocks(closed: Story[Run], way_out: str) -> None:
    """Complete or canceled: the review says so, and who can do what about it."""
    assert blockers_of(closed) == [("run-not-open", R)]
    assert review(closed.state(R)).blockers[0].permission == way_out


def test_all_five_blockers_are_shown_together() -> None:
    """A canceled run that was hardly begun lacks everything, and the review hides nothing."""
    assert {code for code, _ in blockers_of(RUN.given(ordered(), start(), cancel()))} == {
        "run-not-open",
        "step-not-signed-off",
        "field-missing",
        "requirement-short",
        "gate-open",
    }


def test_every_blocker_says_who_can_resolve_it_how_and_where() -> None:
    """A permission, a sentence, the path of the resource that takes it, and for gates the role."""
    shown = review(RUN.given(ordered()).state(R))
    assert all(one.resolve and one.permission for one in shown.blockers)
    assert {one.subject: one.link for one in shown.blockers} == {
        "assemble": "/runs/run-1/steps/assemble/sign-off",
        "test": "/runs/run-1/steps/test/sign-off",
        "assemble/torque": "/runs/run-1/steps/assemble/fields/torque",
        "rotor": "/units/PUMP-1/installations",
        "release": "/runs/run-1/gates/release/approve",
    }
    gate = next(one for one in shown.blockers if one.code == "gate-open")
    assert (gate.permission, gate.role) == ("gate:approve", "Quality")


def test_the_counts_say_how_far_the_run_is() -> None:
    """Steps, requirements with parts, issues by their standing, gates."""
    more = (issue("a"), issue("b", approved=True, state="in_progress"), issue("c", approved=True, state="resolved"))
    story = RUN.given(ordered(requirements=(TWO,)), record(), sign(), installed(), excepting(1), *more)
    shown = review(story.state(R)).counts
    assert (shown.steps_completed, shown.steps_total) == (1, 3)
    assert (shown.issues_open, shown.issues_dispositioned, shown.issues_resolved) == (1, 2, 1)
    assert (shown.gates_satisfied, shown.gates_required) == (0, 1)
    line = shown.requirements[0]
    assert (line.part_number, line.required, line.installed, line.excepted) == ("ROTOR-7", 2, 1, 1)
    assert (shown.requirements_installed, shown.requirements_excepted) == (0, 1)


def test_a_step_that_failed_and_was_resolved_is_counted() -> None:
    """Once it is complete: while it is failed, nothing is resolved."""
    failure = Failure("dropped", OLGA, NOON, "issue-1")
    resolved = with_step(ready(), failure=failure)
    assert counts(resolved.state(R)).steps_failed_then_resolved == 1
    assert counts(with_step(resolved, state=StepState.FAILED).state(R)).steps_failed_then_resolved == 0


def test_redlines_are_counted_by_how_they_stand() -> None:
    """Proposed and applied ones are open; a canceled one is none of these."""
    redlines = {state: replace(redline(state), redline_id=state) for state in RedlineState}
    shown = counts(being(ready(), redlines=redlines).state(R))
    assert (shown.redlines_open, shown.redlines_accepted, shown.redlines_rejected) == (2, 1, 1)


def test_an_excepted_requirement_names_the_issues_that_excuse_it() -> None:
    """An auditor finds the disposition behind every part that is not there."""
    line = counts(ready(removed(), excepting(1)).state(R)).requirements[0]
    assert (line.excepted, line.excepted_by, line.missing) == (1, ("issue-1",), 0)


SHOWN = {
    "a step is signed": (RUN.given(ordered(), record()), sign()),
    "a step is started": (RUN.given(ordered()), start()),
    "a missing value is recorded": (RUN.given(ordered(), start()), record()),
    "a unit is installed": (RUN.given(ordered()), installed()),
    "a unit is exchanged": (ready(removed()), installed(2, 4)),
    "a gate is approved": (RUN.given(ordered()), approve()),
    "an issue is opened": (ready(), issue()),
    "an issue is dispositioned": (ready(issue()), issue(approved=True, state="in_progress")),
    "the run is canceled": (ready(), cancel()),
    "the target is claimed": (RUN.given(ordered()), claimed()),
}


@pytest.mark.parametrize("what", SHOWN)
def test_the_version_changes_with_anything_shown(what: str) -> None:
    """Who confirms an old version confirms something that is no longer so."""
    story, command = SHOWN[what]
    assert version_of(story.when(command).and_then()) != version_of(story)


def test_an_exchanged_unit_is_not_the_as_built_that_was_reviewed() -> None:
    """The same part with another serial gives the same counts and another version."""
    assert version_of(ready(removed(), installed(2, 4))) != version_of(ready())


@pytest.mark.parametrize("unseen", [record(), record("fine", "remark")], ids=["a value again", "a remark"])
def test_the_version_stays_with_what_is_not_shown(unseen: RecordValue) -> None:
    """A second value of a field that had one changes nothing that the review shows."""
    steps = (replace(ASSEMBLE, fields=(TORQUE, replace(ASSEMBLE.fields[1]))), TEST)
    story = RUN.given(ordered(steps=steps), record())
    assert version_of(story.when(unseen).and_then()) == version_of(story)


def test_the_version_is_a_digest_that_anybody_gets_again() -> None:
    """Two runs with the same story have the same version; it says how it was made."""
    assert version_of(ready()) == version_of(ready())
    assert version_of(ready()).startswith("sha256:")


ANY_BLOCKER = Blocker("gate-open", "release", "It is not approved.", "Approve it.", "/gates", "gate:approve")
BLOCKED = replace(review(ready().state(R)), blockers=(ANY_BLOCKER, ANY_BLOCKER))


@pytest.mark.parametrize("member", Blocker._fields)
def test_the_version_changes_with_each_member_of_a_blocker(member: str) -> None:
    """Who may take the way out is shown too, and which of two blockers is another one."""
    other = ANY_BLOCKER._replace(**{member: "something else"})
    shown = [BLOCKED, *(replace(BLOCKED, blockers=both) for both in ((other, ANY_BLOCKER), (ANY_BLOCKER, other)))]
    assert len({one.version for one in shown}) == len(shown)


def test_a_blocker_is_told_apart_from_a_warning_that_says_the_same() -> None:
    """A policy turns one into the other; a role is no policy."""
    warned = replace(BLOCKED, blockers=(ANY_BLOCKER,), warnings=(Warned(*ANY_BLOCKER[:6]),))
    by_role, by_policy = (
        replace(BLOCKED, blockers=(ANY_BLOCKER._replace(**one),)) for one in ({"role": "Q"}, {"policy": "Q"})
    )
    assert len({one.version for one in (BLOCKED, warned, by_role, by_policy)}) == 4


def test_the_status_rolls_up_from_the_steps() -> None:
    """Nobody sets it."""
    assert review(RUN.given(ordered()).state(R)).status is RunStatus.TODO
    assert review(ready().state(R)).status is RunStatus.IN_PROGRESS
    assert review(completed().state(R)).status is RunStatus.COMPLETE
