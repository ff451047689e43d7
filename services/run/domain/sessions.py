"""Sessions: who is checked in on a step, from when to when (domain.md 3.2, 3.9).

Starting a step checks its person in, and what ends work on a step checks everybody out. A machine that acts for
nobody has no session.
"""

from collections.abc import Mapping
from datetime import datetime

from services.run.domain.run import Run, Session, SessionEnd, Step
from shared.kernel import changed

Sessions = tuple[Session, ...]


def checked_in(step: Step, person: str | None, at: datetime) -> Sessions:
    """The step's sessions with one more, unless the person is on the step already."""
    if person is None or session_of(step, person) is not None:
        return step.sessions
    return (*step.sessions, Session(len(step.sessions) + 1, person, at, at))


def session_of(step: Step, person: str | None) -> Session | None:
    """The session of a person who is checked in on the step."""
    for session in reversed(step.sessions):
        if session.person == person and session.ended_at is None:
            return session
    return None


def last_session_of(step: Step, person: str) -> Session | None:
    """The session of a person on the step that was opened last, ended or not."""
    return next((session for session in reversed(step.sessions) if session.person == person), None)


def seen(step: Step, person: str | None, at: datetime) -> Sessions:
    """The person did something on the step: the session goes on at least until then."""
    going_on = session_of(step, person)
    if going_on is None or at <= going_on.seen_at:
        return step.sessions
    number, started_at, earlier = going_on.number, going_on.started_at, going_on.earlier
    return with_session(step, Session(number, going_on.person, started_at, at, None, None, earlier))


def everybody_out(step: Step, at: datetime, because: SessionEnd) -> Sessions:
    """Nobody is on the step any more."""
    if not step.is_attended:
        return step.sessions
    return tuple([one if one.ended_at is not None else ended(one, at, because) for one in step.sessions])


def nobody_left(run: Run, at: datetime) -> Mapping[str, Step]:
    """The run's steps when it is closed: nobody is on any of them."""
    return {name: _without_anybody(step, at) for name, step in run.steps.items()}


def _without_anybody(step: Step, at: datetime) -> Step:
    sessions = everybody_out(step, at, SessionEnd.RUN_CLOSED)
    return step if sessions is step.sessions else changed(step, sessions=sessions)


def ended(session: Session, at: datetime, because: SessionEnd) -> Session:
    """The session until ``at``; where two clocks differ so much that this is before its start, it took no time."""
    number, started_at, earlier = session.number, session.started_at, session.earlier
    ended_at = max(at, started_at)
    return Session(number, session.person, started_at, session.seen_at, ended_at, because, earlier)


def with_session(step: Step, session: Session) -> Sessions:
    """The step's sessions with this one in place of that of its number."""
    if len(step.sessions) == 1:
        return (session,)
    before = session.number - 1
    return (*step.sessions[:before], session, *step.sessions[before + 1 :])
