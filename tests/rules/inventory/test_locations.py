"""Locations with availability, and what that means to what lies there (domain.md 4.1)."""

from typing import Any

import pytest

from services.inventory.domain import locations
from services.inventory.domain.events import LocationNoted, StatusChanged, UnitMoved, UnitReceived
from services.inventory.domain.locations import LOCATIONS, LocationConfigured
from services.inventory.domain.refusals import TooManyLocations, UnitNotAvailable
from services.inventory.domain.status import standing
from services.inventory.domain.unit import UnitStatus
from tests.rules.inventory.examples import (
    LOT,
    OTHER_ROTOR,
    PLACES,
    PUMP,
    ROTOR,
    claimed,
    install,
    location,
    lot,
    move,
    received,
    remove,
    status,
)

RACK = "Rack 1"


def test_nothing_at_a_location_that_is_not_available_may_be_used() -> None:
    """Each unit there hears of it, and says why and what would change it; what lies elsewhere does not care."""
    story = PLACES.given(received(), received(OTHER_ROTOR), lot()).when(location(RACK))
    story.then(LocationConfigured, LocationNoted, LocationNoted, StatusChanged, StatusChanged)
    said = standing(story.state(ROTOR))
    assert said.status is UnitStatus.UNAVAILABLE
    assert said.reason == "its location Rack 1 is not available: the roof leaks"
    assert said.changes_when == "Rack 1 is available again, or it is moved to another location"
    assert status(story, LOT) is UnitStatus.AVAILABLE
    story = PLACES.given(received(), claimed(), location(RACK))
    story.when(install()).is_refused(UnitNotAvailable, naming="the roof leaks")


def test_a_location_that_is_available_again_lets_everything_be_used() -> None:
    """Said twice, nothing happens; another reason is told."""
    story = PLACES.given(received(), location(RACK))
    story.when(location(RACK)).nothing_happens()
    story.when(location(RACK, reason="mould")).then(LocationConfigured, LocationNoted)
    open_again = story.when(location(RACK, is_available=True)).then(LocationConfigured, LocationNoted, StatusChanged)
    assert status(open_again, ROTOR) is UnitStatus.AVAILABLE


def test_what_comes_to_a_location_is_as_available_as_that() -> None:
    """Received there, split off there, or moved there and away again."""
    closed = PLACES.given(location(RACK), location("Line 2", reason=""))
    assert status(closed.when(received()).then(UnitReceived), ROTOR) is UnitStatus.UNAVAILABLE
    story = closed.when(lot(location="Rack 9")).when(move(quantity="7.5"))
    assert [status(story, one) for one in (LOT, f"{LOT}~moved")] == [UnitStatus.AVAILABLE, UnitStatus.UNAVAILABLE]
    away = story.when(move(f"{LOT}~moved", "Rack 9")).then(UnitMoved, StatusChanged)
    assert status(away, f"{LOT}~moved") is UnitStatus.AVAILABLE


def test_what_is_taken_out_of_a_unit_lies_where_that_is() -> None:
    """Installed, it hears what becomes of the place; removed, it may not be used."""
    story = PLACES.given(received(), claimed(), install(), move(PUMP, "Line 2"))
    story = story.when(location("Line 2"))
    assert status(story, ROTOR) is UnitStatus.INSTALLED
    story = story.when(remove())
    assert (story.state(ROTOR).identification.location, status(story, ROTOR)) == ("Line 2", UnitStatus.UNAVAILABLE)


def test_a_target_built_at_a_location_that_is_not_available_is_claimed() -> None:
    """Work in progress comes first; whether it may be used shows when it is complete."""
    story = PLACES.given(location(RACK)).when(claimed())
    assert status(story, PUMP) is UnitStatus.WIP
    assert story.state(PUMP).location_blocked == "the roof leaks"


def test_locations_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender that makes one up for each event is stopped; those that there are can still be changed."""
    monkeypatch.setattr(locations, "MOST_LOCATIONS", 1)
    story: Any = PLACES.given(location(RACK))
    story.when(location("Rack 2")).is_refused(TooManyLocations, naming="1 locations")
    story.when(location(RACK, is_available=True)).then(LocationConfigured)
    assert set(story.state(LOCATIONS).by_name) == {RACK}
