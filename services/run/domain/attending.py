"""Checking in and out of steps, and putting sessions right afterwards (domain.md 3.2).

A person is on a step once at a time, and may be on several steps. What sessions are is `sessions`'.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from services.run.domain import events
from services.run.domain.commands import CheckIn, CheckOut, CorrectSession, EndIdleSessions
from services.run.domain.lookup import check_reason, step_of
from services.run.domain.refusals import NotCheckedIn, PersonMissing, SessionTimesInvalid, UnknownSession
from services.run.domain.run import Run, Session, SessionEnd, SessionTimes, Step, with_step
from services.run.domain.sessions import checked_in, ended, last_session_of, session_of, with_session
from services.run.domain.steps import begin, begun_at, with_operator
from shared.kernel import changed

Events = tuple[events.AnyEvent, ...]

_BY_ITSELF = frozenset(SessionEnd) - {SessionEnd.CHECKED_OUT, SessionEnd.CORRECTED}
"""Ends that nobody gave in so many words."""

AttendingCommand = CheckIn | CheckOut | CorrectSession
AttendingEvent = events.CheckedIn | events.CheckedOut | events.SessionCorrected


def decide(run: Run, command: AttendingCommand) -> Events:
    """What follows when people come to a step and leave it."""
    match command:
        case CheckIn():
            return _check_in(run, command)
        case CheckOut():
            return _check_out(run, command)
        case CorrectSession():
            return _correct(run, command)
        case _:
            assert_never(command)


def evolve(run: Run, event: AttendingEvent) -> Run:
    """The run after that."""
    match event:
        case events.CheckedIn():
            return _checked_in(run, event)
        case events.CheckedOut():
            return _checked_out(run, event)
        case events.SessionCorrected():
            return _corrected(run, event)
        case _:
            assert_never(event)


def _check_in(run: Run, command: CheckIn) -> Events:
    """On a step that is todo it implies the start, which checks in; on it already, nothing changes."""
    step = step_of(run, command.step_id)
    person = _person(command)
    started = begin(run, step, command)
    if started:
        return started
    if session_of(step, person) is not None:
        return ()
    number = len(step.sessions) + 1
    return (events.CheckedIn(run.run_id, command.by, command.at, command.step_id, number, person),)


def _check_out(run: Run, command: CheckOut) -> Events:
    """The person leaves the step; who was checked out by what happened, and says so only now, changes nothing unless
    it was earlier.

    :raises NotCheckedIn: when there was no check-in that this could end.
    """
    step = step_of(run, command.step_id)
    person = _person(command)
    session = _ending(step, person, command.at)
    if session is None:
        raise NotCheckedIn(person=person, step_id=command.step_id)
    if session.ended_at is not None and not _is_during(session, command.at):
        return ()
    because = SessionEnd.CHECKED_OUT
    return (events.CheckedOut(run.run_id, command.by, command.at, command.step_id, session.number, person, because),)


def _ending(step: Step, person: str, at: datetime) -> Session | None:
    """The session that a check-out ends: the open one; or, where that began later, one that was ended by what happened
    and was going on then; or the last one of the person, if that was not ended by a check-out.
    """
    going_on = session_of(step, person)
    if going_on is not None and going_on.started_at <= at:
        return going_on
    by_itself = [one for one in step.sessions if one.person == person and one.ended_because in _BY_ITSELF]
    during = next((one for one in reversed(by_itself) if _is_during(one, at)), None)
    last = last_session_of(step, person)
    return during or going_on or (last if last in by_itself else None)


def _is_during(session: Session, at: datetime) -> bool:
    return session.ended_at is not None and session.started_at <= at < session.ended_at


def _person(command: CheckIn | CheckOut) -> str:
    if command.by.person is None:
        raise PersonMissing
    return command.by.person


def _correct(run: Run, command: CorrectSession) -> Events:
    """Other times, with a reason; those that were said before are kept. Changes labour, and nothing else.

    :raises UnknownSession: naming those that there are.
    :raises SessionTimesInvalid: when the session would end before it began, has not yet happened, or would put its
        person on the step twice at a time.
    """
    step = step_of(run, command.step_id)
    session = _numbered(step, command.number)
    check_reason(command.reason)
    started_at = command.started_at or session.started_at
    ended_at = command.ended_at or session.ended_at
    if ended_at is not None and ended_at < started_at:
        raise SessionTimesInvalid(what=f"from {started_at.isoformat()} until {ended_at.isoformat()}")
    for given in (command.started_at, command.ended_at):
        if given is not None and given > command.at:
            raise SessionTimesInvalid(what=f"at {given.isoformat()}, which has not come yet")
    if (started_at, ended_at) == (session.started_at, session.ended_at):
        return ()
    _check_alone(step, session, started_at, ended_at)
    who = (run.run_id, command.by, command.at, command.step_id, session.number, session.person)
    return (events.SessionCorrected(*who, started_at, ended_at, command.reason),)


def _check_alone(step: Step, session: Session, started_at: datetime, ended_at: datetime | None) -> None:
    """A person is on a step once at a time: labour would count the same minutes twice."""
    for other in step.sessions:
        is_another = other.person == session.person and other.number != session.number
        if is_another and _overlap((started_at, ended_at), (other.started_at, other.ended_at)):
            until = "now" if other.ended_at is None else other.ended_at.isoformat()
            already = f"{other.person} is in session {other.number} from {other.started_at.isoformat()} until {until}"
            raise SessionTimesInvalid(what=f"from {started_at.isoformat()}: {already}")


def _overlap(one: tuple[datetime, datetime | None], other: tuple[datetime, datetime | None]) -> bool:
    """Whether both go on at some moment; one that has no end goes on."""
    return (one[1] is None or other[0] < one[1]) and (other[1] is None or one[0] < other[1])


def _numbered(step: Step, number: int) -> Session:
    if not 1 <= number <= len(step.sessions):
        known = ", ".join(f"{one.number}" for one in step.sessions) or "it has none"
        raise UnknownSession(step_id=step.definition.step_id, number=number, known=known)
    return step.sessions[number - 1]


def end_idle(run: Run, command: EndIdleSessions) -> Events:
    """Each session ends so long after its person was last seen on the step; nobody is on the steps of a closed run."""
    return tuple(_idle(run, command))


def _idle(run: Run, command: EndIdleSessions) -> Iterator[events.CheckedOut]:
    step = step_of(run, command.step_id)
    attended = [one for one in step.sessions if one.ended_at is None]
    latest = max((one.seen_at for one in attended), default=command.at)
    now = command.at if latest == command.quiet_since else latest
    for session in attended:
        until = session.seen_at + command.idle
        if until <= now:
            who = (run.run_id, command.by, until, command.step_id)
            yield events.CheckedOut(*who, session.number, session.person, SessionEnd.IDLE)


def _checked_in(run: Run, event: events.CheckedIn) -> Run:
    """Who checked in before the step was known to have begun, began it."""
    step = run.steps[event.step_id]
    attended = changed(begun_at(step, event.by, event.at), sessions=checked_in(step, event.person, event.at))
    started_at = event.at if run.started_at is None else min(run.started_at, event.at)
    return with_step(run, attended, started_at=started_at, operators=with_operator(run, event.person))


def _checked_out(run: Run, event: events.CheckedOut) -> Run:
    step = run.steps[event.step_id]
    session = ended(_numbered(step, event.number), event.at, event.because)
    return with_step(run, changed(step, sessions=with_session(step, session)))


def _corrected(run: Run, event: events.SessionCorrected) -> Run:
    """An open session that gets no end stays open; one that gets one was ended by whoever corrected it."""
    step = run.steps[event.step_id]
    session = _numbered(step, event.number)
    before = SessionTimes(session.started_at, session.ended_at, event.by, event.at, event.reason)
    because = session.ended_because or (SessionEnd.CORRECTED if event.ended_at is not None else None)
    corrected = replace(
        session,
        started_at=event.started_at,
        ended_at=event.ended_at,
        ended_because=because,
        earlier=(*session.earlier, before),
    )
    return with_step(run, changed(step, sessions=with_session(step, corrected)))
