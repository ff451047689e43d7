"""The order in which a run is executed: what was begun, as it was begun; then what is to come, as it may be done."""

from collections.abc import Iterator
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from heapq import heappop, heappush
from typing import NamedTuple

from services.run.domain.run import Run, Step

NEVER = datetime.max.replace(tzinfo=UTC)


class Place(NamedTuple):
    """Where a step stands in its run's execution: begun at ``started_at``, else behind all that were."""

    started_at: datetime
    number: int


def execution(run: Run) -> list[tuple[Place, Step]]:
    """The steps of a run in the order of their execution, each with its place."""
    numbers = {step_id: number for number, step_id in enumerate(_as_planned(run))}
    placed = [(Place(step.started_at or NEVER, numbers[step_id]), step) for step_id, step in run.steps.items()]
    return sorted(placed, key=lambda one: one[0])


def _as_planned(run: Run) -> Iterator[str]:
    """Each step after those that come before it, else in the order of the order."""
    names = tuple(run.steps)
    numbers = {step_id: number for number, step_id in enumerate(names)}
    graph = TopologicalSorter({step_id: step.definition.after for step_id, step in run.steps.items()})
    graph.prepare()
    ready: list[int] = []
    while graph.is_active():
        for step_id in graph.get_ready():
            heappush(ready, numbers[step_id])
        following = names[heappop(ready)]
        graph.done(following)
        yield following
