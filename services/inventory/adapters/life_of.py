"""The rows that a unit's life is told from: four statements, whatever happened to it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.inventory.adapters import epcis
from services.inventory.adapters.epcis_ids import Ids
from services.inventory.adapters.life import is_commissioned
from services.inventory.adapters.questions import AnswerTooLarge
from shared.runtime.http import NotFound

Row = Mapping[str, Any]

EVENTS_AT_MOST = 10_000

UNIT = text("""
    select unit_id, part_number, serial, lot, origin_unit_id, quantity, unit_of_measure, received_at, recorded_at
    from unit where unit_id = :unit_id""")

PARTS = """
    with recursive parts as (
        select cast(:unit_id as text) as unit_id
        union
        select s.part_unit_id from parts join split s on s.origin_unit_id = parts.unit_id
    )"""
"""The unit, and of a lot all that was split off it."""

QUANTITY_THEN = """
    u.quantity + coalesce((select sum(s.quantity) from split s
                           where s.origin_unit_id = u.unit_id and s.at > l.at), 0)
               + coalesce((select sum(case w.what when 'received' then - w.quantity else w.quantity end) from life w
                           where w.unit_id = u.unit_id and w.at > l.at and w.what in ('received', 'returned')), 0)"""
"""What a unit was then: what it is now, with what was taken from it since, without what came since."""

LIVED = text(f"""{PARTS}
    select l.life_id, l.unit_id, l.what, coalesce(l.quantity, {QUANTITY_THEN}) as quantity, l.location, l.run_id, l.at,
           l.done_by, l.recorded_at, u.part_number, u.serial, u.lot, u.unit_of_measure
    from parts join life l on l.unit_id = parts.unit_id join unit u on u.unit_id = l.unit_id
    order by l.at, l.life_id limit :limit""")  # noqa: S608 - of our own words

INSTALLED = text(f"""{PARTS}, parents as (
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
    order by i.installed_at, i.installation_id limit :limit""")  # noqa: S608 - of our own words
"""What was ever put into the unit, and what the unit, or a part of the lot, was ever put into; with the other lots in
those, since one completion uses them up together.
"""

RELEASED = text(f"""
    select l.unit_id, l.run_id, l.at, l.done_by, l.recorded_at, {QUANTITY_THEN} as quantity
    from life l join unit u on u.unit_id = l.unit_id
    where l.what = 'released' and l.unit_id = any(cast(:unit_ids as text[])) order by l.at, l.life_id limit :limit""")  # noqa: S608 - of our own words


class Lives:
    """Reads units' lives from the inventory service's own database."""

    def __init__(self, engine: AsyncEngine, ids: Ids) -> None:
        self._engine = engine
        self._ids = ids

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
        return epcis.epcis_document(_events(dict(unit), lived, installed, releases, self._ids), datetime.now(UTC))


def _events(
    unit: Row, lived: list[Any], installed: list[Any], releases: list[Any], ids: Ids
) -> Iterator[dict[str, Any]]:
    if unit["serial"] is not None and not is_commissioned(one["what"] for one in lived):
        lived.insert(0, _receipt(unit))
    for one in lived:
        if event := epcis.object_event(one, ids):
            yield event
    for one in installed:
        if one["serial"] is not None:
            yield from epcis.aggregation_events(one, ids)
    yield from _used_up(unit, installed, releases, ids)


def _used_up(unit: Row, installed: list[Any], releases: list[Any], ids: Ids) -> Iterator[dict[str, Any]]:
    """Of each parent: what its completions used up, where the unit is the parent or among what was used up."""
    lots = defaultdict(list)
    for one in installed:
        if one["serial"] is None:
            lots[one["parent_unit_id"]].append(one)
    for parent_id, inside in lots.items():
        parent = {name.removeprefix("parent_"): value for name, value in inside[0].items() if "parent_" in name}
        completions = [one for one in releases if one["unit_id"] == parent_id]
        for event in epcis.transformation_events(parent, completions, inside, ids):
            used = {one["epcClass"] for one in event["inputQuantityList"]}
            if parent_id == unit["unit_id"] or ids.epc(unit) in used:
                yield event


def _receipt(unit: Row) -> dict[str, Any]:
    """Of a serial unit: its own row says when it came first."""
    nothing = dict.fromkeys(("life_id", "location", "run_id", "done_by"))
    return {**unit, **nothing, "what": "received", "at": unit["received_at"]}
