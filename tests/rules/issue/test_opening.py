"""Opening issues (domain.md 5)."""

import pytest

from services.issue.domain.events import IssueOpened
from services.issue.domain.issue import IssueState
from services.issue.domain.refusals import IssueExists, RunMissing, StepMissing, SubjectMissing
from tests.rules.issue.examples import (
    BEARING,
    MISSING,
    NOON,
    OMAR,
    SCRATCH,
    dispositioned,
    given,
    opened,
    opened_unasked,
    resolved,
)


def test_an_issue_on_a_run_is_pending_until_somebody_decides() -> None:
    """What was found, by whom and when, stands in the issue; nothing is decided yet."""
    issue = given().when(opened()).then(IssueOpened).state(BEARING)
    assert issue.state is IssueState.PENDING
    assert (issue.finding, issue.opened_by, issue.opened_at) == (MISSING, OMAR, NOON)
    assert (issue.run_id, issue.unit_id, issue.disposition) == ("RUN-1", None, None)


def test_an_issue_on_a_unit_needs_no_run() -> None:
    """A unit can be found wanting long after its run is complete."""
    issue = given().when(opened(SCRATCH)).then(IssueOpened).state(SCRATCH)
    assert (issue.run_id, issue.unit_id) == (None, "GEARBOX-1")


def test_an_issue_names_what_it_is_raised_on() -> None:
    """An issue on nothing shows in no review and on no unit."""
    given().when(opened(SCRATCH, unit_id=None)).is_refused(SubjectMissing, naming="neither a run nor a unit")


@pytest.mark.parametrize("part", ["step", "requirement"])
def test_a_step_or_requirement_is_named_with_its_run(part: str) -> None:
    """Steps and requirements have names within their run only."""
    on_part = opened(SCRATCH, **{f"{part}_id": "S1"})
    given().when(on_part).is_refused(RunMissing, naming=f"names a {part}")


def test_a_field_is_named_with_its_step() -> None:
    """Fields have names within their step only."""
    given().when(opened(field_id="torque")).is_refused(StepMissing, naming="torque")
    given().when(opened(step_id="S1", field_id="torque")).then(IssueOpened)


def test_the_same_report_again_changes_nothing() -> None:
    """Sent twice is opened once."""
    given(opened()).when(opened()).nothing_happens()


def test_another_report_needs_another_issue() -> None:
    """What was found is never rewritten."""
    given(opened()).when(opened(title="Two bearings missing")).is_refused(IssueExists, naming=BEARING)


def test_what_opens_an_issue_unasked_opens_it_once() -> None:
    """A second value out of range has another text, and is covered by the issue that is there."""
    story = given().when(opened_unasked()).then(IssueOpened)
    story.when(opened_unasked(title="Measured again")).nothing_happens()
    given(opened()).when(opened_unasked()).nothing_happens()
    given(opened(), dispositioned(), resolved()).when(opened_unasked()).nothing_happens()
