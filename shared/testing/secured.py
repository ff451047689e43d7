"""Kafka and PostgreSQL as a company runs them: TLS with its own authority, and clients that prove who they are.

Kafka asks for a password (SCRAM) on one listener and for a certificate on another. PostgreSQL asks for a certificate
and a password; its embedded build knows no TLS, so this one is brought from where Kafka's jars come from.
"""

import os
import platform
import shutil
import signal
import stat
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

from shared.runtime.embedded import children, java_kafka
from shared.runtime.embedded.java_kafka import JavaKafka
from shared.testing import sql
from shared.testing.authority import Authority

USER, PASSWORD = "plant", "a-word-for-kafka"
MECHANISM = "SCRAM-SHA-512"

LISTENERS = """
listeners=PLAINTEXT://127.0.0.1:{inside},CONTROLLER://127.0.0.1:{controller},{outside}
advertised.listeners=PLAINTEXT://127.0.0.1:{inside},CONTROLLER://127.0.0.1:{controller},{outside}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PASSWORD:SASL_SSL,MUTUAL:SSL
sasl.enabled.mechanisms={mechanism}
listener.name.password.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.mutual.ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
ssl.truststore.type=PEM
ssl.truststore.location={truststore}
"""

GROUP, POSTGRES_VERSION = "io.zonky.test.postgres", "18.0.0"
MACHINES = {"x86_64": "amd64", "aarch64": "arm64v8"}
START_WITHIN_S = 60
UNPRIVILEGED = "nobody"
"""Whom PostgreSQL runs as, for root; it stays in root's group."""
ENTER = stat.S_IXGRP | stat.S_IXOTH
ACCESS = """
hostssl all postgres 127.0.0.1/32 cert
hostssl all all      127.0.0.1/32 scram-sha-256 clientcert=verify-ca
"""


class SecuredKafka(JavaKafka):
    """A broker that is reached with a password over TLS at ``address``, and with a certificate at ``mutual_address``.

    For itself it keeps a plain listener, which nobody is told of.
    """

    def __init__(self, directory: Path, authority: Authority) -> None:
        super().__init__(directory)
        self._authority = authority
        self._password_port, self._mutual_port = children.free_port(), children.free_port()

    @property
    def address(self) -> str:
        """`host:port` for clients with a password."""
        return f"127.0.0.1:{self._password_port}"

    @property
    def mutual_address(self) -> str:
        """`host:port` for clients with a certificate."""
        return f"127.0.0.1:{self._mutual_port}"

    def _configuration(self) -> str:
        return super()._configuration() + LISTENERS.format(
            inside=self.port,
            controller=self._controller,
            outside=f"PASSWORD://{self.address},MUTUAL://{self.mutual_address}",
            mechanism=MECHANISM,
            keystore=self._authority.issue("kafka").together(),
            truststore=self._authority.ca_file,
        )

    def _formatting(self) -> Sequence[str]:
        return (*super()._formatting(), "--add-scram", f"{MECHANISM}=[name={USER},password={PASSWORD}]")


class SecuredPostgres:
    """A server that takes nobody without TLS and a certificate of ``authority``; its administrator needs no more."""

    def __init__(self, directory: Path, authority: Authority) -> None:
        directory.mkdir(parents=True)
        self._directory = directory
        self._authority = authority
        self._user = UNPRIVILEGED if children.is_root() else None
        self.administrator = authority.issue("postgres")
        self.port = children.free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The administrator's URL, with the certificate that it needs."""
        proof = {
            "sslmode": "verify-full",
            "sslrootcert": self._authority.ca_file,
            "sslcert": self.administrator.cert_file,
            "sslkey": self.administrator.key_file,
        }
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres?{urlencode(proof)}"

    def start(self) -> None:
        """Bring the programs where they are missing, make a new server, and start it."""
        _unpack(_postgres_jar(), self._directory / "programs")
        self._make()
        log = self._directory / "postgres.log"
        listening = ["-D", self._data, "-h", "127.0.0.1", "-p", str(self.port), "-k", ""]
        secured = [f"--{name}={value}" for name, value in self._secured().items()]
        self._process = self._begin("postgres", *listening, *secured, log=log)
        children.wait_until(lambda: sql.answers(self.url), self._process, log)

    def kill(self) -> None:
        """Die at once."""
        if self._process is not None:
            children.stop(self._process, signal.SIGQUIT)

    @property
    def _data(self) -> Path:
        return self._directory / "data"

    def _make(self) -> None:
        """A new server, in files that belong to the user that runs it."""
        own = self._authority.issue("postgres-server")
        for file in (own.cert_file, own.key_file, self._authority.ca_file):
            shutil.copy(file, self._directory)
        (self._directory / "access").write_text(ACCESS)
        self._give_away()
        log = self._directory / "initdb.log"
        made = self._begin("initdb", "-D", self._data, "-U", "postgres", "--auth=reject", "--no-sync", log=log)
        if made.wait(START_WITHIN_S) != 0:
            raise children.DidNotStart(f"initdb ended with {made.returncode}:\n{log.read_text()[-2000:]}")

    def _secured(self) -> dict[str, object]:
        return {
            "fsync": "off",
            "ssl": "on",
            "ssl_cert_file": self._directory / "postgres-server.pem",
            "ssl_key_file": self._directory / "postgres-server.key",
            "ssl_ca_file": self._directory / "ca.pem",
            "hba_file": self._directory / "access",
        }

    def _give_away(self) -> None:
        """PostgreSQL does not run as root: for root, its files go to another user, and the folders above open."""
        if self._user is None:
            return
        for folder in self._directory.parents:
            mode = folder.stat().st_mode
            if mode & ENTER != ENTER:
                folder.chmod(mode | ENTER)
        for path in (self._directory, *self._directory.rglob("*")):
            shutil.chown(path, self._user)

    def _begin(self, program: str, *arguments: object, log: Path) -> "subprocess.Popen[bytes]":
        path = self._directory / "programs" / "bin" / program
        return children.start([path, *arguments], log, user=self._user, cwd=self._directory, end_with=signal.SIGQUIT)


def is_available() -> bool:
    """Whether both can be had on this machine: Java, and Maven or what it brought before."""
    is_there = shutil.which("mvn") is not None or _postgres_jar_file().exists()
    return java_kafka.is_available() and is_there and platform.machine() in MACHINES


def _postgres_jar() -> Path:
    """The jar with PostgreSQL's programs, brought from Maven Central into the user's cache where it is missing."""
    jar = _postgres_jar_file()
    if not jar.exists():
        partial = jar.parent / f"partial-{os.getpid()}"
        artefact = f"{GROUP}:{_artefact()}:{POSTGRES_VERSION}"
        java_kafka.maven("dependency:copy", f"-Dartifact={artefact}", f"-DoutputDirectory={partial}")
        (partial / jar.name).replace(jar)
        partial.rmdir()
    return jar


def _postgres_jar_file() -> Path:
    return java_kafka.cache() / f"{_artefact()}-{POSTGRES_VERSION}.jar"


def _artefact() -> str:
    return f"embedded-postgres-binaries-linux-{MACHINES.get(platform.machine(), '')}"


def _unpack(jar: Path, into: Path) -> None:
    """Into a folder of the test's own: another user may not look into the cache."""
    with zipfile.ZipFile(jar) as outer:
        packed = outer.extract(next(name for name in outer.namelist() if name.endswith(".txz")), into)
    shutil.unpack_archive(packed, into, "xztar")
