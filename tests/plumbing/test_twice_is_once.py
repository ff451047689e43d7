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


def takes_every_record(service: str) -> bool:
    """Whether a service takes every record for itself, so that the same event published twice is two records."""
    return feed.service(service).everything is not None


@pytest.mark.parametrize("service", [one for one in feed.listening() if not takes_every_record(one)])
def test_what_is_published_twice_is_done_once(
    service: str, undisturbed: Callable[[str], Left], fresh: Callable[[str], PlantUnderTest]
) -> None:
    """Twice in one batch, then all of it again: the same rows and the same announcements, each sent once."""
    once = undisturbed(service)
    plant = fresh(service).serve(service)
    for wave in waves_for(service):
        doubled = [record for record in wave.records for _ in range(2)]
        plant.wait_done(service, plant.publish.all(doubled))
    plant.wait_done(service, plant.publish.all([record for wave in waves_for(service) for record in wave.records]))
    check(plant, service, once)


@pytest.mark.parametrize("service", [one for one in feed.listening() if takes_every_record(one)])
def test_what_kafka_delivers_twice_is_done_once(
    service: str, undisturbed: Callable[[str], Left], fresh: Callable[[str], PlantUnderTest]
) -> None:
    """Offsets were lost, and everything comes again: the same rows."""
    once = undisturbed(service)
    plant = fresh(service).serve(service)
    published: dict[tuple[str, int], int] = {}
    for wave in waves_for(service):
        published.update(plant.publish.all(wave.records))
    plant.wait_done(service, published)
    assert plant.process(service).stop() == 0
    plant.rewind(service)
    plant.serve(service).wait_done(service, published)
    check(plant, service, once)


def check(plant: PlantUnderTest, service: str, once: Left) -> None:
    """It left what it leaves when everything comes once."""
    unlike = difference(left_in(plant, service), once)
    assert not unlike, "\n".join(unlike)
    fed = {record.value for wave in waves_for(service) for record in wave.records}  # one listens to its own topic
    heard = [one for name in feed.own_topics(service) for one in plant.announced.now(name)]
    sent = [one.id for one in heard if one.value not in fed]
    assert len(sent) == len(set(sent)), "announced twice"
