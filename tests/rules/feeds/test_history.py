"""What a plant's systems would have published, from the log of its work sessions."""

from datetime import UTC, datetime, timedelta

from shared.contracts.plant import RunOrdered, StepSignedOff
from shared.runtime.command.feeds.history import Happened, feed, history
from shared.runtime.command.feeds.worklog import Session

SEVEN = datetime(2026, 3, 2, 7, tzinfo=UTC)


def worked(activity: str, worker: str, begins_h: float, ends_h: float | None, order: str = "W-1") -> Session:
    """A session, in hours after seven."""
    ends = None if ends_h is None else SEVEN + timedelta(hours=ends_h)
    return Session(2, order, activity, worker, SEVEN + timedelta(hours=begins_h), ends)


def said(happened: tuple[Happened, ...]) -> list[tuple[str, str, str | None]]:
    """Type, step and operator of each event."""
    return [(type(one.data).__name__, one.data.step_id, one.data.operator) for one in happened]  # type: ignore[attr-defined]


def test_every_session_checks_in_and_out_and_the_last_one_signs_off() -> None:
    """Two people at once, and a third after a later activity: one step, one sign-off, in time order."""
    log = [
        worked("Turn", "Ada", 0, 2),
        worked("Turn", "Ben", 1, 3),
        worked("Pack", "Cleo", 3, 4),
        worked("Turn", "Dora", 5, 6),
    ]
    assert said(history(log).worked) == [
        ("StepCheckedIn", "Turn", "Ada"),
        ("StepCheckedIn", "Turn", "Ben"),
        ("StepCheckedOut", "Turn", "Ada"),
        ("StepCheckedOut", "Turn", "Ben"),
        ("StepCheckedIn", "Pack", "Cleo"),
        ("StepSignedOff", "Pack", "Cleo"),
        ("StepCheckedIn", "Turn", "Dora"),
        ("StepSignedOff", "Turn", "Dora"),
    ]


def test_a_worker_who_ends_one_session_as_the_next_begins_leaves_first() -> None:
    """And one of no length begins before it ends."""
    log = [worked("Turn", "Ada", 0, 1), worked("Turn", "Ada", 1, 1), worked("Turn", "Ada", 1, 2)]
    assert [name for name, *_ in said(history(log).worked)] == [
        "StepCheckedIn",
        "StepCheckedOut",
        "StepCheckedIn",
        "StepCheckedIn",
        "StepCheckedOut",
        "StepSignedOff",
    ]


def test_the_order_names_its_activities_as_they_began() -> None:
    """Whatever the order of lines; they depend on each other only where that is asked for."""
    log = [worked("Pack", "Cleo", 3, 4), worked("Turn", "Ada", 0, 2), worked("Check", "Ada", 2, 3)]
    ordered = history(log).planned[0].data
    assert isinstance(ordered, RunOrdered)
    assert (ordered.run_id, ordered.work_order) == ("replay-W-1", "W-1")
    assert [(step.step_id, step.after) for step in ordered.steps] == [("Turn", ()), ("Check", ()), ("Pack", ())]
    chained = history(log, in_order=True).planned[0].data
    assert isinstance(chained, RunOrdered)
    assert [step.after for step in chained.steps] == [(), ("Turn",), ("Check",)]


def test_at_one_moment_what_ends_comes_before_what_begins() -> None:
    """So an activity may begin the moment the one before it ends; a session of no length begins before it ends."""
    log = [worked("Turn", "Ada", 0, 1), worked("Check", "Dora", 1, 1)]
    assert said(history(log).worked)[1:] == [
        ("StepSignedOff", "Turn", "Ada"),
        ("StepCheckedIn", "Check", "Dora"),
        ("StepSignedOff", "Check", "Dora"),
    ]


def test_an_activity_that_goes_on_is_not_signed_off() -> None:
    """Its last session has no end yet."""
    log = [worked("Turn", "Ada", 0, 1), worked("Turn", "Ben", 0, None)]
    assert not [one for one in history(log).worked if isinstance(one.data, StepSignedOff)]


def test_the_same_line_is_the_same_event_and_a_line_entered_twice_is_two() -> None:
    """Ids follow from what a line says: a longer export of the same log repeats them and adds its own."""
    log = [worked("Turn", "Ada", 0, 1), worked("Turn", "Ada", 0, 1)]
    ids = {one.id for one in history(log).worked}
    assert len(ids) == 4
    longer = [*log, worked("Turn", "Ada", 0, 1, order="W-2")]
    assert ids < {one.id for one in history(longer).worked}
    assert not {one.id for one in history(log, prefix="other-").worked} & ids


def test_a_log_that_changes_an_order_says_so_with_another_event() -> None:
    """So that it is refused as a change of a live run, and not taken for the order that is known."""
    log = [worked("Turn", "Ada", 0, 1)]
    longer = [*log, worked("Pack", "Ada", 1, 2)]
    assert history(log).planned[0].id != history(longer).planned[0].id
    assert history(longer).planned[0].id != history(longer, in_order=True).planned[0].id


def test_speed_says_when_an_event_is_due() -> None:
    """At 3600 an hour takes a second; at 0 everything is due at once."""
    happened = history([worked("Turn", "Ada", 0, 2)]).worked
    assert [one.due_s for one in feed(happened, 3600)] == [0.0, 2.0]
    assert [one.due_s for one in feed(happened, 0)] == [0.0, 0.0]
