"""Disposition types: built in, configured by a site, and what their availability means (domain.md 5)."""

import pytest

from services.issue.domain.disposition_types import (
    DISPOSITION_TYPES,
    Availability,
    DispositionConfigured,
    DispositionTypes,
)
from services.issue.domain.events import IssueAvailabilityChanged, IssueDispositioned
from services.issue.domain.refusals import (
    DispositionTypesChanged,
    ImpactNotSeen,
    RoleRepeated,
    UnknownDispositionType,
)
from shared.testing.story import Story
from tests.rules.issue.examples import (
    BEARING,
    ISSUES,
    QUALITY,
    QUINN,
    SCRATCH,
    approved,
    configured,
    dispositioned,
    followed,
    given,
    opened,
    reopened,
    resolved,
)

NEVER, ON_RESOLVE = Availability.PERMANENTLY_UNAVAILABLE, Availability.RELEASE_ON_RESOLVE


@pytest.mark.parametrize(
    ("kind", "open_", "closed"),
    [
        ("use-as-is", False, False),
        ("rework", True, False),
        ("repair", True, False),
        ("scrap", True, True),
        ("return-to-supplier", True, True),
    ],
)
def test_a_built_in_type_says_whether_the_unit_may_be_used(kind: str, open_: bool, closed: bool) -> None:
    """While the issue is open, and once it is resolved (domain.md 4.1, row 4)."""
    chosen = given(opened(SCRATCH), dispositioned(SCRATCH, kind))
    assert chosen.state(SCRATCH).withholds is open_
    assert chosen.when(resolved(SCRATCH)).state(SCRATCH).withholds is closed


def test_an_issue_without_a_disposition_withholds_nothing() -> None:
    """Opening one is everybody's right, stopping a plant is not."""
    assert given(opened(SCRATCH)).state(SCRATCH).withholds is False


def test_a_choice_counts_before_it_is_approved() -> None:
    """A unit that may have to be scrapped is used by nobody while its approvers are asked."""
    wanted = configured("scrap", NEVER, approver_roles=(QUALITY,))
    assert given(wanted, opened(SCRATCH), dispositioned(SCRATCH, "scrap")).state(SCRATCH).withholds is True


def test_a_reopened_issue_withholds_its_unit_again() -> None:
    """It is not resolved any more."""
    done = given(opened(SCRATCH), dispositioned(SCRATCH, "rework"), resolved(SCRATCH))
    assert done.when(reopened(issue_id=SCRATCH)).state(SCRATCH).withholds is True


def test_a_site_has_types_of_its_own() -> None:
    """With who configured it, when and why."""
    own = given().when(configured("sort-100-percent", ON_RESOLVE, closer_roles=(QUALITY,))).then(DispositionConfigured)
    types = own.state(DISPOSITION_TYPES)
    assert (types.version, types.configured["sort-100-percent"].by) == (1, QUINN)
    own.when(opened()).when(dispositioned(kind="sort-100-percent")).then(IssueDispositioned)


def test_what_is_no_type_cannot_be_chosen() -> None:
    """The refusal names those that can."""
    given(opened()).when(dispositioned(kind="paint-over")).is_refused(
        UnknownDispositionType, naming="paint-over", way_out="return-to-supplier"
    )


def test_a_retired_type_cannot_be_chosen_any_more() -> None:
    """What was decided before stays decided."""
    done = given(opened(), dispositioned(), opened(SCRATCH), configured(retired=True))
    done.when(dispositioned(SCRATCH)).is_refused(UnknownDispositionType, naming="use-as-is")
    done.when(dispositioned()).nothing_happens()


def test_the_same_configuration_again_changes_nothing() -> None:
    """What is built in is there without being configured."""
    given().when(configured()).nothing_happens()
    given(configured(closer_roles=("A",))).when(configured(version=1, closer_roles=("A",))).nothing_happens()


def test_nobody_overwrites_what_he_has_not_seen() -> None:
    """The refusal names the version of the moment."""
    given(configured(closer_roles=("A",))).when(configured()).is_refused(DispositionTypesChanged, naming="version 1")


def test_a_role_stands_once_in_a_type() -> None:
    """Twice would ask for two approvals that are one."""
    given().when(configured(approver_roles=("A", "A"))).is_refused(RoleRepeated, naming="A")
    given().when(configured(closer_roles=("B", "A", "B"))).is_refused(RoleRepeated, naming="B")


def test_another_availability_is_configured_by_who_saw_what_it_affects() -> None:
    """The number of issues is that of the dry run; a type that nobody chose affects none."""
    story = Story(ISSUES, {DISPOSITION_TYPES: DispositionTypes(version=1, in_use={"use-as-is": {"immediate": 1}})})
    story.when(configured(availability=NEVER, version=1)).is_refused(ImpactNotSeen, naming="1 issues, and nobody")
    story.when(configured(availability=NEVER, version=1, affects=2)).is_refused(ImpactNotSeen, naming="2 were shown")
    story.when(configured(availability=NEVER, version=1, affects=1)).then(DispositionConfigured)
    given().when(configured(availability=NEVER)).then(DispositionConfigured)


def test_an_issue_follows_its_type_whatever_became_of_it() -> None:
    """Announced once; roles and the rest stay as they were when it was chosen."""
    done = given(opened(SCRATCH), dispositioned(SCRATCH), resolved(SCRATCH))
    recalled = done.when(configured(availability=NEVER, closer_roles=("A",))).and_then()
    story = recalled.when(followed(SCRATCH)).then(IssueAvailabilityChanged)
    issue = story.state(SCRATCH)
    assert (issue.withholds, issue.type and issue.type.closer_roles) == (True, ())
    story.when(followed(SCRATCH)).nothing_happens()


def test_an_issue_of_another_type_follows_nothing() -> None:
    """Nor one without a disposition."""
    story = given(opened(SCRATCH), dispositioned(SCRATCH, "rework"), opened(), configured(availability=NEVER))
    story.when(followed(SCRATCH)).nothing_happens()
    story.when(followed(BEARING)).nothing_happens()


def test_approvals_survive_another_availability() -> None:
    """They are of the disposition, not of where the unit stands."""
    chosen = given(configured(approver_roles=("A", "B")), opened(), dispositioned(), approved("A"))
    moved = chosen.when(configured(availability=NEVER, version=1, approver_roles=("A", "B"))).and_then()
    issue = moved.when(followed()).when(approved("B")).state(BEARING)
    assert [one.role for one in issue.approvals] == ["A", "B"]
    assert issue.is_approved
