"""Domain event to public contract; total: every event is said."""

from collections.abc import Mapping
from typing import assert_never

from services.inventory.domain import events
from services.inventory.domain.expecting import IssueExpected
from services.inventory.domain.locations import LocationConfigured
from services.inventory.stock_announcements import Told, stock_told
from shared.contracts import inventory as contracts
from shared.contracts.base import Contract
from shared.messaging.service import by


def announce(event: events.AnyEvent | LocationConfigured | IssueExpected) -> Contract:  # noqa: C901 - one line for each event
    """The public contract of an event."""
    if isinstance(event, Told):
        return stock_told(event)
    match event:
        case events.UnitClaimed(unit_id, who, _, run_id, _, version):
            return contracts.UnitClaimed(by=by(who), unit_id=unit_id, run_id=run_id, as_built_version=version)
        case events.UnitFreed(unit_id, who, _, run_id):
            return contracts.UnitFreed(by=by(who), unit_id=unit_id, run_id=run_id)
        case events.BuildFailed(unit_id, who, _, run_id, reason):
            return contracts.UnitBuildFailed(by=by(who), unit_id=unit_id, run_id=run_id, reason=reason)
        case events.StatusChanged(unit_id, who, _, status, was, reason):
            return contracts.UnitStatusChanged(
                by=by(who), unit_id=unit_id, status=status.value, was=was and was.value, reason=reason
            )
        case events.RequirementAdded() | events.RequirementChanged() | events.RequirementRemoved():
            return _edited(event)
        case events.UnitInstalled():
            return _installed(event)
        case events.UnitRemoved():
            return _removed(event)
        case events.UnitPlaced():
            return _placed(event)
        case events.UnitConsumed(unit_id, who, _, run_id, parent):
            return contracts.UnitConsumed(by=by(who), unit_id=unit_id, run_id=run_id, parent_unit_id=parent)
        case events.UnitReleased(unit_id, who, _, run_id, number, version):
            return contracts.UnitReleased(
                by=by(who), unit_id=unit_id, run_id=run_id, number=number, as_built_version=version
            )
        case events.UnitReopened(unit_id, who, _, run_id):
            return contracts.UnitReopened(by=by(who), unit_id=unit_id, run_id=run_id)
        case events.CompletionContested():
            return _contested(event)
        case events.ComponentReopened(unit_id, who, _, run_id, component_id, component_run_id):
            return contracts.ComponentReopened(
                by=by(who),
                unit_id=unit_id,
                run_id=run_id,
                component_id=component_id,
                component_run_id=component_run_id,
            )
        case events.ComponentCleared(unit_id, who, _, run_id, component_id):
            return contracts.ComponentCleared(by=by(who), unit_id=unit_id, run_id=run_id, component_id=component_id)
        case _:
            assert_never(event)


_EDITED: Mapping[type[events.EditingEvent], type[contracts.RequirementFact]] = {
    events.RequirementAdded: contracts.RequirementAdded,
    events.RequirementChanged: contracts.RequirementChanged,
    events.RequirementRemoved: contracts.RequirementRemoved,
}


def _edited(event: events.EditingEvent) -> contracts.RequirementFact:
    one = event.requirement
    return _EDITED[type(event)](
        by=by(event.by),
        unit_id=event.unit_id,
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
        reason=event.reason,
        as_built_version=event.as_built_version,
    )


def _placed(event: events.UnitPlaced) -> contracts.UnitPlaced:
    return contracts.UnitPlaced(
        by=by(event.by),
        unit_id=event.unit_id,
        parent_unit_id=event.parent_unit_id,
        installation_id=event.installation_id,
        run_id=event.run_id,
        parent_run_id=event.parent_run_id,
        location=event.location,
    )


def _installed(event: events.UnitInstalled) -> contracts.UnitInstalled:
    one, component = event.installation, event.component
    return contracts.UnitInstalled(
        by=by(event.by),
        parent_unit_id=event.unit_id,
        unit_id=one.unit_id,
        installation_id=one.installation_id,
        requirement_id=one.requirement_id,
        run_id=event.run_id,
        part_number=component.part_number,
        revision=component.revision,
        serial=component.serial,
        lot=component.lot,
        quantity=one.quantity,
        unit_of_measure=component.unit_of_measure,
        origin_unit_id=component.origin_unit_id,
        designator=one.designator,
        substitute=one.substitute,
        as_built_version=event.as_built_version,
    )


def _removed(event: events.UnitRemoved) -> contracts.UnitRemoved:
    one, rest = event.installation, event.rest
    return contracts.UnitRemoved(
        by=by(event.by),
        parent_unit_id=event.unit_id,
        unit_id=one.unit_id,
        installation_id=one.installation_id,
        requirement_id=one.requirement_id,
        run_id=event.run_id,
        reason=event.reason,
        scrapped=event.scrapped,
        quantity=one.quantity,
        left=rest and rest.quantity,
        left_installation_id=rest and rest.installation_id,
        as_built_version=event.as_built_version,
    )


def _contested(event: events.CompletionContested) -> contracts.CompletionContested:
    return contracts.CompletionContested(
        by=by(event.by),
        unit_id=event.unit_id,
        run_id=event.run_id,
        number=event.number,
        relied_on_version=event.relied_on_version,
        as_built_version=event.as_built_version,
        differences=tuple(
            contracts.InstallationDifference(
                change=one.change,
                requirement_id=one.requirement_id,
                unit_id=one.component_id,
                designator=one.designator,
                was=one.was,
                now=one.now,
            )
            for one in event.differences
        ),
    )
