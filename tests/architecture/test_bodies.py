"""A member that a body does not know is refused: left out, a misspelled one would be done without."""

import json
from typing import Any

import httpx
import pytest

from shared.runtime.problems import ProblemDocument
from tests.architecture.test_permissions import SERVICES, Plant
from tests.handlers.documented import documents

DOCUMENTS = documents()


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    """A plant whose database is away."""
    return Plant(tmp_path_factory.mktemp("keys"))


def _documents_in(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Where documents are in an example: itself, and those in it."""
    if isinstance(value, dict):
        return [path, *(found for name, one in value.items() for found in _documents_in(one, (*path, name)))]
    if isinstance(value, list):
        return [found for number, one in enumerate(value) for found in _documents_in(one, (*path, number))]
    return []


EVERY = [
    (service, name, body, path)
    for service in SERVICES
    for name, operation in DOCUMENTS[service].items()
    for body in operation.bodies()[:1]
    for path in _documents_in(body)
]


@pytest.mark.parametrize(
    ("service", "name", "body", "path"), EVERY, ids=lambda part: str(part) if isinstance(part, str | tuple) else ""
)
async def test_a_member_that_is_not_known_is_refused_by_name(
    service: str, name: str, body: dict[str, Any], path: tuple[str | int, ...], plant: Plant
) -> None:
    """Wherever in the document it is."""
    wrong = json.loads(json.dumps(body))
    place = wrong
    for step in path:
        place = place[step]
    place["quanttiy"] = "2"
    operation = DOCUMENTS[service][name]
    transport = httpx.ASGITransport(plant.apps[service], raise_app_exceptions=False)
    everybody = plant.token("lead", "quality", "engineer", "admin", "operator")
    async with httpx.AsyncClient(transport=transport, base_url="http://plant") as client:
        headers = {"authorization": f"Bearer {everybody}"}
        where = operation.path.format(**operation.in_path())
        answer = await client.request(operation.method, where, headers=headers, json=wrong)
    said = ProblemDocument.model_validate(answer.json())
    assert (answer.status_code, said.code) == (422, "request-invalid"), said
    assert "quanttiy: not known here" in said.obstacle
    assert all(f".{step}." in said.obstacle or f" {step}." in said.obstacle for step in path)
