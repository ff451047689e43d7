"""The quantity and as-built version that are kept of a unit are those that it has, whatever happened to it."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from hypothesis import given, settings

from services.inventory.adapters.amounts import rows
from services.inventory.domain.unit import Unit
from tests.rules.inventory.examples import INVENTORY, PUMP, add, claimed, edit, lot, lot_run, take_away
from tests.rules.inventory.test_any_quantity import FOIL, World
from tests.rules.inventory.test_any_quantity import STORIES as OF_LOTS
from tests.rules.inventory.test_any_story import STORIES as OF_UNITS
from tests.rules.inventory.test_any_story import play

Amounts = dict[str, tuple[Decimal, int]]


def kept(happened: Iterable[Any]) -> Amounts:
    """By unit, what its last rows say."""
    last: dict[str, dict[str, Any]] = {}
    for row in rows(happened):
        said = {name: row[name] for name in ("quantity", "as_built_version") if row[name] is not None}
        last[row["unit_id"]] = last.get(row["unit_id"], {}) | said
    return {name: (one["quantity"], one["as_built_version"]) for name, one in last.items()}


def of(units: dict[str, Unit]) -> Amounts:
    """By unit, what it has."""
    return {name: (one.identification.quantity, one.as_built_version) for name, one in units.items()}


@settings(max_examples=100, deadline=None, derandomize=True)
@given(OF_LOTS)
def test_of_lots_that_are_split_installed_scrapped_and_returned(story: list[Any]) -> None:
    """And of runs that build lots, part of which is taken off."""
    world = World()
    happened = [event for asked in (lot(), lot_run(FOIL), *story) for event in world.ask(asked)]
    assert kept(happened) == of(world.units)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(OF_UNITS)
def test_of_serial_units_that_are_claimed_installed_and_removed(story: list[Any]) -> None:
    """At every step."""
    happened: list[Any] = []
    for _, _, world, events in play(story):
        happened += events
        assert kept(happened) == of(world)


def test_of_a_unit_whose_requirements_are_edited() -> None:
    """Added, changed and removed."""
    story, happened = INVENTORY.given(), list[Any]()
    for asked in (claimed(), add(), edit(quantity=Decimal(2)), take_away()):
        story = story.when(asked).and_then()
        happened += story.events
        assert kept(happened) == of(dict(story.known))
    assert story.state(PUMP).as_built_version == 4
