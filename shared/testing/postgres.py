"""The PostgreSQL server that tests run on: one given, one in a container, or the embedded one."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shared.runtime.embedded.postgres import EmbeddedPostgres
from shared.testing import containers

URL_VARIABLE = "POSTGRES"
"""An administrator's URL, `postgresql://…`, of a server that runs; ``embedded`` to pass over a Docker engine."""


class Server(Protocol):
    """What a kind of server can do."""

    @property
    def url(self) -> str:
        """The administrator's URL."""
        ...

    def start(self) -> None:
        """Start, or start again with what it held."""
        ...

    def stop(self) -> None:
        """Stop at once, disconnecting everybody."""
        ...


@dataclass(frozen=True)
class GivenPostgres:
    """Somebody else's server: it runs, and goes on."""

    url: str

    def start(self) -> None:
        """It runs."""

    def stop(self) -> None:
        """It goes on."""


@dataclass(frozen=True)
class Choice:
    """Which server the tests take, and why none that comes earlier in the order."""

    kind: str
    make: Callable[[Path], Server]
    passed_over: str = ""

    def __str__(self) -> str:
        """One line for the reader of a test run."""
        return f"{self.kind} ({self.passed_over})" if self.passed_over else self.kind


class Postgres:
    """A running server."""

    def __init__(self, choice: Choice, directory: Path) -> None:
        self.kind = choice.kind
        self.can_stop = choice.kind != "given"
        self._server = choice.make(directory)
        self._runs = False

    @property
    def url(self) -> str:
        """The administrator's URL: `postgresql://postgres@host:port/postgres`."""
        return self._server.url

    def start(self) -> None:
        """Start, or start again with what it held."""
        self._server.start()
        self._runs = True

    def stop(self) -> None:
        """Stop at once, as in an outage; what was committed stays."""
        self._runs = False
        self._server.stop()

    def start_if_stopped(self) -> None:
        """End an outage that a test made."""
        if not self._runs:
            self.start()


def choose() -> Choice:
    """Look at this machine and choose."""
    wanted = os.environ.get(URL_VARIABLE, "")
    if "://" in wanted:
        return Choice("given", lambda _: GivenPostgres(wanted))
    why = f"{URL_VARIABLE}={wanted}" if wanted else containers.missing(containers.POSTGRES_IMAGE)
    if why is None:
        return Choice("container", containers.ContainerPostgres, "no URL given")
    return Choice("embedded", EmbeddedPostgres, why)
