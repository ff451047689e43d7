"""What a service's log keeps back."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from shared.runtime.logs import SELDOM_S, Seldom, configure
from shared.runtime.settings import LogFormat

COMPLAINT = "Unable connect to node with id %s: %s"


def said(library: str, message: str = COMPLAINT, *values: object) -> logging.LogRecord:
    """A record of a library."""
    return logging.LogRecord(library, logging.ERROR, __file__, 1, message, values or (1, "refused"), None)


def test_an_outage_does_not_fill_the_log() -> None:
    """Kafka's client says the same a hundred times a second; it is heard every ten seconds, whatever the values are."""
    moment = [0.0]
    seldom = Seldom("aiokafka", lambda: moment[0])
    assert seldom.filter(said("aiokafka"))
    assert not seldom.filter(said("aiokafka", COMPLAINT, 2, "closed"))
    assert seldom.filter(said("aiokafka", "Unable to update metadata from %s"))
    assert seldom.filter(said("aiokafka.consumer.fetcher"))
    moment[0] = SELDOM_S
    assert seldom.filter(said("aiokafka"))


def test_what_is_ours_is_always_heard() -> None:
    """Only the library is slowed down."""
    seldom = Seldom("aiokafka")
    assert all(seldom.filter(said("shared.messaging.patience")) for _ in range(3))


@pytest.fixture
def configured() -> Iterator[None]:
    """Logging is afterwards as it was."""
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("form", [LogFormat.JSON, LogFormat.CONSOLE])
def test_a_trace_says_where_it_was_and_not_what_the_variables_held(
    form: LogFormat, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a terminal as in a file: they may be secret."""
    configure("run", "info", form)
    try:
        log_in("sword" + "fish")
    except KeyError:
        structlog.get_logger(__name__).exception("defect")
    said = capsys.readouterr().err
    assert "in log_in" in said
    assert "swordfish" not in said


def log_in(password: str) -> None:
    """A defect with a secret in its hands."""
    raise KeyError(len(password))
