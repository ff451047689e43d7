"""The difference of two as-builts, and of an as-built against its plan, in words of the domain (domain.md 4.4).

Places are compared, not rows: what stands for a requirement, at a designator where it has them, in the assembly that
stands at its own place. Of one unit at two times serials and lots count; of two units parts and revisions do, since
no two units share a serial.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from services.inventory.domain.installing import DEEPEST
from services.inventory.domain.unit import Requirement
from shared.kernel import plain

T = TypeVar("T")
K = TypeVar("K")
Key = tuple[str, ...]
Place = tuple[str, ...]


class Change(StrEnum):
    """In which way two as-builts differ at a place."""

    ADDED = "added"
    REMOVED = "removed"
    SUBSTITUTED = "substituted"
    QUANTITY = "quantity"
    DESIGNATOR = "designator"


@dataclass(frozen=True, slots=True)
class Placed:
    """A unit at its place in an as-built; of a lot, how much of it."""

    parent_unit_id: str
    unit_id: str
    part_number: str
    revision: str
    serial: str | None
    lot: str | None
    quantity: Decimal
    requirement_id: str
    designator: str | None
    substitute: bool = False

    @property
    def part(self) -> Key:
        """What it is, whichever one it is."""
        return self.part_number, self.revision


@dataclass(frozen=True, slots=True)
class Stands:
    """What stands at a place: of which part, how much, which serials and lots, at which designators."""

    part_number: str
    revision: str | None
    quantity: Decimal
    serials: tuple[str, ...] = ()
    lots: tuple[str, ...] = ()
    designators: tuple[str, ...] = ()
    substitute: bool = False

    def __str__(self) -> str:
        which = [f"serial {one}" for one in self.serials] + [f"lot {one}" for one in self.lots]
        where = f" at {', '.join(self.designators)}" if self.designators else ""
        revision = f" rev {self.revision}" if self.revision else ""
        named = f" ({', '.join(which)})" if which else ""
        return f"{plain(self.quantity)} x {self.part_number}{revision}{named}{where}"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: where, what stood there before, or was planned, and what stands there after."""

    change: Change
    place: Place
    was: Stands | None
    now: Stands | None
    is_planned: bool = False

    @property
    def sentence(self) -> str:
        """The difference as a person says it."""
        where = " / ".join(self.place) or "the unit itself"
        gone, came, before = _WORDS[self.is_planned]
        match self.change:
            case Change.ADDED:
                return f"{where}: {self.now} {came}."
            case Change.REMOVED:
                return f"{where}: {self.was} {gone}."
            case Change.SUBSTITUTED:
                return f"{where}: {self.now} instead of {self.was}."
            case Change.QUANTITY | Change.DESIGNATOR:
                return f"{where}: {self.now}, {before} {self.was}."


_WORDS = {
    False: ("is not there any more", "was added", "before"),
    True: ("is planned and not installed", "is installed and not planned", "planned"),
}

AsBuilt = Mapping[str, Sequence[Placed]]
"""What is in each unit, by the unit's id."""


def as_built(placed: Iterable[Placed]) -> AsBuilt:
    """The installations of a tree, by parent."""
    inside: defaultdict[str, list[Placed]] = defaultdict(list)
    for one in placed:
        inside[one.parent_unit_id].append(one)
    return inside


def compare(was: AsBuilt, now: AsBuilt, was_root: str, now_root: str) -> tuple[Difference, ...]:
    """What is different in the as-built of ``now_root``, against that of ``was_root``; outer places first."""
    found: list[Difference] = []
    open_: list[tuple[Place, str, str]] = [((), was_root, now_root)]
    for place, before, after in open_:  # what stands on both sides is gone into, too
        if len(place) > DEEPEST:  # clocks that contradict each other show a unit in itself
            break
        pairs = _Requirements(place, was_root == now_root)
        found += pairs.differences(was.get(before, ()), now.get(after, ()))
        open_ += pairs.inside
    return tuple(found)


