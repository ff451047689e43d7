"""How a published record ended, as the announcements tell."""

from typing import Any

from shared.runtime.command.feeds.endings import Ending, Endings


def sent(*ids: str, at_most: int = 10) -> Endings:
    """Step starts with these ids, on their way."""
    endings = Endings(most_followed=at_most)
    for one in ids:
        endings.send(one, "step started")
    return endings


def parked(**data: str) -> dict[str, Any]:
    """The announcement that a record stands aside."""
    return {"type": "asbuilt.run.record-parked.v1", "data": {"reason": "early", "detail": "R is not known.", **data}}


def refused(refused_id: str) -> dict[str, Any]:
    """The announcement of a refusal; its cause is what was refused."""
    data = {"refused_id": refused_id, "code": "run-locked", "obstacle": "The run R is complete."}
    return {"type": "asbuilt.run.change-refused.v1", "causationid": refused_id, "data": data}


def counts(endings: Endings) -> dict[str, int]:
    """What ended how often in which way."""
    return {ending.value: number for (_, ending), number in endings.counts.items()}


def test_what_caused_an_announcement_is_done_once() -> None:
    """A sign-off that implies the start announces both; other people's events are passed over."""
    endings = sent("a", "b")
    for cause in ("a", "a", "somebody else's"):
        endings.hear({"type": "asbuilt.step.started.v1", "causationid": cause, "data": {}})
    assert counts(endings) == {"done": 1}


def test_a_refusal_is_counted_by_its_code_with_a_sentence() -> None:
    """A person reads why, and how often."""
    endings = sent("a", "b")
    endings.hear(refused("a"))
    endings.hear(refused("b"))
    assert list(endings.explained()) == [("step started", Ending.REFUSED, "run-locked", 2, "The run R is complete.")]


def test_a_record_that_stood_aside_ends_as_its_last_word_says() -> None:
    """Early records are taken up when what they wait for appears; what nobody could read is known by its key."""
    endings = sent("early then done", "early then refused", "aside", "unreadable")
    for one in ("early then done", "early then refused", "aside"):
        endings.hear(parked(parked_id=one))
    endings.hear(parked(subject_id="unreadable", reason="not-json"))
    endings.hear({"type": "asbuilt.step.started.v1", "causationid": "early then done"})
    endings.hear(refused("early then refused"))
    endings.settle(is_read=True)
    assert counts(endings) == {"done": 1, "refused": 1, "parked": 2}
    assert {code for _, ending, code, _, _ in endings.explained() if ending is Ending.PARKED} == {"early", "not-json"}


def test_silence_means_no_change_only_where_everything_was_read() -> None:
    """Nothing is announced of a record that was known; nor of one that nobody has read."""
    read, unread = sent("a"), sent("a")
    read.settle(is_read=True)
    unread.settle(is_read=False)
    assert (counts(read), counts(unread)) == ({"no change": 1}, {"no answer": 1})


def test_only_so_many_are_waited_for() -> None:
    """Memory is bounded: beyond it a record is counted, but not followed."""
    endings = sent("a", "b", "c", at_most=2)
    endings.hear({"type": "asbuilt.step.started.v1", "causationid": "c"})
    endings.settle(is_read=True)
    assert counts(endings) == {"not followed": 1, "no change": 2}
    assert endings.sent.total() == 3
