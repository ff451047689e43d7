"""Dispositions, and the exceptions that they grant (domain.md 5)."""

import pytest

from services.issue.domain.events import IssueDispositioned
from services.issue.domain.issue import IssueState
from services.issue.domain.refusals import (
    ExceptionNeedsRun,
    ExceptionNotForRequirement,
    ExceptionQuantityInvalid,
    ExceptionRepeated,
    IssueIsResolved,
    JustificationMissing,
    UnknownIssue,
)
from tests.rules.issue.examples import (
    BEARING,
    LATER,
    MISSING,
    QUINN,
    SCRATCH,
    dispositioned,
    excepted,
    given,
    opened,
    resolved,
)


def test_a_disposition_is_decided_and_approved_by_one_act() -> None:
    """From here on work may go on; who decided what, when and why stands in the issue."""
    issue = given(opened()).when(dispositioned(kind="rework", justification="")).then(IssueDispositioned).state(BEARING)
    assert issue.state is IssueState.IN_PROGRESS
    assert issue.disposition is not None
    assert (issue.disposition.kind, issue.dispositioned_by, issue.dispositioned_at) == ("rework", QUINN, LATER)


def test_a_disposition_may_except_a_quantity_of_a_requirement() -> None:
    """The exception goes with the disposition, and its event says so."""
    story = given(opened()).when(dispositioned(exceptions=(excepted("1"),)))
    (event,) = story.then(IssueDispositioned).events
    assert event.disposition.exceptions == (excepted("1"),)
    assert event.finding == MISSING


def test_an_issue_on_a_run_alone_may_except_any_of_its_requirements() -> None:
    """One issue can cover several parts that are short."""
    both = (excepted("1"), excepted("0.5", "grease"))
    given(opened(requirement_id=None)).when(dispositioned(exceptions=both)).then(IssueDispositioned)


def test_an_exception_needs_the_run_that_has_the_requirement() -> None:
    """A unit alone requires nothing."""
    asked = dispositioned(SCRATCH, exceptions=(excepted(),))
    given(opened(SCRATCH)).when(asked).is_refused(ExceptionNeedsRun, naming="bearings")


def test_an_issue_on_a_requirement_excepts_no_other() -> None:
    """What was decided about bearings says nothing about shafts."""
    asked = dispositioned(exceptions=(excepted("1", "shafts"),))
    given(opened()).when(asked).is_refused(ExceptionNotForRequirement, naming="shafts")


@pytest.mark.parametrize("quantity", ["0", "-1"])
def test_an_exception_is_for_a_quantity(quantity: str) -> None:
    """Nothing, or less, cannot be excused."""
    asked = dispositioned(exceptions=(excepted(quantity),))
    given(opened()).when(asked).is_refused(ExceptionQuantityInvalid, naming=quantity)


def test_a_requirement_is_excepted_once() -> None:
    """Two lines for one requirement leave open whether they add up."""
    asked = dispositioned(exceptions=(excepted("1"), excepted("2")))
    given(opened()).when(asked).is_refused(ExceptionRepeated, naming="bearings")


@pytest.mark.parametrize("justification", ["", " \n"])
def test_leaving_it_as_it_is_needs_a_reason(justification: str) -> None:
    """An auditor asks for it years later."""
    given(opened()).when(dispositioned(justification=justification)).is_refused(JustificationMissing)


def test_an_exception_needs_a_reason_whatever_the_disposition() -> None:
    """Scrapping what was broken does not say why nothing takes its place."""
    asked = dispositioned(kind="scrap", justification="", exceptions=(excepted(),))
    given(opened()).when(asked).is_refused(JustificationMissing, naming="scrap")


def test_the_same_disposition_again_changes_nothing() -> None:
    """Sent twice is decided once, and announced once."""
    given(opened(), dispositioned()).when(dispositioned()).nothing_happens()


def test_a_later_disposition_takes_the_place_of_an_earlier_one() -> None:
    """Only the exceptions of the disposition that holds are alive."""
    before = given(opened(), dispositioned(exceptions=(excepted(),)))
    issue = before.when(dispositioned(kind="rework")).then(IssueDispositioned).state(BEARING)
    assert issue.disposition is not None
    assert (issue.disposition.kind, issue.disposition.exceptions) == ("rework", ())


def test_a_resolved_issue_takes_no_other_disposition() -> None:
    """What is closed stays as it was closed."""
    closed = given(opened(), dispositioned(), resolved())
    closed.when(dispositioned(kind="scrap")).is_refused(IssueIsResolved, naming=BEARING)


def test_the_disposition_of_a_resolved_issue_sent_again_changes_nothing() -> None:
    """A repeated call after the end is still only a repetition."""
    given(opened(), dispositioned(), resolved()).when(dispositioned()).nothing_happens()


def test_an_issue_that_nobody_opened_has_no_disposition() -> None:
    """A wrong id is said to be one."""
    given().when(dispositioned()).is_refused(UnknownIssue, naming=BEARING)
