"""Domain event to public contract; total: every event is said."""

from decimal import Decimal
from typing import assert_never

from services.run.completing_announcements import beside_told, completing_told, evidence_told, policy_told
from services.run.domain import attending, events, failing, holding, redline
from services.run.domain.delivery import DeliveryNoted
from services.run.domain.order import FieldDefinition, Order, Requirement, StepDefinition
from services.run.domain.policies import PolicyConfigured
from services.run.domain.redlines import RedlineEvent
from services.run.domain.run import Imported
from shared.contracts import completion, plant
from shared.contracts import redline as wire
from shared.contracts import run as contracts
from shared.contracts.base import Contract, unvalidated
from shared.contracts.requirement import ExceptionApproved, IssueWanted
from shared.kernel import plain
from shared.messaging.service import by

_step_started = unvalidated(contracts.StepStarted)
_value = unvalidated(contracts.ValueRecorded)
_step_signed_off = unvalidated(contracts.StepSignedOff)
"""What a plant floor says all day long."""


def announce(event: events.AnyEvent | PolicyConfigured) -> Contract:  # noqa: C901 - one line for each event
    """The public contract of an event."""
    who = by(event.by)
    match event:
        case events.StepStarted(run_id, _, _, step_id):
            return _step_started(by=who, run_id=run_id, step_id=step_id)
        case events.ValueRecorded():
            return _value_recorded(event)
        case events.StepSignedOff(run_id, _, _, step_id, imported):
            return _step_signed_off(by=who, run_id=run_id, step_id=step_id, imported=_imported(imported))
        case events.StepFailed() | events.FailureAcknowledged() | events.StepSentToRework():
            return _failing(event)
        case events.StepHeld() | events.StepResumed() | events.StepCanceled():
            return _holding(event)
        case events.CheckedIn() | events.CheckedOut() | events.SessionCorrected():
            return _attending(event)
        case events.RunCreated():
            return _created(event)
        case events.GateApproved(run_id, _, _, gate_id, role):
            return contracts.GateApproved(by=who, run_id=run_id, gate_id=gate_id, role=role)
        case (
            events.RedlineProposed()
            | events.RedlineApplied()
            | events.RedlineReviewed()
            | events.RedlineAccepted()
            | events.RedlineRejected()
            | events.RedlineCanceled()
        ):
            return _redline(event)
        case events.Commented(run_id, _, _, comment_id, said, step_id):
            return contracts.RunCommented(by=who, run_id=run_id, comment_id=comment_id, text=said, step_id=step_id)
        case events.FileAttached():
            return _file_attached(event)
        case events.TargetNoted() | events.InstallationNoted() | events.RemovalNoted() | events.IssueNoted():
            return _noted(event)
        case events.QuantityNoted() | events.RequirementNoted():
            return _building_noted(event)
        case events.ComponentNoted() | events.PlacementNoted() | DeliveryNoted():
            return beside_told(event)
        case events.EvidenceRefused() | events.EvidenceSettled():
            return evidence_told(event)
        case events.RunCompleted() | events.RunReopened() | events.RunReady() | events.RunNotReady():
            return completing_told(event)
        case PolicyConfigured():
            return policy_told(event)
        case events.RunCanceled() | events.RunFailed():
            return _ended(event)
        case _:
            assert_never(event)


def _ended(event: events.RunCanceled | events.RunFailed) -> Contract:
    contract = contracts.RunCanceled if isinstance(event, events.RunCanceled) else contracts.RunFailed
    return contract(by=by(event.by), run_id=event.run_id, unit_id=event.unit_id, reason=event.reason)


def _imported(imported: Imported | None) -> completion.Imported | None:
    return None if imported is None else completion.Imported(by=str(imported.by), at=imported.at)


def _value_recorded(event: events.ValueRecorded) -> contracts.ValueRecorded:
    wanted = event.opens_issue
    return _value(
        by=by(event.by),
        run_id=event.run_id,
        step_id=event.step_id,
        field_id=event.field_id,
        value=plain(event.value) if isinstance(event.value, Decimal) else event.value,
        unit=event.unit,
        verdict=None if event.verdict is None else event.verdict.value,
        recording=event.number,
        attempt=event.attempt if event.attempt > 1 else None,
        opens_issue=wanted and IssueWanted(number=wanted.number, unit_id=wanted.unit_id),
    )


def _failing(event: failing.FailingEvent) -> Contract:
    who = by(event.by)
    match event:
        case events.StepFailed(run_id, _, _, step_id, unit_id, reason):
            return contracts.StepFailed(by=who, run_id=run_id, step_id=step_id, unit_id=unit_id, reason=reason)
        case events.FailureAcknowledged(run_id, _, _, step_id, issue_id):
            return contracts.FailureAcknowledged(by=who, run_id=run_id, step_id=step_id, issue_id=issue_id)
        case events.StepSentToRework(run_id, _, _, step_id, attempt):
            return contracts.StepSentToRework(by=who, run_id=run_id, step_id=step_id, attempt=attempt)
        case _:
            assert_never(event)


