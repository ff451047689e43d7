"""Decisions about a whole run: taking it back, giving it up, and opening it again. Whether it may be completed is
`completion`'s to say.
"""

from decimal import Decimal
from typing import assert_never

from services.run.domain import events
from services.run.domain.commands import CancelRun, FailRun, ReopenRun
from services.run.domain.lookup import check_reason, known_run, open_run
from services.run.domain.refusals import RunNotComplete
from services.run.domain.run import Canceled, Completed, Failed, Run
from services.run.domain.sessions import nobody_left
from shared.kernel import changed

Events = tuple[events.AnyEvent, ...]
ClosingEvent = events.RunCompleted | events.RunReopened | events.RunCanceled | events.RunFailed


def cancel(run: Run | None, command: CancelRun) -> Events:
    """Take the run back; its target is free. One that failed for good can still be taken back.

    :raises ReasonMissing: when nothing is said.
    """
    run = known_run(run, command)
    if not isinstance(run.decision, Failed):
        open_run(run, command)
    check_reason(command.reason)
    unit_id = run.order.target.unit_id
    return (events.RunCanceled(run.run_id, command.by, command.at, unit_id, command.reason),)


def fail(run: Run, command: FailRun) -> Events:
    """Give the run up for good: what it builds cannot be recovered. Its unit stays work in progress."""
    check_reason(command.reason)
    unit_id = run.order.target.unit_id
    return (events.RunFailed(run.run_id, command.by, command.at, unit_id, command.reason),)


def reopen(run: Run, command: ReopenRun) -> Events:
    """Open a completed run again (domain.md 3.7); a completion that is superseded already needs nothing.

    :raises RunNotComplete: when there is nothing to reopen.
    :raises ReasonMissing: when nothing is said.
    """
    if command.number is not None and not _stands(run, command.number):
        return ()  # a completion that is superseded already
    if not isinstance(run.decision, Completed):
        raise RunNotComplete(run_id=run.run_id)
    check_reason(command.reason)
    number = run.decision.number
    unit_id = run.order.target.unit_id
    return (events.RunReopened(run.run_id, command.by, command.at, unit_id, number, command.reason),)


def _stands(run: Run, number: int) -> bool:
    return isinstance(run.decision, Completed) and run.decision.number == number


def evolve(run: Run, event: ClosingEvent) -> Run:
    """The run after a decision about the whole of it; reopened, it goes on with its steps as they were."""
    match event:
        case events.RunCompleted():
            return _completed(run, event)
        case events.RunReopened():
            return changed(run, decision=None, touched=frozenset())
        case events.RunCanceled():
            return _closed(run, Canceled(event.at, event.by, event.reason))
        case events.RunFailed():
            return _closed(run, Failed(event.at, event.by, event.reason))
        case _:
            assert_never(event)


def _completed(run: Run, event: events.RunCompleted) -> Run:
    first = run.first_completed_at or event.at
    closed = _closed(run, Completed(event.at, event.by, event.number))
    good = event.record.get("good_quantity")
    left = run.left if good is None else Decimal(good)
    return changed(closed, completions=event.number, first_completed_at=first, left=left)


def _closed(run: Run, decision: Completed | Canceled | Failed) -> Run:
    """Nobody is on its steps any more, and it is not ready for anything."""
    return changed(run, decision=decision, steps=nobody_left(run, decision.at), is_ready=False)
