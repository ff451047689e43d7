"""How an event changes a run. Never fails on what `decide` returned."""

from typing import assert_never

from services.run.domain import (
    attending,
    closing,
    evidence,
    failing,
    files,
    gates,
    genealogy,
    holding,
    noting,
    ordering,
    redlines,
    steps,
)
from services.run.domain.delivery import DeliveryNoted
from services.run.domain.events import (
    AnyEvent,
    CheckedIn,
    CheckedOut,
    Commented,
    ComponentNoted,
    EvidenceRefused,
    EvidenceSettled,
    FailureAcknowledged,
    FileAttached,
    GateApproved,
    InstallationNoted,
    IssueNoted,
    PlacementNoted,
    QuantityNoted,
    RemovalNoted,
    RequirementNoted,
    RunCanceled,
    RunCompleted,
    RunCreated,
    RunFailed,
    RunNotReady,
    RunReady,
    RunReopened,
    SessionCorrected,
    StepCanceled,
    StepFailed,
    StepHeld,
    StepResumed,
    StepSentToRework,
    StepSignedOff,
    StepStarted,
    TargetNoted,
    ValueRecorded,
)
from services.run.domain.redline_events import (
    RedlineAccepted,
    RedlineApplied,
    RedlineCanceled,
    RedlineProposed,
    RedlineRejected,
    RedlineReviewed,
)
from services.run.domain.run import Run
from shared.kernel import changed


def evolve(run: Run | None, event: AnyEvent) -> Run:
    """The run after the event."""
    if isinstance(event, RunCreated):
        return ordering.created(event)
    assert run is not None, f"{type(event).__name__} before the run was created"  # noqa: S101
    return _evolved(run, event)


def _evolved(run: Run, event: AnyEvent) -> Run:  # noqa: C901 - one line for each event
    match event:
        case StepStarted():
            return steps.started(run, event)
        case ValueRecorded():
            return steps.recorded(run, event)
        case StepSignedOff():
            return steps.signed_off(run, event)
        case StepFailed() | FailureAcknowledged() | StepSentToRework():
            return failing.evolve(run, event)
        case StepHeld() | StepResumed() | StepCanceled():
            return holding.evolve(run, event)
        case CheckedIn() | CheckedOut() | SessionCorrected():
            return attending.evolve(run, event)
        case GateApproved():
            return gates.approved(run, event)
        case (
            RedlineProposed()
            | RedlineApplied()
            | RedlineReviewed()
            | RedlineAccepted()
            | RedlineRejected()
            | RedlineCanceled()
        ):
            return redlines.evolve(run, event)
        case FileAttached():
            return files.attached(run, event)
        case Commented() | DeliveryNoted():
            return run
        case TargetNoted():
            return changed(run, as_built_version=event.as_built_version)
        case InstallationNoted() | RemovalNoted() | QuantityNoted() | RequirementNoted():
            return noting.evolve(run, event)
        case IssueNoted():
            return changed(run, issues={**run.issues, event.issue.issue_id: event.issue})
        case ComponentNoted() | PlacementNoted():
            return genealogy.evolve(run, event)
        case EvidenceRefused() | EvidenceSettled():
            return evidence.evolve(run, event)
        case RunCompleted() | RunReopened() | RunCanceled() | RunFailed():
            return closing.evolve(run, event)
        case RunReady() | RunNotReady():
            return changed(run, is_ready=isinstance(event, RunReady))
        case RunCreated():
            raise AssertionError("a run is created once")
        case _:
            assert_never(event)
