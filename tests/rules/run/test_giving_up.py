"""A run that fails for good: a decision with a reason; its unit stays where it is (domain.md 3.3, 4.3)."""

from dataclasses import replace

import pytest

from services.run.domain.commands import AnyCommand
from services.run.domain.events import RunCanceled, RunFailed
from services.run.domain.refusals import ReasonMissing, RunLocked, RunNotComplete, RunNotOpen
from services.run.domain.run import RunStatus
from tests.rules.run.examples import (
    RUN,
    R,
    approve,
    cancel,
    check_in,
    completed,
    give_up,
    issue,
    lose_target,
    ordered,
    record,
    reopen,
    sign,
    start,
)


def test_a_run_fails_for_good_by_decision() -> None:
    """With who, when and why; it names the unit, for inventory."""
    story = RUN.given(ordered(), start()).when(give_up()).then(RunFailed)
    assert story.events[0].unit_id == "PUMP-1"
    assert story.state(R).status is RunStatus.FAILED


def test_giving_up_needs_a_reason() -> None:
    """Nobody throws a pump away without a word."""
    RUN.given(ordered()).when(give_up("  ")).is_refused(ReasonMissing)


def test_canceling_and_reopening_need_a_reason_too() -> None:
    """Whoever decides about a whole run says why; the run stays as it is."""
    RUN.given(ordered()).when(replace(cancel(), reason=" ")).is_refused(ReasonMissing)
    completed().when(replace(reopen(), reason="")).is_refused(ReasonMissing)


@pytest.mark.parametrize("command", [start("test"), record(), sign(), check_in(), approve(), give_up()])
def test_a_failed_run_takes_no_more_work(command: AnyCommand) -> None:
    """The refusal says how its unit gets free."""
    refused = RUN.given(ordered(), start(), give_up()).when(command).is_refused(RunNotOpen, naming="failed")
    assert refused.refusal is not None
    assert "Cancel the run" in refused.refusal.resolution


def test_a_failed_run_may_still_be_canceled() -> None:
    """That frees its unit; canceled is final."""
    story = RUN.given(ordered(), give_up()).when(cancel()).then(RunCanceled)
    assert story.state(R).status is RunStatus.CANCELED
    story.when(give_up()).is_refused(RunNotOpen, naming="canceled")


def test_what_others_decide_about_a_failed_run_is_still_noted() -> None:
    """Its issue may be dispositioned, and inventory may find that the unit was never available."""
    story = RUN.given(ordered(), give_up(), issue(), issue(approved=True))
    assert story.state(R).status is RunStatus.FAILED
    assert story.when(lose_target()).then(RunCanceled).state(R).status is RunStatus.CANCELED


def test_a_completed_run_does_not_fail_and_a_failed_one_is_not_reopened() -> None:
    """What was completed stays so until it is reopened; what failed for good stays so."""
    completed().when(give_up()).is_refused(RunLocked)
    completed(reopen()).when(give_up()).then(RunFailed)
    RUN.given(ordered(), give_up()).when(reopen()).is_refused(RunNotComplete)
