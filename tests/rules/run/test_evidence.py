"""What plant systems said of a run and was not taken: it warns until somebody has dealt with it (domain.md 3.4)."""

import pytest

from services.run.domain import events, evidence
from services.run.domain.refusals import ReasonMissing, UnknownEvidence
from services.run.domain.review import review
from services.run.domain.run import Run
from shared.testing.story import Story
from tests.rules.run.examples import (
    RUN,
    R,
    cancel,
    complete,
    completed,
    deal_with_evidence,
    note_evidence,
    ordered,
    ready,
    reopen,
    settle_evidence,
    version_of,
    warnings_of,
)

NINE = ("refused-evidence", "evidence-9")


def test_a_refused_event_is_kept_and_warns_until_a_person_settled_it() -> None:
    """With who, when and how; the run stays ready, and its review is another one."""
    story = ready().when(note_evidence()).then(events.EvidenceRefused)
    assert warnings_of(story) == [NINE]
    assert version_of(story) != version_of(ready())
    settled = story.when(settle_evidence()).then(events.EvidenceSettled)
    assert settled.events[0].reason == "The scanner sent it twice."
    assert warnings_of(settled) == []
    assert version_of(settled) == version_of(ready())


def test_a_record_that_stood_aside_and_was_taken_after_all_warns_no_more() -> None:
    """Nobody needs to settle what dealt with itself; dealt with again, nothing changes."""
    story = ready(note_evidence()).when(deal_with_evidence()).then(events.EvidenceSettled)
    assert warnings_of(story) == []
    story.when(deal_with_evidence()).nothing_happens()
    ready().when(deal_with_evidence()).nothing_happens()


def test_a_record_that_was_tried_again_and_refused_says_the_new_obstacle() -> None:
    """One event is one warning, whatever it ran into; the same obstacle again is no news."""
    story = ready(note_evidence(code="defect", obstacle="KeyError: 'x'")).when(note_evidence())
    assert warnings_of(story.then(events.EvidenceRefused)) == [NINE]
    assert "step-signed-off" in review(story.state(R)).warnings[0].sentence
    story.when(note_evidence()).nothing_happens()


def test_what_nobody_knows_cannot_be_settled() -> None:
    """Or not any more: the second of two people learns that it is done."""
    ready().when(settle_evidence()).is_refused(UnknownEvidence, naming="evidence-9")
    ready(note_evidence(), settle_evidence()).when(settle_evidence()).is_refused(UnknownEvidence)


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_who_settles_says_how(reason: str) -> None:
    """An auditor reads it later."""
    ready(note_evidence()).when(settle_evidence(reason=reason)).is_refused(ReasonMissing)


@pytest.mark.parametrize("closed", [completed(), ready(cancel())], ids=["complete", "canceled"])
def test_only_an_open_run_keeps_what_was_not_taken(closed: Story[Run]) -> None:
    """What comes after it is refused by the lock, and the history has that."""
    closed.when(note_evidence()).nothing_happens()


def test_an_unknown_run_keeps_nothing() -> None:
    """Noting is never refused: the record has its ending already."""
    RUN.given().when(note_evidence()).nothing_happens()
    RUN.given().when(deal_with_evidence()).nothing_happens()


def test_what_was_acknowledged_when_the_run_was_completed_warns_again_when_it_is_reopened() -> None:
    """Acknowledging is not dealing with it."""
    story = ready(note_evidence())
    story = story.when(complete(version_of(story), NINE)).and_then().when(reopen()).and_then()
    assert warnings_of(story) == [NINE]


def test_a_station_that_goes_mad_does_not_swell_the_run() -> None:
    """A hundred are kept; the last one says that there are more; settling one makes room for the next."""
    story = RUN.given(ordered())
    for number in range(evidence.MOST + 5):
        story = story.when(note_evidence(number)).and_then()
    kept = story.state(R).refused_evidence
    assert len(kept) == evidence.MOST
    assert [one.evidence_id for one in kept.values() if evidence.AND_MORE in one.obstacle] == ["evidence-99"]
    again = story.when(settle_evidence(0)).and_then().when(note_evidence(200)).then(events.EvidenceRefused)
    assert "evidence-200" in again.state(R).refused_evidence
