"""Files of any size cost no memory, and one that does not arrive leaves nothing: proved on a process of its own."""

import hashlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import httpx
import pytest

from shared.testing.conditions import eventually
from shared.testing.plant import PlantUnderTest
from tests.handlers.run_records import ORDER, R

MB = 1024 * 1024
CHUNK = os.urandom(MB)
SIZE_MB = 200
MOST_GROWTH_MB = 40
LARGE = {"content-type": "application/pdf"}
FILES = f"/runs/{R}/files"


@pytest.fixture
def run(plant: PlantUnderTest) -> PlantUnderTest:
    """A plant with the run service's HTTP, and a run."""
    plant.start("run", "services.run", "serve", "--only", "http").wait_ready()
    with plant.client("run", "lead") as lead:
        assert lead.post("/runs", json=ORDER).status_code == 201
    return plant


def content(size_mb: int, digest: "hashlib._Hash | None" = None) -> Iterator[bytes]:
    """A PDF, as far as its first bytes tell, chunk by chunk."""
    for number in range(size_mb):
        chunk = (b"%PDF-1.7\n" if number == 0 else number.to_bytes(9)) + CHUNK[9:]
        if digest is not None:
            digest.update(chunk)
        yield chunk


def begun(plant: PlantUnderTest, size_bytes: int) -> socket.socket:
    """A line on which an upload of this size has been announced, and nothing of it sent."""
    at = urlsplit(plant.process("run").url)
    line = socket.create_connection((at.hostname, at.port), timeout=10)
    head = {"host": "plant", "authorization": f"Bearer {plant.token('operator')}", "content-length": str(size_bytes)}
    lines = "".join(f"{name}: {text}\r\n" for name, text in (head | LARGE).items())
    line.sendall(f"POST {FILES}?name=scan.pdf HTTP/1.1\r\n{lines}\r\n".encode())
    return line


def upload(client: httpx.Client, size_mb: int, **named: str) -> httpx.Response:
    """Send it without knowing its length."""
    return client.post(FILES, params={"name": "scan.pdf", **named}, content=content(size_mb), headers=LARGE)


def memory_mb(pid: int, line: str) -> float:
    """A line of what the kernel says of a process's memory."""
    said = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(one for one in said if one.startswith(line)).split()[1]) / 1024


def growth_mb(pid: int, resident_mb: float) -> float:
    """The largest size of a process since it was forgotten, beyond what it had."""
    return memory_mb(pid, "VmHWM") - resident_mb


def forget_largest(pid: int) -> float:
    """Forget the largest size so far; the size now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return memory_mb(pid, "VmRSS")


def kept(plant: PlantUnderTest) -> list[str]:
    """What is in the folder of files, unfinished or not."""
    return sorted(path.name for path in (plant.directory / "files").rglob("*") if path.is_file())


def test_a_file_of_200_mb_costs_no_memory(run: PlantUnderTest) -> None:
    """Up and down, it streams: the process grows by a few parts of it, and what comes down is what went up."""
    pid = run.process("run").process.pid
    with run.client("run", "operator") as operator:
        first = upload(operator, 6).json()
        operator.get(f"{FILES}/{first['sha256']}")

        digest, resident_mb = hashlib.sha256(), forget_largest(pid)
        sent = content(SIZE_MB, digest)
        answer = operator.post(FILES, params={"name": "scan.pdf", "step_id": "test"}, content=sent, headers=LARGE)
        assert answer.status_code == 201, answer.text
        assert (answer.json()["sha256"], answer.json()["size_bytes"]) == (digest.hexdigest(), SIZE_MB * MB)
        assert growth_mb(pid, resident_mb) < MOST_GROWTH_MB

        again, resident_mb = hashlib.sha256(), forget_largest(pid)
        with operator.stream("GET", f"{FILES}/{digest.hexdigest()}") as download:
            for part in download.iter_bytes(MB):
                again.update(part)
        assert again.hexdigest() == digest.hexdigest()
        assert growth_mb(pid, resident_mb) < MOST_GROWTH_MB
    assert kept(run) == sorted([first["sha256"], digest.hexdigest()])


def test_an_upload_that_breaks_off_leaves_nothing(run: PlantUnderTest) -> None:
    """Whether little or much of it had come."""
    for come_mb in (1, 20):
        with begun(run, SIZE_MB * MB) as line:
            for chunk in content(come_mb):
                line.sendall(chunk)
            if come_mb > 6:
                eventually(lambda: kept(run) != [], 10, "it has begun to arrive")
        eventually(lambda: kept(run) == [], 10, "nothing of it is left")
    with run.client("run", "viewer") as viewer:
        assert viewer.get(FILES).json() == {"items": []}
    assert "unexpected" not in run.process("run").log.read_text()


def test_a_process_that_just_kept_a_file_stops_as_it_should(run: PlantUnderTest) -> None:
    """With exit code 0, although the store works with threads of its own."""
    with run.client("run", "operator") as operator:
        assert upload(operator, 12).status_code == 201
    begun = monotonic()
    assert run.process("run").stop() == 0
    assert monotonic() - begun < 10


def test_a_file_that_is_too_large_is_refused_while_it_comes(plant: PlantUnderTest) -> None:
    """Told beforehand, it is refused before it comes; nothing of it is kept."""
    plant.settings["ASBUILT_FILES_MAX_BYTES"] = str(8 * MB)
    plant.start("run", "services.run", "serve", "--only", "http").wait_ready()
    with plant.client("run", "lead") as lead:
        lead.post("/runs", json=ORDER)
        answer = upload(lead, 9)
        assert (answer.status_code, answer.json()["code"]) == (413, "file-too-large")
    with begun(plant, 9 * MB) as line:
        assert line.recv(4_096).startswith(b"HTTP/1.1 413")
    assert kept(plant) == []
