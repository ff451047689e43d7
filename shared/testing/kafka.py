"""The broker that tests run on: an address given, a Docker engine, Java, or the in-memory one, in this order."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from shared.runtime.embedded import java_kafka
from shared.runtime.embedded.java_kafka import JavaKafka
from shared.runtime.embedded.memory_broker import MemoryBroker
from shared.testing import containers
from shared.testing.topics import wait_for_leaders

ADDRESS_VARIABLE = "KAFKA"
"""``host:port`` of a broker that runs; ``java`` or ``memory`` to pass over what is earlier in the order."""

DEMAND_VARIABLE = "ASBUILT_TESTS_DEMAND_REAL_KAFKA"
"""Set to 1, a test that needs a real broker fails without one, instead of being skipped."""


class Broker(Protocol):
    """What a kind of broker can do."""

    @property
    def address(self) -> str:
        """`host:port`."""
        ...

    def start(self) -> None:
        """Start, or start again with what it held."""
        ...

    def stop(self) -> None:
        """Stop."""
        ...


@dataclass(frozen=True)
class GivenBroker:
    """Somebody else's broker: it runs, and goes on."""

    address: str

    def start(self) -> None:
        """It runs."""

    def stop(self) -> None:
        """It goes on."""


@dataclass(frozen=True)
class Choice:
    """Which broker the tests take, and why none that comes earlier in the order."""

    kind: str
    make: Callable[[Path], Broker]
    passed_over: tuple[str, ...] = field(default=())

    @property
    def is_real(self) -> bool:
        """Whether guarantees can be proved on it."""
        return self.kind != "memory"

    @property
    def can_stop(self) -> bool:
        """Whether an outage can be made."""
        return self.kind in {"container", "java"}

    def __str__(self) -> str:
        """One line for the reader of a test run."""
        because = f" ({'; '.join(self.passed_over)})" if self.passed_over else ""
        return f"{self.kind}{because}"


class Kafka:
    """A running broker."""

    def __init__(self, choice: Choice, directory: Path) -> None:
        self.kind = choice.kind
        self.is_real = choice.is_real
        self.can_stop = choice.can_stop
        self._broker = choice.make(directory)
        self._runs = False

    @property
    def address(self) -> str:
        """`host:port`."""
        return self._broker.address

    def start(self) -> None:
        """Start, or start again with what it held."""
        self._broker.start()
        self._runs = True

    def stop(self) -> None:
        """Stop, as in an outage."""
        self._runs = False
        self._broker.stop()

    def start_if_stopped(self) -> None:
        """End an outage that a test made; the next test finds every partition with its leader."""
        if not self._runs:
            self.start()
        wait_for_leaders(self.address)


def choose() -> Choice:
    """Look at this machine and choose."""
    wanted = os.environ.get(ADDRESS_VARIABLE, "")
    if ":" in wanted:
        return Choice("given", lambda _: GivenBroker(wanted))
    why: list[str] = [f"{ADDRESS_VARIABLE}={wanted}"] if wanted else ["no address given"]
    for kind, missing, make in _kinds():
        if wanted in {"", kind}:
            reason = missing()
            if reason is None:
                return Choice(kind, make, tuple(why))
            why.append(reason)
    return Choice("memory", MemoryBroker, tuple(why))


def is_demanded() -> bool:
    """Whether this test run must have a real broker."""
    return os.environ.get(DEMAND_VARIABLE, "") not in {"", "0"}


def _kinds() -> Iterator[tuple[str, Callable[[], str | None], Callable[[Path], Any]]]:
    yield "container", lambda: containers.missing(containers.KAFKA_IMAGE), containers.ContainerKafka
    yield "java", _java_missing, JavaKafka


def _java_missing() -> str | None:
    if java_kafka.is_available():
        return None
    missing = [tool for tool in ("java", "mvn") if shutil.which(tool) is None]
    return f"no {' and no '.join(missing)}"
