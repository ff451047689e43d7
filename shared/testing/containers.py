"""Kafka and PostgreSQL in containers, where a Docker engine is at hand; both stop and start on the same ports."""

import atexit
from pathlib import Path
from typing import Any

from shared.runtime.embedded import children
from shared.testing import sql, topics
from shared.testing.conditions import eventually

KAFKA_IMAGE = "apache/kafka:4.1.1"
POSTGRES_IMAGE = "postgres:17"
START_WITHIN_S = 60.0
PASSWORD = "postgres"
TUNING = ("-c", "max_connections=300", "-c", "shared_buffers=256MB", "-c", "max_wal_size=4GB")

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "kafka" / "server.properties"
CONFIGURATION_INSIDE = "/tmp/asbuilt.properties"
CLUSTER_ID = "YXNidWlsdC10ZXN0aW5nMA"
SMALL_JAVA = {
    "KAFKA_HEAP_OPTS": "-Xmx512m -Xms256m",
    "KAFKA_JVM_PERFORMANCE_OPTS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}


def missing(image: str) -> str | None:
    """Why a container of this image cannot be had here; None when it can."""
    import docker  # noqa: PLC0415 - slow to import, and only where an engine may be
    from docker.errors import DockerException  # noqa: PLC0415

    try:
        engine = docker.from_env(timeout=60)
        engine.ping()
    except (DockerException, OSError):
        return "no Docker engine answers"
    try:
        _have(engine, image)
    except (DockerException, OSError) as error:
        return f"the Docker engine has no image {image} and cannot get it: {str(error)[:120]}"
    finally:
        engine.close()
    return None


def _have(engine: Any, image: str) -> None:
    from docker.errors import ImageNotFound  # noqa: PLC0415 - as above

    try:
        engine.images.get(image)
    except ImageNotFound:
        engine.images.pull(image)


class _Container:
    """A container with one port, kept over stops."""

    def __init__(self, container: Any, inner_port: int, port: int) -> None:
        self._container = container.with_bind_ports(inner_port, port)
        self._is_made = False

    def start(self) -> None:
        """Start, with what it held before."""
        if self._is_made:
            self._container.get_wrapped_container().start()
        else:
            self._container.start()
            self._is_made = True
            # testcontainers' reaper comes after a process that was killed; it may be switched off
            atexit.register(self._container.stop)

    def stop(self) -> None:
        """Stop; what it held stays."""
        self._container.get_wrapped_container().stop(timeout=20)

    def kill(self) -> None:
        """Die at once."""
        self._container.get_wrapped_container().kill()


class ContainerKafka:
    """Apache Kafka in a container that goes away with this process."""

    def __init__(self, _directory: Path) -> None:
        from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - as above

        self.port = children.free_port()
        made = DockerContainer(KAFKA_IMAGE).with_command(_kafka_command(self.port))
        made.with_copy_into_container(CONFIGURATION, CONFIGURATION_INSIDE).with_envs(**SMALL_JAVA)
        self._container = _Container(made, 9092, self.port)

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start and wait until it answers."""
        self._container.start()
        eventually(lambda: topics.answers(self.address), START_WITHIN_S, "Kafka in a container answers")

    def stop(self) -> None:
        """Stop in order."""
        self._container.stop()

    def kill(self) -> None:
        """Die at once."""
        self._container.kill()


class ContainerPostgres:
    """PostgreSQL in a container that goes away with this process."""

    def __init__(self, _directory: Path) -> None:
        from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - as above

        self.port = children.free_port()
        made = DockerContainer(POSTGRES_IMAGE).with_command(["postgres", *TUNING])
        self._container = _Container(made.with_env("POSTGRES_PASSWORD", PASSWORD), 5432, self.port)

    @property
    def url(self) -> str:
        """The administrator's URL."""
        return f"postgresql://postgres:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start and wait until it answers."""
        self._container.start()
        eventually(lambda: sql.answers(self.url), START_WITHIN_S, "PostgreSQL in a container answers")

    def stop(self) -> None:
        """Stop at once, disconnecting everybody."""
        self._container.stop()


def _kafka_command(port: int) -> list[str]:
    """One listener for tests and one that the broker itself can reach: transactional producers need it.

    The tools are Kafka's own, because an image's start script may not bear to be run again on the same data.
    """
    listeners = f"advertised.listeners=INSIDE://localhost:19092,MACHINE://127.0.0.1:{port}"
    start = (
        f"cd /opt/kafka/bin; ./kafka-storage.sh format --ignore-formatted -t {CLUSTER_ID} -c {CONFIGURATION_INSIDE}; "
        f"exec ./kafka-server-start.sh {CONFIGURATION_INSIDE} --override {listeners}"
    )
    return ["bash", "-ec", start]
