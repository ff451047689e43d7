"""What the road tells about itself while it works; telemetry listens, and so do the tests and the bench."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from typing import Protocol


class Seam(StrEnum):
    """The places between two steps of the road; a process may die at each of them and nothing is lost."""

    POLLED = "polled"
    READ = "read"
    BEGUN = "begun"
    CLAIMED = "claimed"
    LOCKED = "locked"
    DECIDED = "decided"
    SAVED = "saved"
    ANNOUNCED = "announced"
    COMMITTED = "committed"
    OFFSETS = "offsets"
    FETCHED = "fetched"
    SENT = "sent"
    DELETED = "deleted"


class Watch(Protocol):
    """Listens to the road. Every call is cheap and never raises."""

    def passed(self, seam: Seam) -> None:
        """The work in hand went past a seam."""
        ...

    def batch(self, traceparents: Sequence[str]) -> AbstractContextManager[None]:
        """Surrounds the work on one batch; ``traceparents`` are those of its messages."""
        ...

    def took(self, size: int, duration_ms: float, endings: Mapping[str, int]) -> None:
        """A batch of ``size`` records ended, by ending: done, refused, parked, seen."""
        ...

    def refused(self, code: str) -> None:
        """A change was refused with this code."""
        ...

    def lag(self, records_by_partition: Mapping[tuple[str, int], int]) -> None:
        """So many records are still to be read, of each partition (topic and number) that this process reads now."""
        ...

    def outbox(self, depth: int, age_s: float) -> None:
        """So many announcements wait to be sent, the oldest for so long."""
        ...

    def parked(self, count_by_reason: Mapping[str, int]) -> None:
        """So many records stand aside, by reason."""
        ...


class Unwatched:
    """Listens to nothing."""

    def passed(self, seam: Seam) -> None: ...

    def batch(self, traceparents: Sequence[str]) -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()

    def took(self, size: int, duration_ms: float, endings: Mapping[str, int]) -> None: ...
    def refused(self, code: str) -> None: ...
    def lag(self, records_by_partition: Mapping[tuple[str, int], int]) -> None: ...
    def outbox(self, depth: int, age_s: float) -> None: ...
    def parked(self, count_by_reason: Mapping[str, int]) -> None: ...
