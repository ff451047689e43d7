"""Units in PostgreSQL: what is named and everything above it is locked in one order; only what changed is
written.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.adapters import tables
from services.inventory.domain.events import UnitInstalled, UnitReceived, UnitRemoved, UnitSplit
from services.inventory.domain.status import standing
from services.inventory.domain.unit import Unit
from shared.kernel import Actor
from shared.messaging.memory import Remembered
from shared.messaging.rows import transposed
from shared.messaging.transaction import Change, Conflict, Held

CLIMBS = 5
"""How often the climb is done again because somebody installed meanwhile; after that the batch is tried again."""

_unit = TypeAdapter(Unit)


class UnitStore:
    """Locks, loads and writes units, whole batches at a time."""

    def __init__(self, remembered: int) -> None:
        """``remembered``: how many units are kept in memory between transactions."""
        self._remembered: Remembered[Unit] = Remembered(remembered)

    async def lock(self, connection: AsyncConnection, keys: Sequence[str]) -> Mapping[str, Held[Unit]]:
        """See `Store.lock`; widened by all units above those that are named.

        What was climbed is climbed again under the lock, until nobody installed anything in between.
        """
        locked: set[str] = set(keys)
        for _ in range(CLIMBS):
            above = {row[0] for row in await connection.execute(tables.CLIMB, {"ids": sorted(locked)})}
            versions = (await connection.execute(tables.LOCK, {"ids": sorted(above)})).all()
            again = {row[0] for row in await connection.execute(tables.CLIMB, {"ids": sorted(above)})}
            if again <= above:
                return await self._held(connection, versions)
            locked |= again
        raise Conflict

    async def save(self, connection: AsyncConnection, changes: Sequence[Change[Unit]]) -> None:
        """See `Store.save`."""
        created = [change for change in changes if change.before is None]
        updated = [change for change in changes if change.before is not None]
        if created:
            done = await connection.execute(tables.CREATE, transposed(map(_created_row, created)))
            if done.rowcount != len(created):
                raise Conflict
        if updated:
            await connection.execute(tables.UPDATE, transposed(map(_updated_row, updated)))
        events = [event for change in changes for event in change.events]
        if installed := [_installed_row(event) for event in events if isinstance(event, UnitInstalled)]:
            await connection.execute(tables.INSTALL, transposed(installed))
        if removed := [_removed_row(event) for event in events if isinstance(event, UnitRemoved)]:
            await connection.execute(tables.REMOVE, transposed(removed))
        if split := [_split_row(event) for event in events if isinstance(event, UnitSplit)]:
            await connection.execute(tables.SPLIT, transposed(split))

    def committed(self, changes: Sequence[Change[Unit]]) -> None:
        """See `Store.committed`."""
        self._remembered.put((change.key, change.after) for change in changes)

    async def _held(self, connection: AsyncConnection, versions: Sequence[Any]) -> Mapping[str, Held[Unit]]:
        held = self._remembered.of((row[0], row[1]) for row in versions)
        missing = [row[0] for row in versions if row[0] not in held]
        return {**held, **await self.load(connection, missing)} if missing else held

    async def load(self, connection: AsyncConnection, keys: Sequence[str]) -> dict[str, Held[Unit]]:
        """These units as the database has them, without locking; absent ones are left out."""
        rows = await connection.execute(tables.LOAD, {"ids": list(keys)})
        return {row.unit_id: Held(row.version, _unit.validate_python(row.body)) for row in rows}


def _created_row(change: Change[Unit]) -> dict[str, Any]:
    what = change.after.state.identification
    received = next(event for event in change.events if isinstance(event, UnitReceived))
    return {
        **_updated_row(change),
        "part_number": what.part_number,
        "revision": what.revision,
        "serial": what.serial,
        "lot": what.lot,
        "origin_unit_id": what.origin_unit_id,
        "unit_of_measure": what.unit_of_measure,
        "received_at": received.at,
    }


def _updated_row(change: Change[Unit]) -> dict[str, Any]:
    unit = change.after.state
    return {
        "unit_id": change.key,
        "version": change.after.version,
        "quantity": unit.identification.quantity,
        "location": unit.identification.location,
        "status": standing(unit).status.value,
        "parent_unit_id": unit.parent_unit_id,
        "run_id": unit.run_id,
        "body": _unit.dump_json(unit).decode(),
    }


def _installed_row(event: UnitInstalled) -> dict[str, Any]:
    one = event.installation
    return {
        "installation_id": one.installation_id,
        "parent_unit_id": event.unit_id,
        "unit_id": one.unit_id,
        "requirement_id": one.requirement_id,
        "run_id": event.run_id,
        "quantity": one.quantity,
        "designator": one.designator,
        "substitute": one.substitute,
        "installed_at": event.at,
        "installed_by": _who(event.by),
    }


def _removed_row(event: UnitRemoved) -> dict[str, Any]:
    return {
        "installation_id": event.installation.installation_id,
        "removed_at": event.at,
        "removed_by": _who(event.by),
        "removed_because": event.reason,
    }


def _split_row(event: UnitSplit) -> dict[str, Any]:
    return {
        "part_unit_id": event.part_unit_id,
        "origin_unit_id": event.unit_id,
        "quantity": event.quantity,
        "because": event.because.value,
        "at": event.at,
        "split_by": _who(event.by),
    }


def _who(actor: Actor) -> str:
    return json.dumps({"person": actor.person, "machine": actor.machine})
