"""Which work orders of a log came to their end, and when."""

from datetime import UTC, datetime

from shared.runtime.command.feeds.finishing import Finished, finished
from shared.runtime.command.feeds.worklog import Session


def at(hour: int) -> datetime:
    """An hour of that day."""
    return datetime(2026, 3, 2, hour, tzinfo=UTC)


def session(work_order: str, activity: str, start: int, end: int | None) -> Session:
    """Ada at work."""
    return Session(1, work_order, activity, "Ada", at(start), None if end is None else at(end))


def ended(*sessions: Session, last: str = "Packing") -> list[Finished]:
    """The work orders that a log shows to the end."""
    return list(finished(sessions, last, "replay-"))


def test_a_work_order_ends_with_its_last_session_whatever_that_was_for() -> None:
    """A shop inspects after packing, and an end before that would be a lie."""
    log = (session("W-1", "Packing", 8, 9), session("W-1", "Inspection", 10, 11), session("W-1", "Turning", 6, 7))
    assert ended(*log) == [Finished("W-1", "replay-W-1", at(11))]


def test_a_work_order_that_never_reached_its_last_activity_is_left() -> None:
    """The log ends before it does."""
    assert ended(session("W-1", "Turning", 8, 9)) == []
    assert ended(session("W-1", "Turning", 8, 9), last="Turning") == [Finished("W-1", "replay-W-1", at(9))]


def test_a_work_order_on_which_somebody_is_still_at_work_is_left() -> None:
    """On its last activity or on another one."""
    packed = session("W-1", "Packing", 8, 9)
    assert ended(packed, session("W-1", "Turning", 6, None)) == []
    assert ended(packed, session("W-1", "Packing", 9, None)) == []


def test_work_orders_come_as_they_ended() -> None:
    """So their completions come in the order of then."""
    log = (session("W-1", "Packing", 8, 12), session("W-2", "Packing", 9, 10), session("W-3", "Packing", 7, 11))
    assert [one.work_order for one in ended(*log)] == ["W-2", "W-3", "W-1"]
