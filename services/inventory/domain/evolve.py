"""How an event changes a unit. Never fails on what `decide` returned."""

from dataclasses import replace
from typing import assert_never

from services.inventory.domain import removing, requirements, splitting, stock, withholding
from services.inventory.domain.events import (
    AnyEvent,
    BuildFailed,
    CompletionContested,
    ComponentCleared,
    ComponentReopened,
    IssueNoted,
    LocationNoted,
    QuantityReceived,
    RequirementAdded,
    RequirementChanged,
    RequirementRemoved,
    StatusChanged,
    UnitClaimed,
    UnitConsumed,
    UnitFreed,
    UnitInstalled,
    UnitMoved,
    UnitPlaced,
    UnitReceived,
    UnitReleased,
    UnitRemoved,
    UnitReopened,
    UnitReturned,
    UnitScrapped,
    UnitSplit,
)
from services.inventory.domain.unit import Build, Unit


def evolve(unit: Unit | None, event: AnyEvent) -> Unit:
    """The unit after the event."""
    if isinstance(event, UnitReceived):
        return stock.received(event)
    assert unit is not None, f"{type(event).__name__} before the unit was received"  # noqa: S101
    return _evolved(unit, event)


def _evolved(unit: Unit, event: AnyEvent) -> Unit:  # noqa: C901 - one line for each event
    match event:
        case UnitSplit():
            return splitting.evolve(unit, event)
        case IssueNoted():
            return withholding.evolve(unit, event)
        case QuantityReceived() | UnitMoved() | LocationNoted() | UnitScrapped() | UnitReturned():
            return stock.evolve(unit, event)
        case UnitClaimed():
            build = Build(event.run_id, event.requirements, event.quantity)
            return replace(unit, build=build, as_built_version=event.as_built_version)
        case RequirementAdded() | RequirementChanged() | RequirementRemoved():
            return requirements.evolve(unit, event)
        case UnitFreed():
            return replace(unit, build=None, is_contested=False)
        case BuildFailed():
            assert unit.build is not None  # noqa: S101 - the rules looked
            return replace(unit, build=replace(unit.build, failed_because=event.reason))
        case StatusChanged():
            return replace(unit, announced_status=event.status)
        case UnitInstalled():
            installations = {**unit.installations, event.installation.installation_id: event.installation}
            return replace(unit, installations=installations, as_built_version=event.as_built_version)
        case UnitRemoved():
            return removing.evolve(unit, event)
        case UnitPlaced():
            consumed_by = unit.consumed_by if event.parent_unit_id else None
            return stock.placed(replace(unit, parent_unit_id=event.parent_unit_id, consumed_by=consumed_by), event)
        case UnitConsumed():
            return replace(unit, consumed_by=event.run_id)
        case UnitReleased():
            return _with_build(unit, is_open=False, completions=event.number)
        case UnitReopened():
            return _with_build(unit, is_open=True)
        case CompletionContested():
            return replace(_with_build(unit, completions=event.number), is_contested=True)
        case ComponentReopened():
            reopened = {**unit.reopened_components, event.component_id: event.component_run_id}
            return replace(unit, reopened_components=reopened)
        case ComponentCleared():
            still = {name: one for name, one in unit.reopened_components.items() if name != event.component_id}
            return replace(unit, reopened_components=still)
        case UnitReceived():
            raise AssertionError("a unit is received once")
        case _:
            assert_never(event)


def _with_build(unit: Unit, *, is_open: bool | None = None, completions: int | None = None) -> Unit:
    build = unit.build
    assert build is not None  # noqa: S101 - the rules looked
    changed = replace(
        build,
        is_open=build.is_open if is_open is None else is_open,
        completions=build.completions if completions is None else completions,
    )
    return replace(unit, build=changed, is_contested=False)
