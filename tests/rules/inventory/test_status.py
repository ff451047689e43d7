"""The status of a unit: always computed, the first row that matches wins (domain.md 4.1)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.inventory.domain.status import standing
from services.inventory.domain.unit import Build, IssueSays, Unit, UnitStatus
from tests.rules.inventory.examples import ROTOR, unit

PLAIN = Unit(unit(ROTOR))
SCRAPPED = {"scrapped_quantity": Decimal(1)}
INSTALLED = {"parent_unit_id": "PUMP-1"}
WIP = {"build": Build("run-1", {})}
CONTESTED = {"build": Build("run-1", {}), "is_contested": True}
WITHHELD = {"issues": {"i-1": IssueSays("i-1", "rework", "release-on-resolve", is_resolved=False)}}
HELD = {"issues": {"i-1": IssueSays("i-1", None, None, is_resolved=False, is_quarantine=True)}}
ALLOWED = {"issues": {"i-1": IssueSays("i-1", "use as is", "immediate", is_resolved=False)}}
CLOSED = {"location_blocked": "the roof leaks"}
NOTHING_LEFT = {"identification": unit(ROTOR, quantity=Decimal(0))}

ROWS = [
    (SCRAPPED, UnitStatus.SCRAPPED),
    (INSTALLED, UnitStatus.INSTALLED),
    (WIP, UnitStatus.WIP),
    (CONTESTED, UnitStatus.ON_HOLD),
    (WITHHELD, UnitStatus.ON_HOLD),
    (HELD, UnitStatus.ON_HOLD),
    (CLOSED, UnitStatus.UNAVAILABLE),
    (NOTHING_LEFT, UnitStatus.UNAVAILABLE),
    (NOTHING_LEFT | {"returned_quantity": Decimal(1)}, UnitStatus.UNAVAILABLE),
    (ALLOWED, UnitStatus.AVAILABLE),
    ({}, UnitStatus.AVAILABLE),
]


@pytest.mark.parametrize(
    ("facts", "status"), ROWS, ids=[f"{number} {status}" for number, (_, status) in enumerate(ROWS)]
)
def test_each_row_of_the_status_table(facts: dict[str, Any], status: UnitStatus) -> None:
    """What is the case, and the status that follows."""
    assert standing(replace(PLAIN, **facts)).status is status


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        (SCRAPPED | INSTALLED | WIP, UnitStatus.SCRAPPED),
        (INSTALLED | WIP, UnitStatus.INSTALLED),
        (INSTALLED | CONTESTED, UnitStatus.INSTALLED),
        (WIP | NOTHING_LEFT, UnitStatus.WIP),
        (SCRAPPED | WITHHELD | CLOSED, UnitStatus.SCRAPPED),
        (INSTALLED | WITHHELD | CLOSED, UnitStatus.INSTALLED),
        (WIP | WITHHELD | CLOSED, UnitStatus.WIP),
        (WITHHELD | CLOSED | NOTHING_LEFT, UnitStatus.ON_HOLD),
        (CONTESTED | NOTHING_LEFT, UnitStatus.ON_HOLD),
        ({"scrapped_quantity": Decimal("0.5")}, UnitStatus.AVAILABLE),
        ({"build": Build("run-1", {}, is_open=False)}, UnitStatus.AVAILABLE),
        ({"build": Build("run-1", {}, is_open=False)} | INSTALLED, UnitStatus.INSTALLED),
    ],
)
def test_the_first_row_that_matches_wins(facts: dict[str, Any], status: UnitStatus) -> None:
    """Several things may be the case at once."""
    assert standing(replace(PLAIN, **facts)).status is status


@pytest.mark.parametrize(
    ("facts", "status"), ROWS, ids=[f"{number} {status}" for number, (_, status) in enumerate(ROWS)]
)
def test_every_status_says_why_and_what_would_change_it(facts: dict[str, Any], status: UnitStatus) -> None:
    """A person who cannot use a unit reads the reason beside it."""
    said = standing(replace(PLAIN, **facts))
    assert said.reason
    assert said.changes_when
    numbers = {"scrapped": 1, "installed": 2, "wip": 3, "on_hold": 4, "unavailable": 5, "available": 6}
    assert said.row == numbers[status]
