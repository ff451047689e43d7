"""Which events a pattern stands for."""

import pytest

from services.notification.domain.patterns import check, matches
from services.notification.domain.refusals import PatternUnknown

OFFERED = (
    "asbuilt.run.completed.v1",
    "asbuilt.run.reopened.v1",
    "asbuilt.unit.status-changed.v1",
    "asbuilt.unit.change-refused.v1",
    "asbuilt.run.change-refused.v1",
)


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [
        ("run.completed", {"asbuilt.run.completed.v1"}),
        ("run.*", {"asbuilt.run.completed.v1", "asbuilt.run.reopened.v1", "asbuilt.run.change-refused.v1"}),
        ("*.change-refused", {"asbuilt.unit.change-refused.v1", "asbuilt.run.change-refused.v1"}),
        ("unit.status-*", {"asbuilt.unit.status-changed.v1"}),
        ("*", set(OFFERED)),
    ],
)
def test_a_pattern_stands_for_types_without_prefix_and_version(pattern: str, matched: set[str]) -> None:
    """A star stands for any characters, everything else for itself."""
    assert {one for one in OFFERED if matches(pattern, one)} == matched


def test_a_subscription_outlives_a_new_version_of_a_type() -> None:
    """Version 2 of a type is announced beside version 1; who wants the event wants both."""
    assert matches("run.completed", "asbuilt.run.completed.v2")


@pytest.mark.parametrize("pattern", ["run.complete", "runs.*", "asbuilt.run.completed.v1", "run.[a-z]*", "?", "Run.*"])
def test_a_pattern_that_matches_nothing_is_refused_with_near_ones(pattern: str) -> None:
    """A typing error shows when the endpoint is registered, not when nothing ever arrives."""
    with pytest.raises(PatternUnknown) as refused:
        check(["run.reopened", pattern], OFFERED)
    assert pattern in refused.value.obstacle
    assert "run." in refused.value.resolution


def test_the_nearest_name_comes_first() -> None:
    """Who wrote one letter wrong need not search."""
    with pytest.raises(PatternUnknown) as refused:
        check(["run.complted"], OFFERED)
    assert refused.value.resolution.startswith("Near ones are: run.completed")
