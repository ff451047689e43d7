"""Every refusal of issue is told of in a story."""

import inspect
import re
from pathlib import Path

import pytest

from services.issue.domain import refusals
from shared.kernel import Refused

EVERY: list[type[Refused]] = [
    one
    for _, one in inspect.getmembers(refusals, inspect.isclass)
    if issubclass(one, Refused) and one.__module__ == refusals.__name__
]
STORIES = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))


@pytest.mark.parametrize("refusal", EVERY, ids=lambda one: one.code)
def test_a_refusal_is_told_of_in_a_story(refusal: type[Refused]) -> None:
    """A "no" that no story leads to is a "no" that nobody has seen."""
    assert re.search(rf"is_refused\((refusals\.)?{refusal.__name__}\b", STORIES)


def test_codes_name_one_refusal_each() -> None:
    """A code is stable and machine-readable: kebab-case, and nobody else's."""
    codes = [one.code for one in EVERY]
    assert len(set(codes)) == len(codes)
    assert all(code == code.lower().replace("_", "-").strip("-") for code in codes)
