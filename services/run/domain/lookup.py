"""Finding what a command names, or saying why that cannot be had."""

from services.run.domain.commands import Command
from services.run.domain.redline import Redline, RedlineState
from services.run.domain.refusals import RunLocked, RunNotOpen, StepInRedline, UnknownRedline, UnknownRun, UnknownStep
from services.run.domain.run import Canceled, Completed, Failed, Run, Step


def known_run(run: Run | None, command: Command) -> Run:
    """The run, whatever became of it.

    :raises UnknownRun: when there is none (yet).
    """
    if run is None:
        raise UnknownRun(command.run_id)
    return run


def open_run(run: Run | None, command: Command) -> Run:
    """The run, while its record takes changes.

    :raises RunLocked: when it is complete.
    :raises RunNotOpen: when it failed for good or is canceled.
    """
    known = known_run(run, command)
    match known.decision:
        case None:
            return known
        case Completed():
            raise RunLocked(run_id=known.run_id)
        case Failed() | Canceled():
            raise RunNotOpen(run_id=known.run_id, status=known.status)


def step_of(run: Run, step_id: str) -> Step:
    """A step of the run.

    :raises UnknownStep: naming those that there are.
    """
    step = run.steps.get(step_id)
    if step is None:
        raise UnknownStep(run_id=run.run_id, step_id=step_id, known=", ".join(run.steps))
    return step


_WAYS_OUT = {RedlineState.PROPOSED: "applied, rejected or canceled", RedlineState.APPLIED: "accepted or rejected"}


def redline_of(run: Run, redline_id: str) -> Redline:
    """A redline of the run.

    :raises UnknownRedline: naming those that there are.
    """
    redline = run.redlines.get(redline_id)
    if redline is None:
        known = ", ".join(run.redlines) or "it has none"
        raise UnknownRedline(run_id=run.run_id, redline_id=redline_id, known=known)
    return redline


def redline_on(run: Run, step_id: str) -> Redline | None:
    """The open redline that changes the step or added it; there is one at most."""
    for redline in run.redlines.values():
        if redline.is_open and step_id in (*redline.touched, *redline.added):
            return redline
    return None


def step_in_redline(step_id: str, redline: Redline) -> StepInRedline:
    """Why a step is not touched while a redline on it is open."""
    way_out = _WAYS_OUT[redline.state]
    return StepInRedline(step_id=step_id, redline_id=redline.redline_id, state=redline.state, way_out=way_out)
