"""Messages that others are always faster than: whoever loses that often would hold up its consumer for ever."""

from collections import Counter
from collections.abc import Iterable

LOST_ROUNDS = 20
"""Who is not first in so many rounds, with a growing pause after each, never will be: that is a defect."""

Identity = tuple[str, str]


class Losers:
    """Counts the rounds that each message lost in a row."""

    def __init__(self) -> None:
        self._rounds: Counter[Identity] = Counter()

    def loses_for_ever(self, identity: Identity) -> bool:
        """It lost once more; whether that was the last time."""
        self._rounds[identity] += 1
        return self._rounds[identity] >= LOST_ROUNDS

    def have_ended(self, identities: Iterable[Identity]) -> None:
        """They are done, or stand aside."""
        if self._rounds:
            for one in identities:
                self._rounds.pop(one, None)
