"""Whatever is asked of an issue, in whatever order: it stands where its events say, and what it excepts is approved."""

from hypothesis import given as whatever
from hypothesis import strategies as some

from services.issue.app import SERVICE
from services.issue.domain.disposition_types import DISPOSITION_TYPES, Availability
from services.issue.domain.events import DispositionChosen, IssueChange, IssueReopened
from services.issue.domain.issue import Issue, IssueState
from tests.rules.issue.examples import (
    BEARING,
    BOARD,
    CUSTOMER,
    ISSUES,
    QUALITY,
    answered,
    approved,
    attached,
    commented,
    configured,
    dispositioned,
    excepted,
    followed,
    not_split,
    of_parts,
    opened,
    quarantined,
    reopened,
    resolved,
    sent_back,
    submitted,
)

KINDS = ("use-as-is", "rework", "scrap")
_ROLES = some.lists(some.sampled_from((QUALITY, CUSTOMER, BOARD)), unique=True, max_size=2).map(tuple)
_KIND = some.sampled_from(KINDS)

CONFIGURED = some.builds(
    configured,
    _KIND,
    some.sampled_from(Availability),
    some.integers(0, 3),
    some.sampled_from((None, 0)),
    auto_resolve=some.booleans(),
    approver_roles=_ROLES,
    closer_roles=_ROLES,
    retired=some.booleans(),
)
ASKED = some.one_of(
    CONFIGURED,
    some.builds(dispositioned, kind=_KIND, exceptions=some.sampled_from(((), (excepted(),), (excepted("0"),)))),
    some.builds(lambda roles, kind, role: approved(*roles, kind=kind, role=role), _ROLES, _KIND, some.none()),
    some.builds(lambda roles: resolved(roles=",".join(roles)), _ROLES),
    some.sampled_from((submitted(), sent_back(), reopened(), followed(), quarantined(), quarantined("0"))),
    some.sampled_from((answered(), answered("X-1", "BRG-7", is_quarantined=False), not_split(), of_parts("GB-1"))),
    some.sampled_from((commented(), attached(), opened(), opened(title="Other"))),
)


def check(issue: Issue) -> None:
    """What is true of every issue, wherever it stands."""
    assert bool(issue.exceptions) <= issue.is_approved
    assert (issue.state is IssueState.PENDING) == (not issue.is_approved)
    assert issue.is_approved <= (issue.disposition is not None and issue.missing_roles == ())
    if issue.is_approved and issue.type is not None:
        assert {one.role for one in issue.approvals} == set(issue.type.approver_roles)
    assert (issue.state is IssueState.RESOLVED) == (issue.resolution is not None) == (issue.resolved_at is not None)
    assert issue.withholds <= (issue.disposition is not None)
    assert all(not (one.is_there and one.refused_because) for one in issue.quarantined)
    assert len(set(issue.part_numbers)) == len(issue.part_numbers)


@whatever(some.lists(ASKED, max_size=25))
def test_an_issue_is_explained_by_its_events(asked: list[object]) -> None:
    """Replaying its events gives the same issue; a refusal leaves it as it was; approvals are void when they should."""
    story = ISSUES.given(opened())
    happened = list(story.events)
    for command in asked:
        before = story.known
        story = story.when(command)
        assert story.refusal is None or story.known == before
        happened += story.events
        check(story.state(BEARING))
        if story.events and isinstance(story.events[-1], DispositionChosen | IssueReopened):
            assert (story.state(BEARING).approvals, story.state(BEARING).exceptions) == ((), ())
    again: dict[str, object] = {}
    for event in happened:
        subject = SERVICE.subject_of(event)
        assert not isinstance(event, IssueChange) or event.before == again[subject]
        again[subject] = SERVICE.evolve(again.get(subject), event)
    assert again == {key: one for key, one in story.known.items() if key in (BEARING, DISPOSITION_TYPES)}
