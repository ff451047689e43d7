"""What inventory says of the units around the run's own: components in it that are reopened, and what it went into."""

from collections.abc import Mapping
from typing import assert_never

from services.run.domain import events
from services.run.domain.commands import NoteComponent, NotePlacement
from services.run.domain.run import Run
from shared.kernel import changed

Events = tuple[events.AnyEvent, ...]
GenealogyEvent = events.ComponentNoted | events.PlacementNoted


def decide(run: Run, command: NoteComponent | NotePlacement) -> Events:
    """Noted whatever became of the run; what is known already is no news."""
    match command:
        case NoteComponent(_, by, at, component_id, component_run_id):
            if run.reopened_components.get(component_id) == component_run_id:
                return ()
            return (events.ComponentNoted(run.run_id, by, at, component_id, component_run_id),)
        case NotePlacement(_, by, at, placement):
            return () if run.placement == placement else (events.PlacementNoted(run.run_id, by, at, placement),)
        case _:
            assert_never(command)


def evolve(run: Run, event: GenealogyEvent) -> Run:
    """The run with that known."""
    match event:
        case events.ComponentNoted():
            return changed(run, reopened_components=_with(run.reopened_components, event))
        case events.PlacementNoted():
            return changed(run, placement=event.placement)
        case _:
            assert_never(event)


def _with(reopened: Mapping[str, str], event: events.ComponentNoted) -> Mapping[str, str]:
    others = {name: one for name, one in reopened.items() if name != event.component_id}
    return others if event.component_run_id is None else {**others, event.component_id: event.component_run_id}
