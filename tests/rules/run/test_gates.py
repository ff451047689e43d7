"""Gates: a run-level approval by a named role."""

from dataclasses import replace

from services.run.domain.events import GateApproved
from services.run.domain.refusals import RoleNotHeld, UnknownGate
from tests.rules.run.examples import LEAD, RELEASE, RUN, R, approve, ordered


def test_a_gate_is_approved_by_someone_holding_its_role() -> None:
    """The approval names the person and the role."""
    story = RUN.given(ordered()).when(approve("release", "lead", "Quality")).then(GateApproved)
    assert story.events[0].role == "Quality"
    assert story.state(R).approvals["release"].by == LEAD


def test_a_gate_is_not_approved_by_someone_without_its_role() -> None:
    """A signature counts only from the role that the gate names; being a lead is not enough."""
    RUN.given(ordered()).when(approve("release", "lead")).is_refused(RoleNotHeld, naming="Quality")


def test_a_gate_is_approved_once() -> None:
    """Approving again changes nothing: the first approval stands."""
    RUN.given(ordered(), approve()).when(approve()).nothing_happens()


def test_an_unknown_gate_is_refused_by_name() -> None:
    """The refusal lists the gates that there are."""
    story = RUN.given(ordered()).when(approve("paint")).is_refused(UnknownGate, naming="paint")
    assert "release" in story.refusal.resolution
    without = RUN.given(ordered(gates=())).when(approve()).is_refused(UnknownGate)
    assert "it has none" in without.refusal.resolution


def test_each_gate_is_approved_on_its_own() -> None:
    """Approving one gate leaves the others open."""
    paint = replace(RELEASE, gate_id="paint")
    story = RUN.given(ordered(gates=(RELEASE, paint)), approve("paint"))
    assert set(story.state(R).approvals) == {"paint"}
