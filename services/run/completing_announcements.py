"""What is said around a run's completion; the rest of what a run says stands in `announcements`."""

from typing import assert_never

from services.run.domain import events
from services.run.domain.delivery import DeliveryNoted
from services.run.domain.evidence import EvidenceEvent
from services.run.domain.policies import POLICIES, PolicyConfigured
from shared.contracts import completion
from shared.contracts import run as contracts
from shared.contracts.base import Contract
from shared.messaging.service import by


def completing_told(event: events.CompletingEvent) -> Contract:
    """What is said of readiness, completion and reopening."""
    who = by(event.by)
    match event:
        case events.RunCompleted(run_id, _, _, unit_id, _, record):
            checked = completion.CompletionRecord.model_validate(record)
            return contracts.RunCompleted(by=who, run_id=run_id, unit_id=unit_id, record=checked)
        case events.RunReopened(run_id, _, _, unit_id, number, reason):
            return contracts.RunReopened(by=who, run_id=run_id, unit_id=unit_id, number=number, reason=reason)
        case events.RunReady():
            return _ready(event)
        case events.RunNotReady():
            return _not_ready(event)
        case _:
            assert_never(event)


def _delivery(event: DeliveryNoted) -> contracts.DeliveryNoted:
    """What is said of where a completion went."""
    one = event.delivery
    return contracts.DeliveryNoted(
        by=by(event.by),
        run_id=event.run_id,
        number=one.number,
        delivery_id=one.delivery_id,
        endpoint_id=one.endpoint_id,
        url=one.url,
        description=one.description,
        event_id=one.event_id,
        event_type=one.event_type,
        state=one.state.value,
        attempts=one.attempts,
    )


def beside_told(event: events.BesideEvent) -> Contract:
    """What is said of the units around the run's own, and of where its completions went."""
    who = by(event.by)
    match event:
        case events.ComponentNoted(run_id, _, _, component_id, component_run_id):
            return contracts.ComponentNoted(
                by=who, run_id=run_id, component_id=component_id, component_run_id=component_run_id
            )
        case events.PlacementNoted(run_id, _, _, placed):
            return contracts.PlacementNoted(
                by=who,
                run_id=run_id,
                parent_unit_id=placed and placed.unit_id,
                parent_run_id=placed and placed.run_id,
            )
        case DeliveryNoted():
            return _delivery(event)
        case _:
            assert_never(event)


def evidence_told(event: EvidenceEvent) -> Contract:
    """What is said of events of the plant that were not taken."""
    who = by(event.by)
    match event:
        case events.EvidenceRefused(run_id, _, _, one):
            return contracts.EvidenceRefused(
                by=who,
                run_id=run_id,
                evidence_id=one.evidence_id,
                refused_id=one.event_id,
                refused_source=one.source,
                refused_type=one.type,
                code=one.code,
                obstacle=one.obstacle,
            )
        case events.EvidenceSettled(run_id, _, _, evidence_id, reason):
            return contracts.EvidenceSettled(by=who, run_id=run_id, evidence_id=evidence_id, reason=reason)
        case _:
            assert_never(event)


def policy_told(event: PolicyConfigured) -> contracts.PolicyConfigured:
    """What is said of a policy."""
    return contracts.PolicyConfigured(
        by=by(event.by),
        policies_id=POLICIES,
        part_number=event.part_number,
        blocking=event.blocking,
        reason=event.reason,
    )


def _ready(event: events.RunReady) -> contracts.RunReady:
    return contracts.RunReady(
        by=by(event.by),
        run_id=event.run_id,
        unit_id=event.unit_id,
        review_version=event.review_version,
        warnings=tuple(completion.Acknowledged(code=code, subject=subject) for code, subject in event.warnings),
    )


def _not_ready(event: events.RunNotReady) -> contracts.RunNotReady:
    return contracts.RunNotReady(
        by=by(event.by),
        run_id=event.run_id,
        unit_id=event.unit_id,
        review_version=event.review_version,
        blockers=tuple(
            completion.Blocking(code=one.code, subject=one.subject, sentence=one.sentence, resolve=one.resolve)
            for one in event.blockers
        ),
        total=event.total,
    )
