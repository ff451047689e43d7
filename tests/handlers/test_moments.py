"""Moments in addresses: whoever asks about a past gets an answer about that one, or is told how it is written."""

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.runtime.times import When

READER: TypeAdapter[datetime] = TypeAdapter(When)


@pytest.mark.parametrize(
    "given",
    [
        "2026-11-24T14:00:00Z",
        "2026-11-24T14:00Z",
        "2026-11-24t14:00:00.000z",
        "2026-11-24T15:00:00+01:00",
        "2026-11-24 15:00:00+0100",
        "2026-11-24T08:30:00-05:30",
    ],
)
def test_a_moment_is_taken_in_any_zone(given: str) -> None:
    """A recall team reads the clock on its own wall."""
    assert READER.validate_python(given) == datetime(2026, 11, 24, 14, tzinfo=UTC)
    assert READER.validate_python(given).tzinfo is UTC


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("2026", "with its zone"),
        ("20261124", "with its zone"),
        ("1795528800", "with its zone"),
        ("2026-11-24", "with its zone"),
        ("2026-11-24T14:00:00", "with its zone"),
        ("yesterday", "with its zone"),
        ("", "with its zone"),
        ("2026-11-24T14:00:00 01:00", "%2B"),
        ("2026-02-30T14:00:00Z", "day"),
        ("2026-11-24T25:00:00Z", "datetime"),
        ("9999-12-31T23:59:59-14:00", "beyond the calendar"),
        ("0001-01-01T00:00:00+14:00", "beyond the calendar"),
    ],
)
def test_what_is_no_moment_is_refused_with_the_way_to_write_it(given: str, said: str) -> None:
    """A year is not a number of seconds since 1970, a plus in an address is a space, no zone is nobody's time."""
    with pytest.raises(ValidationError, match=said):
        READER.validate_python(given)
