"""How an API says no is told in its document, and told as it is (RFC 9457)."""

import httpx
import pytest
from asyncpg.exceptions import CannotConnectNowError, InterfaceError

from services.run.domain.refusals import RunLocked
from shared.messaging.transaction import Conflict
from shared.runtime.http import public
from shared.runtime.problems import PROBLEM, ProblemDocument
from shared.runtime.saying_no import problem_of
from tests.architecture.test_permissions import Plant
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


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    """A plant whose database is away."""
    return Plant(tmp_path_factory.mktemp("keys"))


WRONG: dict[str, tuple[str, str, dict[str, str], bytes, int, str]] = {
    "a path that leads nowhere": ("GET", "/nowhere", {}, b"", 404, "not-found"),
    "a file of the API's page that is not there": ("GET", "/docs/nowhere", {}, b"", 404, "not-found"),
    "a method that a path does not have": ("DELETE", "/runs", {}, b"", 405, "method-not-allowed"),
    "no token": ("GET", "/runs", {"authorization": ""}, b"", 401, "token-refused"),
    "a body that is no JSON": ("POST", "/runs/R-1/cancel", {}, b"{", 422, "request-invalid"),
    "a body in no Unicode": ("POST", "/runs/R-1/cancel", {}, b'{"reason": "\xff"}', 400, "request-invalid"),
    "a body of another kind": (
        "POST",
        "/runs/R-1/cancel",
        {"content-type": "text/csv"},
        b"a,b",
        422,
        "request-invalid",
    ),
    "a body too large": ("POST", "/runs/R-1/cancel", {}, b'"' + b"x" * 4_000_000 + b'"', 413, "request-too-large"),
    "an id with a NUL": ("GET", "/runs/R%00/review", {}, b"", 422, "request-invalid"),
}


@pytest.mark.parametrize(("method", "path", "headers", "body", "status", "code"), WRONG.values(), ids=WRONG)
async def test_every_no_is_a_problem_document(
    method: str, path: str, headers: dict[str, str], body: bytes, status: int, code: str, plant: Plant
) -> None:
    """Also where no route was reached: whoever reads problem documents gets nothing else."""
    sent = {"authorization": f"Bearer {plant.token('lead')}", "content-type": "application/json"} | headers
    transport = httpx.ASGITransport(plant.apps["run"], raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://plant") as client:
        answer = await client.request(method, path, headers=sent, content=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM), answer.text
    said = ProblemDocument.model_validate(answer.json())
    assert (said.status, said.code) == (status, code)
    assert said.traceparent == answer.headers["traceparent"]


@pytest.mark.parametrize(
    "away",
    [InterfaceError("connection is closed"), CannotConnectNowError("starting up"), ConnectionResetError(), Conflict()],
)
async def test_a_database_that_is_away_is_told_as_that(away: Exception, plant: Plant) -> None:
    """Also by the driver itself, which begins and ends the transactions: try again, and nothing is lost."""
    app = plant.build("run")

    @app.get("/away", **public())
    async def fail() -> None:
        raise away

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://plant") as client:
        answer = await client.get("/away")
    said = ProblemDocument.model_validate(answer.json())
    assert (answer.status_code, said.code, answer.headers["retry-after"]) == (503, "try-again", "2")
