"""Fixtures of the flow tests: a stub in a service's place."""

from collections.abc import Iterator

import pytest

from shared.testing.stub import Stub, standing_in


@pytest.fixture
def stub() -> Iterator[Stub]:
    """A service that gives canned answers."""
    with standing_in() as one:
        yield one
