"""Whatever is asked of a run, in whatever order and under whatever policies, it stays explainable.

Every command there is takes part. Each state says who brought it about and why, no record changes once it is locked,
and what was decided can always be told again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from services.run.domain import commands, events, redline_commands
from services.run.domain.decide import decide
from services.run.domain.delivery import DeliveryNoted, DeliveryState
from services.run.domain.evolve import evolve
from services.run.domain.numbers import cycle_time_s, labour_s, step_time_s
from services.run.domain.policies import EVERY_PART, NO_POLICIES, Policies, Policy
from services.run.domain.review import is_blocked, review
from services.run.domain.run import Canceled, Completed, Failed, Run, RunStatus, Step, StepState
from services.run.domain.warned import CODES
from shared.kernel import Refused
from tests.rules.run.examples import (
    DONE,
    LEAD,
    NOON,
    accept,
    acknowledge,
    apply,
    approve,
    assess,
    attach,
    cancel,
    check_in,
    check_out,
    claimed,
    comment,
    complete,
    component,
    correct,
    deal_with_evidence,
    delivery,
    edited,
    fail,
    give_up,
    hold,
    idle,
    installed,
    issue,
    leave_out,
    lose_target,
    note_evidence,
    ordered,
    placed,
    propose,
    record,
    reject,
    removed,
    reopen,
    resume,
    rework,
    settle_evidence,
    sign,
    split_off,
    start,
    withdraw,
)
from tests.rules.run.test_any_redline import CHANGE
from tests.rules.run.test_any_story import NUMBERS, PEOPLE, TIMES

Strategy = st.SearchStrategy[Any]
STEP = st.sampled_from(["assemble", "assemble", "test", "label", "label", "shim"])
REDLINE = st.sampled_from(["redline-1", "redline-1", "redline-2"])
ISSUES = st.sampled_from(["issue-1", "issue-2"])
FEW = st.integers(1, 2)
REASONS = st.sampled_from(["because", "because", "because", ""])
PROPOSED = st.builds(
    lambda changes, **more: propose(*changes, **more),
    st.just(()) | st.lists(CHANGE, min_size=1, max_size=2).map(tuple),
    redline_id=REDLINE,
    issue_id=st.sampled_from([None, "issue-1"]),
    roles=st.sampled_from([(), ("Quality",), ("Quality", "Design")]),
)

ASKED: Mapping[type, Strategy] = {
    commands.OrderRun: st.just(ordered()),
    commands.CancelRun: st.just(cancel()),
    commands.FailRun: st.builds(give_up, REASONS),
    commands.StartStep: st.builds(start, STEP, by=PEOPLE, at=TIMES),
    commands.RecordValue: st.builds(record, NUMBERS, st.sampled_from(["torque", "remark"]), STEP),
    commands.SignOff: st.builds(sign, STEP),
    commands.FailStep: st.builds(fail, STEP, REASONS, at=TIMES),
    commands.AcknowledgeFailure: st.builds(acknowledge, STEP, ISSUES),
    commands.ReworkStep: st.builds(rework, STEP),
    commands.HoldStep: st.builds(hold, STEP, REASONS, at=TIMES),
    commands.ResumeStep: st.builds(resume, STEP),
    commands.CancelStep: st.builds(leave_out, STEP, REASONS),
    commands.CheckIn: st.builds(check_in, STEP, by=PEOPLE, at=TIMES),
    commands.CheckOut: st.builds(check_out, STEP, by=PEOPLE, at=TIMES),
    commands.CorrectSession: st.builds(correct, st.integers(0, 3), STEP, started_at=st.none() | TIMES, ended_at=TIMES),
    commands.EndIdleSessions: st.builds(idle, STEP, st.integers(1, 60), quiet_since=st.none() | TIMES),
    commands.ApproveGate: st.just(approve()) | st.just(approve("release", "Design")),
    redline_commands.ProposeRedline: PROPOSED,
    redline_commands.ApplyRedline: st.builds(apply, REDLINE),
    redline_commands.AcceptRedline: st.builds(accept, st.sampled_from(["Quality", "Design"]), REDLINE),
    redline_commands.RejectRedline: st.builds(reject, REDLINE),
    redline_commands.CancelRedline: st.builds(withdraw, REDLINE),
    commands.Comment: st.builds(comment, step_id=st.none() | STEP),
    commands.AttachFile: st.builds(attach, step_id=st.none() | STEP),
    commands.NoteTarget: st.builds(claimed, st.integers(1, 5)),
    commands.LoseTarget: st.just(lose_target()),
    commands.NoteInstallation: st.builds(installed, FEW, st.integers(2, 9)),
    commands.NoteRemoval: st.builds(removed, FEW, st.integers(2, 9)),
    commands.NoteRequirement: st.builds(
        edited, st.integers(2, 9), is_removed=st.booleans(), quantity=st.sampled_from([Decimal(1), Decimal(2)])
    ),
    commands.NoteQuantity: st.builds(split_off, st.sampled_from(["1", "2"]), st.integers(2, 9)),
    commands.NoteIssue: st.builds(issue, ISSUES, approved=st.booleans(), step_id=st.none() | STEP),
    commands.CompleteRun: st.just("confirm"),
    commands.NoteComponent: st.builds(component, run_id=st.sampled_from([None, "run-7"])),
    commands.NotePlacement: st.builds(placed, st.sampled_from([None, "SKID-1"])),
    commands.NoteDelivery: st.builds(delivery, st.sampled_from(DeliveryState)),
    commands.NoteEvidence: st.builds(note_evidence, FEW),
    commands.DealWithEvidence: st.builds(deal_with_evidence, FEW),
    commands.SettleEvidence: st.builds(settle_evidence, FEW, REASONS),
    commands.AssessRun: st.just(assess()),
    commands.ReopenRun: st.builds(reopen, st.sampled_from([None, None, 1, 2])),
}
"""For each command whatever may be asked; a confirmation is of the review as it is then."""

SELDOM = (commands.OrderRun, commands.CancelRun, commands.FailRun, commands.LoseTarget)
"""After these nothing much happens any more."""
OFTEN = st.one_of(*(strategy for command, strategy in ASKED.items() if command not in SELDOM))
RARE = st.one_of(*(ASKED[one] for one in SELDOM))
ANY = st.integers(0, 60).flatmap(lambda chance: OFTEN if chance else RARE)
POLICIES = st.sets(st.sampled_from(CODES), max_size=2).map(
    lambda codes: Policies({EVERY_PART: Policy(EVERY_PART, tuple(sorted(codes)), "", LEAD, NOON)} if codes else {}, 1)
)
BEGUN = st.sampled_from(
    [
        (ordered(),),
        (ordered(), start()),
        (ordered(), start(), fail(), issue(step_id="assemble")),
        (ordered(), propose(roles=("Quality", "Design"))),
        DONE,
        (*DONE, "confirm"),
        (*DONE, "confirm", reopen()),
    ]
)
UNDER = st.tuples(ANY, POLICIES)
LONG = st.one_of(*(st.lists(UNDER, min_size=least, max_size=least + 10) for least in (0, 10, 20, 30)))
STORIES = st.builds(lambda begun, more: [*((one, NO_POLICIES) for one in begun), *more], BEGUN, LONG)


@dataclass(frozen=True)
class Moment:
    """What was asked of a run, and what became of it."""

    before: Run | None
    after: Run | None
    happened: Sequence[Any]
    policies: Policies
    refused: Refused | None


def play(story: list[Any]) -> list[Moment]:
    """One moment after another. Whatever is decided can be told: `evolve` never fails."""
    run: Run | None = None
    moments = []
    for asked, policies in story:
        command = _confirmation(run, policies) if asked == "confirm" else asked
        before = run
        happened: Sequence[events.AnyEvent] = ()
        refused = None
        try:
            happened = decide(run, command, policies)
        except Refused as refusal:
            refused = refusal
        for event in happened:
            run = evolve(run, event)
        moments.append(Moment(before, run, happened, policies, refused))
    return moments


def _confirmation(run: Run | None, policies: Policies) -> commands.CompleteRun:
    """Of the review as it is, with every warning acknowledged."""
    if run is None:
        return complete("")
    shown = review(run, policies)
    return complete(shown.version, *((one.code, one.subject) for one in shown.warnings))


def explained(run: Run, step: Step) -> bool:
    """Whether a step says who and why, as its state wants it."""
    match step.state:
        case StepState.COMPLETE:
            return step.signed_at is not None and step.signed_by is not None
        case StepState.FAILED:
            return step.failure is not None and bool(step.failure.reason) and step.failure.acknowledged_issue is None
        case StepState.HOLD:
            return bool(step.because) and step.back_to is not None
        case StepState.CANCELED:
            by_redline = any(step.definition.step_id in one.touched for one in run.redlines.values())
            return bool(step.because) or by_redline
        case StepState.REDLINE:
            return any(step.definition.step_id in one.touched for one in run.redlines.values() if one.is_open)
        case StepState.IN_PROGRESS:
            return step.started_at is not None and step.started_by is not None
        case StepState.TODO:
            return not step.is_attended


def rolled_up(run: Run) -> RunStatus:
    """domain.md 3.3, written down a second time."""
    match run.decision:
        case Canceled():
            return RunStatus.CANCELED
        case Completed():
            return RunStatus.COMPLETE
        case Failed():
            return RunStatus.FAILED
    states = [step.state for step in run.steps.values()]
    for state in (StepState.FAILED, StepState.REDLINE, StepState.HOLD):
        if state in states:
            return RunStatus(state.value)
    is_begun = run.started_at is not None or set(states) - {StepState.TODO, StepState.CANCELED}
    return RunStatus.IN_PROGRESS if is_begun else RunStatus.TODO


def test_every_command_is_asked_here() -> None:
    """One that is new is asked too."""
    assert set(ASKED) == set(get_args(commands.AnyCommand))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(STORIES)
def test_a_run_can_always_be_explained(story: list[Any]) -> None:
    """Its status follows from its steps and the decisions about it; a signed step has its signer, a failed, held or
    canceled one its reason, a redlined one its open redline; and no refusal is without the way out.
    """
    for moment in play(story):
        if moment.refused is not None:
            assert moment.refused.obstacle
            assert moment.refused.resolution
            assert "{" not in moment.refused.obstacle + moment.refused.resolution
        if (run := moment.after) is not None:
            assert run.status is rolled_up(run)
            for step in run.steps.values():
                assert explained(run, step), (step.definition.step_id, step)


LOCKED_EVENTS = (
    events.TargetNoted,
    events.InstallationNoted,
    events.RemovalNoted,
    events.QuantityNoted,
    events.RequirementNoted,
    events.IssueNoted,
    events.ComponentNoted,
    events.PlacementNoted,
    DeliveryNoted,
)
"""What may happen to a completed run that stays so: others say something."""


@settings(max_examples=300, deadline=None, derandomize=True)
@given(STORIES)
def test_nothing_changes_in_a_record_once_it_is_locked(story: list[Any]) -> None:
    """Facts of other services stand beside it; everything that a person or a machine of the floor said stays."""
    for moment in play(story):
        before, after = moment.before, moment.after
        if before is None or before.status is not RunStatus.COMPLETE:
            continue
        assert after is not None
        if after.status is RunStatus.COMPLETE:
            assert all(isinstance(event, LOCKED_EVENTS) for event in moment.happened)
            assert _record(after) == _record(before)
        else:
            assert isinstance(moment.happened[0], events.RunReopened)


def _record(run: Run) -> tuple[Any, ...]:
    """What only this service says of a run."""
    work = (run.order, run.steps, run.approvals, run.redlines, run.files, run.operators, run.touched)
    return (*work, run.started_at, run.decision, run.completions, run.first_completed_at, run.refused_evidence)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(STORIES)
def test_what_happened_told_again_gives_the_same_run(story: list[Any]) -> None:
    """Without the rules, from the events alone: the state follows, and so does the version of its review."""
    again: Run | None = None
    for moment in play(story):
        for event in moment.happened:
            again = evolve(again, event)
        assert again == moment.after
        if again is not None and moment.after is not None:
            assert review(again).version == review(moment.after).version


@settings(max_examples=200, deadline=None, derandomize=True)
@given(STORIES)
def test_what_was_announced_of_readiness_is_so_under_the_policies_of_then(story: list[Any]) -> None:
    """An open run to which something happened is ready exactly when nothing blocks it; a closed one never is."""
    for moment in play(story):
        if moment.happened and (run := moment.after) is not None:
            assert run.is_ready is (run.decision is None and not is_blocked(run, moment.policies))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(STORIES)
def test_no_duration_is_ever_negative(story: list[Any]) -> None:
    """Whatever the clocks of stations and people say."""
    for moment in play(story):
        if (run := moment.after) is None:
            continue
        completed_at = run.decision.at if isinstance(run.decision, Completed) else None
        times = [cycle_time_s(run.started_at, completed_at), *map(step_time_s, run.steps.values())]
        assert all(one >= 0 for one in (*times, *map(labour_s, run.steps.values())) if one is not None)


def test_the_stories_told_here_do_happen() -> None:
    """Random stories prove nothing when every command is refused."""
    (*_, last) = play([(one, NO_POLICIES) for one in (*DONE, "confirm")])
    assert any(isinstance(event, events.RunCompleted) for event in last.happened)