def _holding(event: holding.HoldingEvent) -> Contract:
    who = by(event.by)
    match event:
        case events.StepHeld(run_id, _, _, step_id, reason):
            return contracts.StepHeld(by=who, run_id=run_id, step_id=step_id, reason=reason)
        case events.StepResumed(run_id, _, _, step_id, state):
            return contracts.StepResumed.model_validate(
                {"by": who, "run_id": run_id, "step_id": step_id, "state": state.value}
            )
        case events.StepCanceled(run_id, _, _, step_id, reason):
            return contracts.StepCanceled(by=who, run_id=run_id, step_id=step_id, reason=reason)
        case _:
            assert_never(event)


def _attending(event: attending.AttendingEvent) -> Contract:
    session = {"by": by(event.by), "run_id": event.run_id, "step_id": event.step_id, "session": event.number}
    match event:
        case events.CheckedIn():
            return contracts.StepCheckedIn(**session, person=event.person)
        case events.CheckedOut():
            return contracts.StepCheckedOut(**session, person=event.person, because=event.because.value)
        case events.SessionCorrected():
            times = {"started_at": event.started_at, "ended_at": event.ended_at}
            return contracts.SessionCorrected(**session, **times, person=event.person, reason=event.reason)
        case _:
            assert_never(event)


def _created(event: events.RunCreated) -> contracts.RunCreated:
    order, target = event.order, event.order.target
    return contracts.RunCreated(
        by=by(event.by),
        run_id=order.run_id,
        unit_id=target.unit_id,
        imported=_imported(event.imported),
        part_number=order.part_number,
        revision=order.revision,
        procedure=plant.Procedure(name=order.procedure, version=order.procedure_version),
        target=plant.Target(
            serial=target.serial,
            lot=target.lot,
            quantity=target.quantity,
            unit_of_measure=target.unit_of_measure,
        ),
        work_order=order.work_order,
        place=plant.Place(plant=order.plant, line=order.line, work_center=order.work_center),
        steps=tuple(step_ordered(step) for step in order.steps),
        requirements=tuple(_requirement(one, order) for one in order.requirements),
        gates=tuple(
            plant.GateOrdered(gate_id=gate.gate_id, name=gate.name, role=gate.role, required=gate.required)
            for gate in order.gates
        ),
    )


def step_ordered(step: StepDefinition) -> plant.StepOrdered:
    """A step in the form in which it is ordered."""
    return plant.StepOrdered(
        step_id=step.step_id,
        name=step.name,
        text=step.text,
        required=step.required,
        after=step.after,
        fields=tuple(_field(one) for one in step.fields),
        out_of_range=step.out_of_range.value,
    )


def _field(definition: FieldDefinition) -> plant.FieldOrdered:
    return plant.FieldOrdered(
        field_id=definition.field_id,
        name=definition.name,
        kind=definition.kind.value,
        required=definition.required,
        unit=definition.unit,
        min=definition.minimum,
        max=definition.maximum,
        options=definition.options,
        role=definition.role,
    )


def _requirement(requirement: Requirement, order: Order) -> plant.RequirementOrdered:
    """Per assembly again, as it was ordered."""
    return plant.RequirementOrdered(
        requirement_id=requirement.requirement_id,
        part_number=requirement.part_number,
        revision=requirement.revision,
        quantity=requirement.quantity / order.target.quantity,
        unit_of_measure=requirement.unit_of_measure,
        designators=requirement.designators,
        substitutes=requirement.substitutes,
        interchangeable_revisions=requirement.interchangeable_revisions,
        step_id=requirement.step_id,
    )


def _redline(event: RedlineEvent) -> Contract:
    who = by(event.by)
    match event:
        case events.RedlineProposed():
            return _redline_proposed(event)
        case events.RedlineApplied(run_id, _, _, redline_id, steps, issue_id):
            changed = tuple(map(redrawn, steps))
            return contracts.RedlineApplied(
                by=who, run_id=run_id, redline_id=redline_id, steps=changed, issue_id=issue_id
            )
        case events.RedlineReviewed(run_id, _, _, redline_id, role):
            return contracts.RedlineReviewed(by=who, run_id=run_id, redline_id=redline_id, role=role)
        case events.RedlineAccepted(run_id, _, _, redline_id):
            return contracts.RedlineAccepted(by=who, run_id=run_id, redline_id=redline_id)
        case events.RedlineRejected(run_id, _, _, redline_id, reason, steps):
            changed = tuple(map(redrawn, steps))
            return contracts.RedlineRejected(by=who, run_id=run_id, redline_id=redline_id, reason=reason, steps=changed)
        case events.RedlineCanceled(run_id, _, _, redline_id, reason):
            return contracts.RedlineCanceled(by=who, run_id=run_id, redline_id=redline_id, reason=reason)
        case _:
            assert_never(event)


