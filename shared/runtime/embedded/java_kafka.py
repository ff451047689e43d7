"""A real Apache Kafka without Docker: its broker is an ordinary Maven artefact."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from shared.runtime.embedded import children

POM = Path(__file__).parents[3] / "deploy" / "kafka" / "pom.xml"
VERSION = "4.3.0"
CLUSTER_ID = "YXNidWlsdC1lbWJlZGRlZA"

CONFIGURATION = """
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
num.partitions=6
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=10
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=3
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
message.max.bytes=4194304
replica.fetch.max.bytes=4194304
log.retention.ms=-1
"""


def is_available() -> bool:
    """Whether there is Java, and Maven or jars that it brought before."""
    return shutil.which("java") is not None and (shutil.which("mvn") is not None or _has_jars())


class JavaKafka:
    """An Apache Kafka broker on loopback ports; stops and starts again on the same ports and data."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._log = directory / "kafka.log"
        self._data = directory / "kafka-data"
        self._properties = directory / "server.properties"
        kept = self._ports_kept()
        self.port = kept.get("PLAINTEXT") or children.free_port()
        self._controller = kept.get("CONTROLLER") or children.free_port()
        self._log_from = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, with what it held before; the first time on a machine brings the jars."""
        if not _has_jars():
            fetch_jars()
        if not self._data.exists():
            self._format()
        self._log_from = self._log.stat().st_size if self._log.exists() else 0
        options = ["-Xmx512m", "-Xms256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
        arguments = ["java", *options, "-cp", f"{_jars()}/*", "kafka.Kafka", self._properties]
        self._process = children.start(arguments, self._log, end_with=signal.SIGKILL)
        children.wait_until(self._answers, self._process, self._log)

    def stop(self) -> None:
        """Stop in order."""
        if self._process is not None:
            children.stop(self._process, within_s=20)

    def kill(self) -> None:
        """Die at once."""
        if self._process is not None:
            children.stop(self._process, signal.SIGKILL)

    def _configuration(self) -> str:
        return CONFIGURATION.format(port=self.port, controller=self._controller, data=self._data)

    def _formatting(self) -> Sequence[str]:
        """What a new broker is told besides, as options of Kafka's own tool."""
        return ("-t", CLUSTER_ID, "-c", str(self._properties))

    def _format(self) -> None:
        self._properties.write_text(self._configuration())
        tool = ["java", "-cp", f"{_jars()}/*", "kafka.tools.StorageTool", "format", "--standalone"]
        with self._log.open("ab") as output:
            subprocess.run(  # noqa: S603 - our own arguments
                [*tool, *self._formatting()], stdout=output, stderr=output, check=True
            )

    def _ports_kept(self) -> dict[str, int]:
        """The ports that kept data was formatted with: they are written in it."""
        if not self._data.exists():
            return {}
        listeners = re.search(r"^listeners=(.*)$", self._properties.read_text(), re.MULTILINE)
        return {
            name: int(port) for name, port in re.findall(r"(\w+)://[^:,]+:(\d+)", listeners[1] if listeners else "")
        }

    def _answers(self) -> bool:
        return children.accepts(self.port) and b"Kafka Server started" in self._log.read_bytes()[self._log_from :]


def fetch_jars() -> None:
    """Bring Kafka's jars from Maven Central into the user's cache."""
    folder = _jars()
    partial = folder.with_name(f"libs-{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        goal = ("dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={partial}")
        maven("-f", str(POM), *goal)
    except children.DidNotStart:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    if _has_jars():
        shutil.rmtree(partial)
    else:
        partial.rename(folder)


def maven(*arguments: str) -> None:
    """Let Maven bring something.

    :raises DidNotStart: with its last words, when it cannot.
    """
    command = ["mvn", "-q", "-B", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    if done.returncode != 0:
        raise children.DidNotStart(f"Maven could not bring what is needed:\n{(done.stdout + done.stderr)[-2000:]}")


def cache() -> Path:
    """The user's cache, where what Maven brings stays."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "asbuilt"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _jars() -> Path:
    folder = cache() / f"kafka-{VERSION}" / "libs"
    folder.parent.mkdir(parents=True, exist_ok=True)
    return folder


def _has_jars() -> bool:
    return _jars().exists()
