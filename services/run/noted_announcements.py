"""What is said of what a run notes of inventory and issues; the rest of what a run says stands in `announcements`."""

from typing import assert_never

from services.run.domain import events
from shared.contracts import run as contracts
from shared.contracts.base import Contract
from shared.contracts.requirement import ExceptionApproved
from shared.messaging.service import by


def noted_told(event: events.NotedEvent) -> Contract:
    """What is said of a target, installations, removals and issues, once they are noted."""
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


def building_told(event: events.QuantityNoted | events.RequirementNoted) -> Contract:
    """What is said of a quantity and of requirements that inventory changed."""
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
