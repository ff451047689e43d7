"""An embedded plant: PostgreSQL, a broker, keys, databases and topics, in one directory.

Two plants run side by side; one that was killed is taken over.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from shared.runtime import migrations, topics
from shared.runtime.embedded import children, databases
from shared.runtime.embedded.described import SERVICES, Described
from shared.runtime.embedded.java_kafka import JavaKafka
from shared.runtime.embedded.memory_broker import MemoryBroker
from shared.runtime.embedded.postgres import EmbeddedPostgres
from shared.runtime.identity import make_embedded_keys
from shared.runtime.settings import Settings


class BrokerKind(StrEnum):
    """Which broker a plant uses; anything else is the address of one that runs."""

    MEMORY = "memory"
    JAVA = "java"


class Broker(Protocol):
    """A broker that the plant starts itself."""

    @property
    def address(self) -> str: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...


class RunningBroker:
    """Somebody else's broker."""

    def __init__(self, address: str) -> None:
        self.address = address

    def start(self) -> None:
        """It runs."""

    def stop(self) -> None:
        """It goes on."""


class Plant:
    """Everything that the services need, on this machine."""

    def __init__(self, directory: Path, broker: str = BrokerKind.MEMORY) -> None:
        """``broker``: ``memory``, ``java``, or ``host:port`` of one that runs."""
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.broker_kind = broker
        self.postgres = EmbeddedPostgres(directory / "postgres")
        self.broker = _broker(broker, directory)
        self.private_key_file = directory / "private-key.pem"
        self.jwks_file = directory / "jwks.json"
        self.ports: dict[str, int] = {}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start PostgreSQL and the broker, make keys, databases and topics."""
        self.start_postgres()
        self.start_broker()

    def start_postgres(self) -> None:
        """Start PostgreSQL, with keys and databases."""
        if not self.private_key_file.exists():
            make_embedded_keys(self.jwks_file, self.private_key_file)
        self.postgres.start()
        asyncio.run(self._make_databases())

    def start_broker(self) -> None:
        """Start the broker, with topics; the in-memory one makes them on first use."""
        self.broker.start()
        if self.broker_kind != BrokerKind.MEMORY:
            asyncio.run(self._make_topics())

    def environment(self, service: str, **more: str) -> dict[str, str]:
        """The environment in which a service runs here."""
        at = urlsplit(self.postgres.url)
        database = f"postgresql+asyncpg://{{}}:{databases.DEFAULT_PASSWORD}@{at.hostname}:{at.port}/{service}"
        port = self.ports.setdefault(service, children.free_port())
        return {
            **os.environ,
            "ASBUILT_DATABASE_URL": database.format(service),
            "ASBUILT_MIGRATION_DATABASE_URL": database.format(f"{service}_owner"),
            "ASBUILT_KAFKA_BOOTSTRAP_SERVERS": self.broker.address,
            "ASBUILT_HTTP_PORT": str(port),
            "ASBUILT_IDENTITY_JWKS_FILE": str(self.jwks_file),
            "ASBUILT_FILES_URL": (self.directory / "files").absolute().as_uri(),
            **more,
        }

    def migrate(self, names: Sequence[str] = SERVICES) -> None:
        """Bring the databases to the newest version, one after the other in this process: five of them would load
        the same libraries five times, which takes longer than the migrations do.
        """
        for name in names:
            url = self.environment(name)["ASBUILT_MIGRATION_DATABASE_URL"]
            asyncio.run(migrations.migrate(url, migrations.folder_of(f"services.{name}")))

    def serve(self, names: Sequence[str] = SERVICES, more: Mapping[str, Mapping[str, str]] | None = None) -> None:
        """Start services as processes of their own and wait until each is ready; ``more`` adds settings."""
        for name in names:
            environment = self.environment(name, **dict((more or {}).get(name, {})))
            self.processes[name] = children.start(_module(name, "serve"), self.log(name), environment=environment)
        for name in names:
            children.wait_until(lambda name=name: self.is_ready(name), self.processes[name], self.log(name), 60)  # type: ignore[misc]

    def url(self, service: str) -> str:
        """Where a service answers."""
        return f"http://127.0.0.1:{self.ports[service]}"

    def log(self, service: str) -> Path:
        """Where a service's log lines go."""
        return self.directory / f"{service}.log"

    def is_ready(self, service: str) -> bool:
        """Whether a service says that it can work."""
        return children.is_ready(self.ports[service])

    def stop_services(self) -> dict[str, int]:
        """Stop the services; the exit code of each."""
        for process in self.processes.values():
            process.terminate()
        codes = {name: children.ended(process) for name, process in self.processes.items()}
        self.processes.clear()
        return codes

    def stop(self) -> dict[str, int]:
        """Stop everything in order; the exit code of each service."""
        codes = self.stop_services()
        self.broker.stop()
        self.postgres.stop()
        return codes

    def describe(self) -> Described:
        """The plant's addresses, for other commands and scripts."""
        return Described(
            kafka=self.broker.address,
            services={name: self.url(name) for name in self.processes},
            private_key_file=self.private_key_file.absolute(),
            migrations={name: self.environment(name)["ASBUILT_MIGRATION_DATABASE_URL"] for name in self.processes},
        )

    async def _make_databases(self) -> None:
        for service in SERVICES:
            await databases.create(self.postgres.url, service, service)

    async def _make_topics(self) -> None:
        environment = self.environment("run")
        await topics.apply(
            Settings(
                database_url=environment["ASBUILT_DATABASE_URL"],
                kafka_bootstrap_servers=self.broker.address,
            )
        )


def _broker(kind: str, directory: Path) -> Broker:
    match kind:
        case BrokerKind.MEMORY:
            return MemoryBroker(directory / "broker")
        case BrokerKind.JAVA:
            return JavaKafka(directory / "broker")
        case _:
            return RunningBroker(kind)


def _module(service: str, what: str) -> list[str]:
    return [sys.executable, "-m", f"services.{service}", what]
