"""Where the review sends people is a door that exists, and the permission that it names is the one that opens it."""

import re
from collections.abc import Iterator

import pytest

from services.run.domain.review import review
from services.run.domain.run import StepState
from services.run.domain.shown import Blocker, Warned
from tests.architecture.who_may import ENDPOINTS
from tests.rules.run.examples import RUN, R, cancel, completed, ordered, ready, start, with_step
from tests.rules.run.test_warnings import everything_warned_of

STATES = (StepState.FAILED, StepState.HOLD, StepState.REDLINE, StepState.IN_PROGRESS)
STORIES = [
    completed(),
    RUN.given(ordered(), start(), cancel()),
    everything_warned_of(),
    *(with_step(ready(), "test", state=state) for state in STATES),
]


def _shown() -> Iterator[Blocker | Warned]:
    for story in STORIES:
        shown = review(story.state(R))
        yield from shown.blockers
        yield from shown.warnings


SHOWN = {(one.code, one.link): one for one in _shown()}


def _doors(link: str) -> set[str]:
    """The permissions of the endpoints at a path."""
    lines = (line.split() for service in ENDPOINTS.values() for line in service.splitlines() if line.strip())
    return {needed for _, path, needed in lines if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), link)}


@pytest.mark.parametrize("one", SHOWN.values(), ids=lambda one: f"{one.code} {one.link}")
def test_a_link_leads_to_an_endpoint_for_those_who_can_resolve_it(one: Blocker | Warned) -> None:
    """Some doors lead to a resource that shows what can be done there, and who may."""
    assert one.permission in _doors(one.link) or "read" in _doors(one.link)
