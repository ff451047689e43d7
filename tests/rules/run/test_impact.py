"""What reopening would touch is known before anybody reopens; what cannot be known is said."""

from services.run.domain.impact import Above, Sent, impact
from services.run.domain.run import RunStatus
from tests.rules.run.examples import NOON, R, completed, ready

SKID = Above("SKID-1", "run-of-skid", RunStatus.IN_PROGRESS)
PLANT = Above("PLANT-1", "run-of-plant", RunStatus.COMPLETE)


def test_the_runs_above_that_go_on_would_warn_at_once() -> None:
    """A complete one would when it is reopened itself, and a canceled one never."""
    canceled = Above("RACK-1", "run-of-rack", RunStatus.CANCELED)
    found = impact(completed().state(R), (SKID, canceled, PLANT), ())
    assert [(one.run_id, one.warns_at_once) for one in found.warns] == [("run-of-skid", True), ("run-of-plant", False)]
    assert [one.unit_id for one in found.installed_in] == ["SKID-1", "RACK-1", "PLANT-1"]


def test_it_says_which_record_would_be_superseded() -> None:
    """And, of a run that is not complete, that there is nothing to reopen."""
    assert (impact(completed().state(R), (), ()).supersedes, impact(completed().state(R), (), ()).obstacle) == (1, None)
    found = impact(ready().state(R), (), ())
    assert (found.supersedes, found.obstacle) == (None, "The run is in_progress, so there is nothing to reopen.")


def test_what_cannot_be_known_is_said() -> None:
    """Nobody takes an empty list for a no."""
    sent = Sent(1, NOON, "sha256:0", None, is_on_its_way=False)
    found = impact(completed().state(R), (Above("SKID-1", None, None),), (sent,))
    assert found.completions == (sent,)
    assert "Which run builds SKID-1 is not known here." in found.cannot_be_known
    assert any("Kafka" in one for one in found.cannot_be_known)
