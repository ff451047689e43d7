"""The run service as it is served, with a stopwatch at each seam.

`python -m tests.bench.road EVENTS` ends when so many announcements were sent, and prints rate and where the time
went. All its tasks share one event loop, so their times overlap.
"""

import asyncio
import json
import os
import signal
import sys
from collections import defaultdict
from collections.abc import Mapping
from time import perf_counter, process_time

from services.run.app import build
from shared.messaging.watch import Seam, Unwatched
from shared.runtime import logs, server
from shared.runtime.settings import load

WHERE = {
    Seam.POLLED: "poll",
    Seam.READ: "parse",
    Seam.CLAIMED: "sql_claim",
    Seam.LOCKED: "sql_lock",
    Seam.DECIDED: "rules",
    Seam.SAVED: "sql_save",
    Seam.ANNOUNCED: "sql_outbox",
    Seam.COMMITTED: "commit",
    Seam.FETCHED: "relay_fetch",
    Seam.SENT: "relay_send",
    Seam.DELETED: "relay_delete",
}
"""What ends at each seam."""
MARK_EVERY = 20_000


class Stopwatch(Unwatched):
    """Adds up the time between seams; ends the process when enough was sent."""

    def __init__(self, events: int) -> None:
        self._wanted = events
        self._last: dict[object, float] = {}
        self._took: dict[str, float] = defaultdict(float)
        self._began = 0.0
        self._cpu_s = 0.0
        self._ended = 0.0
        self._done = 0
        self._found_nothing = 0
        self._marks: list[tuple[int, float]] = []

    def passed(self, seam: Seam) -> None:
        """See `Watch.passed`."""
        now = perf_counter()
        if seam is Seam.POLLED and not self._began:
            self._began = now
            self._cpu_s = process_time()
        self._add(seam, now)
        self._end_when_sent(seam, now)

    def _add(self, seam: Seam, now: float) -> None:
        """Polling, each batch and the relay are tasks of their own, side by side; each is timed by itself."""
        task = asyncio.current_task()
        if where := WHERE.get(seam):
            self._took[where] += now - self._last.get(task, now)
        self._last[task] = now

    def _end_when_sent(self, seam: Seam, now: float) -> None:
        """All is sent when the relay looks twice and finds nothing."""
        if seam is Seam.DELETED:
            self._ended = now
            self._found_nothing = 0
        elif seam is Seam.FETCHED and self._done >= self._wanted:
            self._found_nothing += 1
            if self._found_nothing == 3:
                self._cpu_s = process_time() - self._cpu_s
                os.kill(os.getpid(), signal.SIGTERM)

    def took(self, size: int, duration_ms: float, endings: Mapping[str, int]) -> None:  # noqa: ARG002 - its form
        """See `Watch.took`."""
        self._done += endings.get("done", 0)
        if self._done // MARK_EVERY > len(self._marks):
            self._marks.append((self._done, perf_counter() - self._began))

    def figures(self) -> dict[str, object]:
        """Rate, and microseconds of an event at each place."""
        took_s = self._ended - self._began
        each = {f"{where}_us": round(1e6 * took / self._done, 1) for where, took in self._took.items()}
        rate = self._done / took_s
        each["cpu_us"] = round(1e6 * self._cpu_s / self._done, 1)
        return {"events": self._done, "seconds": took_s, "events_per_s": rate, "marks": self._marks, **each}


def main(events: int) -> None:
    """Serve until so many events were done and announced."""
    settings = load()
    logs.configure("run", settings.log_level, settings.log_format)
    stopwatch = Stopwatch(events)
    server.run(build(settings, watch=stopwatch), settings.http_host, settings.http_port)
    print(json.dumps(stopwatch.figures()))  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]))
