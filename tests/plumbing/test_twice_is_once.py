"""Guarantee 2: every sample of every handler delivered twice, in one batch and in two: one effect, one announcement."""

from collections.abc import Callable

import pytest

from shared.testing import feed
from shared.testing.feed import waves_for
from shared.testing.plant import PlantUnderTest
from shared.testing.record import Left, difference, left_in

pytestmark = pytest.mark.real_kafka


@pytest.mark.parametrize("service", feed.services())
def test_every_handler_has_a_sample(service: str) -> None:
    """A handler without a golden sample would be proved by nothing here."""
    assert set(feed.service(service).handlers) <= feed.contracts_told()


@pytest.mark.parametrize("service", feed.services())
def test_what_is_delivered_twice_is_done_once(
    service: str, undisturbed: Callable[[str], Left], make_plant: Callable[[], PlantUnderTest]
) -> None:
    """Twice in one batch, then all of it again: the same rows and the same announcements, each sent once."""
    once = undisturbed(service)
    plant = make_plant().serve(service)
    for wave in waves_for(service):
        doubled = [record for record in wave.records for _ in range(2)]
        plant.wait_done(service, plant.publish.all(doubled))
    for wave in waves_for(service):
        plant.wait_done(service, plant.publish.all(wave.records))
    unlike = difference(left_in(plant, service), once)
    assert not unlike, "\n".join(unlike)
    sent = [one.id for name in feed.own_topics(service) for one in plant.announced.now(name)]
    assert len(sent) == len(set(sent)), "announced twice"
