"""Work orders that a log shows to the end: their runs are completed as of then, as history that is taken in.

A log does not say which activity is the last one of a work order, so that is asked for. One whose last activity never
came, or on which somebody is still at work, is left as it stands.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from shared.runtime.command.connection import Services
from shared.runtime.command.errors import CommandFailed, ExitCode
from shared.runtime.command.feeds.worklog import Session

LAST = "Packing"
"""What ends a work order where nobody says otherwise."""

COMPLETE = "complete"
NOTE = "As the log of work sessions tells."


@dataclass(frozen=True, slots=True)
class Finished:
    """A work order that reached its last activity, and on which nobody works any more."""

    work_order: str
    run_id: str
    at: datetime


@dataclass(slots=True)
class Outcome:
    """What became of the runs that could be completed; ``left`` says why one could not, by run."""

    completed: int = 0
    already: int = 0
    left: dict[str, str] = field(default_factory=dict)

    @property
    def document(self) -> dict[str, Any]:
        """For a script."""
        reached = self.completed + self.already + len(self.left)
        reasons = Counter(why.partition(":")[0] for why in self.left.values())
        done = {"reached": reached, "completed": self.completed, "already": self.already}
        return {**done, "left": self.left, "reasons": dict(reasons)}


def finished(sessions: Iterable[Session], last: str, prefix: str) -> Iterator[Finished]:
    """Those work orders, in the order in which they ended; each ended with its last session, whatever that was for."""
    by_order: dict[str, list[Session]] = {}
    for one in sessions:
        by_order.setdefault(one.work_order, []).append(one)
    ended = [(_end(of), work_order) for work_order, of in by_order.items() if any(one.activity == last for one in of)]
    for at, work_order in sorted((at, work_order) for at, work_order in ended if at is not None):
        yield Finished(work_order, prefix + work_order, at)


def complete_runs(services: Services, runs: Iterable[Finished], outcome: Outcome) -> None:
    """Review each run, acknowledge what the review warns of, and confirm it as of then. Completed before, it stays so.
    ``outcome`` is told of each.

    :raises CommandFailed: when the service is away, or the token may not take history in.
    """
    for one in runs:
        try:
            _complete(services, one, outcome)
        except CommandFailed as failed:
            if failed.exit_code in (ExitCode.AWAY, ExitCode.NOT_ALLOWED):
                raise
            outcome.left[one.run_id] = str(failed)


def _complete(services: Services, one: Finished, outcome: Outcome) -> None:
    path = f"/runs/{quote(one.run_id, safe='')}"
    review = services.get("run", f"{path}/review")
    if review["status"] == COMPLETE:
        outcome.already += 1
        return
    confirmation = {
        "review_version": review["version"],
        "acknowledged": [{"code": told["code"], "subject": told["subject"]} for told in review["warnings"]],
        "note": NOTE,
        "occurred_at": one.at.isoformat(),
    }
    services.post("run", f"{path}/complete", confirmation)
    outcome.completed += 1


def _end(sessions: Iterable[Session]) -> datetime | None:
    """When the last of them ended; None while one goes on."""
    ends = [one.ended_at for one in sessions]
    return None if None in ends else max(at for at in ends if at is not None)