class _Requirements:
    """Compares what two assemblies at one place hold; ``inside`` are the assemblies in them that belong together."""

    def __init__(self, place: Place, is_same_unit: bool) -> None:
        self._place = place
        self._is_same_unit = is_same_unit
        self.inside: list[tuple[Place, str, str]] = []

    def differences(self, was: Sequence[Placed], now: Sequence[Placed]) -> Iterator[Difference]:
        """Requirement by requirement."""
        before, after = _by(was, lambda one: one.requirement_id), _by(now, lambda one: one.requirement_id)
        for name in sorted({*before, *after}):
            yield from self._requirement(name, before.get(name, ()), after.get(name, ()))

    def _requirement(self, name: str, was: Sequence[Placed], now: Sequence[Placed]) -> Iterator[Difference]:
        before, after = self._slots(was), self._slots(now)
        for slot in sorted({*before} & {*after}):
            yield from self._same(name, before.pop(slot), after.pop(slot))
        moved = _by(sorted(after), lambda slot: slot[1:])
        for slot in sorted(before):
            if other := moved.get(slot[1:]):
                yield from self._same(name, before.pop(slot), after.pop(other.pop(0)))
        yield from self._replaced(name, before, after)

    def _replaced(
        self, name: str, before: dict[Key, list[Placed]], after: dict[Key, list[Placed]]
    ) -> Iterator[Difference]:
        """Another part at the same designator is a substitution; another serial of the same part was taken out, and
        one put in.
        """
        came = _by(sorted(after), lambda slot: (slot[0], slot[1:3]))
        for slot in sorted(before):
            others = [
                slots for (place, part), slots in came.items() if place == slot[0] and part != slot[1:3] and slots
            ]
            gone = _stands(before[slot])
            if others:
                now = _stands(after.pop(others[0].pop(0)))
                yield Difference(Change.SUBSTITUTED, self._at(name, gone), gone, now)
            else:
                yield Difference(Change.REMOVED, self._at(name, gone), gone, None)
        for slot in sorted(after):
            added = _stands(after[slot])
            yield Difference(Change.ADDED, self._at(name, added), None, added)

    def _slots(self, placed: Sequence[Placed]) -> dict[Key, list[Placed]]:
        """By designator, and then by what is there."""
        return _by(placed, lambda one: (one.designator or "", *self._which(one)))

    def _which(self, one: Placed) -> Key:
        if not self._is_same_unit:
            return one.part
        return (*one.part, one.serial or "", one.lot or "")

    def _same(self, name: str, was: Sequence[Placed], now: Sequence[Placed]) -> Iterator[Difference]:
        """The same thing stands on both sides, perhaps another quantity of it, perhaps elsewhere."""
        before, after = _stands(was), _stands(now)
        place = self._at(name, after)
        if before.quantity != after.quantity:
            yield Difference(Change.QUANTITY, place, before, after)
        elif before.designators != after.designators:
            yield Difference(Change.DESIGNATOR, (*self._place, name), before, after)
        for one, other in zip(was, now, strict=False):
            self.inside.append((place, one.unit_id, other.unit_id))

    def _at(self, name: str, stands: Stands) -> Place:
        return (*self._place, f"{name} at {', '.join(stands.designators)}" if stands.designators else name)


def against_plan(plan: Mapping[str, Requirement], placed: Sequence[Placed]) -> tuple[Difference, ...]:
    """What was installed otherwise than the requirements ask for; what they ask for is what ``was`` to be."""
    installed = _by(placed, lambda one: one.requirement_id)
    found: list[Difference] = []
    for name, requirement in plan.items():
        found += _planned(requirement, installed.pop(name, []))
    for name, extra in sorted(installed.items()):
        found += [Difference(Change.ADDED, (name,), None, one, is_planned=True) for one in _by_part(extra)]
    return tuple(found)


def _planned(requirement: Requirement, placed: Sequence[Placed]) -> Iterator[Difference]:
    place = (requirement.requirement_id,)
    planned = Stands(
        requirement.part_number, requirement.revision, requirement.quantity, designators=requirement.designators
    )
    if not placed:
        yield Difference(Change.REMOVED, place, planned, None, is_planned=True)
        return
    for one in _by_part(placed):
        if one.part_number != requirement.part_number or (
            requirement.revisions and one.revision not in requirement.revisions
        ):
            wanted = replace(planned, quantity=one.quantity, designators=one.designators)
            yield Difference(Change.SUBSTITUTED, place, wanted, one, is_planned=True)
    whole = _stands(placed)
    if whole.quantity != requirement.quantity:
        yield Difference(Change.QUANTITY, place, planned, whole, is_planned=True)
    elif {*whole.designators} != {*requirement.designators}:
        yield Difference(Change.DESIGNATOR, place, planned, whole, is_planned=True)


def _by_part(placed: Sequence[Placed]) -> list[Stands]:
    return [_stands(some) for _, some in sorted(_by(placed, lambda one: one.part).items())]


def _stands(placed: Sequence[Placed]) -> Stands:
    return Stands(
        placed[0].part_number,
        placed[0].revision,
        sum((one.quantity for one in placed), Decimal(0)),
        tuple(sorted({one.serial for one in placed if one.serial is not None})),
        tuple(sorted({one.lot for one in placed if one.lot is not None})),
        tuple(sorted({one.designator for one in placed if one.designator is not None})),
        any(one.substitute for one in placed),
    )


def _by(all_: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    groups: defaultdict[K, list[T]] = defaultdict(list)
    for one in all_:
        groups[key(one)].append(one)
    return dict(groups)
