"""Components whose own run is reopened while they are installed: everything above them hears of it, and hears when it
ends, so that no run is completed on a component that is open again without a warning (domain.md 3.4).

What was split off from a lot is of the lot's run, wherever it lies: a part that is in nothing hears of it itself, as of
a component that it is, so whatever it is put into later hears of it as well.
"""

from collections.abc import Iterable, Iterator, Mapping

from services.inventory.domain import events
from services.inventory.domain.events import AnyEvent
from services.inventory.domain.installing import DEEPEST
from services.inventory.domain.lookup import with_parts
from services.inventory.domain.unit import Known, Unit

Events = tuple[AnyEvent, ...]


def with_components(known: Known, happened: Events) -> Events:
    """What happened, and after it what the units above hear of components that are reopened, or are so no more."""
    fresh = _split_off(known, happened)
    return (*happened, *(told for event in happened for told in _told(known, event, fresh)))


def _split_off(known: Known, happened: Events) -> Mapping[str, str]:
    """The parts that are being split off from what is of a reopened run, with that run."""
    split = (event for event in happened if isinstance(event, events.UnitSplit) and event.unit_id in known)
    return {one.part_unit_id: run_id for one in split if (run_id := reopened_run(known[one.unit_id])) is not None}


def reopened_run(unit: Unit) -> str | None:
    """The reopened run that a unit is of: its own, or that of what it was split off from; None where there is none."""
    build = unit.build
    if build is not None and build.is_open and build.completions > 0:
        return build.run_id
    return unit.reopened_components.get(unit.unit_id)


def _told(known: Known, event: AnyEvent, fresh: Mapping[str, str]) -> Iterator[AnyEvent]:
    match event:
        case events.UnitSplit(part_unit_id=part) if part in fresh:
            yield _reopened(part, None, part, fresh[part], event)
        case events.UnitReopened(unit_id, run_id=run_id):
            for unit in with_parts(known, unit_id):
                yield from _open(_hearing(known, unit, unit_id), {unit.unit_id: run_id}, event)
        case events.UnitReleased(unit_id, run_id=run_id) | events.UnitFreed(unit_id, run_id=run_id):
            for unit in with_parts(known, unit_id):
                above = (one for one in _hearing(known, unit, unit_id) if _holds(one, unit, run_id))
                yield from _clear(above, (unit.unit_id,), event)
        case events.UnitPlaced(unit_id, parent_unit_id=parent_unit_id) if unit_id in fresh:
            yield from _open(_above(known, parent_unit_id), {unit_id: fresh[unit_id]}, event)
        case events.UnitPlaced(unit_id, parent_unit_id=None):
            unit = known[unit_id]
            yield from _clear(_above(known, unit.parent_unit_id), {unit_id: None, **unit.reopened_components}, event)
        case events.UnitPlaced(unit_id, parent_unit_id=parent_unit_id) if unit_id in known:
            yield from _open(_above(known, parent_unit_id), known[unit_id].reopened_components, event)
        case events.UnitClaimed(unit_id) if unit_id in known:
            yield from _heard_by(event, known[unit_id])


def _hearing(known: Known, unit: Unit, of_unit_id: str) -> Iterator[Unit]:
    """Who hears that the run of a unit is reopened, or that this ends: all above what is of it, and its parts."""
    if unit.unit_id != of_unit_id:
        yield unit
    yield from _above(known, unit.parent_unit_id)


def _holds(above: Unit, component: Unit, run_id: str) -> bool:
    """Whether a unit was told that a component is of this reopened run, and of no other."""
    return above.reopened_components.get(component.unit_id) == run_id


def _above(known: Known, unit_id: str | None) -> Iterator[Unit]:
    """A unit, and those that it is in, up to the top."""
    for _ in range(DEEPEST):
        unit = None if unit_id is None else known.get(unit_id)
        if unit is None:
            return
        yield unit
        unit_id = unit.parent_unit_id


def _open(above: Iterable[Unit], components: Mapping[str, str], event: AnyEvent) -> Iterator[AnyEvent]:
    for unit in above:
        for component_id, run_id in components.items():
            if unit.reopened_components.get(component_id) != run_id:
                yield _reopened(unit.unit_id, unit.run_id, component_id, run_id, event)


def _heard_by(event: events.UnitClaimed, unit: Unit) -> Iterator[AnyEvent]:
    """A run that takes a unit over hears what its predecessor knew."""
    for component_id, run_id in unit.reopened_components.items():
        yield _reopened(unit.unit_id, event.run_id, component_id, run_id, event)


def _reopened(
    unit_id: str, of_run: str | None, component_id: str, run_id: str, event: AnyEvent
) -> events.ComponentReopened:
    return events.ComponentReopened(unit_id, event.by, event.at, of_run, component_id, run_id)


def _clear(above: Iterable[Unit], components: Iterable[str], event: AnyEvent) -> Iterator[AnyEvent]:
    gone = tuple(components)
    for unit in above:
        for component_id in gone:
            if component_id in unit.reopened_components:
                yield events.ComponentCleared(unit.unit_id, event.by, event.at, unit.run_id, component_id)
