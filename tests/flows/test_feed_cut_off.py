"""A broker that goes away for good while a feed is published ends the command; it neither hangs nor shows a trace."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.contracts.catalog import PLANT_STEPS
from shared.contracts.plant import StepStarted
from shared.runtime import settings
from shared.runtime.command.errors import CommandFailed, ExitCode
from shared.runtime.command.feeds import publisher
from shared.runtime.command.feeds.play import play
from shared.runtime.command.feeds.sending import Sending, sending
from shared.runtime.embedded.memory_broker import MemoryBroker


def started(number: int) -> Sending:
    """A station starts a step."""
    data = StepStarted(run_id="RUN-1", step_id=f"step-{number}", operator="olga")
    return sending(data, event_id=f"e-{number}", source="urn:test:station", at=datetime.now(UTC), due_s=number * 0.05)


def feed_of(broker: MemoryBroker) -> Iterator[Sending]:
    """The broker takes the first records, and goes."""
    yield from map(started, range(5))
    broker.stop()
    yield from map(started, range(5, 30))


def test_a_feed_whose_broker_is_gone_says_so_and_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Within a bound, with the exit code by which a script knows that it may try again."""
    monkeypatch.setattr(publisher, "CONFIRM_WITHIN_S", 0.5)
    monkeypatch.setattr(publisher, "STOP_WITHIN_S", 0.5)
    broker = MemoryBroker(tmp_path)
    broker.start()
    reached = settings.load(database_url="postgresql+asyncpg:///none", kafka_bootstrap_servers=broker.address)
    with pytest.raises(CommandFailed) as failed:
        play(reached, [feed_of(broker)], {PLANT_STEPS.name}, 1.0, lambda _published, _ended: None)
    assert (failed.value.exit_code, failed.value.code) == (ExitCode.AWAY, "kafka-away")
    assert broker.address in failed.value.obstacle
    assert "never retrieved" not in caplog.text
