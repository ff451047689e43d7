"""Domain event to public contract; total: every event is said."""

from decimal import Decimal
from typing import assert_never

from services.run.domain import events
from services.run.domain.run import FieldDefinition, Order, Requirement, StepDefinition
from shared.contracts import plant
from shared.contracts import run as contracts
from shared.contracts.base import Contract
from shared.kernel import plain
from shared.messaging.service import by


def announce(event: events.AnyEvent) -> Contract:  # noqa: C901 - one line for each event
    """The public contract of an event."""
    who = by(event.by)
    match event:
        case events.StepStarted(run_id, _, _, step_id):
            return contracts.StepStarted(by=who, run_id=run_id, step_id=step_id)
        case events.ValueRecorded():
            return _value_recorded(event)
        case events.StepSignedOff(run_id, _, _, step_id):
            return contracts.StepSignedOff(by=who, run_id=run_id, step_id=step_id)
        case events.RunCreated():
            return _created(event)
        case events.GateApproved(run_id, _, _, gate_id, role):
            return contracts.GateApproved(by=who, run_id=run_id, gate_id=gate_id, role=role)
        case events.TargetNoted(run_id, _, _, unit_id, version):
            return contracts.TargetNoted(by=who, run_id=run_id, unit_id=unit_id, as_built_version=version)
        case events.InstallationNoted():
            return _installation_noted(event)
        case events.RemovalNoted():
            return _removal_noted(event)
        case events.IssueNoted():
            return _issue_noted(event)
        case events.RunCompleted(run_id, _, _, unit_id, _, record):
            checked = contracts.CompletionRecord.model_validate(record)
            return contracts.RunCompleted(by=who, run_id=run_id, unit_id=unit_id, record=checked)
        case events.RunReopened(run_id, _, _, unit_id, number, reason):
            return contracts.RunReopened(by=who, run_id=run_id, unit_id=unit_id, number=number, reason=reason)
        case events.RunCanceled(run_id, _, _, unit_id, reason):
            return contracts.RunCanceled(by=who, run_id=run_id, unit_id=unit_id, reason=reason)
        case _:
            assert_never(event)


def _value_recorded(event: events.ValueRecorded) -> contracts.ValueRecorded:
    return contracts.ValueRecorded(
        by=by(event.by),
        run_id=event.run_id,
        step_id=event.step_id,
        field_id=event.field_id,
        value=plain(event.value) if isinstance(event.value, Decimal) else event.value,
        unit=event.unit,
        verdict=None if event.verdict is None else event.verdict.value,
        recording=event.number,
    )


def _created(event: events.RunCreated) -> contracts.RunCreated:
    order, target = event.order, event.order.target
    return contracts.RunCreated(
        by=by(event.by),
        run_id=order.run_id,
        unit_id=target.unit_id,
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
        steps=tuple(_step(step) for step in order.steps),
        requirements=tuple(_requirement(one, order) for one in order.requirements),
        gates=tuple(
            plant.GateOrdered(gate_id=gate.gate_id, name=gate.name, role=gate.role, required=gate.required)
            for gate in order.gates
        ),
    )


def _step(step: StepDefinition) -> plant.StepOrdered:
    return plant.StepOrdered(
        step_id=step.step_id,
        name=step.name,
        text=step.text,
        required=step.required,
        after=step.after,
        fields=tuple(_field(one) for one in step.fields),
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
    )


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


def _issue_noted(event: events.IssueNoted) -> contracts.IssueNoted:
    issue = event.issue
    return contracts.IssueNoted(
        by=by(event.by),
        run_id=event.run_id,
        issue_id=issue.issue_id,
        title=issue.title,
        state=issue.state,
        disposition=issue.disposition,
        approved=issue.approved,
        exceptions=tuple(
            contracts.ExceptionApproved(requirement_id=name, quantity=quantity)
            for name, quantity in issue.excepted.items()
        ),
    )
