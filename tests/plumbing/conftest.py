"""What a service leaves behind when nothing disturbs it: the measure for all that is done to it."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import pytest

from shared.testing.databases import Databases
from shared.testing.feed import waves_for
from shared.testing.kafka import Kafka
from shared.testing.plant import PlantUnderTest
from shared.testing.record import Left, left_in
from shared.testing.topics import Publisher

GIVEN = {
    "notification": """
        insert into endpoint (endpoint_id, version, is_enabled, registered_at, body) values ('E-1', 1, false, now(),
            '{"endpoint_id": "E-1", "url": "https://erp.example/hook", "description": "", "events": ["*"],
              "secrets": [], "disabled_because": "only what is queued for it counts here"}')"""
}
"""What a service must know before the samples mean something to it."""


def given(plant: PlantUnderTest, service: str) -> PlantUnderTest:
    """The plant, with what the service must know."""
    if service in GIVEN:
        plant.database(service).rows(GIVEN[service])
    return plant


@pytest.fixture
def fresh(make_plant: Callable[[], PlantUnderTest]) -> Callable[[str], PlantUnderTest]:
    """A new plant for one service: `fresh("run")`."""
    return lambda service: given(make_plant(), service)


@pytest.fixture(scope="session")
def undisturbed(directory: Path, kafka: Kafka, databases: Databases, publish: Publisher) -> Callable[[str], Left]:
    """What a service leaves behind after the samples were delivered once: `undisturbed("run")`."""

    @lru_cache(maxsize=10)
    def run(service: str) -> Left:
        plant = PlantUnderTest(directory / f"undisturbed-{service}", kafka.address, databases, publish)
        try:
            given(plant, service).serve(service)
            for wave in waves_for(service):
                plant.wait_done(service, publish.all(wave.records))
            return left_in(plant, service)
        finally:
            plant.stop()

    return run
