"""The rows that a unit's life is told from: four statements, whatever happened to it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.inventory.adapters import epcis
from services.inventory.adapters.life import known
from services.inventory.adapters.questions import AnswerTooLarge
from shared.runtime.http import NotFound

Row = Mapping[str, Any]

EVENTS_AT_MOST = 10_000

UNIT = text("""
    select unit_id, part_number, serial, lot, origin_unit_id, quantity, unit_of_measure, received_at, recorded_at
    from unit where unit_id = :unit_id""")

LIVED = text("""
    select unit_id, what, quantity, location, run_id, at, done_by, recorded_at
    from life where unit_id = :unit_id order by at, life_id limit :limit""")

INSTALLED = text("""
    with recursive parts as (
        select cast(:unit_id as text) as unit_id
        union
        select s.part_unit_id from parts join split s on s.origin_unit_id = parts.unit_id
    ), parents as (
        select cast(:unit_id as text) as unit_id
        union
        select i.parent_unit_id from parts join installation i on i.unit_id = parts.unit_id
    )
    select i.installation_id, i.run_id, i.quantity, i.installed_at, i.installed_by, i.recorded_at, i.removed_at,
           i.removed_by, i.removed_recorded_at, u.unit_id, u.part_number, u.serial, u.lot, u.unit_of_measure,
           p.unit_id as parent_unit_id, p.part_number as parent_part_number, p.serial as parent_serial,
           p.lot as parent_lot, p.quantity as parent_quantity, p.unit_of_measure as parent_unit_of_measure
    from (select i.* from parents join installation i on i.parent_unit_id = parents.unit_id
          union
          select i.* from parts join installation i on i.unit_id = parts.unit_id) i
         join unit u on u.unit_id = i.unit_id
         join unit p on p.unit_id = i.parent_unit_id
    where u.serial is null or i.parent_unit_id = :unit_id or i.unit_id = :unit_id
    order by i.installed_at, i.installation_id limit :limit""")
"""What was ever put into the unit, and what the unit, or a part of the lot, was ever put into; with the other lots in
those, since one completion uses them up together.
"""

RELEASED = text("""
    select unit_id, run_id, at, done_by, recorded_at from life
    where what = 'released' and unit_id = any(cast(:unit_ids as text[])) order by at, life_id limit :limit""")


class Lives:
    """Reads units' lives from the inventory service's own database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def epcis(self, unit_id: str) -> dict[str, Any]:
        """A unit's life as an EPCIS document.

        :raises NotFound: when there is no such unit.
        :raises AnswerTooLarge: when too much happened to it for one document.
        """
        asked = {"unit_id": unit_id, "limit": EVENTS_AT_MOST + 1}
        async with self._engine.connect() as connection:
            unit = (await connection.execute(UNIT, {"unit_id": unit_id})).mappings().first()
            if unit is None:
                raise NotFound(what="unit", which=unit_id)
            lived = [dict(row) for row in (await connection.execute(LIVED, asked)).mappings()]
            installed = [dict(row) for row in (await connection.execute(INSTALLED, asked)).mappings()]
            parents = sorted({unit_id, *(one["parent_unit_id"] for one in installed)})
            released = (await connection.execute(RELEASED, asked | {"unit_ids": parents})).mappings()
            releases = [dict(row) for row in released]
        if max(len(lived), len(installed), len(releases)) > EVENTS_AT_MOST:
            raise AnswerTooLarge(at_most=f"{EVENTS_AT_MOST:,}")
        return epcis.epcis_document(_events(dict(unit), lived, installed, releases), datetime.now(UTC))


def _events(unit: Row, lived: list[Any], installed: list[Any], releases: list[Any]) -> Iterator[dict[str, Any]]:
    if unit["origin_unit_id"] is None and not known(one["what"] for one in lived):
        lived.insert(0, _receipt(unit))
    for one in lived:
        if event := epcis.object_event(unit, one):
            yield event
    for one in installed:
        if one["serial"] is not None:
            yield from epcis.aggregation_events(one)
    yield from _used_up(installed, releases)


def _used_up(installed: list[Any], releases: list[Any]) -> Iterator[dict[str, Any]]:
    """Of each parent: what its completions used up, where the unit is the parent or among what was used up."""
    lots = defaultdict(list)
    for one in installed:
        if one["serial"] is None:
            lots[one["parent_unit_id"]].append(one)
    for parent_id, inside in lots.items():
        parent = {name.removeprefix("parent_"): value for name, value in inside[0].items() if "parent_" in name}
        completions = [one for one in releases if one["unit_id"] == parent_id]
        yield from epcis.transformation_events(parent, completions, inside)


def _receipt(unit: Row) -> dict[str, Any]:
    """Of a serial unit: its own row says when it came. A part that was split off came with its lot."""
    return {
        "what": "received",
        "quantity": None,
        "location": None,
        "run_id": None,
        "at": unit["received_at"],
        "done_by": None,
        "recorded_at": unit["recorded_at"],
    }
