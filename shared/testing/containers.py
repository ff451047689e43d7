"""Kafka and PostgreSQL in containers, where a Docker engine is at hand; both stop and start on the same ports."""

from pathlib import Path
from typing import Any

from shared.runtime.embedded import children
from shared.testing import sql, topics
from shared.testing.conditions import eventually

KAFKA_IMAGE = "apache/kafka:4.1.1"
POSTGRES_IMAGE = "postgres:17"
START_WITHIN_S = 60.0
PASSWORD = "postgres"


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

    def __init__(self, image: str, inner_port: int, environment: dict[str, str], port: int) -> None:
        from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - as above

        self.port = port
        self._container: Any = DockerContainer(image).with_bind_ports(inner_port, self.port)
        for name, value in environment.items():
            self._container.with_env(name, value)
        self._is_made = False

    def start(self) -> None:
        """Start, with what it held before."""
        if self._is_made:
            self._container.get_wrapped_container().start()
        else:
            self._container.start()
            self._is_made = True

    def stop(self) -> None:
        """Stop; what it held stays."""
        self._container.get_wrapped_container().stop(timeout=20)

    def kill(self) -> None:
        """Die at once."""
        self._container.get_wrapped_container().kill()


class ContainerKafka:
    """Apache Kafka in a container; removed with this process by testcontainers' own reaper."""

    def __init__(self, _directory: Path) -> None:
        self.port = children.free_port()
        self._container = _Container(KAFKA_IMAGE, 9092, _kafka_environment(self.port), self.port)

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
    """PostgreSQL in a container."""

    def __init__(self, _directory: Path) -> None:
        self.port = children.free_port()
        self._container = _Container(POSTGRES_IMAGE, 5432, {"POSTGRES_PASSWORD": PASSWORD}, self.port)

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


def _kafka_environment(port: int) -> dict[str, str]:
    """One listener for tests and one that the broker itself can reach: transactional producers need it."""
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_LISTENERS": "PLAINTEXT://0.0.0.0:9092,BROKER://0.0.0.0:19092,CONTROLLER://0.0.0.0:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port},BROKER://localhost:19092",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "BROKER",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "10",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_MESSAGE_MAX_BYTES": "4194304",
        "KAFKA_REPLICA_FETCH_MAX_BYTES": "4194304",
    }