def _redline_proposed(event: events.RedlineProposed) -> contracts.RedlineProposed:
    return contracts.RedlineProposed(
        by=by(event.by),
        run_id=event.run_id,
        redline_id=event.redline_id,
        reason=event.reason,
        changes=tuple(map(step_change, event.changes)),
        roles=event.roles,
        issue_id=event.issue_id,
    )


def step_change(change: redline.StepChange) -> wire.StepChange:
    """One thing that a redline changes, as it was proposed."""
    match change:
        case redline.AddStep(step, before, kind):
            return wire.StepAdded(kind=kind, step=step_ordered(step), before=before)
        case redline.ChangeStep(step, kind):
            return wire.StepChanged(kind=kind, step=step_ordered(step))
        case redline.ChangeDependencies(step_id, after, kind):
            return wire.DependenciesChanged(kind=kind, step_id=step_id, after=after)
        case redline.MarkNotApplicable(step_id, kind):
            return wire.StepNotApplicable(kind=kind, step_id=step_id)
        case _:
            assert_never(change)


def redrawn(one: redline.Redrawn) -> wire.StepRedrawn:
    """A step before and after."""
    before, after = (definition and step_ordered(definition) for definition in (one.before, one.after))
    return wire.StepRedrawn(step_id=one.step_id, before=before, after=after)


def _file_attached(event: events.FileAttached) -> contracts.FileAttached:
    return contracts.FileAttached(
        by=by(event.by),
        run_id=event.run_id,
        step_id=event.step_id,
        field_id=event.field_id,
        sha256=event.sha256,
        name=event.name,
        media_type=event.media_type,
        size_bytes=event.size_bytes,
        uri=event.uri,
    )


def _noted(event: events.NotedEvent) -> Contract:
    match event:
        case events.TargetNoted(run_id, who, _, unit_id, version):
            return contracts.TargetNoted(by=by(who), run_id=run_id, unit_id=unit_id, as_built_version=version)
        case events.InstallationNoted():
            return _installation_noted(event)
        case events.RemovalNoted():
            return _removal_noted(event)
        case events.IssueNoted():
            return _issue_noted(event)
        case _:
            assert_never(event)


def _installation_noted(event: events.InstallationNoted) -> contracts.InstallationNoted:
    one = event.installation
    return contracts.InstallationNoted(
        by=by(event.by),
        run_id=event.run_id,
        installation_id=one.installation_id,
        requirement_id=one.requirement_id,
        unit_id=one.unit_id,
        part_number=one.part_number,
        quantity=one.quantity,
        designator=one.designator,
        substitute=one.substitute,
        revision=one.revision,
        serial=one.serial,
        lot=one.lot,
        unit_of_measure=one.unit_of_measure,
        origin_unit_id=one.origin_unit_id,
        as_built_version=event.as_built_version,
    )


def _removal_noted(event: events.RemovalNoted) -> contracts.RemovalNoted:
    return contracts.RemovalNoted(
        by=by(event.by),
        run_id=event.run_id,
        installation_id=event.installation_id,
        requirement_id=event.requirement_id,
        unit_id=event.unit_id,
        as_built_version=event.as_built_version,
    )


def _building_noted(event: events.QuantityNoted | events.RequirementNoted) -> Contract:
    if isinstance(event, events.RequirementNoted):
        return _requirement_noted(event)
    version = event.as_built_version
    return contracts.QuantityNoted(
        by=by(event.by), run_id=event.run_id, quantity=event.quantity, as_built_version=version
    )


def _requirement_noted(event: events.RequirementNoted) -> contracts.RequirementNoted:
    one = event.requirement
    return contracts.RequirementNoted(
        by=by(event.by),
        run_id=event.run_id,
        requirement_id=one.requirement_id,
        part_number=one.part_number,
        revision=one.revision,
        interchangeable_revisions=one.interchangeable_revisions,
        quantity=one.quantity,
        unit_of_measure=one.unit_of_measure,
        designators=one.designators,
        substitutes=one.substitutes,
        step_id=one.step_id,
        is_removed=event.is_removed,
        as_built_version=event.as_built_version,
    )


def _issue_noted(event: events.IssueNoted) -> contracts.IssueNoted:
    issue = event.issue
    return contracts.IssueNoted(
        by=by(event.by),
        run_id=event.run_id,
        issue_id=issue.issue_id,
        title=issue.title,
        state=issue.state,
        step_id=issue.step_id,
        field_id=issue.field_id,
        disposition=issue.disposition,
        approved=issue.approved,
        exceptions=tuple(
            ExceptionApproved(requirement_id=name, quantity=quantity) for name, quantity in issue.excepted.items()
        ),
        part_numbers=event.part_numbers,
        unit_id=event.unit_id,
    )
