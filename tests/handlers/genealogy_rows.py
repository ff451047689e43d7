"""Units, installations and splits written into inventory's tables with the times that a story wants.

Only so can a story say when something was recorded, which is the database's to say.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.testing.databases import Database

BEGAN = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
OLGA = json.dumps({"person": "olga", "machine": "scanner-4"})
OMAR = json.dumps({"person": "omar", "machine": None})


def at(hours: float) -> datetime:
    """A moment of these days."""
    return BEGAN + timedelta(hours=hours)


@dataclass(frozen=True)
class Put:
    """A unit was put into a parent at ``at`` (h), which was recorded at ``known``, and perhaps taken out again."""

    unit_id: str
    parent_id: str
    at: float
    out: float | None = None
    known: float | None = None
    out_known: float | None = None
    quantity: str = "1"
    designator: str | None = None
    substitute: bool = False
    requirement_id: str = "r"


@dataclass(frozen=True)
class Said:
    """A unit's status changed at ``at`` (h), which was recorded at ``known``."""

    unit_id: str
    status: str
    at: float
    known: float | None = None


def unit_ids(story: Iterable[Put]) -> set[str]:
    """Everything that is mentioned."""
    return {name for one in story for name in (one.unit_id, one.parent_id)}


class Ledger:
    """Writes a story into a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def units(self, *names: str, origin: str | None = None, quantity: str = "1") -> None:
        """Serial units; or lots, named `PART:LOT`, and parts of lots, named `PART:LOT~part`."""
        rows = [
            {
                "unit_id": name,
                "part_number": name.split(":")[0].split("-")[0],
                "serial": None if ":" in name else name,
                "lot": name.split(":")[1].split("~")[0] if ":" in name else None,
                "origin_unit_id": origin,
                "quantity": quantity,
            }
            for name in names
        ]
        self._database.rows(
            """
            insert into unit (unit_id, version, part_number, revision, serial, lot, origin_unit_id, quantity,
                              unit_of_measure, status, received_at, body)
            select unit_id, 1, part_number, 'A', serial, lot, origin_unit_id, quantity, 'each', 'available', now(),
                   jsonb_build_object('identification', jsonb_build_object(
                       'unit_id', unit_id, 'part_number', part_number, 'revision', 'A', 'serial', serial, 'lot', lot,
                       'quantity', quantity, 'unit_of_measure', 'each'))
            from json_populate_recordset(null::unit, $1::json)
            on conflict do nothing""",
            json.dumps(rows),
        )
        self.statuses(*(Said(name, "available", -1) for name in names))

    def statuses(self, *said: "Said") -> None:
        """What the status of units became; the last is that of now."""
        rows = [
            {
                "unit_id": one.unit_id,
                "status": one.status,
                "at": at(one.at).isoformat(),
                "recorded_at": at(one.at if one.known is None else one.known).isoformat(),
            }
            for one in said
        ]
        self._database.rows(
            """
            insert into status_change (unit_id, status, at, recorded_at)
            select unit_id, status, at, recorded_at from json_populate_recordset(null::status_change, $1::json)""",
            json.dumps(rows),
        )
        last = {one.unit_id: one.status for one in said}
        self._database.rows(
            "update unit set status = value from json_each_text($1::json) where unit_id = key", json.dumps(last)
        )

    def story(self, *puts: Put) -> None:
        """Serial units put into one another."""
        self.units(*sorted(unit_ids(puts)))
        self.puts(*puts)

    def puts(self, *puts: Put) -> None:
        """Units that are there put into one another."""
        rows = [
            {
                "installation_id": f"{one.unit_id} in {one.parent_id} at {one.at}",
                "parent_unit_id": one.parent_id,
                "unit_id": one.unit_id,
                "requirement_id": one.requirement_id,
                "run_id": f"run of {one.parent_id}",
                "quantity": one.quantity,
                "designator": one.designator,
                "substitute": one.substitute,
                "installed_at": at(one.at).isoformat(),
                "installed_by": json.loads(OLGA),
                "recorded_at": at(one.at if one.known is None else one.known).isoformat(),
                **({} if one.out is None else _out(one, one.out)),
            }
            for one in puts
        ]
        self._database.rows(
            "insert into installation select * from json_populate_recordset(null::installation, $1::json)",
            json.dumps(rows),
        )

    def split(self, origin: str, part: str, quantity: str, hours: float, because: str = "install") -> None:
        """A part was split off a lot."""
        self.units(part, origin=origin, quantity=quantity)
        self._database.rows(
            "insert into split values ($1, $2, $3::text::numeric, $4, $5, $6::text::jsonb, $5)",
            part,
            origin,
            quantity,
            because,
            at(hours),
            OMAR,
        )


def _out(one: Put, out: float) -> dict[str, object]:
    known = out if one.out_known is None else one.out_known
    return {
        "removed_at": at(out).isoformat(),
        "removed_by": json.loads(OMAR),
        "removed_because": "scored",
        "removed_recorded_at": at(known).isoformat(),
    }
