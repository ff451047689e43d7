"""Finding units among those that a decision may look at, and naming what it needs besides those that a message names.

The store widens such names: it locks and loads everything that they stand for, in the order of all other units.
"""

from collections.abc import Iterator
from enum import StrEnum

from services.inventory.domain.refusals import UnknownUnit
from services.inventory.domain.unit import Known, Unit

OWN = "asbuilt:"
"""Begins every key that is not of one unit; nothing is received, and no run builds anything, under such an id."""


class Wider(StrEnum):
    """What a key may stand for besides one unit; it begins a key that no unit has."""

    WITHIN = "asbuilt:within:"
    SPLIT_FROM = "asbuilt:split-from:"
    AT = "asbuilt:at:"
    LABELED = "asbuilt:labeled:"
    AWAITED = "asbuilt:awaited:"


_BETWEEN = "\x1f"
"""No id has it in it."""


def known_unit(known: Known, unit_id: str) -> Unit:
    """A unit that must be known.

    :raises UnknownUnit: when it is not, or not yet.
    """
    unit = known.get(unit_id)
    if not isinstance(unit, Unit):
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


def labeled(parent_unit_id: str, label: str) -> str:
    """Stands for what is installed in a unit and was taken off the lot that a label names: its part and lot."""
    return f"{Wider.LABELED}{parent_unit_id}{_BETWEEN}{label}"


def awaited(unit_id: str) -> str:
    """Stands for a unit that an issue speaks of, and while it is not known for the right to keep what is said of it."""
    return f"{Wider.AWAITED}{unit_id}"


def taken_out(parent_unit_id: str, component_id: str) -> tuple[str, ...]:
    """The keys of a removal: the component may be named as its lot, which has a colon in it."""
    named = (parent_unit_id, component_id)
    return (*named, labeled(*named)) if ":" in component_id else named


def label_in(name: str) -> tuple[str, str]:
    """The unit and the label in what is `labeled`."""
    parent_unit_id, _, label = name.partition(_BETWEEN)
    return parent_unit_id, label


def widened(key: str) -> tuple[Wider, str] | None:
    """What a key stands for, and of which unit or location; None for the id of a unit."""
    if not key.startswith(OWN):
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


def with_parts(known: Known, unit_id: str) -> Iterator[Unit]:
    """A unit, and of what is known everything that was split off from it, and from that."""
    yield known[unit_id]
    if known[unit_id].identification.serial is not None:
        return
    for unit in known.values():
        if isinstance(unit, Unit) and unit.unit_id != unit_id and unit_id in origins(known, unit):
            yield unit


def origins(known: Known, unit: Unit) -> set[str]:
    """A unit, and those that it was split off from."""
    line = {unit.unit_id}
    while (origin := unit.identification.origin_unit_id) is not None and origin not in line:
        line.add(origin)
        above = known.get(origin)
        if above is None:
            break
        unit = above
    return line
