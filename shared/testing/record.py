"""What a service leaves behind after some input, in a form in which two runs can be compared."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.testing.databases import Database
from shared.testing.feed import own_topics, waves_for
from shared.testing.plant import PlantUnderTest
from shared.testing.topics import Heard

OF_THE_MOMENT = {"outbox", "attempts"}
"""Tables that hold work in hand, and what depends on when it was tried."""

PLACES = {"partition", "record_offset", "offset"}
"""Where Kafka put a record; the same record sent again has another place."""

PLACE_ID = re.compile(r"\b\d+/\d+(?=@\d)")
"""Partition and offset in the id of what has no id of its own."""

COLUMNS = """
    select table_name as name, column_name as column
    from information_schema.columns
    where table_schema = 'public' and is_identity = 'NO'
      and data_type not in ('timestamp with time zone', 'timestamp without time zone')
    order by table_name, ordinal_position"""

Told = tuple[str, str, int | None, str]
"""An announcement: id, type, sequence and what it says, as JSON."""


@dataclass(frozen=True)
class Left:
    """The rows of every table, times left out, and the announcements of every topic and key in order."""

    rows: Mapping[str, list[str]]
    told: Mapping[tuple[str, str | None], list[Told]]
    reasons_aside: frozenset[str]
    """Why records stand aside, or did."""

    @property
    def ids(self) -> set[str]:
        """The ids of everything announced."""
        return {one[0] for told in self.told.values() for one in told}


def left_in(plant: PlantUnderTest, service: str) -> Left:
    """What a service that was fed with the samples has left in its database and on its own topics."""
    return left_by(plant.database(service), announced_by(plant, service))


def announced_by(plant: PlantUnderTest, service: str) -> list[Heard]:
    """Everything on a service's own topics but the samples that it was fed with."""
    fed = {one.value for wave in waves_for(service) for one in wave.records}
    return [one for name in own_topics(service) for one in plant.announced.now(name) if one.value not in fed]


def difference(one: Left, other: Left) -> list[str]:
    """Where two differ, for a person; nothing when they are the same."""
    return [*_differing("table", one.rows, other.rows), *_differing("announced on", one.told, other.told)]


def _differing(what: str, one: Mapping[Any, list[Any]], other: Mapping[Any, list[Any]]) -> Iterator[str]:
    for name in sorted({*one, *other}, key=str):
        here, there = one.get(name, []), other.get(name, [])
        if here != there:
            yield f"{what} {name}: {len(here)} and {len(there)}"
            yield from (f"  only here:  {entry}" for entry in here if entry not in there)
            yield from (f"  only there: {entry}" for entry in there if entry not in here)


def left_by(database: Database, heard: Iterable[Heard]) -> Left:
    """What is in a database and on topics now. An announcement that was sent again counts where it came first."""
    reasons = database.rows("select distinct reason from parked")
    return Left(_rows(database), _told(heard), frozenset(row["reason"] for row in reasons))


def _rows(database: Database) -> dict[str, list[str]]:
    columns: dict[str, list[str]] = defaultdict(list)
    for row in database.rows(COLUMNS):
        columns[row["name"]].append(row["column"])
    tables = [name for name in database.tables() if name not in OF_THE_MOMENT]
    return {name: _table(database, name, [one for one in columns[name] if one not in PLACES]) for name in tables}


def _table(database: Database, name: str, columns: list[str]) -> list[str]:
    wanted = ", ".join(f'"{column}"' for column in columns)
    rows = database.rows(f"select {wanted} from {name}")
    return sorted(PLACE_ID.sub("", repr(list(row.values()))) for row in rows)


def _told(heard: Iterable[Heard]) -> dict[tuple[str, str | None], list[Told]]:
    told: dict[tuple[str, str | None], dict[str, Told]] = defaultdict(dict)
    for one in heard:
        told[one.topic, one.key].setdefault(one.id, (one.id, one.type, one.sequence, _said(one.data)))
    return {at: list(by_id.values()) for at, by_id in told.items()}


def _said(data: Mapping[str, Any]) -> str:
    return json.dumps({name: value for name, value in data.items() if name not in PLACES}, sort_keys=True)
