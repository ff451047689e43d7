"""What HTTP shows keeps every digit."""

from dataclasses import asdict, dataclass
from decimal import Decimal

from shared.kernel import document


@dataclass(frozen=True)
class Line:
    """A line with a quantity."""

    designators: tuple[str, ...]
    quantity: Decimal


def test_numbers_become_text_however_deep_they_are() -> None:
    """1.50 stays 1.50, without an exponent; sequences become lists; all else stays as it is."""
    told = {"lines": (asdict(Line(("C1", "C2"), Decimal("1.50"))),), "limit": Decimal("1E+3"), "of": None, "n": 3}
    assert document(told) == {
        "lines": [{"designators": ["C1", "C2"], "quantity": "1.50"}],
        "limit": "1000",
        "of": None,
        "n": 3,
    }
