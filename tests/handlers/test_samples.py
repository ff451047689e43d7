"""Every golden sample on the road of every service that listens to it, in memory: real Kafka proves the same later."""

import pytest

from shared.testing import feed
from tests.handlers.bench import Bench


@pytest.mark.parametrize("service", feed.listening())
async def test_no_golden_sample_is_a_defect(service: str) -> None:
    """Each is understood: at most it waits for what it is about."""
    bench = Bench(feed.service(service))
    for wave in feed.waves_for(service):
        await bench.takes(*wave.records)
    aside = {f"{one.record.key!r}: {one.detail}" for one in bench.aside if one.reason not in {"early", "behind"}}
    assert aside == set()
