"""Child processes that die with their parent, however it dies."""

import ctypes
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Protocol

PR_SET_PDEATHSIG = 1


class DidNotStart(RuntimeError):
    """A process did not come up; the message holds its last words."""


class Process(Protocol):
    """What there is to know of a child, and to do to it: as `subprocess.Popen`."""

    @property
    def args(self) -> Any:
        """What it was started with."""
        ...

    @property
    def pid(self) -> int:
        """Its number."""
        ...

    @property
    def returncode(self) -> Any:
        """Its exit code, negative for a signal; None while it runs, as far as `poll` and `wait` have seen."""
        ...

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, when it has ended; `subprocess.TimeoutExpired` when that takes longer (s)."""
        ...

    def send_signal(self, sig: int, /) -> None:
        """Send it a signal, unless it has ended."""
        ...

    def terminate(self) -> None:
        """SIGTERM."""
        ...

    def kill(self) -> None:
        """SIGKILL."""
        ...


def die_with_parent(with_: signal.Signals) -> None:
    """Have the kernel send this process a signal when the one that started it dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, with_)


def start(
    arguments: Sequence[object],
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    user: str | None = None,
    cwd: Path | None = None,
    end_with: signal.Signals = signal.SIGTERM,
) -> "subprocess.Popen[bytes]":
    """Start a process whose output goes to ``log``; the kernel sends it ``end_with`` when this process dies."""
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own programs
            [str(one) for one in arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if environment is None else dict(environment),
            user=user,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(end_with),  # noqa: PLW1509 - no threads hold locks that it would need
        )


def stop(process: Process, with_: signal.Signals = signal.SIGTERM, within_s: float = 15) -> int:
    """End a process and say its exit code; killed when it takes longer."""
    if process.poll() is None:
        process.send_signal(with_)
    return ended(process, within_s)


def ended(process: Process, within_s: float = 15) -> int:
    """Wait for a process that was told to end, and say its exit code; killed when it takes longer."""
    try:
        return process.wait(within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait(5)


def wait_until(answers: Callable[[], bool], process: Process, log: Path, within_s: float = 60) -> None:
    """Wait until a process does its work.

    :raises DidNotStart: with the end of its log, when it ended or took longer.
    """
    deadline = monotonic() + within_s
    while not answers():
        if process.poll() is not None or monotonic() > deadline:
            what = f"ended with {process.returncode}" if process.returncode is not None else "did not answer in time"
            last = "\n".join(log.read_text(errors="replace").splitlines()[-25:])
            raise DidNotStart(f"{process.args!r:.200} {what}:\n{last}")
        sleep(0.05)


def free_port() -> int:
    """A TCP port on loopback that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def accepts(port: int) -> bool:
    """Whether somebody listens on a port on loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_ready(port: int) -> bool:
    """Whether the service on a port on loopback says that it can work. Asked often, while others start: a client that
    can do more takes 25 ms to be made.
    """
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/healthz/ready")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def is_root() -> bool:
    """Whether this process may do everything; PostgreSQL then runs as a user of its own."""
    return os.geteuid() == 0
