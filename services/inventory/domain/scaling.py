"""Taking part of what a run builds: the rest goes on with scaled requirements (domain.md 4.3).

What is installed stays with the rest; the part is a unit of its own, and nobody builds it.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from services.inventory.domain import events
from services.inventory.domain.events import AnyEvent, SplitReason
from services.inventory.domain.quantities import share
from services.inventory.domain.splitting import split
from services.inventory.domain.unit import Build, Unit
from shared.kernel import Actor


def taken_off(
    origin: Unit, part_unit_id: str, quantity: Decimal, because: SplitReason, by: Actor, at: datetime
) -> tuple[AnyEvent, ...]:
    """The events of taking a quantity off a unit, and what the run that builds it needs from then on.

    :raises Refused: when such a part cannot be split off.
    """
    first, part = split(origin, part_unit_id, quantity, because, by, at)
    assert isinstance(first, events.UnitSplit)  # noqa: S101 - for the type checker
    build = origin.build
    if build is None or not build.is_open:
        return (first, part)
    version = origin.as_built_version + 1
    return (replace(first, as_built_version=version), part, *_scaled(origin, build, first, version))


def _scaled(origin: Unit, build: Build, first: events.UnitSplit, version: int) -> Iterator[AnyEvent]:
    reason = f"{first.part_unit_id} was split off ({first.because.value})"
    for number, one in enumerate(build.requirements.values(), start=1):
        after = replace(one, quantity=share(one.quantity, first.left, build.quantity))
        yield events.RequirementChanged(
            origin.unit_id, first.by, first.at, build.run_id, after, reason, version + number
        )
