"""What inventory and run answer to an issue: what became of a part to be held, and of which parts it is about."""

import pytest

from services.issue.domain.answering import MOST_PART_NUMBERS
from services.issue.domain.events import IssuePartsNoted, QuarantineHeld, QuarantineRefused
from services.issue.domain.issue import Issue, QuarantineState
from shared.testing.story import Story
from tests.rules.issue.examples import (
    BEARING,
    EVENING,
    answered,
    dispositioned,
    given,
    not_split,
    of_parts,
    opened,
    quarantined,
    resolved,
)


def states(story: Story[Issue]) -> list[QuarantineState]:
    """What became of each part that was to be set apart."""
    issue = story.state(BEARING)
    return [issue.state_of(one) for one in issue.quarantined]


def test_a_part_is_asked_for_until_inventory_holds_it() -> None:
    """With the time of the answer; told twice it is the same."""
    story = given(opened(), quarantined())
    assert states(story) == [QuarantineState.ASKED]
    story = story.when(answered()).then(QuarantineHeld)
    assert states(story) == [QuarantineState.HELD]
    assert story.state(BEARING).quarantined[0].answered_at == EVENING
    story.when(answered()).nothing_happens()


def test_a_part_that_inventory_refuses_says_why_and_what_to_do() -> None:
    """The other parts of the issue stay as they are, and the same refusal again changes nothing."""
    story = given(opened(), quarantined(part="BRG-7:L1~z"), quarantined()).when(not_split()).then(QuarantineRefused)
    assert states(story) == [QuarantineState.ASKED, QuarantineState.REFUSED]
    because = story.state(BEARING).quarantined[1].refused_because
    assert because is not None
    assert (because.code, because.resolve) == ("insufficient-quantity", "Take it from another lot.")
    story.when(not_split()).nothing_happens()


def test_a_refusal_that_was_overtaken_is_put_right() -> None:
    """A record that stood aside was tried again by a person, and the part is there after all."""
    story = given(opened(), quarantined(), not_split()).when(answered()).then(QuarantineHeld)
    assert states(story) == [QuarantineState.HELD]
    story.when(not_split()).nothing_happens()


def test_a_part_is_released_when_its_issue_allows_its_use() -> None:
    """By an immediate disposition as by its end; nobody tells the issue."""
    story = given(opened(), quarantined(), answered(), dispositioned("ISSUE-1", "rework"))
    assert states(story) == [QuarantineState.HELD]
    assert states(given(opened(), quarantined(), answered(), dispositioned())) == [QuarantineState.RELEASED]
    assert states(story.when(resolved()).and_then()) == [QuarantineState.RELEASED]


def test_an_answer_about_a_unit_that_was_not_set_apart_holds_nothing() -> None:
    """The issue withholds its whole unit, or the part is of another issue."""
    given(opened(), quarantined()).when(answered(is_quarantined=False)).nothing_happens()
    given(opened(), quarantined()).when(answered("BRG-7:L1~other")).nothing_happens()
    given(opened(), quarantined()).when(not_split("BRG-7:L1~other")).nothing_happens()


def test_an_issue_learns_the_parts_that_it_is_about() -> None:
    """Of what its run builds, of its requirement, of a unit; each once, in the order in which they became known."""
    story = given(opened(), of_parts("GB-1", "BRG-7")).when(of_parts("GB-1")).nothing_happens()
    story = story.when(answered("X-1", "SHAFT-2", "BRG-7", is_quarantined=False)).then(IssuePartsNoted)
    assert story.state(BEARING).part_numbers == ("GB-1", "BRG-7", "SHAFT-2")


@pytest.mark.parametrize("on", [{}, {"step_id": "torque"}, {"step_id": "torque", "field_id": "bolt-1"}])
def test_an_issue_on_a_run_is_about_what_the_run_builds(on: dict[str, str]) -> None:
    """Nobody named the unit: the run does, once; so what is decided withholds it."""
    story = given(opened(requirement_id=None, **on)).when(of_parts("GB-1", builds="GB-1-0007")).then(IssuePartsNoted)
    assert story.state(BEARING).unit_id == "GB-1-0007"
    story.when(of_parts("GB-1", builds="GB-1-0007")).nothing_happens()


def test_an_issue_keeps_the_unit_that_it_names_or_names_none() -> None:
    """A component is what it is, whatever is built; and who misses one says nothing of the gearbox."""
    named = given(opened(requirement_id=None, unit_id="BRG-1")).when(of_parts("GB-1", builds="GB-1-0007"))
    assert named.then(IssuePartsNoted).state(BEARING).unit_id == "BRG-1"
    missing = given(opened()).when(of_parts("GB-1", builds="GB-1-0007")).then(IssuePartsNoted)
    assert missing.state(BEARING).unit_id is None


def test_one_answer_may_tell_both() -> None:
    """The part is held, and it is of a part number that was not known."""
    story = given(opened(), quarantined()).when(answered("BRG-7:L1~a", "BRG-7")).then(QuarantineHeld, IssuePartsNoted)
    assert (states(story), story.state(BEARING).part_numbers) == ([QuarantineState.HELD], ("BRG-7",))


def test_answers_count_whatever_became_of_the_issue() -> None:
    """A closed issue is found by its part as well."""
    given(opened(), dispositioned(), resolved()).when(of_parts("BRG-7")).then(IssuePartsNoted)


def test_an_answer_about_an_issue_that_is_not_known_is_nobodys() -> None:
    """Nothing waits for it, and nothing is refused."""
    for one in (answered(), of_parts("BRG-7"), not_split()):
        given().when(one).nothing_happens()


def test_the_parts_that_an_issue_is_found_by_have_a_bound() -> None:
    """So that each announcement has one too."""
    full = given(opened(), of_parts(*(f"P-{number}" for number in range(MOST_PART_NUMBERS))))
    full.when(of_parts("ONE-MORE")).nothing_happens()
