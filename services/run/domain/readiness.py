"""Readiness: whether a run can be completed is announced when the last blocker goes, and when the first one comes.

So a plant subscribes instead of asking again and again. Completing, failing or canceling a run ends its readiness, and
needs no further word.
"""

from datetime import datetime

from services.run.domain import events
from services.run.domain.commands import AssessRun
from services.run.domain.delivery import DeliveryNoted
from services.run.domain.evolve import evolve
from services.run.domain.policies import Policies
from services.run.domain.review import is_blocked, review
from services.run.domain.run import OUT_OF_THE_WAY, Run
from shared.kernel import Actor

Events = tuple[events.AnyEvent, ...]

MOST_BLOCKERS = 20
"""That are named when a run is not ready any more; the review has all."""

_ELSEWHERE = frozenset(
    {
        events.StepStarted,
        events.ValueRecorded,
        events.StepSignedOff,
        events.StepFailed,
        events.FailureAcknowledged,
        events.StepSentToRework,
        events.StepHeld,
        events.StepResumed,
        events.StepCanceled,
        events.CheckedIn,
        events.CheckedOut,
        events.SessionCorrected,
        events.GateApproved,
        events.TargetNoted,
        events.InstallationNoted,
        events.RemovalNoted,
        events.QuantityNoted,
        events.RequirementNoted,
        events.IssueNoted,
        events.ComponentNoted,
        events.PlacementNoted,
        DeliveryNoted,
        events.EvidenceRefused,
        events.EvidenceSettled,
    }
)
"""Events that complete no step but the one that they name."""


def with_readiness(run: Run | None, happened: Events, policies: Policies) -> Events:
    """What happened, and after it the word that the run is ready, or is so no more."""
    if not happened or (run is not None and _stays_blocked(run, happened)):
        return happened
    after = run
    for event in happened:
        after = evolve(after, event)
    assert after is not None  # noqa: S101 - for the type checker; something happened
    last = happened[-1]
    return (*happened, *_said(after, last.by, last.at, policies))


def assess(run: Run, command: AssessRun, policies: Policies) -> Events:
    """What policies changed in a run's readiness, though nothing happened to it."""
    return _said(run, command.by, command.at, policies)


def _stays_blocked(run: Run, happened: Events) -> bool:
    """Whether a required step that these events do not touch is not complete: usually one of the last, so this is
    cheap, and nearly all events of a plant end here.
    """
    if run.is_ready or not _ELSEWHERE.issuperset(map(type, happened)):
        return False
    touched = [getattr(event, "step_id", None) for event in happened]
    for ordered in reversed(run.order.steps):
        step = run.steps[ordered.step_id]
        if step.definition.required and ordered.step_id not in touched and step.state not in OUT_OF_THE_WAY:
            return True
    return False


def _said(run: Run, by: Actor, at: datetime, policies: Policies) -> Events:
    """That the run is ready, or is so no more, where that is news."""
    if run.decision is not None or is_blocked(run, policies) is not run.is_ready:
        return ()
    shown = review(run, policies)
    who = (run.run_id, by, at, run.order.target.unit_id, shown.version)
    if shown.is_ready:
        return (events.RunReady(*who, tuple((one.code, one.subject) for one in shown.warnings)),)
    return (events.RunNotReady(*who, shown.blockers[:MOST_BLOCKERS], len(shown.blockers)),)
