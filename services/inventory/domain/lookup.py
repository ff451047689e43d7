"""Finding units among those that a decision may look at, and naming what it needs besides those that a message names.

The store widens such names: it locks and loads everything that they stand for, in the order of all other units.
"""

from collections.abc import Iterator
from enum import StrEnum

from services.inventory.domain.refusals import UnknownUnit
from services.inventory.domain.unit import Known, Unit


class Wider(StrEnum):
    """What a key may stand for besides one unit; it begins a key that no unit has."""

    WITHIN = "asbuilt:within:"
    SPLIT_FROM = "asbuilt:split-from:"
    AT = "asbuilt:at:"


def known_unit(known: Known, unit_id: str) -> Unit:
    """A unit that must be known.

    :raises UnknownUnit: when it is not, or not yet.
    """
    unit = known.get(unit_id)
    if unit is None:
        raise UnknownUnit(unit_id)
    return unit


def within(unit_id: str) -> str:
    """Stands for everything that is installed in a unit, at any depth."""
    return f"{Wider.WITHIN}{unit_id}"


def split_from(unit_id: str) -> str:
    """Stands for everything that was split off from a unit, and from that."""
    return f"{Wider.SPLIT_FROM}{unit_id}"


def at_location(location: str) -> str:
    """Stands for every unit at a location."""
    return f"{Wider.AT}{location}"


def widened(key: str) -> tuple[Wider, str] | None:
    """What a key stands for, and of which unit or location; None for the id of a unit."""
    if not key.startswith("asbuilt:"):
        return None
    return next(((kind, key.removeprefix(kind)) for kind in Wider if key.startswith(kind)), None)


def contents(known: Known, unit: Unit) -> Iterator[Unit]:
    """What is installed in a unit, at any depth, parents before children."""
    waiting = [unit]
    while waiting:
        for one in waiting.pop().installations.values():
            component = known.get(one.unit_id)
            if component is not None:
                yield component
                waiting.append(component)
