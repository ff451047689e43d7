"""What run keeps of other services' facts: the target, installations, issues (domain.md 3.1, 3.8)."""

from services.run.domain.events import (
    InstallationNoted,
    IssueNoted,
    RemovalNoted,
    RunCanceled,
    RunReopened,
    TargetNoted,
)
from services.run.domain.refusals import UnknownRun
from services.run.domain.run import RunStatus
from tests.rules.run.examples import (
    RUN,
    R,
    cancel,
    claimed,
    completed,
    installation,
    installed,
    issue,
    lose_target,
    ordered,
    removed,
)


def test_a_claimed_target_is_noted_with_its_as_built() -> None:
    """The run knows from then on which as-built it relies on; hearing it twice changes nothing."""
    story = RUN.given(ordered()).when(claimed(3)).then(TargetNoted)
    assert story.state(R).as_built_version == 3
    story.when(claimed(3)).nothing_happens()


def test_installations_and_removals_move_the_as_built_on() -> None:
    """The run's copy holds what is in the unit now."""
    story = RUN.given(ordered(), claimed()).when(installed(1, 2)).then(InstallationNoted)
    assert story.state(R).installations == {"inst-1": installation()}
    story = story.when(removed(1, 3)).then(RemovalNoted)
    assert (story.state(R).installations, story.state(R).as_built_version) == ({}, 3)


def test_an_issue_is_noted_as_it_stands() -> None:
    """The same standing again changes nothing; a changed one replaces it."""
    story = RUN.given(ordered()).when(issue()).then(IssueNoted)
    story.when(issue()).nothing_happens()
    changed = story.when(issue(state="resolved")).then(IssueNoted)
    assert [one.state for one in changed.state(R).issues.values()] == ["resolved"]


def test_a_run_whose_target_is_not_available_is_canceled_with_that_reason() -> None:
    """Inventory refused the claim, so there is nothing to build."""
    story = RUN.given(ordered()).when(lose_target()).then(RunCanceled)
    assert story.state(R).status is RunStatus.CANCELED
    assert "target-not-available" in story.state(R).decision.reason
    story.when(lose_target()).nothing_happens()


def test_a_run_that_was_completed_before_inventory_answered_is_opened_and_canceled() -> None:
    """A unit that was never claimed is never delivered: subscribers hear that the completion is void."""
    story = completed().when(lose_target()).then(RunReopened, RunCanceled)
    assert story.events[0].number == 1
    assert story.state(R).status is RunStatus.CANCELED


def test_what_is_told_of_a_run_that_nobody_ordered_yet_waits_for_it() -> None:
    """Topics have no order among each other, so inventory may be heard before the order."""
    for early in (claimed(), installed(), removed(), issue(), lose_target()):
        assert RUN.given().when(early).is_refused(UnknownRun, naming=R).refusal.waits_for == R


def test_facts_about_a_canceled_run_are_still_noted() -> None:
    """An issue of a canceled run may be resolved later."""
    RUN.given(ordered(), cancel()).when(issue()).then(IssueNoted)
