"""Numbers of a run: cycle time, step time and labour (domain.md 9), in exact seconds.

They follow from when things happened. Two clocks may differ by minutes; whatever they say, no number is negative.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from services.run.domain.run import Run, Session, Step

NOTHING = Decimal(0)


def seconds_between(start: datetime, end: datetime) -> Decimal:
    """Seconds from start to end (s); nothing where the end was said to be earlier."""
    elapsed = end - start
    seconds = Decimal(elapsed.days * 86_400 + elapsed.seconds) + Decimal(elapsed.microseconds) / 1_000_000
    return max(seconds, NOTHING)


def cycle_time_s(started_at: datetime | None, completed_at: datetime | None) -> Decimal | None:
    """From the first start of a run to its completion (s); None before either."""
    if started_at is None or completed_at is None:
        return None
    return seconds_between(started_at, completed_at)


def step_time_s(step: Step) -> Decimal | None:
    """From the first start of a step to its sign-off (s), rework included; None while it is not signed off."""
    return cycle_time_s(step.started_at, step.signed_at)


def labour_s(step: Step) -> Decimal:
    """The sum of the step's sessions (s): people who work at the same time add up. One that goes on counts once it
    has ended.
    """
    return sum(map(session_s, step.sessions), start=NOTHING)


def session_s(session: Session) -> Decimal:
    """How long a session took (s); nothing while it goes on."""
    return NOTHING if session.ended_at is None else seconds_between(session.started_at, session.ended_at)


def labour_by_person(steps: Iterable[Step]) -> Mapping[str, Decimal]:
    """The labour of everybody who was checked in on these steps (s), by person."""
    by_person: dict[str, Decimal] = {}
    for step in steps:
        for session in step.sessions:
            by_person[session.person] = by_person.get(session.person, NOTHING) + session_s(session)
    return dict(sorted(by_person.items()))


def run_labour_s(run: Run) -> Decimal:
    """The labour of a whole run (s)."""
    return sum(map(labour_s, run.steps.values()), start=NOTHING)
