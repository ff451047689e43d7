"""Finding what a command names, or saying why that cannot be had."""

from collections.abc import Iterator

from services.run.domain.command import Command
from services.run.domain.redline import Redline, RedlineState
from services.run.domain.refusals import (
    FileNotAttached,
    ReasonMissing,
    RunLocked,
    RunNotOpen,
    StepInRedline,
    StepIsSigned,
    StepNotWorkable,
    UnknownRedline,
    UnknownRun,
    UnknownStep,
)
from services.run.domain.run import AttachedFile, Canceled, Completed, Failed, Run, RunStatus, Step, StepState

_WAYS_ON = {
    StepState.FAILED: "Send it to rework, or acknowledge its failure with the issue that covers it.",
    StepState.HOLD: "Resume it first.",
    StepState.REDLINE: "Have its redline applied or canceled first.",
    StepState.CANCELED: "It stays left out; another step can be added by a redline.",
}

_AFTER = {
    RunStatus.FAILED: "Cancel the run, which frees its unit, and order a new one.",
    RunStatus.CANCELED: "Order a new run for the unit.",
}


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
            raise RunNotOpen(run_id=known.run_id, status=known.status, way_out=_AFTER[known.status])


def step_of(run: Run, step_id: str) -> Step:
    """A step of the run.

    :raises UnknownStep: naming those that there are.
    """
    step = run.steps.get(step_id)
    if step is None:
        raise UnknownStep(run_id=run.run_id, step_id=step_id, known=", ".join(run.steps))
    return step


_WAYS_OUT = {RedlineState.PROPOSED: "applied, rejected or canceled", RedlineState.APPLIED: "accepted or rejected"}


def check_attached(run: Run, sha256: str) -> None:
    """Whether a file of that content belongs to the run.

    :raises FileNotAttached: when none does.
    """
    if not any(sha256 == one.sha256 for _, one in files_of(run)):
        raise FileNotAttached(run_id=run.run_id, sha256=sha256)


def files_of(run: Run) -> Iterator[tuple[str | None, AttachedFile]]:
    """Every file of the run with the step that it is attached to; None for the run itself."""
    for step_id, step in run.steps.items():
        for one in step.files:
            yield step_id, one
    for one in run.files:
        yield None, one


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


def workable_step(run: Run, step_id: str, *also: StepState) -> Step:
    """A step that is todo or in progress, signed but not yet touched since the run was reopened, or in one of the
    states ``also``.

    :raises StepIsSigned: when it is closed by its signature.
    :raises StepNotWorkable: in any other state, with the way out of it.
    """
    step = step_of(run, step_id)
    if step.state is StepState.COMPLETE:
        check_not_closed(run, step)
    elif step.state not in (StepState.TODO, StepState.IN_PROGRESS, *also):
        raise not_workable(run, step)
    return step


def check_not_closed(run: Run, step: Step) -> None:
    """A signed step changes only after its run was reopened, and once: signed again, it is closed again.

    :raises StepIsSigned: when that is not so.
    """
    if run.completions == 0 or step.definition.step_id in run.touched:
        raise signed_off(run, step)


def signed_off(run: Run, step: Step) -> StepIsSigned:
    """Why a signed step is not changed as it is, and how it can be."""
    step_id = step.definition.step_id
    if run.completions == 0:
        way_out = "A signed step changes only after its run was completed and reopened."
    elif step_id in run.touched:
        way_out = (
            "It was signed again since the run was reopened, and changes when that is completed and reopened anew."
        )
    else:
        way_out = f"Start {step_id} again, which takes its signature away; the run was reopened for that."
    return StepIsSigned(step_id=step_id, way_out=way_out)


def not_workable(run: Run, step: Step) -> StepNotWorkable | StepInRedline:
    """Why a step that failed, is on hold, redlined or canceled is not worked on, and how that ends."""
    step_id = step.definition.step_id
    redline = redline_on(run, step_id) if step.state is StepState.REDLINE else None
    if redline is not None:
        return step_in_redline(step_id, redline)
    return StepNotWorkable(step_id=step_id, state=step.state, way_out=_WAYS_ON[step.state])


def check_reason(reason: str) -> None:
    """Why something was decided stands in the record for as long as that is kept.

    :raises ReasonMissing: when nothing is said.
    """
    if not reason.strip():
        raise ReasonMissing
