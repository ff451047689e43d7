"""What is forgotten, and what is not."""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from shared.contracts.catalog import FOR_EVER, TOPICS
from shared.messaging import housekeeping
from shared.messaging.housekeeping import Housekeeping
from shared.messaging.patience import Patience
from shared.messaging.watch import Unwatched
from shared.runtime.embedded.described import SERVICES
from shared.runtime.settings import Settings
from shared.testing.databases import Database

DAY_MS = 24 * 60 * 60 * 1000
REMEMBERED_DAYS = Settings.model_fields["inbox_retention_days"].default
SEEN = "insert into inbox (source, id, received_at) select 'urn:plant', $1 || n, now() - make_interval(days => $2) "
ASIDE = """
    insert into parked (topic, partition, record_offset, record_timestamp, headers, parking, reason, detail, deadline,
                        settled_at, settled_as)
    values ('plant.steps', 0, $1, 0, '[]', 'stuck', 'not-json', '', now(), now() - make_interval(days => $2), 'done')
"""


async def _nothing(**_: object) -> None:
    return None


@pytest.mark.parametrize("service", SERVICES)
def test_an_event_is_remembered_longer_than_kafka_can_bring_it_again(service: str) -> None:
    """A consumer group that lost its offsets reads everything anew, and must know it all."""
    listens = import_module(f"services.{service}.app").SERVICE.topics
    kept_ms = [topic.retention_ms for topic in TOPICS if topic.name in listens and topic.retention_ms != FOR_EVER]
    assert max(kept_ms, default=0) < REMEMBERED_DAYS * DAY_MS


async def test_old_events_are_forgotten_however_many_there_are(
    database: Callable[[str], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plant sends more in a minute than one statement may delete; what is younger stays, and what is not settled."""
    monkeypatch.setattr(housekeeping, "TRIM_ROWS", 10)
    run = database("run")
    run.rows(f"{SEEN} from generate_series(1, 55) n", "old-", 8)
    run.rows(f"{SEEN} from generate_series(1, 5) n", "young-", 6)
    for offset, days in ((1, 8), (2, 6), (3, None)):
        run.rows(ASIDE, offset, days)
    engine = create_async_engine(run.url)
    idle: Any = SimpleNamespace(measure=_nothing, take_up=_nothing)
    keeping = Housekeeping(
        engine,
        idle,
        idle,
        None,
        patience=Patience(initial_s=0.1, max_s=1),
        watch=Unwatched(),
        interval_s=1,
        inbox_for=timedelta(days=7),
    )
    await keeping.round(housekeeping.TRIM_EVERY)
    await engine.dispose()
    assert run.value("select count(*) from inbox where id like 'old-%'") == 0
    assert run.value("select count(*) from inbox where id like 'young-%'") == 5
    assert [row["record_offset"] for row in run.rows("select record_offset from parked order by 1")] == [2, 3]
