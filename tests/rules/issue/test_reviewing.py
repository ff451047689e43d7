"""In review, sent back, closed by a closer role, reopened (domain.md 5)."""

import pytest

from services.issue.domain.events import IssueDispositioned, IssueInReview, IssueReopened, IssueResolved, IssueSentBack
from services.issue.domain.issue import IssueState
from services.issue.domain.refusals import (
    ApprovalsMissing,
    CloserRoleNotHeld,
    DispositionMissing,
    IssueIsResolved,
    IssueNotInReview,
    IssueNotResolved,
    ReasonMissing,
    UnknownIssue,
)
from tests.rules.issue.examples import (
    BEARING,
    BOARD,
    configured,
    dispositioned,
    excepted,
    given,
    opened,
    reopened,
    resolved,
    sent_back,
    submitted,
)

DONE = (opened(), dispositioned(exceptions=(excepted(),)))


def test_what_was_done_waits_for_review() -> None:
    """Its exceptions stay alive meanwhile."""
    issue = given(*DONE).when(submitted()).then(IssueInReview).state(BEARING)
    assert (issue.state, issue.exceptions) == (IssueState.IN_REVIEW, (excepted(),))


def test_submitting_twice_changes_nothing() -> None:
    """It is in review already."""
    given(*DONE, submitted()).when(submitted()).nothing_happens()


def test_nothing_is_reviewed_before_it_was_decided() -> None:
    """Nor after it was closed."""
    given(opened()).when(submitted()).is_refused(DispositionMissing, naming=BEARING)
    given(*DONE, resolved()).when(submitted()).is_refused(IssueIsResolved, naming=BEARING)


def test_what_is_not_enough_is_sent_back() -> None:
    """With the reason; it is in progress again, and reviewed again."""
    back = given(*DONE, submitted()).when(sent_back()).then(IssueSentBack)
    assert back.state(BEARING).state is IssueState.IN_PROGRESS
    back.when(submitted()).then(IssueInReview)


def test_only_what_is_in_review_is_sent_back() -> None:
    """A resolved issue is reopened instead."""
    given(*DONE).when(sent_back()).is_refused(IssueNotInReview, naming="in_progress")
    given(*DONE, submitted()).when(sent_back(" ")).is_refused(ReasonMissing)


def test_another_disposition_ends_the_review() -> None:
    """Something else is to be done now."""
    issue = given(*DONE, submitted()).when(dispositioned(kind="rework")).then(IssueDispositioned).state(BEARING)
    assert (issue.state, issue.exceptions) == (IssueState.IN_PROGRESS, ())


def test_an_issue_in_review_can_be_closed() -> None:
    """By whoever looked at it."""
    given(*DONE, submitted()).when(resolved()).then(IssueResolved)


def test_a_type_with_closer_roles_is_closed_by_one_of_them() -> None:
    """One is enough; the refusal names them."""
    closers = given(configured(closer_roles=(BOARD, "Owner")), *DONE)
    closers.when(resolved(roles="Quality")).is_refused(CloserRoleNotHeld, naming=BOARD)
    closers.when(resolved(roles="Owner")).then(IssueResolved)


def test_a_reopened_issue_is_pending_and_excepts_nothing() -> None:
    """The run is short again; what was chosen stays chosen, and the reason stands there."""
    issue = given(*DONE, resolved()).when(reopened()).then(IssueReopened).state(BEARING)
    assert (issue.state, issue.exceptions, issue.resolution) == (IssueState.PENDING, (), None)
    assert issue.reopened_because == "The customer took it back."
    assert issue.disposition is not None


def test_a_reopened_issue_is_decided_and_closed_again() -> None:
    """Choosing the same again approves it where nobody else does; so does another choice."""
    again = given(*DONE, resolved(), reopened())
    again.when(resolved()).is_refused(ApprovalsMissing, naming=BEARING, way_out="choose it again")
    issue = again.when(DONE[1]).then(IssueDispositioned).state(BEARING)
    assert issue.exceptions == (excepted(),)
    given(*DONE, resolved(), reopened(), dispositioned(kind="rework")).when(resolved()).then(IssueResolved)


def test_only_a_resolved_issue_is_reopened_and_with_a_reason() -> None:
    """Asked twice is reopened once."""
    given(*DONE).when(reopened()).is_refused(IssueNotResolved, naming="in_progress")
    given(*DONE, resolved()).when(reopened("")).is_refused(ReasonMissing)
    given(*DONE, resolved(), reopened()).when(reopened()).nothing_happens()
    given(*DONE, resolved(), reopened()).when(reopened("Other.")).is_refused(IssueNotResolved, naming="pending")


@pytest.mark.parametrize("asked", [submitted(), sent_back(), reopened()])
def test_an_issue_that_nobody_opened_goes_nowhere(asked: object) -> None:
    """A wrong id is said to be one."""
    given().when(asked).is_refused(UnknownIssue, naming=BEARING)
