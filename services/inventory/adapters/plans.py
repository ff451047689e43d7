"""What runs asked for to be in units, then and now: a row for each change of the requirements, with all of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.inventory.adapters.moments import Moment
from services.inventory.domain.events import (
    AnyEvent,
    RequirementAdded,
    RequirementChanged,
    RequirementRemoved,
    UnitClaimed,
    UnitFreed,
)
from services.inventory.domain.evolve import evolve
from services.inventory.domain.unit import Requirement, Unit
from shared.messaging.transaction import Change

PLANNED = text("""
    insert into plan (unit_id, run_id, requirements, at)
    select unit_id, run_id, requirements, at
    from unnest(cast(:unit_id as text[]), cast(:run_id as text[]), cast(:requirements as jsonb[]),
                cast(:at as timestamptz[])) with ordinality as planned (unit_id, run_id, requirements, at, number)
    order by number""")

THEN = text("""
    select run_id, cast(requirements as text) as requirements from plan
    where unit_id = :unit_id and at <= coalesce(cast(:as_of as timestamptz), 'infinity')
      and recorded_at <= coalesce(cast(:known_at as timestamptz), 'infinity')
    order by plan_id desc limit 1""")

_CHANGE = (UnitClaimed, UnitFreed, RequirementAdded, RequirementChanged, RequirementRemoved)

_requirements = TypeAdapter(Mapping[str, Requirement])


@dataclass(frozen=True, slots=True)
class Plan:
    """The run that a unit was built by, and what that asked for."""

    run_id: str
    requirements: Mapping[str, Requirement]


class Plans:
    """Reads plans from the inventory service's own database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def then(self, unit_id: str, moment: Moment) -> Plan | None:
        """What a run asked for at a moment, as far as it was known; none where no run had claimed the unit by then."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(THEN, {"unit_id": unit_id, **moment.parameters})).first()
        if row is None or row.run_id is None:
            return None
        return Plan(row.run_id, _requirements.validate_json(row.requirements))


def rows(changes: Sequence[Change[Unit]]) -> Iterator[dict[str, Any]]:
    """The rows that changes of units leave: most leave none, and a decision that changes several requirements one."""
    for change in changes:
        if any(isinstance(event, _CHANGE) for event in change.events):
            yield from _rows(None if change.before is None else change.before.state, change.events)


def _rows(unit: Unit | None, happened: Sequence[AnyEvent]) -> Iterator[dict[str, Any]]:
    for event, then in zip_longest(happened, happened[1:]):
        unit = evolve(unit, event)
        if isinstance(event, _CHANGE) and not _goes_on(event, then):
            yield _row(unit, event.at)


def _goes_on(event: AnyEvent, then: AnyEvent | None) -> bool:
    """Whether the same decision changes another requirement, as taking part of a lot does."""
    if not isinstance(event, RequirementChanged) or not isinstance(then, RequirementChanged):
        return False
    return (event.at, event.by, event.reason) == (then.at, then.by, then.reason)


def _row(unit: Unit, at: datetime) -> dict[str, Any]:
    build = unit.build
    asked = None if build is None else _requirements.dump_json(build.requirements).decode()
    run_id = None if build is None else build.run_id
    return {"unit_id": unit.unit_id, "run_id": run_id, "requirements": asked, "at": at}
