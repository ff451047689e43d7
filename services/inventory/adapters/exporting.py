"""The whole of a large answer, as JSON Lines or CSV: read in one go to a file, then sent at the reader's own pace.

So no connection is held while a slow reader takes what was sent, and what cannot be read to its end is refused before
its first line is sent, not broken off.
"""

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from tempfile import SpooledTemporaryFile
from typing import Any
from urllib.parse import quote

from fastapi.responses import StreamingResponse

from services.inventory.adapters.questions import Sink
from shared.runtime import sheets

IN_MEMORY_BYTES = 1_000_000
"""What is longer goes to the disk."""
SENT_AT_ONCE_BYTES = 65_536


File = SpooledTemporaryFile[bytes]
Copy = Callable[[Sink], Awaitable[None]]


class Format(StrEnum):
    """What an export is written in."""

    JSONL = "jsonl"
    CSV = "csv"


MEDIA_TYPES = {Format.JSONL: "application/jsonl", Format.CSV: "text/csv; charset=utf-8; header=present"}


async def exported(copy: Copy, columns: Sequence[str], form: Format, name: str) -> StreamingResponse:
    """The answer, which ``copy`` writes as JSON Lines, as a file of that name."""
    file = SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115 - closed when it is sent
    try:
        await _WRITTEN[form](copy, columns, file)
        size = file.tell()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    file_name = quote(f"{name}.{form}", safe="")
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{file_name}", "x-content-type-options": "nosniff"}
    headers["content-length"] = str(size)  # so that whoever gets less knows it
    return StreamingResponse(_sent(file), headers=headers, media_type=MEDIA_TYPES[form])


def _sent(file: File) -> Iterator[bytes]:
    with file:
        while part := file.read(SENT_AT_ONCE_BYTES):
            yield part


async def _lines(copy: Copy, _: Sequence[str], file: File) -> None:
    async def sink(some: bytes) -> None:
        file.write(some)

    await copy(sink)


async def _table(copy: Copy, columns: Sequence[str], file: File) -> None:
    begun = b""

    async def sink(some: bytes) -> None:
        nonlocal begun
        *lines, begun = (begun + some).split(b"\n")
        documents = map(json.loads, lines)
        rows = ([cell for name in columns for cell in _cells(name, one.get(name))] for one in documents)
        file.write(sheets.written(rows))

    file.write(sheets.written([[one for name in columns for one in _titles(name)]]))
    await copy(sink)


def _titles(name: str) -> tuple[str, ...]:
    return (f"{name}_person", f"{name}_machine") if _is_somebody(name) else (name,)


def _cells(name: str, value: Any) -> tuple[Any, ...]:
    if not _is_somebody(name):
        return (value,)
    who = value or {}
    return who.get("person"), who.get("machine")


def _is_somebody(name: str) -> bool:
    return name == "by" or name.endswith("_by")


_WRITTEN: Mapping[Format, Callable[[Copy, Sequence[str], File], Awaitable[None]]] = {
    Format.JSONL: _lines,
    Format.CSV: _table,
}
