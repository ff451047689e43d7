"""How each published record ended, as far as the announcements tell. No I/O.

Bounded: what is done or refused is counted and forgotten; what waits for its answer is remembered up to a bound,
and beyond it counted as not followed.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

MOST_FOLLOWED = 200_000
"""Records whose answer is waited for at the same time, at most."""

REFUSED_TYPE = ".change-refused.v"
PARKED_TYPE = ".record-parked.v"


class Ending(StrEnum):
    """How a record ended."""

    DONE = "done"
    UNCHANGED = "no change"
    REFUSED = "refused"
    PARKED = "parked"
    NO_ANSWER = "no answer"
    NOT_FOLLOWED = "not followed"


@dataclass(slots=True)
class Followed:
    """A record whose last word has not been heard: `parked` is the reason, where it stands aside."""

    kind: str
    parked: str = ""


@dataclass(slots=True)
class Endings:
    """Takes note of what was sent and of what is announced.

    ``said`` are sentences that explain a refusal or a parking: the first that was heard of its kind and code.
    """

    most_followed: int = MOST_FOLLOWED
    heard: int = 0
    ended: int = 0
    sent: Counter[str] = field(default_factory=Counter)
    counts: Counter[tuple[str, Ending]] = field(default_factory=Counter)
    reasons: Counter[tuple[str, Ending, str]] = field(default_factory=Counter)
    said: dict[tuple[str, Ending, str], str] = field(default_factory=dict)
    waiting: dict[str, Followed] = field(default_factory=dict)

    def send(self, event_id: str, kind: str) -> None:
        """A record is about to be published; its answer may be heard before the broker has confirmed it."""
        self.sent[kind] += 1
        if len(self.waiting) < self.most_followed:
            self.waiting[event_id] = Followed(kind)
        else:
            self._count(kind, Ending.NOT_FOLLOWED)

    def hear(self, event: Mapping[str, Any]) -> None:
        """Something was announced; what answers nothing of ours is passed over."""
        type_name, data = str(event.get("type", "")), event.get("data")
        told = data if isinstance(data, dict) else {}
        if PARKED_TYPE in type_name:
            self._park(told)
        elif REFUSED_TYPE in type_name:
            self._refuse(told)
        elif (followed := self.waiting.pop(str(event.get("causationid")), None)) is not None:
            self.heard += 1
            self._count(followed.kind, Ending.DONE)

    def settle(self, *, is_read: bool) -> None:
        """No more answers come. ``is_read``: the services have read every record, so one that nothing was said
        about had no effect: it was known already, or said what was so already.
        """
        silent = Ending.UNCHANGED if is_read else Ending.NO_ANSWER
        for followed in self.waiting.values():
            self._count(followed.kind, Ending.PARKED if followed.parked else silent)
            if followed.parked:
                self.reasons[followed.kind, Ending.PARKED, followed.parked] += 1
        self.waiting.clear()

    def total(self, ending: Ending) -> int:
        """How many ended so."""
        return sum(number for (_, one), number in self.counts.items() if one is ending)

    def explained(self) -> Iterator[tuple[str, Ending, str, int, str]]:
        """Every reason of a refusal or parking: what it concerned, code, how often, and one such sentence."""
        for (kind, ending, code), number in sorted(self.reasons.items()):
            yield kind, ending, code, number, self.said[kind, ending, code]

    def _refuse(self, told: Mapping[str, Any]) -> None:
        followed = self.waiting.pop(str(told.get("refused_id")), None)
        if followed is None:
            return
        self.heard += 1
        reason = (followed.kind, Ending.REFUSED, str(told.get("code")))
        self._count(followed.kind, Ending.REFUSED)
        self.reasons[reason] += 1
        self.said.setdefault(reason, str(told.get("obstacle")))

    def _park(self, told: Mapping[str, Any]) -> None:
        """It may be taken up yet. One that nobody could read is known by its key alone."""
        followed = self.waiting.get(str(told.get("parked_id"))) or self.waiting.get(str(told.get("subject_id")))
        if followed is not None:
            self.heard += 1
            followed.parked = str(told.get("reason"))
            self.said.setdefault((followed.kind, Ending.PARKED, followed.parked), str(told.get("detail")))

    def _count(self, kind: str, ending: Ending) -> None:
        self.ended += 1
        self.counts[kind, ending] += 1
