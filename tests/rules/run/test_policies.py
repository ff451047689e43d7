"""Policies: any warning becomes a blocker, for one part or for all, and the review says which policy did it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.run.domain import events
from services.run.domain.completion import complete as complete_run
from services.run.domain.decide import decide
from services.run.domain.evolve import evolve
from services.run.domain.policies import (
    EVERY_PART,
    NO_POLICIES,
    POLICIES,
    ConfigurePolicies,
    Policies,
    PolicyConfigured,
    configure,
    configured,
)
from services.run.domain.refusals import (
    CompletionBlocked,
    OrderInvalid,
    PoliciesChanged,
    ReviewStale,
    UnknownWarning,
)
from services.run.domain.review import is_blocked, review
from services.run.domain.run import Run
from services.run.domain.warned import CODES
from shared.testing.story import Rules, Story
from tests.rules.run.examples import LEAD, NOON, RUN, R, assess, complete, issue, order, ordered, ready
from tests.rules.run.test_warnings import everything_warned_of

PUMP = "PUMP-100"


def configuring(version: int = 0, **blocking: set[str]) -> ConfigurePolicies:
    """Quinn configures policies; ``every`` stands for all parts."""
    by_part = {EVERY_PART if part == "every" else part: frozenset(codes) for part, codes in blocking.items()}
    return ConfigurePolicies(LEAD, NOON, version, by_part, "audit finding 7")


def under(**blocking: set[str]) -> Policies:
    """These policies."""
    policies = NO_POLICIES
    for event in configure(policies, configuring(0, **blocking)):
        policies = configured(policies, event)
    return policies


def pump(*codes: str) -> dict[str, Any]:
    """These warnings block the pump."""
    return {PUMP: set(codes)}


POLICY: Rules[Policies] = Rules(
    lambda known, command: configure(known.get(POLICIES, NO_POLICIES), command),
    lambda policies, event: configured(policies or NO_POLICIES, event),
    lambda _: POLICIES,
)


def following(policies: Policies, story: Story[Run]) -> Story[Run]:
    """The story goes on under these policies."""
    rules: Rules[Run] = Rules(
        lambda known, command: decide(known.get(command.run_id), command, policies), evolve, lambda event: event.run_id
    )
    return Story(rules, story.known)


@pytest.mark.parametrize("code", CODES)
def test_any_warning_becomes_a_blocker(code: str) -> None:
    """And is no warning any more: what blocks cannot be acknowledged away."""
    run = everything_warned_of().state(R)
    shown = review(run, under(every={code}))
    assert [one.code for one in shown.blockers] == [code]
    assert code not in {one.code for one in shown.warnings}
    assert len(shown.warnings) == len(CODES) - 1


def test_the_review_says_which_policy_did_it() -> None:
    """In a member for machines and in a sentence for people; the way out does not name acknowledging any more."""
    run = ready(issue()).state(R)
    every, own = review(run, under(every={"issue-open"})), review(run, under(**pump("issue-open")))
    assert (every.blockers[0].policy, own.blockers[0].policy) == (EVERY_PART, PUMP)
    assert every.blockers[0].sentence.endswith("By policy, this blocks all runs.")
    assert own.blockers[0].sentence.endswith("By policy, this blocks runs of PUMP-100.")
    assert own.blockers[0].resolve == "Disposition issue-1."


def test_the_policy_of_the_part_is_named_where_both_say_so() -> None:
    """Taking back the one for all would not help."""
    policies = under(every={"issue-open"}, **pump("issue-open"))
    assert review(ready(issue()).state(R), policies).blockers[0].policy == PUMP


def test_a_policy_for_another_part_changes_nothing() -> None:
    """Valves are strict, pumps are not."""
    run = ready(issue()).state(R)
    assert review(run, under(VALVE={"issue-open"})) == review(run)


def test_the_version_changes_only_with_a_policy_that_shows() -> None:
    """One that turns nothing of this run into a blocker leaves its review as it was."""
    run = ready(issue()).state(R)
    assert review(run, under(every={"redline-open"})).version == review(run).version
    assert review(run, under(every={"issue-open"})).version != review(run).version


def test_a_run_that_policy_blocks_is_not_completed_however_much_is_acknowledged() -> None:
    """On no path."""
    story = following(under(every={"issue-open"}), ready(issue()))
    version = review(story.state(R), under(every={"issue-open"})).version
    acknowledging = complete(version, ("issue-open", "issue-1"))
    story.when(acknowledging).is_refused(CompletionBlocked, naming="issue-open issue-1")
    resolved = story.when(issue(state="resolved")).and_then()
    resolved.when(complete(review(resolved.state(R)).version)).and_then()


def test_a_policy_that_came_meanwhile_makes_a_review_stale() -> None:
    """What was looked at is not what there is: here the blocker went, and with it the version."""
    run = ready(issue()).state(R)
    strict = review(run, under(every={"issue-open"})).version
    with pytest.raises(ReviewStale):
        complete_run(run, complete(strict, ("issue-open", "issue-1")), NO_POLICIES)


def test_a_refused_confirmation_carries_the_review_under_the_policies() -> None:
    """The person sees the review as it was decided on."""
    run = ready(issue()).state(R)
    policies = under(every={"issue-open"})
    with pytest.raises(CompletionBlocked) as refused:
        complete_run(run, complete("old"), policies)
    assert refused.value.facts["review"] == review(run, policies)


def test_an_event_that_policy_makes_a_blocker_ends_readiness() -> None:
    """An issue is opened, and the run is not ready any more; it is resolved, and the run is ready again."""
    story = following(under(every={"issue-open"}), ready())
    opened = story.when(issue()).then(events.IssueNoted, events.RunNotReady)
    opened.when(issue(state="resolved")).then(events.IssueNoted, events.RunReady)


def test_open_runs_are_assessed_when_policies_change() -> None:
    """A ready run that the new policy blocks is not ready; taken back, it is; nothing else is said."""
    story = ready(issue())
    strict = following(under(every={"issue-open"}), story).when(assess()).then(events.RunNotReady)
    strict.when(assess()).nothing_happens()
    following(NO_POLICIES, strict).when(assess()).then(events.RunReady)
    story.when(assess()).nothing_happens()


def test_a_policy_is_configured_once_and_taken_back() -> None:
    """One event for each part that changes; the same again changes nothing."""
    first = configure(NO_POLICIES, configuring(every={"issue-open"}, **pump("redline-open", "issue-open")))
    assert [(one.part_number, one.blocking) for one in first] == [
        (EVERY_PART, ("issue-open",)),
        (PUMP, ("issue-open", "redline-open")),
    ]
    policies = under(every={"issue-open"}, **pump("redline-open", "issue-open"))
    assert policies.version == 2
    assert configure(policies, configuring(2, every={"issue-open"}, **pump("issue-open", "redline-open"))) == ()
    taken_back = configure(policies, configuring(2, every={"issue-open"}))
    assert [(one.part_number, one.blocking) for one in taken_back] == [(PUMP, ())]
    assert set(configured(policies, taken_back[0]).by_part) == {EVERY_PART}


def test_nobody_overwrites_policies_that_he_has_not_seen() -> None:
    """Two people at once: the second one looks again."""
    story = POLICY.given(configuring(every={"issue-open"}))
    story.when(configuring(0, every={"redline-open"})).is_refused(PoliciesChanged, naming="version 0 was looked at")
    story.when(configuring(1, every={"redline-open"})).then(PolicyConfigured)


def test_only_warnings_can_be_turned_into_blockers() -> None:
    """The refusal lists those that there are."""
    story = POLICY.given().when(configuring(every={"issue-opened"})).is_refused(UnknownWarning, naming="issue-opened")
    assert "redline-open" in story.refusal.resolution


def test_no_run_is_ordered_under_the_id_of_the_policies() -> None:
    """They share the run service's topics."""
    taken = replace(ordered(), run_id=POLICIES, order=order(run_id=POLICIES))
    RUN.given().when(taken).is_refused(OrderInvalid, naming=POLICIES)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.sets(st.sampled_from(CODES)), st.sets(st.sampled_from(CODES)))
def test_whether_a_run_is_blocked_is_what_its_review_says(every: set[str], own: set[str]) -> None:
    """The quick look and the whole review agree, whatever the policies are."""
    run: Any = everything_warned_of().state(R)
    policies = under(every=every, **pump(*own))
    shown = review(run, policies)
    assert is_blocked(run, policies) is not shown.is_ready
    assert {one.code for one in shown.blockers} == every | own
    assert {one.code for one in shown.warnings} == set(CODES) - every - own
