"""The history in PostgreSQL: whole batches appended in one statement; nothing is ever locked, loaded or changed."""

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.adapters import tables
from services.audit.handlers import Entry
from shared.messaging.transaction import Change, Held


class HistoryStore:
    """Appends to the history."""

    async def lock(self, connection: AsyncConnection, keys: Sequence[str]) -> Mapping[str, Held[None]]:  # noqa: ARG002
        """See `Store.lock`; an entry depends on nothing, so nothing waits before it is appended."""
        return {}

    async def save(self, connection: AsyncConnection, changes: Sequence[Change[None]]) -> None:
        """See `Store.save`."""
        entries = in_time([entry for change in changes for entry in change.events])
        columns = dict(zip(Entry._fields, map(list, zip(*entries, strict=True)), strict=True))
        await connection.execute(tables.IN_ORDER, {"key": tables.APPEND_LOCK})
        await connection.execute(tables.APPEND, columns)

    def committed(self, changes: Sequence[Change[None]]) -> None:
        """See `Store.committed`; nothing is remembered."""


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
