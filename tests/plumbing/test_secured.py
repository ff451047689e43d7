"""Where Kafka and PostgreSQL demand it, everything goes over TLS, with passwords and certificates. Who is not let in
says why, in words, and no secret with it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from confluent_kafka import Consumer, Producer

from shared.runtime import program, settings
from shared.runtime.database import is_waiting, make_engine
from shared.runtime.embedded import children
from shared.runtime.reach import because
from shared.testing import secured, sql
from shared.testing.authority import Authority, Certificate
from shared.testing.conditions import eventually
from shared.testing.examples import ordered
from shared.testing.kafka import Choice
from shared.testing.plant import ServiceProcess
from shared.testing.secured import SecuredKafka, SecuredPostgres
from shared.testing.stub import Ended, Run

pytestmark = pytest.mark.real_kafka

DATABASE_PASSWORD = "a-word-for-postgresql"
WRONG = "not-the-word"
SECRETS = (secured.PASSWORD, DATABASE_PASSWORD, WRONG)
WITHIN_S = 30.0

ASBUILT = str(Path(sys.executable).with_name("asbuilt"))

Variables = dict[str, str]


@dataclass(frozen=True)
class Works:
    """A company's Kafka and PostgreSQL, and an authority that neither of them trusts."""

    directory: Path
    kafka: SecuredKafka
    postgres: SecuredPostgres
    authority: Authority
    own: Certificate
    stranger: Authority

    def variables(self) -> Variables:
        """All that lets the run service in, and the command."""
        return {
            "ASBUILT_KAFKA_BOOTSTRAP_SERVERS": self.kafka.address,
            "ASBUILT_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "ASBUILT_KAFKA_SASL_USERNAME": secured.USER,
            "ASBUILT_KAFKA_SASL_PASSWORD": secured.PASSWORD,
            "ASBUILT_KAFKA_TLS_CA_FILE": str(self.authority.ca_file),
            "ASBUILT_DATABASE_URL": self.database("run"),
            "ASBUILT_MIGRATION_DATABASE_URL": self.database("run_owner"),
            "ASBUILT_DATABASE_TLS_CA_FILE": str(self.authority.ca_file),
            "ASBUILT_DATABASE_TLS_CERT_FILE": str(self.own.cert_file),
            "ASBUILT_DATABASE_TLS_KEY_FILE": str(self.own.key_file),
        }

    def mutual(self) -> Variables:
        """What lets them in to Kafka by a certificate, and without a password."""
        return {
            "ASBUILT_KAFKA_BOOTSTRAP_SERVERS": self.kafka.mutual_address,
            "ASBUILT_KAFKA_SECURITY_PROTOCOL": "SSL",
            "ASBUILT_KAFKA_SASL_USERNAME": "",
            "ASBUILT_KAFKA_SASL_PASSWORD": "",
            "ASBUILT_KAFKA_TLS_CERT_FILE": str(self.own.cert_file),
            "ASBUILT_KAFKA_TLS_KEY_FILE": str(self.own.key_file),
        }

    def database(self, role: str, password: str = DATABASE_PASSWORD) -> str:
        """The run service's database, as one of its roles."""
        return f"postgresql+asyncpg://{role}:{password}@127.0.0.1:{self.postgres.port}/run"

    def environment(self, **more: str) -> Variables:
        """The environment of a process here."""
        others = {name: value for name, value in os.environ.items() if not name.startswith("ASBUILT_")}
        return {**others, **self.variables(), **more}

    def do(self, *command: str, **more: str) -> Ended:
        """Run a command here, as a process of its own."""
        environment = self.environment(**more)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
        return said_no_secret(Ended(done.returncode, done.stdout, done.stderr))

    def serve(self, name: str, **more: str) -> ServiceProcess:
        """Start the run service here, without waiting for it."""
        log, port = self.directory / f"{name}.log", children.free_port()
        environment = self.environment(ASBUILT_HTTP_PORT=str(port), ASBUILT_RETRY_MAX_MS="500", **more)
        process = children.start([sys.executable, "-m", "services.run", "serve"], log, environment=environment)
        return ServiceProcess("run", process, port, log)


def said_no_secret(ended: Ended) -> Ended:
    """What ended, if it kept every secret."""
    assert [one for one in SECRETS if one in ended.out + ended.err] == []
    return ended


@pytest.fixture(scope="module")
def works(directory: Path, choice: Choice) -> Iterator[Works]:
    """Both are up; the service's database and the topics are there, made with the same settings."""
    if choice.kind != "java" or not secured.is_available():
        pytest.skip(f"starts a Kafka and a PostgreSQL of its own with Java and Maven; the broker is: {choice}")
    place = directory / "secured"
    authority, stranger = Authority(place, "authority"), Authority(place, "stranger")
    kafka, postgres = SecuredKafka(place / "kafka", authority), SecuredPostgres(place / "postgres", authority)
    stranger.issue("asbuilt")
    made = Works(place, kafka, postgres, authority, authority.issue("asbuilt"), stranger)
    try:
        postgres.start()
        kafka.start()
        prepare(made)
        yield made
    finally:
        kafka.kill()
        postgres.kill()


