"""Files in an object store, each under the SHA-256 of its content: the same content is kept once, and none is changed.

A file streams through in parts of `PART_BYTES`, whatever its size. What is too large, of a type that is not taken, or
not what it is said to be, leaves nothing behind; nor does an upload that breaks off.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import obstore
import structlog
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import ObjectStore, from_url

from shared.kernel import RefusalKind, Refused
from shared.runtime.failures import Away
from shared.runtime.file_types import check_content, check_type
from shared.runtime.ids import new_id
from shared.runtime.settings import Settings, SettingsWrong

PART_BYTES = 5 * 1024 * 1024
"""What S3 takes as a part, at least; a file that is no larger is sent at once."""
PARTS_AT_ONCE = 2
UPLOADS_AT_ONCE = 8
"""Of one process; each holds some four parts in memory. The others wait their turn."""
STALLED_AFTER_S = 60
"""An upload of which nothing comes for so long is given up."""
LEFT_AFTER = timedelta(days=1)
"""What is on its way for so long will not arrive: its process was killed."""
SWEEP_EVERY_S = 3_600.0
FAREWELL_S = 0.2
"""obstore's threads let go of what they were called with a moment after the answer; a Python that has ended by then is
aborted (measured with 0.12.1: 1 of 3 without this pause, none with a quarter of it).
"""
INCOMING = "incoming"

_NOT_THERE = (NotFoundError, FileNotFoundError)
"""The first is what obstore documents, the second what it raises (0.12.1)."""

_log = structlog.get_logger(__name__)


class StoreMissing(Refused):
    """This service has no store for files."""

    code = "file-store-missing"
    resolve = "Set ASBUILT_FILES_URL, to a folder or a bucket; or attach the file by reference, as a plant system does."


class FileTooLarge(Refused):
    """The file is larger than {most} bytes."""

    code = "file-too-large"
    kind = RefusalKind.TOO_LARGE
    resolve = "Send a smaller one, or have ASBUILT_FILES_MAX_BYTES raised."


class FileEmpty(Refused):
    """The file is empty."""

    code = "file-empty"
    kind = RefusalKind.INVALID
    resolve = "Send its content as the body of the request."


class UploadStalled(Refused):
    """Nothing of the file came for {seconds} s."""

    code = "upload-stalled"
    kind = RefusalKind.INVALID
    resolve = "Send it again."


class FileLost(Refused):
    """The content of the file {sha256} is not in the store."""

    code = "file-lost"
    kind = RefusalKind.UNKNOWN
    resolve = "Have the store restored, or upload the same file again."


class StoreAway(Away):
    """The object store does not answer, or not as it should."""

    what = "The store for files"


@dataclass(frozen=True, slots=True)
class Kept:
    """A file in the store."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a file, part by part."""

    size_bytes: int
    parts: AsyncIterator[bytes]


