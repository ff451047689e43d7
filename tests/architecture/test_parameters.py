"""A parameter that a route does not know is refused: left out, it would list everything."""

import pytest

from tests.architecture.test_permissions import SERVICES, Plant, _call
from tests.architecture.who_may import needed

READS = [(service, endpoint) for service in SERVICES for endpoint in needed(service) if endpoint.startswith("GET")]


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    """A plant whose database is away."""
    return Plant(tmp_path_factory.mktemp("keys"))


@pytest.mark.parametrize(("service", "endpoint"), READS, ids=lambda part: part)
async def test_a_misspelled_parameter_is_refused_by_name(service: str, endpoint: str, plant: Plant) -> None:
    """With those that there are, wherever something is read."""
    answer = await _call(plant.apps[service], f"{endpoint}?part_numbr=HP-200", f"Bearer {plant.token('viewer')}")
    said = answer.json()
    assert (answer.status_code, said["code"]) == (422, "unknown-parameter")
    assert "part_numbr" in said["obstacle"]
    assert said["resolve"].startswith("Use one of its parameters: ")


async def test_the_parameters_of_a_list_are_told(plant: Plant) -> None:
    """Pages and periods as well as filters, by the names that callers use."""
    said = (await _call(plant.apps["run"], "GET /runs?x=1", f"Bearer {plant.token('viewer')}")).json()["resolve"]
    assert all(one in said for one in ("cursor", "from", "limit", "part_number", "person", "sort", "to"))
    answer = await _call(plant.apps["run"], "GET /runs?from=2026-11-01T00:00:00Z", f"Bearer {plant.token('viewer')}")
    assert answer.json()["code"] == "try-again", "it gets as far as the database"