def prepare(works: Works) -> None:
    """The steps that come before a service, as an operator takes them."""
    administrator = {
        "ASBUILT_ADMIN_DATABASE_URL": f"postgresql://postgres@127.0.0.1:{works.postgres.port}/postgres",
        "ASBUILT_DATABASE_PASSWORD": DATABASE_PASSWORD,
        "ASBUILT_DATABASE_TLS_CERT_FILE": str(works.postgres.administrator.cert_file),
        "ASBUILT_DATABASE_TLS_KEY_FILE": str(works.postgres.administrator.key_file),
    }
    with ThreadPoolExecutor(1) as beside:
        topics = beside.submit(works.do, ASBUILT, "topics", "apply")
        databases = works.do(sys.executable, "-m", "shared.runtime.prepare", "databases", "run", **administrator)
        migrated = works.do(sys.executable, "-m", "services.run", "migrate")
    assert [one for one in (topics.result(), databases, migrated) if one.code != 0] == []


@pytest.fixture
def asbuilt(works: Works, run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """Runs the command here: `asbuilt("topics", "apply", ASBUILT_…=…)`."""

    def command(*arguments: str, **more: str) -> Ended:
        for name, value in {**works.variables(), **more}.items():
            monkeypatch.setenv(name, value)
        return said_no_secret(run(*arguments))

    return command


def reach(works: Works) -> dict[str, Any]:
    """How another company's client reaches the same Kafka."""
    return {
        "bootstrap.servers": works.kafka.address,
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": secured.MECHANISM,
        "sasl.username": secured.USER,
        "sasl.password": secured.PASSWORD,
        "ssl.ca.location": str(works.authority.ca_file),
    }


def publish_order(works: Works, run_id: str) -> None:
    """Planning orders a run."""
    order, producer = ordered(run_id), Producer(reach(works))
    producer.produce(order.topic, order.value, order.key, headers=list(order.headers))
    assert producer.flush(WITHIN_S) == 0


def announced(works: Works, run_id: str) -> str:
    """The type of the first announcement of a run, as soon as it is there."""
    consumer = Consumer({**reach(works), "group.id": "erp", "auto.offset.reset": "earliest"})
    consumer.subscribe(["asbuilt.runs"])

    def look() -> str | None:
        message = consumer.poll(0.1)
        if message is None or message.error() or message.key() != run_id.encode():
            return None
        return str(json.loads(message.value() or b"")["type"])

    try:
        return eventually(look, WITHIN_S, f"{run_id} is announced")
    finally:
        consumer.close()


def connections(works: Works) -> list[sql.Row]:
    """How the service's connections to PostgreSQL are secured: whether by TLS, and by whose certificate."""
    statement = """
        select distinct ssl, client_dn from pg_stat_ssl join pg_stat_activity using (pid) where usename = 'run'"""
    return sql.rows(works.postgres.url, statement)


def reasons(service: ServiceProcess, who: str) -> str:
    """Why a part of the service waits, as its log tells."""
    lines = [json.loads(line) for line in service.log.read_text().splitlines() if line.startswith("{")]
    return "\n".join(one["because"] for one in lines if one["event"] == "waiting" and one["who"] == who)


def test_an_order_is_announced_where_nobody_is_heard_without_tls(works: Works, asbuilt: Callable[..., Ended]) -> None:
    """Consumer, relay and database prove who they are; the command talks to the same service with the same settings."""
    service = works.serve("let-in").wait_ready()
    try:
        publish_order(works, "R-1")
        assert announced(works, "R-1") == "asbuilt.run.created.v1"
        assert connections(works) == [{"ssl": True, "client_dn": "/CN=asbuilt"}]
        refused = asbuilt("--url", f"run={service.url}", "--token", "t", "parked", "list", "--service", "run")
        assert (refused.code, "token-refused" in refused.err) == (5, True)
    finally:
        assert service.stop() == 0
    said_no_secret(Ended(0, service.log.read_text(), ""))


def test_a_service_that_is_not_let_in_waits_and_says_why(works: Works) -> None:
    """A password or a CA is being changed: the process lives, is not ready, and its log names what is refused."""
    database = {"ASBUILT_DATABASE_TLS_CA_FILE": str(works.stranger.ca_file)}
    service = works.serve("kept-out", ASBUILT_KAFKA_SASL_PASSWORD=WRONG, **database)
    refused = f"Kafka at {works.kafka.address} does not take ASBUILT_KAFKA_SASL_USERNAME plant with this password"
    eventually(lambda: refused in reasons(service, "consumer"), WITHIN_S, "the consumer says why it waits")
    distrusted = "the certificate of PostgreSQL is not signed by ASBUILT_DATABASE_TLS_CA_FILE"
    eventually(lambda: distrusted in reasons(service, "relay"), WITHIN_S, "the relay says why it waits")
    assert httpx.get(f"{service.url}/healthz/live").status_code == 200
    assert httpx.get(f"{service.url}/healthz/ready").status_code == 503
    assert service.stop() == 0
    said_no_secret(Ended(0, service.log.read_text(), ""))


def test_a_command_that_is_not_let_in_ends_and_says_why(works: Works, asbuilt: Callable[..., Ended]) -> None:
    """To try again would not help: exit code 2 and one sentence, not a trace."""
    for more, why in (
        ({"ASBUILT_KAFKA_SASL_PASSWORD": WRONG}, "with this password"),
        ({"ASBUILT_KAFKA_TLS_CA_FILE": str(works.stranger.ca_file)}, "is not signed by ASBUILT_KAFKA_TLS_CA_FILE"),
    ):
        ended = asbuilt("topics", "apply", "--json", **more)
        assert (ended.code, json.loads(ended.err)["code"]) == (2, "kafka-unreachable")
        assert why in json.loads(ended.err)["obstacle"]


def test_a_migration_that_is_not_let_in_ends_and_says_why(works: Works) -> None:
    """Exit code 3 and one sentence."""
    owner = {"ASBUILT_MIGRATION_DATABASE_URL": works.database("run_owner", WRONG)}
    ended = works.do(sys.executable, "-m", "services.run", "migrate", **owner)
    assert (ended.code, len(ended.err.splitlines())) == (3, 1)
    assert 'password authentication failed for user "run_owner"' in ended.err


@pytest.mark.parametrize(
    ("files", "why"),
    [
        (
            ("stranger/ca.pem", "authority/asbuilt.pem", "authority/asbuilt.key"),
            "is not signed by ASBUILT_DATABASE_TLS",
        ),
        (("authority/ca.pem", "", ""), "connection requires a valid client certificate"),
        (
            ("authority/ca.pem", "stranger/asbuilt.pem", "stranger/asbuilt.key"),
            "may not trust ASBUILT_DATABASE_TLS_CERT",
        ),
    ],
)
async def test_postgresql_and_the_services_trust_whom_they_know(
    works: Works, monkeypatch: pytest.MonkeyPatch, files: tuple[str, ...], why: str
) -> None:
    """Its authority is another, we have no certificate, or one that it does not know: waited for, with the reason."""
    for name, value in works.variables().items():
        monkeypatch.setenv(name, value)
    for name, file in zip(("CA", "CERT", "KEY"), files, strict=True):
        monkeypatch.setenv(f"ASBUILT_DATABASE_TLS_{name}_FILE", file and str(works.directory / file))
    loaded = settings.load()
    engine = make_engine(loaded, "run")
    with pytest.raises(Exception) as refused:  # noqa: PT011 - each is refused in its own way
        await engine.connect()
    assert is_waiting(refused.value)
    assert why in await because(loaded, refused.value)


async def test_kafka_takes_a_certificate_in_place_of_a_password(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mutual TLS, for both of a service's clients: what its consumer is made of, and its relay's producer."""
    for name, value in {**works.variables(), **works.mutual()}.items():
        monkeypatch.setenv(name, value)
    loaded = settings.load()
    broker, producer = program._broker(loaded), program._producer(loaded)
    try:
        await broker.start()
        await producer.start()
        assert await broker.ping(WITHIN_S)
        assert await producer.partitions_for("asbuilt.runs")
    finally:
        await producer.stop()
        await broker.stop()


def test_who_has_no_certificate_where_kafka_wants_one_is_told_so(works: Works, asbuilt: Callable[..., Ended]) -> None:
    """With one it is let in; one that a stranger signed is as good as none."""
    assert asbuilt("topics", "apply", **works.mutual()).code == 0
    theirs = works.stranger.issue("nobody")
    for certificate in (None, theirs):
        cert_file, key_file = (certificate.cert_file, certificate.key_file) if certificate else ("", "")
        files = {"ASBUILT_KAFKA_TLS_CERT_FILE": str(cert_file), "ASBUILT_KAFKA_TLS_KEY_FILE": str(key_file)}
        ended = asbuilt("topics", "apply", "--json", **{**works.mutual(), **files})
        assert ended.code == 2
        assert "asks for a certificate that it trusts: ASBUILT_KAFKA_TLS_CERT_FILE" in json.loads(ended.err)["obstacle"]
