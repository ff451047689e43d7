"""Approvals: leaving pending needs a disposition and every approver role (domain.md 5)."""

from services.issue.domain.events import DispositionChosen, IssueApproved, IssueDispositioned, IssueResolved
from services.issue.domain.issue import IssueState
from services.issue.domain.refusals import (
    ApprovalsMissing,
    ApproverRoleNotHeld,
    DispositionMissing,
    DispositionOther,
    NoApproverRole,
    RoleNotWanted,
    UnknownIssue,
)
from tests.rules.issue.examples import (
    BEARING,
    BOTH_APPROVE,
    CUSTOMER,
    LATER,
    QUALITY,
    QUINN,
    approved,
    configured,
    dispositioned,
    excepted,
    given,
    opened,
    reopened,
    resolved,
    submitted,
)


def test_a_disposition_that_needs_approvals_leaves_the_issue_pending() -> None:
    """It is chosen, and excepts nothing yet."""
    story = given(BOTH_APPROVE, opened()).when(dispositioned(exceptions=(excepted(),))).then(DispositionChosen)
    issue = story.state(BEARING)
    assert issue.state is IssueState.PENDING
    assert (issue.missing_roles, issue.exceptions) == ((QUALITY, CUSTOMER), ())


def test_every_role_approves_and_the_last_one_counts() -> None:
    """Each approval stands there with its person and its time."""
    chosen = given(BOTH_APPROVE, opened(), dispositioned(exceptions=(excepted(),)))
    half = chosen.when(approved(QUALITY)).then(IssueApproved)
    assert half.state(BEARING).state is IssueState.PENDING
    issue = half.when(approved(CUSTOMER)).then(IssueApproved, IssueDispositioned).state(BEARING)
    assert issue.state is IssueState.IN_PROGRESS
    assert issue.exceptions == (excepted(),)
    assert [(one.role, one.by, one.at) for one in issue.approvals] == [
        (QUALITY, QUINN, LATER),
        (CUSTOMER, QUINN, LATER),
    ]


def test_one_person_may_hold_several_roles() -> None:
    """One signature of such a person gives one approval for each."""
    chosen = given(BOTH_APPROVE, opened(), dispositioned())
    chosen.when(approved(QUALITY, CUSTOMER)).then(IssueApproved, IssueApproved, IssueDispositioned)
    chosen.when(approved(QUALITY, CUSTOMER, role=CUSTOMER)).then(IssueApproved)


def test_approving_again_changes_nothing() -> None:
    """Sent twice is approved once, also when all is approved."""
    chosen = given(BOTH_APPROVE, opened(), dispositioned(), approved(QUALITY))
    chosen.when(approved(QUALITY)).nothing_happens()
    chosen.when(approved(QUALITY, role=QUALITY)).nothing_happens()
    given(BOTH_APPROVE, opened(), dispositioned(), approved(QUALITY, CUSTOMER)).when(
        approved(QUALITY)
    ).nothing_happens()


def test_who_holds_no_approver_role_approves_nothing() -> None:
    """The refusal names the roles that count."""
    chosen = given(BOTH_APPROVE, opened(), dispositioned())
    chosen.when(approved("operator")).is_refused(NoApproverRole, naming=CUSTOMER)
    chosen.when(approved(CUSTOMER, role=QUALITY)).is_refused(ApproverRoleNotHeld, naming=QUALITY)
    chosen.when(approved("Chef", role="Chef")).is_refused(RoleNotWanted, naming="Chef")


def test_nothing_is_approved_that_was_not_chosen() -> None:
    """Or that somebody has replaced since it was looked at."""
    given(BOTH_APPROVE, opened()).when(approved(QUALITY)).is_refused(DispositionMissing, naming=BEARING)
    chosen = given(BOTH_APPROVE, opened(), dispositioned(kind="rework"))
    chosen.when(approved(QUALITY)).is_refused(DispositionOther, naming="rework")
    given().when(approved(QUALITY)).is_refused(UnknownIssue, naming=BEARING)


