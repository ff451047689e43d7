"""What HTTP shows keeps every digit."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal

from shared.kernel import document

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Line:
    """A line with a quantity."""

    designators: tuple[str, ...]
    quantity: Decimal


def test_numbers_and_times_become_text_however_deep_they_are() -> None:
    """1.50 stays 1.50, without an exponent; sequences become lists; all else stays as it is."""
    told = {
        "lines": (asdict(Line(("C1", "C2"), Decimal("1.50"))),),
        "limit": Decimal("1E+3"),
        "of": None,
        "n": 3,
        "at": NOON,
    }
    assert document(told) == {
        "lines": [{"designators": ["C1", "C2"], "quantity": "1.50"}],
        "limit": "1000",
        "of": None,
        "n": 3,
        "at": "2026-11-24T12:00:00+00:00",
    }
