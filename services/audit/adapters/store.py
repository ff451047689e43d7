"""The history in PostgreSQL: whole batches appended by COPY; nothing is ever locked, loaded or changed.

Every row names the record that it came from, so the history itself tells what it has; the inbox is not asked.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.adapters import tables
from services.audit.handlers import Entry
from shared.messaging.driver import copy
from shared.messaging.messages import Place, place_in, place_of
from shared.messaging.transaction import Change, Held


class HistoryStore:
    """Appends to the history."""

    async def claim(self, connection: AsyncConnection, places: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """See `ClaimingStore.claim`: what neither the history has nor stands aside. From here on nobody else appends
        until this transaction has ended.
        """
        await connection.execute(tables.IN_ORDER, {"key": tables.APPEND_LOCK})
        rows = (await connection.execute(tables.KNOWN, _stretches(map(place_in, places)))).all()
        return set(places).difference(place_of(*row) for row in rows)

    async def lock(self, connection: AsyncConnection, keys: Sequence[str]) -> Mapping[str, Held[None]]:  # noqa: ARG002
        """See `Store.lock`; an entry depends on nothing, so nothing waits before it is appended."""
        return {}

    async def save(self, connection: AsyncConnection, changes: Sequence[Change[None]]) -> None:
        """See `Store.save`."""
        entries = in_time([entry for change in changes for entry in change.events])
        await copy(connection, "history", Entry._fields, entries)

    def committed(self, changes: Sequence[Change[None]]) -> None:
        """See `Store.committed`; nothing is remembered."""


def _stretches(places: Iterable[Place]) -> dict[str, list[Any]]:
    """The first and the last offset of each partition among places, one array per column."""
    offsets: dict[tuple[str, int], list[int]] = {}
    for place in places:
        offsets.setdefault((place.topic, place.partition), []).append(place.offset)
    return {
        "topic": [topic for topic, _ in offsets],
        "partition": [partition for _, partition in offsets],
        "first": [min(one) for one in offsets.values()],
        "last": [max(one) for one in offsets.values()],
    }


def in_time(entries: Sequence[Entry]) -> list[Entry]:
    """Entries in the order in which their records were written, as far as a batch can tell: topics are read side by
    side, so an effect may have come before its cause. The order within a partition stays, whatever its clocks say.
    """
    latest: dict[tuple[str, int], int] = {}
    moments = []
    for entry in entries:
        place = (entry.topic, entry.partition)
        latest[place] = max(latest.get(place, 0), entry.record_timestamp)
        moments.append(latest[place])
    return [entries[number] for number in sorted(range(len(entries)), key=moments.__getitem__)]
