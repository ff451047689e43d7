"""Decisions about a whole run: taking it back, and opening it again. Completing it is `completion`'s."""

from services.run.domain import events
from services.run.domain.commands import CancelRun, ReopenRun
from services.run.domain.refusals import RunNotComplete
from services.run.domain.run import Completed, Run

Events = tuple[events.AnyEvent, ...]


def cancel(run: Run, command: CancelRun) -> Events:
    """Take the run back; its target is free."""
    unit_id = run.order.target.unit_id
    return (events.RunCanceled(run.run_id, command.by, command.at, unit_id, command.reason),)


def reopen(run: Run, command: ReopenRun) -> Events:
    """Open a completed run again (domain.md 3.7); a completion that is superseded already needs nothing.

    :raises RunNotComplete: when there is nothing to reopen.
    """
    if command.number is not None and not _stands(run, command.number):
        return ()  # a completion that is superseded already
    if not isinstance(run.decision, Completed):
        raise RunNotComplete(run_id=run.run_id)
    number = run.decision.number
    unit_id = run.order.target.unit_id
    return (events.RunReopened(run.run_id, command.by, command.at, unit_id, number, command.reason),)


def _stands(run: Run, number: int) -> bool:
    return isinstance(run.decision, Completed) and run.decision.number == number