class Objects:
    """An object store with files of known content."""

    def __init__(self, store: ObjectStore, folder: Path | None, max_bytes: int, types: frozenset[str]) -> None:
        """``folder`` is where a local store keeps them; ``types`` the media types that are taken."""
        self._store = store
        self._folder = folder
        self._max_bytes = max_bytes
        self._types = types
        self._uploads = asyncio.Semaphore(UPLOADS_AT_ONCE)
        self._stopping = asyncio.Event()

    async def keep(self, stream: AsyncIterator[bytes], media_type: str, said_bytes: int = 0) -> Kept:
        """Keep what streams in, under its SHA-256; ``said_bytes`` is its size, where the sender said it beforehand.

        :raises Refused: when it is not taken; nothing of it is kept then.
        :raises StoreAway: when the store does not answer.
        """
        check_type(media_type, self._types)
        if said_bytes > self._max_bytes:
            raise FileTooLarge(most=self._max_bytes)
        measured = _Measured(stream, self._max_bytes)
        async with self._uploads:
            first = await measured.first(PART_BYTES)
            if not first:
                raise FileEmpty
            check_content(first, media_type)
            with _store():
                if measured.has_ended:
                    await self._put_at_once(first, measured.sha256)
                else:
                    await self._put_in_parts(first, measured)
        return Kept(measured.sha256, measured.size_bytes)

    async def content(self, sha256: str) -> Content:
        """The content of a file.

        :raises FileLost: when it is not there.
        :raises StoreAway: when the store does not answer.
        """
        with _store():
            try:
                found = await obstore.get_async(self._store, _key(sha256))
            except _NOT_THERE:
                raise FileLost(sha256=sha256) from None
        return Content(found.meta["size"], _parts(found.stream(min_chunk_size=PART_BYTES // 5)))

    async def run(self) -> None:
        """Every now and then, remove what killed processes left on its way."""
        while not self._stopping.is_set():
            try:
                await self.sweep(datetime.now(UTC) - LEFT_AFTER)
            except StoreAway as error:
                _log.warning("files not swept", because=str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), SWEEP_EVERY_S)

    def stop(self) -> None:
        """Sweep no more."""
        self._stopping.set()

    async def close(self) -> None:
        """Let the store's threads come to an end."""
        await asyncio.sleep(FAREWELL_S)

    async def sweep(self, before: datetime) -> None:
        """Remove what has been on its way since ``before``. What S3, GCS or Azure hold of an upload that was never
        ended they do not show: that is for a rule of the bucket to remove.
        """
        with _store():
            async for some in obstore.list(self._store, prefix=INCOMING):
                old = [one["path"] for one in some if one["last_modified"] < before]
                if old:
                    await obstore.delete_async(self._store, old)
            if self._folder is not None:
                await asyncio.to_thread(_sweep_folder, self._folder / INCOMING, before)

    async def _put_at_once(self, content: bytes, sha256: str) -> None:
        if not await self._has(sha256):
            await obstore.put_async(self._store, _key(sha256), content, use_multipart=False)

    async def _put_in_parts(self, first: bytes, measured: "_Measured") -> None:
        """Under a name of its own, until its digest is known. A store that is asked to put a stream aborts by itself
        when the stream breaks off.
        """
        arriving = f"{INCOMING}/{new_id()}"
        await obstore.put_async(
            self._store,
            arriving,
            measured.after(first),
            use_multipart=True,
            chunk_size=PART_BYTES,
            max_concurrency=PARTS_AT_ONCE,
        )
        if await self._has(measured.sha256):
            await obstore.delete_async(self._store, arriving)
        else:
            await obstore.rename_async(self._store, arriving, _key(measured.sha256))

    async def _has(self, sha256: str) -> bool:
        try:
            await obstore.head_async(self._store, _key(sha256))
        except _NOT_THERE:
            return False
        return True


class _Measured:
    """A stream with the digest and the size of what has come of it."""

    def __init__(self, stream: AsyncIterator[bytes], max_bytes: int) -> None:
        self._stream = stream
        self._max_bytes = max_bytes
        self._digest = hashlib.sha256()
        self.size_bytes = 0
        self.has_ended = False

    @property
    def sha256(self) -> str:
        """The digest of what has come, in hexadecimal digits."""
        return self._digest.hexdigest()

    async def first(self, size_bytes: int) -> bytes:
        """What comes first, up to this size and a chunk."""
        come = bytearray()
        while len(come) < size_bytes and (chunk := await self._next()):
            come += chunk
        return bytes(come)

    async def after(self, first: bytes) -> AsyncIterator[bytes]:
        """What came first, and all the rest."""
        yield first
        while chunk := await self._next():
            yield chunk

    async def _next(self) -> bytes:
        """The next chunk that is not empty; empty at the end."""
        chunk = b""
        while not chunk and not self.has_ended:
            try:
                chunk = await asyncio.wait_for(anext(self._stream), STALLED_AFTER_S)
            except StopAsyncIteration:
                self.has_ended = True
            except TimeoutError:
                raise UploadStalled(seconds=STALLED_AFTER_S) from None
        self._digest.update(chunk)
        self.size_bytes += len(chunk)
        if self.size_bytes > self._max_bytes:
            raise FileTooLarge(most=self._max_bytes)
        return chunk


def objects_of(settings: Settings) -> Objects | None:
    """The object store of the settings; None where there is none.

    :raises SettingsWrong: when its URL leads to none.
    """
    if settings.files_url is None:
        return None
    folder = _folder(settings.files_url)
    more: dict[str, Any] = {"mkdir": True}
    if folder is None:
        more = {
            "client_options": {
                "allow_http": settings.files_allow_http,
                "connect_timeout": "5s",
                "timeout": "3600s",  # for the whole of an answer, which a slow reader takes in his time
            },
            "retry_config": {"max_retries": 3, "retry_timeout": timedelta(seconds=30)},
        }
    try:
        store = from_url(settings.files_url, **more)
    except (BaseError, OSError, ValueError) as error:
        raise SettingsWrong(f"ASBUILT_FILES_URL: {str(error).splitlines()[0]}") from None  # the rest is for its makers
    return Objects(store, folder, settings.files_max_bytes, frozenset(settings.files_types))


def _folder(url: str) -> Path | None:
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def _sweep_folder(folder: Path, before: datetime) -> None:
    """A local store does not list what it is still writing."""
    for path in folder.glob("*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before.timestamp():
                path.unlink()


def _key(sha256: str) -> str:
    return f"sha256/{sha256[:2]}/{sha256}"


async def _parts(stream: AsyncIterator[Any]) -> AsyncIterator[bytes]:
    with _store():
        async for part in stream:
            yield bytes(part)


@contextmanager
def _store() -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError) as error:
        raise StoreAway(f"{type(error).__name__}: {error}"[:500]) from error
