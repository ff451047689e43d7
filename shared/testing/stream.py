"""A stream of events, published by a thread of its own while something else happens."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from threading import Event, Thread

from asyncpg.exceptions import PostgresError

from shared.contracts.catalog import BY_CONTRACT
from shared.runtime.command.feeds.floor import Said, floor
from shared.testing.conditions import eventually
from shared.testing.examples import ordered, recorded, started
from shared.testing.plant import PlantUnderTest, heard_by
from shared.testing.topics import Heard, Sent, event

AHEAD = 400
"""Values that are published and not yet recorded, at most, or nearly."""

VALUE = b'"plant.step.value-recorded.v1"'
MORNING = datetime(2026, 11, 23, 6, tzinfo=UTC)


def values_on(plant: PlantUnderTest, runs: Sequence[str]) -> Iterator[list[Sent]]:
    """Values on each of some runs, round by round; the runs are ordered, and their steps begun, before that."""
    for say in (ordered, started):
        plant.wait_done("run", plant.publish.all(map(say, runs)))
    return ([recorded(run_id, f"1.{number:04}") for run_id in runs] for number in count())


def floor_at_work(seed: int, at_once: int) -> Iterator[list[Sent]]:
    """What four stations say, so many records at once: they order, receive, install, measure and sign off. A seed
    gives the same events; each unit has a lot of its own, so that their effects are the same in whatever order topics
    bring them.
    """
    said = (_sent(one) for one in floor(seed, 4, None, 0, units_of_a_lot=1) if isinstance(one, Said))
    while True:
        yield list(islice(said, at_once))


def _sent(said: Said) -> Sent:
    at = MORNING + timedelta(seconds=said.after_s)
    return event(
        BY_CONTRACT[type(said.data)].type,
        said.data.model_dump(mode="json", exclude_none=True),
        id_=said.id,
        source=said.source,
        time=at,
        timestamp_ms=int(at.timestamp() * 1000),
    )


class Stream:
    """Batches of events, one after the other until it is ended, never far ahead of the values that are recorded."""

    def __init__(self, plant: PlantUnderTest, batches: Iterator[list[Sent]], *, pause_s: float = 0.0) -> None:
        """``pause_s``: between one batch and the next."""
        self.total = 0
        """Values among what was published."""
        self.sent: list[list[Sent]] = []
        self._plant = plant
        self._batches = batches
        self._pause_s = pause_s
        self._published: dict[tuple[str, int], int] = {}
        self._failure: BaseException | None = None
        self._ended = Event()
        self._thread = Thread(target=self._guarded, name="stream", daemon=True)

    def begin(self) -> None:
        """Publish in the background."""
        self._thread.start()

    def wait_for(self, more: int, within_s: float = 60) -> None:
        """Wait until the run service has recorded so many values more than now."""
        wanted = self.recorded() + more
        what = f"{more} values more are recorded"
        eventually(lambda: self._failure is not None or self.recorded() >= wanted, within_s, what)
        assert self._failure is None, self._failure

    def end(self, within_s: float = 90) -> None:
        """Publish no more, and wait until everything is recorded and announced."""
        self._ended.set()
        self._thread.join(within_s)
        assert not self._thread.is_alive(), "the stream was not taken by the broker"
        assert self._failure is None, self._failure
        self._plant.wait_done("run", heard_by("run", self._published), within_s)

    def recorded(self) -> int:
        """How many values the run service has recorded by now."""
        return self._plant.database("run").count("recording")

    def _guarded(self) -> None:
        try:
            self._publish()
        except BaseException as failure:  # noqa: BLE001 - told to the test by `end`
            self._failure = failure

    def _publish(self) -> None:
        for batch in self._batches:
            if self._ended.wait(self._pause_s):
                return
            self._published.update(self._plant.publish.all(batch))
            self.sent.append(batch)
            self.total += sum(VALUE in (one.value or b"") for one in batch)
            while self._is_far_ahead() and not self._ended.wait(0.02):
                pass

    def _is_far_ahead(self) -> bool:
        try:
            return self.total - self.recorded() > AHEAD
        except (OSError, PostgresError):
            return True  # the database is away


def gaps(heard: Iterable[Heard]) -> dict[str, list[int]]:
    """The sequences of every key in the order in which they were first heard, of keys where they are not
    1, 2, 3, …
    """
    sequences: dict[str, list[int]] = defaultdict(list)
    seen: set[str] = set()
    for one in heard:
        if one.sequence is not None and one.id not in seen:
            seen.add(one.id)
            sequences[str(one.key)].append(one.sequence)
    return {key: found for key, found in sequences.items() if found != list(range(1, len(found) + 1))}
