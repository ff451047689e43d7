"""The whole of a large answer, as JSON Lines or CSV: read in one go to a file, then sent at the reader's own pace.

So no connection is held while a slow reader takes what was sent, and what cannot be read to its end is refused before
its first line is sent, not broken off.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from tempfile import SpooledTemporaryFile
from typing import Any
from urllib.parse import quote

from fastapi.responses import StreamingResponse

from shared.runtime import sheets

IN_MEMORY_BYTES = 1_000_000
"""What is longer goes to the disk."""
SENT_AT_ONCE_BYTES = 65_536


class Format(StrEnum):
    """What an export is written in."""

    JSONL = "jsonl"
    CSV = "csv"


MEDIA_TYPES = {Format.JSONL: "application/jsonl", Format.CSV: "text/csv; charset=utf-8; header=present"}


async def exported(
    rows: AsyncIterator[Sequence[str]], columns: Sequence[str], form: Format, name: str
) -> StreamingResponse:
    """The answer, of which ``rows`` are JSON documents, as a file of that name."""
    file = SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115 - closed when it is sent
    try:
        file.write(_header(columns) if form is Format.CSV else b"")
        written = _WRITTEN[form]
        async for some in rows:
            file.write(written(some, columns))
        file.seek(0)
    except BaseException:
        file.close()
        raise
    file_name = quote(f"{name}.{form}", safe="")
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{file_name}", "x-content-type-options": "nosniff"}
    return StreamingResponse(_sent(file), headers=headers, media_type=MEDIA_TYPES[form])


def _sent(file: "SpooledTemporaryFile[bytes]") -> Iterator[bytes]:
    with file:
        while part := file.read(SENT_AT_ONCE_BYTES):
            yield part


def _lines(rows: Sequence[str], _: Sequence[str]) -> bytes:
    return "".join(f"{row}\n" for row in rows).encode()


def _header(columns: Sequence[str]) -> bytes:
    return sheets.written([[one for name in columns for one in _titles(name)]])


def _table(rows: Sequence[str], columns: Sequence[str]) -> bytes:
    documents = map(json.loads, rows)
    return sheets.written([cell for name in columns for cell in _cells(name, one.get(name))] for one in documents)


def _titles(name: str) -> tuple[str, ...]:
    return (f"{name}_person", f"{name}_machine") if _is_somebody(name) else (name,)


def _cells(name: str, value: Any) -> tuple[Any, ...]:
    if not _is_somebody(name):
        return (value,)
    who = value or {}
    return who.get("person"), who.get("machine")


def _is_somebody(name: str) -> bool:
    return name == "by" or name.endswith("_by")


_WRITTEN: Mapping[Format, Callable[[Sequence[str], Sequence[str]], bytes]] = {
    Format.JSONL: _lines,
    Format.CSV: _table,
}
