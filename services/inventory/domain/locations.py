"""Locations: whether what lies there may be used (domain.md 4.1). One that nobody spoke of is available."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.inventory.domain import events
from services.inventory.domain.refusals import TooManyLocations
from services.inventory.domain.unit import Known, Unit
from shared.kernel import Actor, immutable

LOCATIONS = "asbuilt:locations"
"""The aggregate that they are, all together; no unit can be received under this id."""

MOST_LOCATIONS = 10_000


@dataclass(frozen=True, slots=True)
class Location:
    """A place in the plant; who said last whether it is available, when and why."""

    location: str
    is_available: bool
    reason: str
    by: Actor
    at: datetime


@dataclass(frozen=True, slots=True)
class Locations:
    """All locations of which somebody said whether they are available, by name."""

    by_name: Mapping[str, Location] = field(default_factory=dict)


NO_LOCATIONS = Locations()


@immutable
class ConfigureLocation:
    """From now on what lies at a location may be used, or may not."""

    by: Actor
    at: datetime
    location: str
    is_available: bool
    reason: str


@immutable
class LocationConfigured:
    """A location became available, or ceased to be."""

    by: Actor
    at: datetime
    location: str
    is_available: bool
    reason: str


def locations_of(known: Mapping[str, Any]) -> Locations:
    """Those of the moment, which are there with every decision."""
    found = known.get(LOCATIONS)
    return found if isinstance(found, Locations) else NO_LOCATIONS


def blocked(known: Known, location: str | None) -> str | None:
    """Why nothing at a location may be used; None when it may."""
    found = None if location is None else locations_of(known).by_name.get(location)
    return None if found is None else _because(found)


def configure(
    known: Known, command: ConfigureLocation
) -> tuple[LocationConfigured, tuple[events.AnyEvent, ...]] | None:
    """That a location changed, and what every unit there hears of it; None when nothing changes.

    :raises TooManyLocations: when there would be more than anybody has.
    """
    there = locations_of(known).by_name
    name = command.location
    before = there.get(name)
    if before is not None and (before.is_available, before.reason) == (command.is_available, command.reason):
        return None
    if before is None and len(there) >= MOST_LOCATIONS:
        raise TooManyLocations(location=name, most=MOST_LOCATIONS)
    happened = LocationConfigured(command.by, command.at, name, command.is_available, command.reason)
    return happened, tuple(
        events.LocationNoted(unit.unit_id, command.by, command.at, name, _because(happened))
        for unit in known.values()
        if isinstance(unit, Unit) and unit.identification.location == name
    )


def configured(locations: Locations | None, event: LocationConfigured) -> Locations:
    """The locations after one was configured."""
    there = (locations or NO_LOCATIONS).by_name
    one = Location(event.location, event.is_available, event.reason, event.by, event.at)
    return Locations({**there, event.location: one})


def _because(said: Location | LocationConfigured) -> str | None:
    return None if said.is_available else said.reason or "nobody said why"
