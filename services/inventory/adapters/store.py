"""Units in PostgreSQL: what is named and everything above it is locked in one order; only what changed is
written.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.adapters import amounts, expected, life, locations, plans, statuses, tables, withheld
from services.inventory.domain.events import AnyEvent, UnitInstalled, UnitReceived, UnitRemoved, UnitSplit
from services.inventory.domain.expecting import EXPECTED, Expected
from services.inventory.domain.locations import LOCATIONS, Locations
from services.inventory.domain.lookup import Wider, label_in, widened
from services.inventory.domain.status import standing
from services.inventory.domain.unit import Installation, Unit
from shared.kernel import Actor
from shared.messaging.memory import Remembered
from shared.messaging.rows import transposed
from shared.messaging.transaction import Change, Conflict, Held

CLIMBS = 5
"""How often the climb is done again because somebody installed meanwhile; after that the transaction is done again."""

FOR_ALL = {LOCATIONS, EXPECTED}
"""What is not one unit's, and is there with every decision."""

_unit = TypeAdapter(Unit)

_LABELED = "labeled"
_KINDS = {Wider.WITHIN: "within", Wider.SPLIT_FROM: "split_from", Wider.AT: "at", Wider.LABELED: _LABELED}
"""What the statement that widens calls them."""


class UnitStore:
    """Locks, loads and writes units, whole batches at a time, and the locations with them."""

    def __init__(self, remembered: int) -> None:
        """``remembered``: how many units are kept in memory between transactions."""
        self._remembered: Remembered[Unit] = Remembered(remembered)
        self._locations: Held[Locations] | None = None
        self._expected: Held[Expected] | None = None

    async def lock(self, connection: AsyncConnection, keys: Sequence[str]) -> Mapping[str, Held[Any]]:
        """See `Store.lock`; widened by all units above those that are named, by what `lookup.widened` names, and by the
        locations and what issues say about units to come, which are locked only where they are named themselves, and
        where a unit that is awaited is not there.

        What was climbed is climbed again under the lock. What somebody installed or created meanwhile is locked too,
        but never waited for: it is out of order, and two who wait for each other would deadlock.
        """
        if LOCATIONS in keys:
            await connection.execute(locations.LOCK)
        wanted, wider = _named(keys)
        found = await self._climbed(connection, wanted, wider)
        if not found.issuperset(_awaited(keys)):
            await connection.execute(locations.LOCK)
            self._expected = None  # units may have come since it was read, which is no change of it
            found = await self._climbed(connection, wanted, wider)
        rows = list((await connection.execute(tables.LOCK, {"ids": sorted(found)})).all())
        for _ in range(CLIMBS):
            new = await self._climbed(connection, wanted | found, wider) - found
            if not new:
                return await self._held(connection, rows)
            more = (await connection.execute(tables.LOCK_AT_ONCE, {"ids": sorted(new)})).all()
            if len(more) < len(new):
                raise Conflict
            rows += more
            found |= new
        raise Conflict

    async def _climbed(
        self, connection: AsyncConnection, ids: set[str], wider: Mapping[str, Sequence[str]]
    ) -> set[str]:
        return {row[0] for row in await connection.execute(tables.CLIMB, {"ids": sorted(ids), **wider})}

    async def save(self, connection: AsyncConnection, changes: Sequence[Change[Any]]) -> None:
        """See `Store.save`."""
        for change in changes:
            if change.key == LOCATIONS:
                await locations.put(connection, change)
            elif change.key == EXPECTED:
                await expected.put(connection, change)
        await self._save_units(connection, [one for one in changes if one.key not in FOR_ALL])

    async def _save_units(self, connection: AsyncConnection, changes: Sequence[Change[Unit]]) -> None:
        created = [change for change in changes if change.before is None]
        updated = [change for change in changes if change.before is not None]
        if created:
            created.sort(key=lambda change: change.key)  # in one order, or two that create the same ones would deadlock
            done = await connection.execute(tables.CREATE, transposed(map(_created_row, created)))
            if done.rowcount != len(created):
                raise Conflict
        if updated:
            await connection.execute(tables.UPDATE, transposed(map(_updated_row, updated)))
        await withheld.save(connection, changes)
        events = [event for change in changes for event in change.events]
        if counted := list(amounts.rows(events)):
            await connection.execute(amounts.CHANGED, transposed(counted))
        await _save_installations(connection, events)
        if lived := list(life.rows(events)):
            await connection.execute(life.LIVED, transposed(lived))
        if changed := list(statuses.rows(events)):
            await connection.execute(statuses.CHANGED, transposed(changed))
        if planned := list(plans.rows(changes)):
            await connection.execute(plans.PLANNED, transposed(planned))

    def committed(self, changes: Sequence[Change[Any]]) -> None:
        """See `Store.committed`."""
        self._remembered.put((change.key, change.after) for change in changes if change.key not in FOR_ALL)

    async def _held(self, connection: AsyncConnection, versions: Sequence[Any]) -> Mapping[str, Held[Any]]:
        units = [(row[0], row[1]) for row in versions if row[0] is not None]
        held = self._remembered.of(units)
        missing = [unit_id for unit_id, _ in units if unit_id not in held]
        found = {**held, **await self.load(connection, missing)} if missing else held
        of_locations, of_expected = next((row[1], row[2]) for row in versions if row[0] is None)
        return {
            **found,
            LOCATIONS: await self._locations_of(connection, of_locations),
            EXPECTED: await self._expected_of(connection, of_expected),
        }

    async def _locations_of(self, connection: AsyncConnection, version: int) -> Held[Locations]:
        """Those that are remembered, unless there are others by now."""
        if self._locations is None or self._locations.version != version:
            self._locations = await locations.load(connection)
        return self._locations

    async def _expected_of(self, connection: AsyncConnection, version: int) -> Held[Expected]:
        """What is remembered, unless it changed since."""
        if self._expected is None or self._expected.version != version:
            self._expected = await expected.load(connection)
        return self._expected

    async def load(self, connection: AsyncConnection, keys: Sequence[str]) -> dict[str, Held[Unit]]:
        """These units as the database has them, without locking; absent ones are left out."""
        rows = await connection.execute(tables.LOAD, {"ids": list(keys)})
        return {row.unit_id: Held(row.version, _unit.validate_json(row.body)) for row in rows}


