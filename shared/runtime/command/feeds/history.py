"""What a plant's systems would have published, from the log of its work sessions.

A work order is a run, and each of its activities a step. The first session of a work order tells that it was
ordered. Every session checks its worker in and out; the first check-in starts the step, and the end of the last session
signs it off, in the name of its worker, which checks everybody out. A session that was entered twice, or overlaps with
another of the same worker on the same step, is published as it was entered: who is checked in already is not checked in
again, and the check-out that is left over is refused.

The steps do not depend on each other: a shop takes activities up again after later ones, and inspects after
packing, so its log proves no order among them, and an order that demanded one would refuse work that was done.
``in_order`` demands it nevertheless: each activity after the one that began before it. The refusals show what then.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.contracts.base import PlantEvent
from shared.contracts.catalog import PLANT_ORDERS, PLANT_STEPS
from shared.contracts.plant import (
    Procedure,
    RunOrdered,
    StepCheckedIn,
    StepCheckedOut,
    StepOrdered,
    StepSignedOff,
    Target,
)
from shared.kernel import derived_id
from shared.runtime.command.feeds.sending import Sending, sending
from shared.runtime.command.feeds.worklog import Session

TOPICS = (PLANT_ORDERS.name, PLANT_STEPS.name)
SOURCE = "urn:plant:replayed"
PREFIX = "replay-"
PART = "REPLAYED"
PROCEDURE = Procedure(name="As the log tells", version="1")

CHECK_OUT, SIGN_OFF, CHECK_IN, CHECK_OUT_AT_START, SIGN_OFF_AT_START = range(5)
"""What comes first at the same moment: a worker ends one session and then begins the next; only a session that
ends as it begins is the other way round."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened in the plant; its ``id`` follows from what it says, so that it counts once."""

    at: datetime
    rank: int
    id: str
    data: PlantEvent


@dataclass(frozen=True, slots=True)
class History:
    """What planning published, and what the floor did. Planning comes first: topics have no order among each
    other, and a plant's work is planned before it begins.
    """

    planned: tuple[Happened, ...]
    worked: tuple[Happened, ...]

    @property
    def total(self) -> int:
        """How many events that is."""
        return len(self.planned) + len(self.worked)


def history(sessions: Sequence[Session], *, prefix: str = PREFIX, in_order: bool = False) -> History:
    """Everything that was published, in time order, all work orders side by side.

    The same log gives the same events with the same ids, under whatever file name; a longer log of the same plant
    gives these and more.
    """
    last = _last(sessions)
    worked = [*_attended(sessions, prefix, last), *_sign_offs(sessions, prefix, last)]
    planned = sorted(_orders(sessions, prefix, in_order=in_order), key=_when)
    return History(tuple(planned), tuple(sorted(worked, key=_when)))


def feed(happened: Iterable[Happened], speed: float) -> Iterator[Sending]:
    """The history as records; ``speed`` 3600 plays an hour in a second, 0 everything at once."""
    began = None
    for one in happened:
        began = began or one.at
        due_s = (one.at - began).total_seconds() / speed if speed else 0.0
        yield sending(one.data, event_id=one.id, source=SOURCE, at=one.at, due_s=due_s)


def _orders(sessions: Sequence[Session], prefix: str, *, in_order: bool) -> Iterator[Happened]:
    began: dict[str, datetime] = {}
    activities: dict[str, list[str]] = {}
    for one in sorted(sessions, key=lambda session: session.started_at):
        began.setdefault(one.work_order, one.started_at)
        known = activities.setdefault(one.work_order, [])
        if one.activity not in known:
            known.append(one.activity)
    for work_order, names in activities.items():
        at = began[work_order]
        event_id = _id(at, "ordered", prefix, work_order, f"{in_order}", *names)
        yield Happened(at, CHECK_IN, event_id, _order(prefix, work_order, names, in_order=in_order))


def _order(prefix: str, work_order: str, activities: Sequence[str], *, in_order: bool) -> RunOrdered:
    before = [(), *((name,) for name in activities)] if in_order else [()] * len(activities)
    return RunOrdered(
        run_id=prefix + work_order,
        part_number=PART,
        revision="1",
        procedure=PROCEDURE,
        target=Target(serial=prefix + work_order),
        work_order=work_order,
        steps=tuple(
            StepOrdered(step_id=name, name=name, after=after) for name, after in zip(activities, before, strict=False)
        ),
    )


def _last(sessions: Sequence[Session]) -> Mapping[tuple[str, str], int]:
    """Which session ends last of an activity; of those that end together, the one that was entered last."""
    last: dict[tuple[str, str], int] = {}
    for number, one in enumerate(sessions):
        step = (one.work_order, one.activity)
        if step not in last or _end(one) >= _end(sessions[last[step]]):
            last[step] = number
    return last


def _attended(sessions: Sequence[Session], prefix: str, last: Mapping[tuple[str, str], int]) -> Iterator[Happened]:
    entered: Counter[tuple[str, ...]] = Counter()
    for number, one in enumerate(sessions):
        what = _what(one)
        entered[what] += 1  # a session that was entered twice was published twice
        seed = (prefix, *what, f"{entered[what]}")
        who = {"run_id": prefix + one.work_order, "step_id": one.activity, "operator": one.worker}
        event_id = _id(one.started_at, "checked-in", *seed)
        yield Happened(one.started_at, CHECK_IN, event_id, StepCheckedIn.model_validate(who))
        if one.ended_at is not None and last[one.work_order, one.activity] != number:
            rank = CHECK_OUT_AT_START if one.ended_at == one.started_at else CHECK_OUT
            event_id = _id(one.ended_at, "checked-out", *seed)
            yield Happened(one.ended_at, rank, event_id, StepCheckedOut.model_validate(who))


def _sign_offs(sessions: Sequence[Session], prefix: str, last: Mapping[tuple[str, str], int]) -> Iterator[Happened]:
    """An activity with a session that goes on is not signed off."""
    starts = {(one.work_order, one.activity, one.started_at) for one in sessions}
    for (work_order, activity), number in last.items():
        one = sessions[number]
        if one.ended_at is None:
            continue
        rank = SIGN_OFF_AT_START if (work_order, activity, one.ended_at) in starts else SIGN_OFF
        event_id = _id(one.ended_at, "signed-off", prefix, *_what(one))
        data = StepSignedOff(run_id=prefix + work_order, step_id=activity, operator=one.worker)
        yield Happened(one.ended_at, rank, event_id, data)


def _when(one: Happened) -> tuple[datetime, int]:
    return one.at, one.rank


def _end(session: Session) -> datetime:
    return session.ended_at or datetime.max.replace(tzinfo=UTC)


def _what(session: Session) -> tuple[str, ...]:
    times = (session.started_at, session.ended_at)
    return (session.work_order, session.activity, session.worker, *(f"{at and at.astimezone(UTC)}" for at in times))


def _id(at: datetime, *seed: str) -> str:
    return derived_id(max(0, int(at.timestamp() * 1000)), SOURCE, *seed)
