"""Guarantee 5: replicas join and leave in the middle of a stream, one by SIGKILL: same result, never two relays."""

from collections.abc import Callable
from threading import Event, Thread
from time import monotonic
from typing import Self

import pytest

from shared.testing.plant import PlantUnderTest
from shared.testing.sql import Row, Session
from shared.testing.stream import Stream, gaps, values_on

pytestmark = pytest.mark.real_kafka

RUNS = [f"L-{number}" for number in range(30)]

ENDING_S = 1.0

RELAYING = """
    select a.pid, exists (
        select 1 from pg_locks l where l.pid = a.pid and l.locktype = 'advisory' and l.granted) as holds_the_lock
    from pg_stat_activity a
    where a.datname = current_database() and a.pid <> pg_backend_pid()
      and (ltrim(a.query, E' \\n') like 'select outbox_id, topic%' or a.query like 'delete from outbox%')"""
"""Sessions whose last statement was the relay's."""


class Observer:
    """Looks again and again who reads and deletes announcements."""

    def __init__(self, open_session: Callable[[], Session]) -> None:
        self._open_session = open_session
        self._ended = Event()
        self._thread = Thread(target=self._guarded, daemon=True)
        self.looks = 0
        self.relays: set[int] = set()
        self.wrong: list[object] = []
        self._lockless_since: dict[int, float] = {}

    def __enter__(self) -> Self:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join(10)

    def _guarded(self) -> None:
        try:
            self._look()
        except Exception as failure:  # noqa: BLE001 - told to the test
            self.wrong.append(failure)

    def _look(self) -> None:
        with self._open_session() as session:
            while not self._ended.wait(0.01):
                self.looks += 1
                self._note(session.do(RELAYING))

    def _note(self, found: list[Row]) -> None:
        """A session that is ending gives its lock up a moment before it is gone, so a moment does not count."""
        self.relays |= {row["pid"] for row in found}
        lockless = {row["pid"] for row in found if not row["holds_the_lock"]}
        self._lockless_since = {pid: self._lockless_since.get(pid, monotonic()) for pid in lockless}
        self.wrong += [pid for pid, since in self._lockless_since.items() if monotonic() - since > ENDING_S]
        if len(found) - len(lockless) > 1:
            self.wrong.append(found)


def test_replicas_that_join_and_leave_in_the_middle_of_a_stream_change_nothing(plant: PlantUnderTest) -> None:
    """A second and a third come; the first, which relays, is killed; another leaves in order."""
    first = plant.serve("run").process("run")
    stream = Stream(plant, values_on(plant, RUNS))
    stream.begin()
    with Observer(plant.database("run").session) as observer:
        stream.wait_for(200)
        second, third = plant.start("run"), plant.start("run")
        second.wait_ready()
        third.wait_ready()
        stream.wait_for(500)
        first.kill()
        stream.wait_for(1_000)
        assert third.stop(within_s=10) == 0
        stream.wait_for(500)
        stream.end()
        assert second.stop(within_s=10) == 0
    assert stream.recorded() == stream.total
    assert plant.database("run").count("parked") == 0
    heard = plant.announced.now("asbuilt.runs")
    assert gaps(heard) == {}
    assert len({one.id for one in heard}) == stream.total + 2 * len(RUNS)
    assert observer.looks > 50
    assert observer.wrong == []
    assert len(observer.relays) >= 2, "nobody took the relay over, so nothing was seen here"
