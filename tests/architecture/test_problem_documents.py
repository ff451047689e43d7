"""How an API says no is told in its document, and told as it is (RFC 9457)."""

import pytest

from services.run.domain.refusals import RunLocked
from shared.runtime.http import problem_of
from shared.runtime.problems import PROBLEM, ProblemDocument
from tests.handlers.documented import documents

DOCUMENTS = documents()
EVERY = [(service, name) for service, documented in DOCUMENTS.items() for name in documented]


@pytest.mark.parametrize(("service", "name"), EVERY, ids=lambda part: part)
def test_an_operation_tells_how_it_says_no(service: str, name: str) -> None:
    """Whoever generates a client from the document gets the refusals, and nothing that no answer ever is."""
    told = DOCUMENTS[service][name].told["responses"]
    assert {one for one in told if not one.startswith("2")} == {"4XX", "5XX"}
    for status in ("4XX", "5XX"):
        schema = told[status]["content"][PROBLEM]["schema"]
        assert {"code", "obstacle", "resolve"} <= set(schema["required"])
    assert not any("ValidationError" in schema for schema in DOCUMENTS[service][name].schemas)


def test_a_no_is_the_document_that_is_told() -> None:
    """Member by member."""
    said = problem_of(RunLocked(run_id="RUN-1"), "00-1-2-01")
    assert set(said) == set(ProblemDocument.model_fields)
    assert ProblemDocument.model_validate(said).model_dump() == said
