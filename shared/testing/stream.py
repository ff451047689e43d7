"""A stream of measured values on many runs, published by a thread of its own while something else happens."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import count
from threading import Event, Thread

from asyncpg.exceptions import PostgresError

from shared.testing.conditions import eventually
from shared.testing.examples import ordered, recorded, started
from shared.testing.plant import PlantUnderTest
from shared.testing.topics import Heard

AHEAD = 400
"""Values that are published and not yet recorded, at most, or nearly."""


class Stream:
    """Values on each of some runs, one after the other until it is ended, never far ahead of what is recorded."""

    def __init__(self, plant: PlantUnderTest, runs: Sequence[str]) -> None:
        self.total = 0
        self._plant = plant
        self._runs = runs
        self._published: dict[tuple[str, int], int] = {}
        self._failure: BaseException | None = None
        self._ended = Event()
        self._thread = Thread(target=self._guarded, name="stream", daemon=True)

    def begin(self) -> None:
        """Order the runs, start their steps, and then publish values in the background."""
        for say in (ordered, started):
            self._plant.wait_done("run", self._plant.publish.all(map(say, self._runs)))
        self._thread.start()

    def wait_for(self, more: int, within_s: float = 60) -> None:
        """Wait until the run service has recorded so many values more than now."""
        wanted = self.recorded() + more
        eventually(lambda: self.recorded() >= wanted, within_s, f"{more} values more are recorded")

    def end(self, within_s: float = 90) -> None:
        """Publish no more, and wait until everything is recorded and announced."""
        self._ended.set()
        self._thread.join(within_s)
        assert not self._thread.is_alive(), "the stream was not taken by the broker"
        assert self._failure is None, self._failure
        self._plant.wait_done("run", self._published, within_s)

    def recorded(self) -> int:
        """How many values the run service has recorded by now."""
        return self._plant.database("run").count("recording")

    def _guarded(self) -> None:
        try:
            self._publish()
        except BaseException as failure:  # noqa: BLE001 - told to the test by `end`
            self._failure = failure

    def _publish(self) -> None:
        for number in count():
            if self._ended.is_set():
                return
            values = [recorded(run_id, f"1.{number:04}") for run_id in self._runs]
            self._published.update(self._plant.publish.all(values))
            self.total += len(values)
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