def test_what_is_approved_by_choosing_needs_no_approver() -> None:
    """The refusal says so."""
    given(opened(), dispositioned()).when(approved(QUALITY)).is_refused(NoApproverRole, naming="none: choosing")


def test_without_every_approval_nothing_is_done_and_nothing_closed() -> None:
    """The refusal names the roles that are missing."""
    half = given(BOTH_APPROVE, opened(), dispositioned(), approved(QUALITY))
    half.when(resolved()).is_refused(ApprovalsMissing, naming=BEARING, way_out=CUSTOMER)
    half.when(submitted()).is_refused(ApprovalsMissing, naming=BEARING, way_out=CUSTOMER)


def test_another_type_voids_the_approvals_and_the_exceptions() -> None:
    """Pending again, whoever approved the one before."""
    done = given(
        BOTH_APPROVE,
        configured("scrap", version=1, approver_roles=(QUALITY,), affects=0),
        opened(),
        dispositioned(exceptions=(excepted(),)),
        approved(QUALITY, CUSTOMER),
    )
    issue = done.when(dispositioned(kind="scrap")).then(DispositionChosen).state(BEARING)
    assert issue.state is IssueState.PENDING
    assert (issue.approvals, issue.exceptions, issue.missing_roles) == ((), (), (QUALITY,))


def test_other_exceptions_of_the_same_type_are_approved_anew() -> None:
    """Nobody approved those."""
    done = given(BOTH_APPROVE, opened(), dispositioned(), approved(QUALITY, CUSTOMER))
    issue = done.when(dispositioned(exceptions=(excepted("2"),))).then(DispositionChosen).state(BEARING)
    assert (issue.state, issue.approvals) == (IssueState.PENDING, ())


def test_roles_that_are_configured_later_concern_later_choices() -> None:
    """What was chosen keeps its roles; chosen again it takes over those of the site."""
    chosen = given(BOTH_APPROVE, opened(), dispositioned(), configured(version=1, approver_roles=(QUALITY,)))
    assert chosen.state(BEARING).missing_roles == (QUALITY, CUSTOMER)
    again = chosen.when(dispositioned()).then(DispositionChosen)
    again.when(approved(QUALITY)).then(IssueApproved, IssueDispositioned)


def test_an_approved_disposition_is_not_asked_for_again_when_roles_change() -> None:
    """It was approved by the rules of its day."""
    done = given(opened(), dispositioned(), BOTH_APPROVE)
    done.when(dispositioned()).nothing_happens()
    assert done.state(BEARING).state is IssueState.IN_PROGRESS


def test_a_type_that_resolves_by_itself_closes_with_the_last_approval() -> None:
    """Nothing is left to do."""
    by_itself = configured(approver_roles=(QUALITY,), auto_resolve=True)
    chosen = given(by_itself, opened(), dispositioned())
    closed = chosen.when(approved(QUALITY)).then(IssueApproved, IssueDispositioned, IssueResolved).state(BEARING)
    assert (closed.state, closed.resolved_by) == (IssueState.RESOLVED, QUINN)


def test_a_type_that_resolves_by_itself_and_needs_nobody_closes_with_the_choice() -> None:
    """Its exceptions are alive by that."""
    chosen = given(configured(auto_resolve=True), opened()).when(dispositioned(exceptions=(excepted(),)))
    issue = chosen.then(IssueDispositioned, IssueResolved).state(BEARING)
    assert (issue.state, issue.exceptions) == (IssueState.RESOLVED, (excepted(),))


def test_after_a_reopening_every_role_approves_again() -> None:
    """What is chosen stays chosen."""
    done = given(BOTH_APPROVE, opened(), dispositioned(), approved(QUALITY, CUSTOMER), resolved(), reopened())
    assert done.state(BEARING).missing_roles == (QUALITY, CUSTOMER)
    done.when(approved(QUALITY, CUSTOMER)).then(IssueApproved, IssueApproved, IssueDispositioned)
