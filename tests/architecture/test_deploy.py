"""What is deployed is what is built: every service, the versions that are tested, one configuration of Kafka."""

import json
import re
from pathlib import Path

import pytest

from shared.runtime.embedded import java_kafka
from shared.runtime.embedded.described import SERVICES, Described
from shared.testing import containers

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text()


def section(name: str) -> str:
    """A service's lines in the compose file."""
    found = re.search(rf"^  {name}:\n(?:    .*\n|\n)+", COMPOSE, re.MULTILINE)
    assert found, f"docker-compose.yml has no {name}"
    return found[0]


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_its_image_its_database_and_its_migrations(service: str) -> None:
    """A new service that is forgotten in the compose file is found here."""
    serving, migrating = section(service), section(f"{service}-migrations")
    assert f"SERVICE: {service}}}" in migrating
    assert f"{service}-migrations: {{condition: service_completed_successfully}}" in serving
    assert f"ASBUILT_DATABASE_URL: *{service}-database" in serving
    assert f"postgresql+asyncpg://{service}:" in migrating
    assert f"postgresql+asyncpg://{service}_owner:" in migrating
    assert "_owner" not in serving


def test_the_steps_and_the_description_name_every_service() -> None:
    """The databases that are made, and the addresses that the command knows, are those of all services."""
    assert f"[databases, {', '.join(SERVICES)}]" in section("databases")
    described = Described.model_validate(json.loads((ROOT / "deploy" / "plant.json").read_text()))
    assert tuple(described.services) == SERVICES


def test_the_tests_run_on_the_images_that_are_deployed() -> None:
    """One version of Kafka and of PostgreSQL, in compose and in the containers of the tests."""
    assert f"image: {containers.KAFKA_IMAGE}\n" in section("kafka")
    assert f"image: {containers.POSTGRES_IMAGE}\n" in section("postgres")


def test_the_jars_are_cached_under_the_version_that_is_fetched() -> None:
    """A newer version in the POM is not shadowed by older jars in the cache."""
    pom = (ROOT / "deploy" / "kafka" / "pom.xml").read_text()
    assert re.search(r"<artifactId>kafka_2\.13</artifactId>\s*<version>([^<]+)<", pom)[1] == java_kafka.VERSION  # type: ignore[index]
