"""What a store remembers between transactions: a bounded number of aggregates, each with its version.

A remembered aggregate is used only when the database, asked under lock, names the same version.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Generic, TypeVar

from shared.messaging.transaction import Held

A = TypeVar("A")


class Remembered(Generic[A]):
    """The aggregates that were used last, at most so many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[str, Held[A]] = OrderedDict()

    def of(self, versions: Iterable[tuple[str, int]]) -> dict[str, Held[A]]:
        """Those that are remembered in just these versions."""
        found = {}
        for key, version in versions:
            held = self._held.get(key)
            if held is not None and held.version == version:
                self._held.move_to_end(key)
                found[key] = held
        return found

    def put(self, changes: Iterable[tuple[str, Held[A]]]) -> None:
        """Remember these; the longest unused are forgotten."""
        for key, held in changes:
            self._held[key] = held
            self._held.move_to_end(key)
        while len(self._held) > self._most:
            self._held.popitem(last=False)
