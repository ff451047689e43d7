"""What run keeps of other services' facts: the target, installations, issues (domain.md 3.1, 3.8)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from services.run.domain.counts import requirement_lines
from services.run.domain.events import (
    InstallationNoted,
    IssueNoted,
    QuantityNoted,
    RemovalNoted,
    RequirementNoted,
    RunCanceled,
    RunNotReady,
    RunReopened,
    TargetNoted,
)
from services.run.domain.order import Target
from services.run.domain.refusals import UnknownRun
from services.run.domain.review import review
from services.run.domain.run import Canceled, RunStatus
from tests.rules.run.examples import (
    ROTOR,
    RUN,
    R,
    approve,
    cancel,
    claimed,
    complete,
    completed,
    edited,
    installation,
    installed,
    issue,
    lose_target,
    ordered,
    ready,
    record,
    removed,
    sign,
    split_off,
    version_of,
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


def test_what_is_left_of_an_installation_is_noted_as_it_was_put_in() -> None:
    """Part of it was taken out: the rest keeps who put it in and when, and the run is short of what is gone."""
    order = ordered(requirements=(replace(ROTOR, quantity=Decimal(10)),))
    story = RUN.given(order, claimed(), installed(1, 2, quantity=Decimal(10)))
    out = replace(removed(2, 3), left_id="inst-1", left=Decimal(6))
    story = story.when(out).then(InstallationNoted)
    assert story.state(R).installations == {"inst-1": installation(quantity=Decimal(6))}
    assert story.state(R).as_built_version == 3
    assert [one.missing for one in requirement_lines(story.state(R))] == [4]
    unheard = RUN.given(order, claimed()).when(out).then(RemovalNoted)
    assert unheard.state(R).as_built_version == 3


def test_an_issue_is_told_which_parts_it_is_about() -> None:
    """What the run builds, and what its requirement asks for, where it is about one."""
    story = RUN.given(ordered()).when(issue()).then(IssueNoted)
    assert story.events[0].part_numbers == (story.state(R).order.part_number,)
    about = RUN.given(ordered()).when(issue(requirement_id="rotor")).then(IssueNoted)
    assert about.events[0].part_numbers == (story.state(R).order.part_number, "ROTOR-7")


def test_the_review_asks_for_what_inventory_told_last() -> None:
    """A second rotor since an engineer said so; the order stays what was ordered, and may be said again."""
    story = RUN.given(ordered(), claimed(), installed()).when(edited(3, quantity=Decimal(2))).then(RequirementNoted)
    run = story.state(R)
    assert [(one.required, one.missing) for one in requirement_lines(run)] == [(Decimal(2), Decimal(1))]
    assert (run.order.requirements, run.as_built_version) == ((ROTOR,), 3)
    assert [one.subject for one in review(run).blockers if one.code == "requirement-short"] == ["rotor"]
    story.when(ordered()).nothing_happens()


def test_a_new_requirement_blocks_and_a_removed_one_blocks_no_more() -> None:
    """In their order, the new one last."""
    story = RUN.given(ordered(), edited(2, requirement_id="seal", part_number="SEAL-8"))
    assert [one.requirement_id for one in story.state(R).requirements] == ["rotor", "seal"]
    story = story.when(edited(3, is_removed=True)).then(RequirementNoted)
    short = [one.subject for one in review(story.state(R)).blockers if one.code == "requirement-short"]
    assert short == ["seal"]


def test_a_ready_run_is_not_ready_once_more_is_asked_for() -> None:
    """Whoever waits for its completion hears what blocks it now."""
    story = ready().when(edited(3, quantity=Decimal(2))).then(RequirementNoted, RunNotReady)
    assert [one.code for one in story.events[1].blockers] == ["requirement-short"]


def test_a_run_builds_what_is_left_of_its_lot() -> None:
    """Part of it is in quarantine: the record says how many were built, the order how many were asked for."""
    lot = Target("PUMP-100:L9", None, "L9", Decimal(10), "each")
    done = (claimed(), installed(), record(), sign(), sign("test"), approve())
    story = RUN.given(ordered(target=lot), *done).when(split_off("7", 3)).then(QuantityNoted)
    assert (story.state(R).quantity, story.state(R).order.target.quantity) == (7, 10)
    assert review(story.state(R)).as_built_version == 3
    record_of_it = story.when(complete(version_of(story))).events[-1].record
    assert record_of_it["quantity"] == "7"


def test_a_designator_of_several_assemblies_is_free_until_each_has_its_piece() -> None:
    """Two pumps, one rotor each at the front: the second is missing, and the review says where."""
    front: dict[str, Any] = {"quantity": Decimal(2), "designators": ("front",)}
    story = RUN.given(ordered(), edited(2, **front), installed(1, 3, designator="front"))
    said = next(one for one in review(story.state(R)).blockers if one.code == "requirement-short")
    assert "1 each of ROTOR-7" in said.sentence
    assert "free: front" in said.sentence
    done = story.when(installed(2, 4, designator="front"))
    assert "requirement-short" not in [one.code for one in review(done.state(R)).blockers]


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
    decision = story.state(R).decision
    assert isinstance(decision, Canceled)
    assert "target-not-available" in decision.reason
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