async def _save_installations(connection: AsyncConnection, events: Sequence[AnyEvent]) -> None:
    """What was put in and taken out, and what was split off by that."""
    if installed := [_installed_row(event) for event in events if isinstance(event, UnitInstalled)]:
        await connection.execute(tables.INSTALL, transposed(installed))
    gone = [event for event in events if isinstance(event, UnitRemoved)]
    parts = [_part_row(event, event.rest) for event in gone if event.rest is not None]
    if parts:
        await connection.execute(tables.REMOVE_PART, transposed(parts))
    if gone:
        await connection.execute(tables.REMOVE, transposed(map(_removed_row, gone)))
    if split := [_split_row(event) for event in events if isinstance(event, UnitSplit)]:
        await connection.execute(tables.SPLIT, transposed(split))
    if parts:
        inside = [one["installation_id"] for one in parts]
        rests = [one["rest_id"] for one in parts]
        await connection.execute(tables.SPLIT_INSIDE, {"installation_ids": inside, "rest_ids": rests})


def _named(keys: Sequence[str]) -> tuple[set[str], dict[str, list[str]]]:
    """The units among keys, and of what else they name everything is wanted."""
    wider: dict[str, set[str]] = {kind: set() for kind in _KINDS.values()}
    units: set[str] = set()
    for key in keys:
        found = widened(key)
        if found is None:
            units.add(key)
        elif found[0] is Wider.AWAITED:
            units.add(found[1])
        else:
            wider[_KINDS[found[0]]].add(found[1])
    labels = [label_in(one) for one in sorted(wider.pop(_LABELED))]
    of_labels = {"labeled_in": [parent for parent, _ in labels], "labels": [label for _, label in labels]}
    return units - FOR_ALL, {kind: sorted(names) for kind, names in wider.items()} | of_labels


def _awaited(keys: Sequence[str]) -> set[str]:
    return {name for kind, name in filter(None, map(widened, keys)) if kind is Wider.AWAITED}


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


def _part_row(event: UnitRemoved, rest: Installation) -> dict[str, Any]:
    one = event.installation
    return {
        "installation_id": one.installation_id,
        "unit_id": one.unit_id,
        "quantity": one.quantity,
        "rest_id": rest.installation_id,
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
