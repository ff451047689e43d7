"""What can be asked about units; reads only."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.inventory.adapters import locations
from services.inventory.adapters.listing import WantedUnits, item, paged
from services.inventory.adapters.store import UnitStore
from services.inventory.adapters.views import installation_view
from services.inventory.domain.locations import Location
from services.inventory.domain.unit import Unit
from shared.messaging.transaction import Held
from shared.runtime.http import NotFound
from shared.runtime.pages import Page

INSTALLATIONS = text("""
    select i.*, u.part_number, u.revision, u.serial, u.lot, u.origin_unit_id, u.unit_of_measure
    from installation i join unit u on u.unit_id = i.unit_id
    where i.parent_unit_id = :unit_id and i.installation_id > :after
    order by i.installation_id limit :limit""")
"""Ids tell the order in which installations were recorded, and a page that was read stays as it was."""


class UnitQueries:
    """Reads units from the inventory service's own database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def unit(self, unit_id: str) -> Held[Unit]:
        """One unit.

        :raises NotFound: when there is none.
        """
        async with self._engine.connect() as connection:
            held = await UnitStore(0).load(connection, [unit_id])
        if unit_id not in held:
            raise NotFound(what="unit", which=unit_id)
        return held[unit_id]

    async def locations(self) -> Mapping[str, Location]:
        """Every location of which somebody said whether it is available, by name."""
        async with self._engine.connect() as connection:
            return (await locations.load(connection)).state.by_name

    async def units(self, page: Page, wanted: WantedUnits) -> dict[str, Any]:
        """Units in the order of their ids."""
        (after,) = page.begins_after(str)
        values = {**wanted.given, "after": after or "", "limit": page.limit + 1}
        async with self._engine.connect() as connection:
            rows = (await connection.execute(paged(wanted), values)).mappings().all()
        return page.of(rows, lambda row: [row["unit_id"]], item)

    async def installations(self, unit_id: str, page: Page) -> dict[str, Any]:
        """Everything that was ever installed in a unit, in the order in which it was recorded.

        :raises NotFound: when there is no such unit.
        """
        (after,) = page.begins_after(str)
        await self.unit(unit_id)
        values = {"unit_id": unit_id, "after": after or "", "limit": page.limit + 1}
        async with self._engine.connect() as connection:
            rows = (await connection.execute(INSTALLATIONS, values)).mappings().all()
        return page.of(rows, lambda row: [row["installation_id"]], installation_view)
