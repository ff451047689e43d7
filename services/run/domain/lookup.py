"""Finding what a command names, or saying why that cannot be had."""

from services.run.domain.commands import Command
from services.run.domain.refusals import RunLocked, RunNotOpen, UnknownRun, UnknownStep
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
