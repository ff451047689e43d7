"""After completion the record is locked, whoever asks and on whichever path (domain.md 3.6)."""

from typing import get_args

import pytest

from services.run.domain import commands, redline_commands
from services.run.domain.refusals import RunLocked
from services.run.domain.review import review
from tests.rules.run.examples import (
    R,
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
    completed,
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

LOCKED = {
    commands.StartStep: start("label"),
    commands.RecordValue: record(),
    commands.SignOff: sign("label"),
    commands.FailStep: fail("label"),
    commands.AcknowledgeFailure: acknowledge("label"),
    commands.ReworkStep: rework("label"),
    commands.HoldStep: hold("label"),
    commands.ResumeStep: resume("label"),
    commands.CancelStep: leave_out("label"),
    commands.CheckIn: check_in("label"),
    commands.CheckOut: check_out("label"),
    commands.CorrectSession: correct(),
    commands.ApproveGate: approve(),
    redline_commands.ProposeRedline: propose(),
    redline_commands.ApplyRedline: apply(),
    redline_commands.AcceptRedline: accept(),
    redline_commands.RejectRedline: reject(),
    redline_commands.CancelRedline: withdraw(),
    commands.AttachFile: attach(),
    commands.Comment: comment(),
    commands.SettleEvidence: settle_evidence(),
    commands.CompleteRun: complete("sha256:0"),
    commands.CancelRun: cancel(),
    commands.FailRun: give_up(),
}
FACTS_OF_OTHERS = {
    commands.NoteTarget: claimed(9),
    commands.NoteInstallation: installed(2, 9),
    commands.NoteRemoval: removed(1, 9),
    commands.NoteRequirement: edited(version=9),
    commands.NoteQuantity: split_off(version=9),
    commands.NoteIssue: issue(),
    commands.NoteComponent: component(),
    commands.NotePlacement: placed(),
    commands.NoteDelivery: delivery(),
}
THE_WAYS_OUT = {commands.ReopenRun: reopen(), commands.LoseTarget: lose_target()}
NO_CHANGE = {
    commands.OrderRun: ordered(),
    commands.AssessRun: assess(),
    commands.EndIdleSessions: idle(),  # completing a run checks everybody out
    commands.NoteEvidence: note_evidence(),
    commands.DealWithEvidence: deal_with_evidence(),
}


def test_every_command_is_told_of_here() -> None:
    """A command that is new is locked, or named here with the reason why not."""
    told = {*LOCKED, *FACTS_OF_OTHERS, *THE_WAYS_OUT, *NO_CHANGE}
    assert told == set(get_args(commands.AnyCommand))


@pytest.mark.parametrize("command", LOCKED.values(), ids=lambda command: type(command).__name__)
def test_a_completed_run_refuses_every_change_and_names_reopening(command: commands.AnyCommand) -> None:
    """The refusal says that the record is locked and who can open it."""
    story = completed()
    refused = story.when(command).is_refused(RunLocked, naming=R)
    assert "run:reopen" in refused.refusal.resolution
    assert refused.state(R) == story.state(R)


@pytest.mark.parametrize("command", FACTS_OF_OTHERS.values(), ids=lambda command: type(command).__name__)
def test_what_others_decided_is_noted_beside_a_completion_and_never_in_it(command: commands.AnyCommand) -> None:
    """Inventory and issue own their facts: they are noted, and the completion stands as it was confirmed."""
    story = completed()
    noted = story.when(command).and_then().state(R)
    assert noted.decision == story.state(R).decision
    assert noted.steps == story.state(R).steps
    assert noted.completions == 1


@pytest.mark.parametrize("command", NO_CHANGE.values(), ids=lambda command: type(command).__name__)
def test_what_changes_nothing_is_no_refusal(command: commands.AnyCommand) -> None:
    """The same order again, and a look for idle people: answered, and nothing happens."""
    completed().when(command).nothing_happens()


def test_a_completed_run_can_still_be_reviewed() -> None:
    """Reading goes on: the review says that the run is complete."""
    assert [one.code for one in review(completed().state(R)).blockers] == ["run-not-open"]
