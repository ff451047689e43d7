"""A stream of measured values on many runs, published by a thread of its own while something else happens."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from threading import Thread

from shared.testing.conditions import eventually
from shared.testing.examples import ordered, recorded, started
from shared.testing.plant import PlantUnderTest
from shared.testing.topics import Heard, Offsets, Sent

CHUNK = 50


class Stream:
    """So many values on each of some runs; the runs are ordered and started before it begins."""

    def __init__(self, plant: PlantUnderTest, runs: Sequence[str], values: int) -> None:
        self._plant = plant
        self._runs = runs
        self._values = values
        self._published: dict[tuple[str, int], int] = {}
        self._failure: BaseException | None = None
        self._thread = Thread(target=self._publish, name="stream", daemon=True)

    @property
    def total(self) -> int:
        """How many values it has."""
        return len(self._runs) * self._values

    def prepare(self) -> None:
        """Order the runs and start their steps."""
        for say in (ordered, started):
            self._plant.wait_done("run", self._plant.publish.all(map(say, self._runs)))

    def begin(self) -> None:
        """Publish, in the background, each part when the part before is nearly done."""
        self._thread.start()

    def wait_for(self, values: int, within_s: float = 60) -> None:
        """Wait until the run service has recorded so many values."""
        eventually(lambda: self.recorded() >= values, within_s, f"{values} of {self.total} values are recorded")

    def wait_end(self, within_s: float = 90) -> None:
        """Wait until everything is published, recorded and announced."""
        self._thread.join(within_s)
        assert not self._thread.is_alive(), "the stream was not taken by the broker"
        assert self._failure is None, self._failure
        self._plant.wait_done("run", self._published, within_s)

    def recorded(self) -> int:
        """How many values the run service has recorded by now."""
        return self._plant.database("run").count("recording")

    def _publish(self) -> None:
        try:
            for chunk in _chunks(self._records()):
                self._note(self._plant.publish.all(chunk))
        except BaseException as failure:  # noqa: BLE001 - told to the test by `wait_end`
            self._failure = failure

    def _records(self) -> Iterator[Sent]:
        for number in range(self._values):
            for run_id in self._runs:
                yield recorded(run_id, f"1.{number:03}")

    def _note(self, offsets: Offsets) -> None:
        self._published.update(offsets)


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


def _chunks(records: Iterator[Sent]) -> Iterator[list[Sent]]:
    chunk: list[Sent] = []
    for one in records:
        chunk.append(one)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
