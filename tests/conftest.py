"""Fixtures of all tests: one broker and one PostgreSQL server for a test run, started when first asked for."""

import os
import signal
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from functools import lru_cache
from itertools import count
from pathlib import Path

import pytest
import structlog
from xdist.remote import Producer

from shared.runtime.command import main
from shared.testing import kafka as brokers
from shared.testing import postgres as servers
from shared.testing.databases import Database, Databases
from shared.testing.kafka import Choice, Kafka
from shared.testing.plant import PlantUnderTest
from shared.testing.postgres import Postgres
from shared.testing.spread import Spread
from shared.testing.stub import Ended, Run
from shared.testing.topics import Listener, Publisher, make_topics

LAST_LINES = 40

chosen_broker = lru_cache(maxsize=1)(brokers.choose)
chosen_server = lru_cache(maxsize=1)(servers.choose)


def pytest_configure() -> None:
    """A shell that starts the tests in the background has Ctrl-C ignored, and so would everything that they start. A
    trace in a log is short: by default it is set out with all its variables, which takes seconds each.
    """
    structlog.configure(processors=[structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)])
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header() -> list[str]:
    """Say which broker and which PostgreSQL the tests take, and why no other."""
    return [f"kafka: {chosen_broker()}", f"postgres: {chosen_server()}"]


def pytest_xdist_auto_num_workers() -> int:
    """Three thirds of the tests side by side on two cores, for many wait, each with a broker and a server of its own;
    somebody else's are shared by nobody, for plants on the same topics would hear each other.
    """
    is_given = "given" in (chosen_broker().kind, chosen_server().kind)
    return 0 if is_given else min(3, 1 + (os.cpu_count() or 1))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Spread:
    """See `Spread`."""
    return Spread(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a real broker, what needs one is skipped, visibly; unless one is demanded."""
    if chosen_broker().is_real or brokers.is_demanded():
        return
    skip = pytest.mark.skip(reason=f"needs a real Kafka, and there is only: {chosen_broker()}")
    for item in items:
        if item.get_closest_marker("real_kafka"):
            item.add_marker(skip)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A demanded broker that is not there is a failure, not a reason to skip."""
    if item.get_closest_marker("real_kafka") and not chosen_broker().is_real:
        pytest.fail(f"{brokers.DEMAND_VARIABLE} is set, and there is only: {chosen_broker()}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the last log lines of every process of the plant with a test that failed."""
    report = yield
    if report.failed:
        for plant in getattr(item, "plants", []):
            for one in plant.processes:
                lines = one.log.read_text(errors="replace").splitlines()[-LAST_LINES:]
                report.sections.append((f"{one.log.name} (exit {one.process.poll()})", "\n".join(lines)))
    return report


@pytest.fixture(scope="session")
def directory() -> Iterator[Path]:
    """A directory for servers; outside pytest's own, which other users may not enter."""
    with tempfile.TemporaryDirectory(prefix="asbuilt-tests-", ignore_cleanup_errors=True) as made:
        yield Path(made)


@pytest.fixture(scope="session")
def choice() -> Choice:
    """Which broker the test run takes, for tests that start one of their own."""
    return chosen_broker()


@pytest.fixture(scope="session")
def kafka(directory: Path) -> Iterator[Kafka]:
    """The broker, with the catalog's topics: `.address`, `.kind`, `.is_real`, `.can_stop`, `stop()`, `start()`."""
    broker = Kafka(chosen_broker(), directory / "kafka")
    broker.start()
    if broker.is_real:
        make_topics(broker.address)
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def postgres(directory: Path) -> Iterator[Postgres]:
    """The PostgreSQL server: `.url` is an administrator's, `.can_stop`, `stop()`, `start()`."""
    server = Postgres(chosen_server(), directory / "postgres")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def databases(postgres: Postgres) -> Iterator[Databases]:
    """Makes fresh, migrated databases: `databases.of("run")`."""
    made = Databases(postgres.url)
    yield made
    made.drop_all()


@pytest.fixture
def database(databases: Databases) -> Iterator[Callable[[str], Database]]:
    """A factory of fresh, migrated databases that go away after the test: `database("run")`."""
    with ExitStack() as after:

        def make(service: str) -> Database:
            made = databases.of(service)
            after.callback(databases.drop, made)
            return made

        yield make


@pytest.fixture(scope="session")
def publish(kafka: Kafka) -> Publisher:
    """Publishes: `publish(record, …)`, `publish.event(type, data, …)`, `publish.all(records)`."""
    return Publisher(kafka.address)


@pytest.fixture
def announced(kafka: Kafka) -> Iterator[Listener]:
    """Reads what is announced from now on: `announced(topic, until, within_s)`."""
    listener = Listener(kafka.address)
    yield listener
    listener.close()


_plants = count(1)


@pytest.fixture
def make_plant(
    request: pytest.FixtureRequest, directory: Path, kafka: Kafka, databases: Databases, publish: Publisher
) -> Iterator[Callable[[], PlantUnderTest]]:
    """A factory of plants, for tests that need several; all end with the test."""
    made: list[PlantUnderTest] = []
    request.node.plants = made

    def make() -> PlantUnderTest:
        made.append(PlantUnderTest(directory / f"plant-{next(_plants)}", kafka.address, databases, publish))
        return made[-1]

    yield make
    for plant in made:
        plant.stop()


@pytest.fixture
def plant(make_plant: Callable[[], PlantUnderTest]) -> PlantUnderTest:
    """A plant with its own databases and consumer groups; nothing runs yet: `plant.serve("run", "inventory")`."""
    return make_plant()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run the command in a directory where no plant is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    for name in ("ASBUILT_PLANT", "ASBUILT_TOKEN", "ASBUILT_RUN_URL", "KAFKA", "ONCE"):
        monkeypatch.delenv(name, raising=False)

    def run_(*arguments: str) -> Ended:
        monkeypatch.setattr("sys.argv", ["asbuilt", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return Ended(int(ended.value.code or 0), told.out, told.err)

    return run_
