"""Where a completion went stands beside its record, and changes nothing of it."""

from services.run.domain import commands
from services.run.domain.decide import decide
from services.run.domain.delivery import DeliveryNoted, DeliveryState
from services.run.domain.review import review
from tests.rules.run.examples import LEAD, NOON, RUN, R, completed, delivery, ordered


def test_where_a_completion_went_is_noted_on_a_locked_run_and_changes_nothing_shown() -> None:
    """Neither the run, and so no record that follows, nor the version of the review."""
    story = completed()
    after = story.when(delivery()).then(DeliveryNoted)
    assert after.state(R) == story.state(R)
    assert review(after.state(R)).version == review(story.state(R)).version


def test_a_delivery_is_noted_whatever_became_of_the_run_meanwhile() -> None:
    """A given-up one may be told of days later, when the run was reopened and is in work."""
    reopen = commands.ReopenRun(R, LEAD, NOON, "A torque is wrong.")
    RUN.given(ordered()).when(delivery(DeliveryState.ON_ITS_WAY)).then(DeliveryNoted)
    completed().when(reopen).when(delivery(DeliveryState.GIVEN_UP)).then(DeliveryNoted)


def test_a_delivery_of_an_unknown_run_is_ignored() -> None:
    """It is not refused, and nothing waits for such a run to appear."""
    assert decide(None, delivery()) == ()
