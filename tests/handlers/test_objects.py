"""Files in an object store, here a folder: kept once, under what they are; refused without a trace."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.requests import ClientDisconnect

from shared.runtime import objects
from shared.runtime.file_types import FileTypeRefused, FileTypeWrong, check_content, media_type_of
from shared.runtime.objects import FileEmpty, FileLost, FileTooLarge, Objects, StoreAway, UploadStalled, objects_of
from shared.runtime.settings import Settings, SettingsWrong
from shared.testing.conditions import eventually

PDF = b"%PDF-1.7\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
PART = objects.PART_BYTES
MOST_BYTES = 4 * PART


def settings(url: str | None) -> Settings:
    """Settings with a place for files."""
    return Settings(database_url=SecretStr("postgresql+asyncpg://x"), files_url=url, files_max_bytes=MOST_BYTES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the files are."""
    return tmp_path / "files"


@pytest.fixture
async def store(folder: Path) -> AsyncIterator[Objects]:
    """A store in a folder."""
    made = objects_of(settings(folder.as_uri()))
    assert made is not None
    yield made
    await made.close()


async def streamed(*chunks: bytes, fails: Exception | None = None) -> AsyncIterator[bytes]:
    """Chunks as they come over a line, which may break."""
    for chunk in chunks:
        yield chunk
    if fails is not None:
        raise fails


def large(parts: int) -> list[bytes]:
    """A PDF of so many parts."""
    return [PDF + os.urandom(PART - len(PDF)), *(os.urandom(PART) for _ in range(parts - 1))]


def kept(folder: Path) -> list[str]:
    """What is in the folder, unfinished or not."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


async def read(store: Objects, sha256: str) -> bytes:
    """A file's whole content."""
    content = await store.content(sha256)
    come = b"".join([part async for part in content.parts])
    assert len(come) == content.size_bytes
    return come


@pytest.mark.parametrize("chunks", [[PDF, b"", b"text"], large(1), large(3)], ids=["small", "a part", "large"])
async def test_a_file_is_kept_under_the_digest_of_its_content(
    store: Objects, folder: Path, chunks: Iterable[bytes]
) -> None:
    """Sent twice, it is there once; nothing is left of its way there."""
    content = b"".join(chunks)
    digest = hashlib.sha256(content).hexdigest()
    for _ in range(2):
        assert await store.keep(streamed(*chunks), "application/pdf") == objects.Kept(digest, len(content))
    assert kept(folder) == [f"sha256/{digest[:2]}/{digest}"]
    assert await read(store, digest) == content


@pytest.mark.parametrize("parts", [1, 2, 3])
async def test_an_upload_that_breaks_off_leaves_nothing(store: Objects, folder: Path, parts: int) -> None:
    """However much had come; why it broke off is what the caller hears."""
    with pytest.raises(ClientDisconnect):
        await store.keep(streamed(*large(parts), fails=ClientDisconnect()), "application/pdf")
    assert kept(folder) == []


async def test_a_file_that_is_too_large_leaves_nothing(store: Objects, folder: Path) -> None:
    """Refused while it comes, or before, where its size was said; the limit itself is no obstacle."""
    with pytest.raises(FileTooLarge):
        await store.keep(streamed(*large(4), b"x"), "application/pdf")
    with pytest.raises(FileTooLarge):
        await store.keep(streamed(fails=AssertionError("nobody reads it")), "application/pdf", MOST_BYTES + 1)
    assert kept(folder) == []
    assert (await store.keep(streamed(*large(4)), "application/pdf", MOST_BYTES)).size_bytes == MOST_BYTES


async def test_only_types_that_are_allowed_are_taken(store: Objects, folder: Path) -> None:
    """A page or a program has no business here, whatever it is called; nothing is read of it."""
    for media_type in ("text/html", "image/svg+xml", "application/octet-stream", "multipart/form-data", ""):
        with pytest.raises(FileTypeRefused) as refused:
            await store.keep(streamed(fails=AssertionError("nobody reads it")), media_type)
        assert "application/pdf" in refused.value.resolution
    assert kept(folder) == []


