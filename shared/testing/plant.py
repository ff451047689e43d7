"""A plant for one test: services as processes of their own, with fresh databases and fresh consumer groups."""

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import uuid4
from weakref import WeakSet

import httpx

from shared.runtime.embedded import children
from shared.runtime.identity import make_embedded_keys, mint
from shared.testing import feed
from shared.testing.conditions import eventually
from shared.testing.databases import Database, Databases
from shared.testing.forked import Forked
from shared.testing.sql import Session
from shared.testing.topics import Group, Listener, Offsets, Publisher, begin_at, ends

READY_WITHIN_S = 60.0
STOP_WITHIN_S = 15.0

STANDING_ASIDE = "parked where settled_at is null"


@dataclass
class ServiceProcess:
    """One process of a service."""

    service: str
    process: children.Process
    port: int
    log: Path

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self.process.poll() is None

    def is_ready(self) -> bool:
        """Whether it says that it can work."""
        return children.is_ready(self.port)

    def wait_ready(self) -> "ServiceProcess":
        """Wait until it can work."""
        children.wait_until(self.is_ready, self.process, self.log, READY_WITHIN_S)
        return self

    def kill(self) -> None:
        """Die at once."""
        children.stop(self.process, signal.SIGKILL)

    def stop(self, within_s: float = STOP_WITHIN_S) -> int:
        """SIGTERM; its exit code, which is -9 when it took longer."""
        return children.stop(self.process, signal.SIGTERM, within_s)

    def died(self, within_s: float = 30) -> int:
        """Wait until it has ended by itself; its exit code, negative for a signal."""
        eventually(lambda: not self.is_alive, within_s, f"{self.service} ends by itself")
        return self.process.wait()


def _new_groups() -> str:
    return f"test-{uuid4().hex[:8]}"


def heard_by(service: str, offsets: Offsets) -> Offsets:
    """Those of the topics that a service listens to."""
    return {at: offset for at, offset in offsets.items() if at[0] in feed.service(service).topics}


_plants: "WeakSet[PlantUnderTest]" = WeakSet()
"""All of this test run."""


