"""Moments in addresses: what a query asks for with `as_of`, `from` and the like."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

WRITTEN_OUT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?\s?([Zz]|[+-]\d\d:?\d\d)")
A_PLUS_GONE = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)? \d\d:?\d\d")


def _written_out(given: Any) -> Any:
    """A number is no moment, though pydantic would count the seconds since 1970: `2026` would be half past midnight
    then, and the answer empty.
    """
    if not isinstance(given, str) or WRITTEN_OUT.fullmatch(given):
        return given
    if A_PLUS_GONE.fullmatch(given):
        raise ValueError("a plus in an address is written %2B: 2026-11-24T14:00:00%2B01:00")
    raise ValueError("a moment is written with its zone: 2026-11-24T14:00:00Z")


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("this time lies beyond the calendar") from None


When = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_in_utc)]
"""A moment with its zone, written out; in UTC when it is read."""