async def test_a_file_is_what_it_is_said_to_be(store: Objects, folder: Path) -> None:
    """Its first bytes tell."""
    with pytest.raises(FileTypeWrong, match="image/png"):
        await store.keep(streamed(PNG), "application/pdf")
    with pytest.raises(FileEmpty):
        await store.keep(streamed(b"", b""), "application/pdf")
    assert kept(folder) == []


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        ("application/pdf", PDF),
        ("image/png", PNG),
        ("image/jpeg", b"\xff\xd8\xff\xe1\x00\x10Exif\x00"),
        ("image/heic", b"\x00\x00\x00\x18ftypheic\x00\x00"),
        ("image/tiff", b"II*\x00\x08\x00"),
        ("image/webp", b"RIFF\x24\x00\x00\x00WEBPVP8 "),
        ("video/mp4", b"\x00\x00\x00\x18ftypmp42\x00"),
        ("application/zip", b"PK\x03\x04\x14\x00"),
        ("application/gzip", b"\x1f\x8b\x08\x00"),
        ("text/csv", "Drehmoment,Nm\n25,ü\n".encode()),
        ("text/csv", b"\xef\xbb\xbftorque\r\n"),
        ("text/plain", ("x" * 4095 + "ü").encode()),
        ("application/json", b'[{"torque": 25}]'),
        ("application/xml", b"<curve/>"),
        ("application/x-tdms", b"TDSm\x0e\x00\x00\x00"),
    ],
)
def test_a_type_is_known_by_its_first_bytes(media_type: str, content: bytes) -> None:
    """Pictures, documents, archives, texts, and what a site allows that nobody has a signature of."""
    check_content(content, media_type)


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        ("application/pdf", b"MZ\x90\x00"),
        ("image/png", b"<html>"),
        ("image/png", b"anything"),
        ("text/csv", b"\x7fELF\x02\x01\x01\x00"),
        ("text/plain", b"caf\xe9 noir"),
        ("text/plain", PNG),
        ("application/json", b"\x00\x01"),
        ("application/x-tdms", b"MZ\x90\x00"),
    ],
)
def test_a_false_name_is_seen_through(media_type: str, content: bytes) -> None:
    """A program is no curve, and bytes are no text."""
    with pytest.raises(FileTypeWrong):
        check_content(content, media_type)


def test_the_parameters_of_a_media_type_do_not_matter() -> None:
    """Nor does how it is written."""
    assert media_type_of("Text/CSV; charset=utf-8") == "text/csv"
    assert media_type_of(None) == ""


async def test_an_upload_that_stalls_is_given_up(store: Objects, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that says nothing for a minute is let go."""
    monkeypatch.setattr(objects, "STALLED_AFTER_S", 0.05)

    async def stalling() -> AsyncIterator[bytes]:
        for chunk in large(2):
            yield chunk
        await asyncio.Event().wait()

    with pytest.raises(UploadStalled):
        await store.keep(stalling(), "application/pdf")
    assert kept(folder) == []


async def test_a_file_that_is_lost_is_said_to_be(store: Objects) -> None:
    """It is named, so that it can be restored."""
    with pytest.raises(FileLost) as lost:
        await store.content("0" * 64)
    assert "0" * 64 in lost.value.obstacle


async def test_a_store_that_does_not_answer_is_waited_for(tmp_path: Path) -> None:
    """A bucket that cannot be reached is no answer; nor is a folder that is none."""
    (tmp_path / "sha256").write_text("a file where the store wants a folder")
    store = objects_of(settings(tmp_path.as_uri()))
    assert store is not None
    with pytest.raises(StoreAway):
        await store.keep(streamed(PDF), "application/pdf")
    await store.close()


async def test_what_killed_processes_left_is_swept(store: Objects, folder: Path) -> None:
    """Finished or not, once it is old; what is on its way, and what has arrived, stays."""
    arrived = (await store.keep(streamed(PDF), "application/pdf")).sha256
    (folder / "incoming").mkdir()
    for name in ("old", "old-unfinished#1", "new"):
        (folder / "incoming" / name).write_bytes(PDF)
    before = datetime.now(UTC) - timedelta(days=1)
    for name in ("incoming/old", "incoming/old-unfinished#1", f"sha256/{arrived[:2]}/{arrived}"):
        os.utime(folder / name, (before.timestamp() - 60,) * 2)
    sweeping = asyncio.create_task(store.run())
    await asyncio.to_thread(_wait_until_gone, folder / "incoming" / "old-unfinished#1")
    store.stop()
    await sweeping
    assert kept(folder) == ["incoming/new", f"sha256/{arrived[:2]}/{arrived}"]


def _wait_until_gone(path: Path) -> None:
    eventually(lambda: not path.exists(), 10, f"{path.name} is swept")


def test_a_url_that_leads_nowhere_is_named_at_once() -> None:
    """A wrong setting stops the start."""
    for url in ("ftp://files", "nowhere", "s3://"):
        with pytest.raises(SettingsWrong, match="ASBUILT_FILES_URL"):
            objects_of(settings(url))
    assert objects_of(settings(None)) is None