@dataclass(eq=False)
class PlantUnderTest:
    """Services on the test run's broker and PostgreSQL; what earlier tests published is passed over.

    Plants share the topics, so one beside another would answer what is not its own. It is refused, unless both say
    that they are not alone: that nothing which they say concerns the other.
    """

    directory: Path
    kafka: str
    databases: Databases
    publish: Publisher
    groups: str = field(default_factory=_new_groups)
    processes: list[ServiceProcess] = field(default_factory=list)
    made: dict[str, Database] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    is_alone: bool = True
    asked: dict[str, Group] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read announcements from here on; make the key that signs tokens."""
        _plants.add(self)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.starts = ends(self.kafka)
        self.announced = Listener(self.kafka, self.starts)
        make_embedded_keys(self.directory / "jwks.json", self.directory / "private-key.pem")

    def database(self, service: str) -> Database:
        """The database of a service in this plant."""
        if service not in self.made:
            self.made[service] = self.databases.of(service)
            begin_at(self.kafka, self.group(service), self.starts)
        return self.made[service]

    def group(self, service: str) -> str:
        """The consumer group of a service in this plant."""
        return f"{self.groups}-{service}"

    def has_reached(self, service: str, offsets: Offsets) -> bool:
        """Whether a service has committed everything before these offsets."""
        return self._asked(service).has_reached(offsets)

    def has_done(self, service: str, offsets: Offsets) -> bool:
        """Whether a service has taken everything before these offsets, and sent all that it announces."""
        return self.has_reached(service, offsets) and self._waiting_to_be_sent(service) == 0

    def _waiting_to_be_sent(self, service: str) -> int:
        """Over a connection that is kept, for it is asked for after every wave; to connect takes ten times as long."""
        if service not in self.sessions:
            self.sessions[service] = self.made[service].session()
        return int(self.sessions[service].again("select count(*) from outbox")[0]["count"])

    def _asked(self, service: str) -> Group:
        """Kept from one question to the next: the first takes as long as fifty more."""
        name = self.group(service)
        if name not in self.asked:
            self.asked[name] = Group(self.kafka, name)
        return self.asked[name]

    def wait_done(self, service: str, offsets: Offsets, within_s: float = 30) -> None:
        """Wait until a service has done everything before these offsets."""
        try:
            eventually(lambda: self.has_done(service, offsets), within_s, f"{service} has done what was published")
        except AssertionError as failure:
            raise AssertionError(f"{failure}; {self._left_to_do(service, offsets)}") from None

    def _left_to_do(self, service: str, offsets: Offsets) -> str:
        """For the person who looks at a test that failed."""
        reached = self._asked(service).committed(offsets)
        behind = {at: f"{reached.get(at)} of {wanted}" for at, wanted in offsets.items() if reached.get(at, 0) < wanted}
        return f"{behind} are committed, {self.made[service].count('outbox')} announcements wait"

    def wait_sent(self, service: str, within_s: float = 30) -> None:
        """Wait until all that a service announces so far is on its topics: an HTTP answer comes before that."""
        eventually(lambda: self._waiting_to_be_sent(service) == 0, within_s, f"{service} has sent what it announces")

    def wait_quiet(self, *services: str, within_s: float = 60) -> None:
        """Wait until services have done everything that there is on all topics, and nothing more comes of it."""
        eventually(lambda: self._is_quiet(services), within_s, f"{', '.join(services)} have done all that there is")

    def _is_quiet(self, services: Sequence[str]) -> bool:
        now = ends(self.kafka)
        return all(self._has_nothing_left(one, now) for one in services) and ends(self.kafka) == now

    def _has_nothing_left(self, service: str, now: Offsets) -> bool:
        return self.has_done(service, heard_by(service, now)) and self.made[service].count(STANDING_ASIDE) == 0

    def rewind(self, service: str) -> None:
        """Let a service that is stopped read everything in this plant again."""
        begin_at(self.kafka, self.group(service), self.starts)

    def leave_the_dead(self, service: str) -> None:
        """Go on as a new group at the offsets that the old one committed. Kafka would do the same, after it
        has waited 10 s for the member that was killed.
        """
        committed = self._asked(service).committed(self.starts)
        self.groups = _new_groups()
        begin_at(self.kafka, self.group(service), committed)

    def environment(self, service: str, **more: str) -> dict[str, str]:
        """The environment in which a service runs here; `more` are settings in capitals, with their prefix."""
        database = self.database(service)
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("ASBUILT_")},
            "ASBUILT_DATABASE_URL": database.url,
            "ASBUILT_MIGRATION_DATABASE_URL": database.owner_url,
            "ASBUILT_KAFKA_BOOTSTRAP_SERVERS": self.kafka,
            "ASBUILT_KAFKA_GROUP_PREFIX": self.groups,
            "ASBUILT_IDENTITY_JWKS_FILE": str(self.directory / "jwks.json"),
            "ASBUILT_FILES_URL": (self.directory / "files").as_uri(),
            "ASBUILT_SWEEP_INTERVAL_MS": "200",
            "ASBUILT_OFFSETS_INTERVAL_MS": "5",
            "ASBUILT_RETRY_MAX_MS": "1000",
            **self.settings,
            **more,
        }

    def start(self, service: str, *command: str, **more: str) -> ServiceProcess:
        """Start a process of a service without waiting for it; ``command`` replaces `services.<name> serve`."""
        self._check_neighbours()
        port = children.free_port()
        log = self.directory / f"{service}-{len(self.processes) + 1}.log"
        environment = self.environment(service, ASBUILT_HTTP_PORT=str(port), **more)
        process = Forked(command or (f"services.{service}", "serve"), log, environment)
        started = ServiceProcess(service, process, port, log)
        self.processes.append(started)
        return started

    def _check_neighbours(self) -> None:
        for other in _plants:
            if other is not self and any(one.is_alive for one in other.processes):
                both_may = not (self.is_alone or other.is_alone)
                assert both_may, f"the plant in {other.directory} still runs, and would take what this one is told"

    def serve(self, *services: str, **more: str) -> "PlantUnderTest":
        """Start services, all at once, and wait until each can work."""
        for one in [self.start(service, **more) for service in services]:
            one.wait_ready()
        return self

    def process(self, service: str) -> ServiceProcess:
        """The process of a service that was started last."""
        return next(one for one in reversed(self.processes) if one.service == service)

    def token(self, *roles: str, person: str | None = None) -> str:
        """A token of a person with these roles."""
        name = person or "-".join(roles)
        return mint(self.directory / "private-key.pem", name, roles, timedelta(hours=1))

    def client(self, service: str, *roles: str, person: str | None = None) -> httpx.Client:
        """HTTP to a service as a person with these roles."""
        headers = {"authorization": f"Bearer {self.token(*roles, person=person)}"}
        return httpx.Client(base_url=self.process(service).url, headers=headers, timeout=30)

    def stop(self) -> dict[str, int]:
        """Stop the services, all at once, and forget the databases; the exit code of each process."""
        running = [one for one in self.processes if one.is_alive]
        for one in running:
            one.process.terminate()
        codes = {one.log.stem: one.stop() for one in running}
        self.announced.close()
        for group in self.asked.values():
            group.close()
        for session in self.sessions.values():
            session.close()
        for database in self.made.values():
            self.databases.drop(database)
        return codes
