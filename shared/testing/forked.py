"""Processes of services that need not load their code first: each is forked from one that has, and is as real as any
other, with an environment, an output and an end of its own. To load it takes longer than most tests do.

What `python -m services.run serve` does from its first line on is proved by the plants that `asbuilt up` starts.
"""

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerContext
from pathlib import Path

from shared.runtime.embedded import children
from shared.testing import feed


class Forked:
    """One of them; what `subprocess.Popen` can do, as far as tests ask for it."""

    def __init__(self, arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        """``arguments``: a module and what `python -m` would give it; ``log`` takes its output."""
        self.args = arguments
        log.touch()
        self._process = _context().Process(target=_become, args=(arguments, log, dict(environment)))
        self._process.start()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid or 0

    @property
    def returncode(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """See `returncode`."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, when it has ended.

        :raises subprocess.TimeoutExpired: when it takes longer than ``timeout`` seconds.
        """
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(list(self.args), timeout or 0)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["shared.runtime.main", "shared.runtime.server", "shared.testing.doomed", *_apps()])
    return context


def _apps() -> list[str]:
    return [f"services.{name}.app" for name in feed.services()]


def _become(arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
    os.setsid()
    children.die_with_parent(signal.SIGTERM)
    with log.open("ab") as output:
        for number in (1, 2):
            os.dup2(output.fileno(), number)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = list(arguments)
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
