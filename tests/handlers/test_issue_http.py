"""Issues over HTTP, on a real PostgreSQL."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from services.issue.app import build
from shared.testing.databases import Database
from tests.handlers.served import Served, served

MISSING = {"title": "Bearing missing", "run_id": "RUN-1", "requirement_id": "bearings"}
EXCEPTED = {
    "disposition": "use-as-is",
    "justification": "The customer agreed.",
    "exceptions": [{"requirement_id": "bearings", "quantity": "1.50"}],
}


@pytest.fixture
def issues(database: Callable[[str], Database]) -> Database:
    """The issue service's database, fresh."""
    return database("issue")


@pytest.fixture
async def as_(issues: Database, tmp_path: Path) -> AsyncIterator[Served]:
    """The issue service, served: `as_("quality")` is a client."""
    async with served(build, issues, tmp_path) as service:
        yield service


async def opened(as_: Served, **report: Any) -> str:
    """An operator opens an issue; its id."""
    answer = await as_("operator").post("/issues", json=MISSING | report)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["issue_id"])


async def test_an_issue_goes_from_pending_to_resolved(as_: Served, issues: Database) -> None:
    """Opened by an operator, dispositioned and closed by quality; digits of quantities stay; all of it is told."""
    issue_id, quality = await opened(as_), as_("quality")
    decided = (await quality.post(f"/issues/{issue_id}/disposition", json=EXCEPTED)).json()
    assert (decided["state"], decided["approved"], decided["exceptions"]) == (
        "in_progress",
        True,
        EXCEPTED["exceptions"],
    )
    closed = (await quality.post(f"/issues/{issue_id}/resolve", json={"resolution": "Filed."})).json()
    assert closed == (await as_("viewer").get(f"/issues/{issue_id}")).json()
    assert (closed["state"], closed["version"], closed["resolution"]) == ("resolved", 3, "Filed.")
    assert (closed["opened_by"]["person"], closed["dispositioned_by"]["person"]) == ("operator", "quality")
    told = [json.loads(row["body"]) for row in issues.rows("select body from outbox order by outbox_id")]
    assert [one["type"] for one in told] == [
        "asbuilt.issue.opened.v1",
        "asbuilt.issue.dispositioned.v1",
        "asbuilt.issue.resolved.v1",
    ]
    assert told[2]["data"]["exceptions"] == EXCEPTED["exceptions"]


@pytest.mark.parametrize("what", ["disposition", "resolve"])
async def test_an_operator_decides_nothing(as_: Served, what: str) -> None:
    """Dispositions are for those who hold issue:disposition."""
    answer = await as_("operator").post(f"/issues/{await opened(as_)}/{what}", json={"disposition": "scrap"})
    assert (answer.status_code, answer.json()["permission"]) == (403, "issue:disposition")


async def test_a_viewer_opens_nothing(as_: Served) -> None:
    """Reading is not raising."""
    answer = await as_("viewer").post("/issues", json=MISSING)
    assert (answer.status_code, answer.json()["permission"]) == (403, "issue:open")


async def test_a_no_says_its_code_and_the_way_out(as_: Served) -> None:
    """An issue is not closed before somebody decided; nothing is changed by asking."""
    issue_id = await opened(as_)
    answer = await as_("quality").post(f"/issues/{issue_id}/resolve", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "disposition-missing")
    assert "issue:disposition" in answer.json()["resolve"]
    assert (await as_("viewer").get(f"/issues/{issue_id}")).json()["version"] == 1


@pytest.mark.parametrize("what", ["", "/disposition", "/resolve"])
async def test_an_unknown_issue_is_not_found(as_: Served, what: str) -> None:
    """Whatever is asked of it."""
    url = f"/issues/no-such-issue{what}"
    quality = as_("quality")
    answer = await (quality.post(url, json={"disposition": "scrap"}) if what else quality.get(url))
    assert answer.status_code == 404
    assert "no-such-issue" in answer.json()["obstacle"]


async def test_a_disposition_of_no_known_kind_is_refused(as_: Served) -> None:
    """The answer lists the kinds that there are."""
    answer = await as_("quality").post(f"/issues/{await opened(as_)}/disposition", json={"disposition": "paint-over"})
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown-disposition-type")
    assert "return-to-supplier" in answer.json()["resolve"]


async def test_a_call_repeated_with_its_key_opens_one_issue(as_: Served, issues: Database) -> None:
    """A tablet that lost its connection sends again and gets the first answer."""
    key = {"idempotency-key": "tablet-7-118"}
    first, again = [await as_("operator").post("/issues", json=MISSING, headers=key) for _ in range(2)]
    assert again.json() == first.json()
    assert issues.count("issue") == 1
    other = await as_("operator").post("/issues", json=MISSING | {"title": "Other"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_issues_are_listed_by_run_by_unit_and_by_state(as_: Served) -> None:
    """The newest first."""
    first, second = await opened(as_), await opened(as_)
    on_unit = await opened(as_, run_id=None, requirement_id=None, unit_id="GEARBOX-1")
    await as_("quality").post(f"/issues/{first}/disposition", json={"disposition": "rework"})
    assert await listed(as_, run_id="RUN-1") == [second, first]
    assert await listed(as_, unit_id="GEARBOX-1") == [on_unit]
    assert await listed(as_, state="in_progress") == [first]
    assert await listed(as_, run_id="RUN-1", state="pending") == [second]
    assert await listed(as_, run_id="no such run") == []


async def test_a_long_list_comes_in_pages(as_: Served) -> None:
    """Every issue on one page and one only, also when another is opened meanwhile."""
    ids = [await opened(as_) for _ in range(5)]
    viewer, cursor, seen = as_("viewer"), None, []
    for _page in range(3):
        page = (await viewer.get("/issues", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
        seen += [one["issue_id"] for one in page["items"]]
        cursor = page["next"]
        await opened(as_)
    assert seen == ids[::-1]
    assert cursor is None


async def listed(as_: Served, **wanted: str) -> list[str]:
    """The ids that a list shows."""
    return [one["issue_id"] for one in (await as_("viewer").get("/issues", params=wanted)).json()["items"]]
