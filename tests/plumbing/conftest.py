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


@pytest.fixture(scope="session")
def undisturbed(directory: Path, kafka: Kafka, databases: Databases, publish: Publisher) -> Callable[[str], Left]:
    """What a service leaves behind after the samples were delivered once: `undisturbed("run")`."""

    @lru_cache(maxsize=10)
    def run(service: str) -> Left:
        plant = PlantUnderTest(directory / f"undisturbed-{service}", kafka.address, databases, publish)
        try:
            plant.serve(service)
            for wave in waves_for(service):
                plant.wait_done(service, publish.all(wave.records))
            return left_in(plant, service)
        finally:
            plant.stop()

    return run
