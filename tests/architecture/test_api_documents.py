"""The documents of the APIs say how each operation is called; `tests/handlers/test_api_examples.py` calls it so."""

import pytest

from shared.runtime.http import PERMISSION
from tests.handlers.documented import documents

DOCUMENTS = documents()


@pytest.mark.parametrize(
    ("service", "name"),
    [(service, name) for service, documented in DOCUMENTS.items() for name in documented],
    ids=lambda part: part,
)
def test_an_operation_shows_how_it_is_called(service: str, name: str) -> None:
    """Every parameter of its path, those of its query that it needs, and its body have an example; it says what it
    does.
    """
    operation = DOCUMENTS[service][name]
    operation.in_path()
    operation.required()
    assert operation.bodies()
    assert operation.told["description"]


@pytest.mark.parametrize("service", DOCUMENTS)
def test_what_needs_a_permission_says_that_it_takes_a_token(service: str) -> None:
    """Or the page at `/docs` has nowhere to put one, and whoever tries there is refused."""
    for name, operation in DOCUMENTS[service].items():
        public = operation.told[PERMISSION] == "public"
        assert (name, operation.told.get("security")) == (name, None if public else [{"token": []}])
