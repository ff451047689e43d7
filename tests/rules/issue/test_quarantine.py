"""Quarantine: an issue has part of a lot split off and held (domain.md 5)."""

import pytest

from services.issue.domain.events import IssueQuarantined
from services.issue.domain.quarantine import MOST_PARTS
from services.issue.domain.refusals import (
    IssueIsResolved,
    QuarantineInvalid,
    QuarantinesTooMany,
    QuarantineUnitMissing,
    UnknownIssue,
)
from tests.rules.issue.examples import (
    BEARING,
    LATER,
    OMAR,
    SCRATCH,
    dispositioned,
    given,
    opened,
    quarantined,
    resolved,
)


def test_part_of_a_lot_is_set_apart() -> None:
    """With who asked for it and when; before anybody decided anything."""
    (part,) = given(opened()).when(quarantined()).then(IssueQuarantined).state(BEARING).quarantined
    assert (part.unit_id, part.of_unit_id, f"{part.quantity}") == ("BRG-7:L1~a", "BRG-7:L1", "3")
    assert (part.by, part.at) == (OMAR, LATER)


def test_several_parts_may_be_set_apart() -> None:
    """Found one after the other; the same one again is the same."""
    story = given(opened(), quarantined(), quarantined(part="BRG-7:L1~b"))
    assert len(story.state(BEARING).quarantined) == 2
    story.when(quarantined()).nothing_happens()


def test_the_issues_own_unit_is_meant_where_none_is_named() -> None:
    """An issue on a lot sets part of that lot apart; one on a run alone has to say which."""
    (part,) = given(opened(SCRATCH)).when(quarantined(of=None, issue_id=SCRATCH)).state(SCRATCH).quarantined
    assert part.of_unit_id == "GEARBOX-1"
    given(opened()).when(quarantined(of=None)).is_refused(QuarantineUnitMissing, naming=BEARING)


@pytest.mark.parametrize("quantity", ["0", "-2"])
def test_nothing_cannot_be_set_apart(quantity: str) -> None:
    """The refusal names the quantity."""
    given(opened()).when(quarantined(quantity)).is_refused(QuarantineInvalid, naming=quantity)


def test_a_resolved_issue_sets_nothing_apart() -> None:
    """It would hold nothing."""
    given(opened(), dispositioned(), resolved()).when(quarantined()).is_refused(IssueIsResolved, naming=BEARING)
    given().when(quarantined()).is_refused(UnknownIssue, naming=BEARING)


def test_the_parts_of_an_issue_have_a_bound() -> None:
    """So that each announcement has one too."""
    full = given(opened(), *(quarantined(part=f"L1~{number}") for number in range(MOST_PARTS)))
    full.when(quarantined()).is_refused(QuarantinesTooMany, naming=f"{MOST_PARTS}")
