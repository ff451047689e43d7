"""Where a plant is: its directory with a lock, and its `plant.json` that tells other commands its addresses.

Needs nothing of the embedded plant's own libraries, so that a plant in containers can be described the same way.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import IO, Self

from pydantic import BaseModel, Field, ValidationError

SERVICES = ("run", "inventory", "issue", "audit", "notification")
"""Every service of a plant, in the order in which a person thinks of them."""

HOME = Path(".asbuilt")
"""Where plants live, below the working directory."""

UP = "up"
"""Where the plant of `asbuilt up` lives, below that."""

PLANT_FILE = "plant.json"
LOCK = "lock"
LEFT_BEHIND = ("postgres", "broker", "files", "*.log", "*.pem", "jwks.json", PLANT_FILE)
"""What a plant makes in its directory."""
ORPHANS_END_WITHIN_S = 15


class NoPlant(Exception):
    """No plant runs where one was looked for; the message says where."""


class PlantTaken(Exception):
    """A plant runs in the directory already, or none can live there."""


class Described(BaseModel):
    """A running plant, as `plant.json` tells it."""

    kafka: str = Field(description="bootstrap servers, `host:port`")
    services: dict[str, str] = Field(description="where each service answers: `{run: http://127.0.0.1:8001}`")
    private_key_file: Path | None = Field(None, description="key that signs tokens for this plant")
    webhook_host: str = Field("127.0.0.1", description="this machine's name as the notification service sees it")
    migrations: dict[str, str] = Field({}, description="each service's database as its owner role")


class Claim:
    """A directory that belongs to one plant for as long as this process lives, however it dies."""

    def __init__(self, directory: Path, lock: IO[bytes]) -> None:
        self.directory = directory
        self._lock = lock

    def clear(self) -> None:
        """Remove what an earlier plant left here, and nothing else."""
        for pattern in LEFT_BEHIND:
            for path in self.directory.glob(pattern):
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()

    def write(self, plant: Described) -> None:
        """Tell other commands where this plant is."""
        partial = self.directory / f"{PLANT_FILE}.partial"
        partial.write_text(plant.model_dump_json(indent=2) + "\n")
        partial.rename(self.directory / PLANT_FILE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """The plant stopped: the directory is free, and tells of no plant."""
        (self.directory / PLANT_FILE).unlink(missing_ok=True)
        self._lock.close()


def claim(directory: Path) -> Claim:
    """Take a directory for a plant; one whose plant was killed is taken over.

    :raises PlantTaken: when a plant runs there, or nothing can be written there.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / LOCK).open("ab")
    except OSError as error:
        raise PlantTaken(f"No plant can live in {directory}: {error.strerror}.") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise PlantTaken(f"A plant runs in {directory} already.") from None
    _wait_for_orphans(directory)
    return Claim(directory, lock)


def claim_next(home: Path, name: str, at_most: int = 100) -> Claim:
    """Take the first free directory of ``home/name-1``, ``home/name-2``, …, and empty it.

    :raises PlantTaken: when none of them can be taken, with the reason of the last.
    """
    refused = PlantTaken(f"No plant may live in {home}.")
    for number in range(1, at_most + 1):
        try:
            claimed = claim(home / f"{name}-{number}")
        except PlantTaken as taken:
            refused = taken
            continue
        claimed.clear()
        return claimed
    raise refused


def find(given: Path | None = None) -> Described:
    """The plant in a directory or file; without one, a plant that runs below the working directory.

    :raises NoPlant: when there is none.
    """
    if given is not None:
        file = given / PLANT_FILE if given.is_dir() else given
        if not _is_alive(file):
            raise NoPlant(f"No plant runs in {given}: {file} tells of none.")
        return _read(file)
    for file in _below(HOME):
        if _is_alive(file):
            return _read(file)
    raise NoPlant(f"No plant runs below {HOME.absolute()}.")


def _below(home: Path) -> Iterator[Path]:
    """The plant of `asbuilt up` first, then the newest of the others."""
    yield home / UP / PLANT_FILE
    yield from sorted(home.glob(f"*/{PLANT_FILE}"), key=lambda file: file.stat().st_mtime, reverse=True)


def _read(file: Path) -> Described:
    try:
        return Described.model_validate(json.loads(file.read_text()))
    except (ValidationError, ValueError) as error:
        raise NoPlant(f"{file} does not describe a plant: {error}") from None


def _is_alive(file: Path) -> bool:
    """Whether its plant runs: its process holds the lock. A plant in containers has no lock and is believed."""
    if not file.exists():
        return False
    beside = file.parent / LOCK
    if not beside.exists():
        return True
    with beside.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _wait_for_orphans(directory: Path) -> None:
    """The PostgreSQL of a plant that was killed ends by itself; its data is free once it has."""
    pid_file = directory / "postgres" / "data" / "postmaster.pid"
    deadline = monotonic() + ORPHANS_END_WITHIN_S
    while _runs(pid_file):
        if monotonic() > deadline:
            raise PlantTaken(f"The PostgreSQL named in {pid_file} still runs.")
        sleep(0.05)


def _runs(pid_file: Path) -> bool:
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
        os.kill(pid, 0)
    except (OSError, ValueError):
        return False
    try:
        return b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True
