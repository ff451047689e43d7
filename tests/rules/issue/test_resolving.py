"""Resolving issues (domain.md 5)."""

from services.issue.domain.events import IssueResolved
from services.issue.domain.issue import IssueState
from services.issue.domain.refusals import DispositionMissing, IssueIsResolved, UnknownIssue
from tests.rules.issue.examples import BEARING, LATER, QUINN, dispositioned, excepted, given, opened, resolved


def test_an_issue_with_a_disposition_can_be_closed() -> None:
    """Who closed it, when and how stands in the issue."""
    issue = given(opened(), dispositioned()).when(resolved()).then(IssueResolved).state(BEARING)
    assert issue.state is IssueState.RESOLVED
    assert (issue.resolution, issue.resolved_by, issue.resolved_at) == ("Deviation filed.", QUINN, LATER)


def test_closing_keeps_the_exceptions() -> None:
    """The run must not become short again because its issue was closed."""
    granted = dispositioned(exceptions=(excepted(),))
    (event,) = given(opened(), granted).when(resolved()).events
    assert event.disposition.exceptions == (excepted(),)


def test_an_issue_can_be_closed_without_a_word() -> None:
    """The disposition said what is to be done; it is done."""
    issue = given(opened(), dispositioned()).when(resolved(resolution="")).then(IssueResolved).state(BEARING)
    assert issue.state is IssueState.RESOLVED


def test_an_issue_without_a_disposition_cannot_be_closed() -> None:
    """Nobody decided what is to be done."""
    given(opened()).when(resolved()).is_refused(DispositionMissing, naming=BEARING)


def test_closing_it_again_in_the_same_words_changes_nothing() -> None:
    """Sent twice is closed once."""
    given(opened(), dispositioned(), resolved()).when(resolved()).nothing_happens()


def test_a_closed_issue_is_not_closed_in_other_words() -> None:
    """How it was closed is never rewritten."""
    closed = given(opened(), dispositioned(), resolved())
    closed.when(resolved(resolution="Never mind.")).is_refused(IssueIsResolved, naming=BEARING)


def test_an_issue_that_nobody_opened_is_not_closed() -> None:
    """A wrong id is said to be one."""
    given().when(resolved()).is_refused(UnknownIssue, naming=BEARING)
