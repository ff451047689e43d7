"""The status of a unit: always computed, the first row that matches wins (domain.md 4.1)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.inventory.domain.status import standing
from services.inventory.domain.unit import Build, Unit, UnitStatus
from tests.rules.inventory.examples import ROTOR, unit

PLAIN = Unit(unit(ROTOR))
SCRAPPED = {"scrapped_quantity": Decimal(1)}
INSTALLED = {"parent_unit_id": "PUMP-1"}
WIP = {"build": Build("run-1", {})}
CONTESTED = {"build": Build("run-1", {}), "is_contested": True}
NOTHING_LEFT = {"identification": unit(ROTOR, quantity=Decimal(0))}

ROWS = [
    (SCRAPPED, UnitStatus.SCRAPPED),
    (INSTALLED, UnitStatus.INSTALLED),
    (WIP, UnitStatus.WIP),
    (CONTESTED, UnitStatus.ON_HOLD),
    (NOTHING_LEFT, UnitStatus.UNAVAILABLE),
    ({}, UnitStatus.AVAILABLE),
]


@pytest.mark.parametrize(("facts", "status"), ROWS, ids=[status for _, status in ROWS])
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
        (CONTESTED | NOTHING_LEFT, UnitStatus.ON_HOLD),
        ({"scrapped_quantity": Decimal("0.5")}, UnitStatus.AVAILABLE),
        ({"build": Build("run-1", {}, is_open=False)}, UnitStatus.AVAILABLE),
        ({"build": Build("run-1", {}, is_open=False)} | INSTALLED, UnitStatus.INSTALLED),
    ],
)
def test_the_first_row_that_matches_wins(facts: dict[str, Any], status: UnitStatus) -> None:
    """Several things may be the case at once."""
    assert standing(replace(PLAIN, **facts)).status is status


@pytest.mark.parametrize(("facts", "status"), ROWS, ids=[status for _, status in ROWS])
def test_every_status_says_why_and_what_would_change_it(facts: dict[str, Any], status: UnitStatus) -> None:
    """A person who cannot use a unit reads the reason beside it."""
    said = standing(replace(PLAIN, **facts))
    assert said.reason
    assert said.changes_when
