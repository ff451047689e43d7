"""Issues over HTTP, on a real PostgreSQL."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from services.issue.app import build
from shared.testing.databases import Database
from shared.testing.topics import event
from tests.handlers.bench import BY
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


@pytest.mark.parametrize(("what", "body"), [("", None), ("/disposition", {"disposition": "scrap"}), ("/resolve", {})])
async def test_an_unknown_issue_is_not_found(as_: Served, what: str, body: dict[str, str] | None) -> None:
    """Whatever is asked of it."""
    url = f"/issues/no-such-issue{what}"
    quality = as_("quality")
    answer = await (quality.post(url, json=body) if what else quality.get(url))
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


async def test_issues_are_found_by_their_parts(as_: Served) -> None:
    """Of the unit or lot, of what the run builds, of the requirement, and of what is held; in pages, either way."""
    on_run, on_lot = await opened(as_), await opened(as_, run_id=None, requirement_id=None, unit_id="BRG-7:L1")
    built = {"run_id": "RUN-1", "title": "?", "state": "pending", "approved": False}
    about_run = built | {"issue_id": on_run, "part_numbers": ["GB-100", "BRG-7"]}
    about_lot = {"unit_id": "BRG-7:L1", "issue_id": on_lot, "withholds": False, "part_number": "BRG-7"}
    await as_.takes(event("asbuilt.run.issue-noted.v1", BY | about_run))
    await as_.takes(event("asbuilt.unit.issue-noted.v1", BY | about_lot))
    assert await listed(as_, part_number="BRG-7") == [on_lot, on_run]
    assert await listed(as_, part_number="BRG-7", sort="opened_at") == [on_run, on_lot]
    assert await listed(as_, part_number="BRG-7", run_id="RUN-1", open="true") == [on_run]
    assert await listed(as_, part_number="GB-100", requirement_id="bearings") == [on_run]
    assert await listed(as_, part_number="BRG-7", unit_id="BRG-7:L1", opened_by="operator") == [on_lot]
    assert await listed(as_, part_number="BRG-7", to="2026-01-01T00:00:00Z") == []
    first = (await as_("viewer").get("/issues", params={"part_number": "BRG-7", "limit": 1})).json()
    assert await listed(as_, part_number="BRG-7", cursor=first["next"]) == [on_run]


async def test_an_issue_on_a_run_is_found_by_what_the_run_builds(as_: Served, issues: Database) -> None:
    """Nobody named the unit; as soon as the run has, the issue shows it, tells it, and is listed by it."""
    issue_id = await opened(as_, requirement_id=None)
    noted = {"run_id": "RUN-1", "issue_id": issue_id, "title": "?", "state": "pending", "approved": False}
    await as_.takes(event("asbuilt.run.issue-noted.v1", BY | noted | {"part_numbers": ["GB-1"], "unit_id": "GB-1-7"}))
    assert (await as_("viewer").get(f"/issues/{issue_id}")).json()["unit_id"] == "GB-1-7"
    assert await listed(as_, unit_id="GB-1-7") == [issue_id]
    told = json.loads(issues.rows("select body from outbox order by outbox_id desc limit 1")[0]["body"])
    assert (told["type"], told["data"]["unit_id"]) == ("asbuilt.issue.parts-noted.v1", "GB-1-7")
    await as_("quality").post(f"/issues/{issue_id}/disposition", json={"disposition": "scrap"})
    impact = (await as_("viewer").get("/disposition-types/scrap/impact?availability=immediate")).json()
    assert [one["units"] for one in impact["items"]] == [["GB-1-7"]]


async def test_an_issue_that_holds_part_of_a_lot_is_found_by_the_lot(as_: Served) -> None:
    """And by the part that was split off, though it was raised on a run."""
    issue_id = await opened(as_)
    held = await set_apart(as_, issue_id)
    assert await listed(as_, unit_id="BRG-7:L1") == await listed(as_, unit_id=held["unit_id"]) == [issue_id]


async def test_an_issue_shows_what_inventory_made_of_its_quarantine(as_: Served, issues: Database) -> None:
    """Asked for; held; and of what could not be split off the reason and the way out. All of it is told."""
    issue_id = await opened(as_)
    first, second = await set_apart(as_, issue_id), await set_apart(as_, issue_id)
    assert (second["state"], second["answered_at"]) == ("asked", None)
    noted = {"unit_id": first["unit_id"], "issue_id": issue_id, "withholds": True, "quarantine": True}
    refused = {
        "subject_id": issue_id,
        "refused_id": "1",
        "refused_source": "urn:asbuilt:issue",
        "refused_type": "asbuilt.issue.quarantined.v1",
        "code": "insufficient-quantity",
        "obstacle": "BRG-7:L1 has 1 left, not 2.",
        "resolve": "Take it from another lot.",
        "quarantine_unit_id": second["unit_id"],
    }
    await as_.takes(event("asbuilt.unit.issue-noted.v1", BY | noted | {"part_number": "BRG-7"}))
    await as_.takes(event("asbuilt.unit.change-refused.v1", BY | refused))
    held, not_held = (await as_("viewer").get(f"/issues/{issue_id}")).json()["quarantined"]
    assert (held["state"], held["refused_because"]) == ("held", None)
    assert not_held["state"] == "refused"
    assert not_held["refused_because"] == {name: refused[name] for name in ("code", "obstacle", "resolve")}
    told = [json.loads(row["body"]) for row in issues.rows("select body from outbox order by outbox_id")]
    assert [one["type"].split(".")[2] for one in told[3:]] == ["quarantine-held", "parts-noted", "quarantine-refused"]
    assert [one["state"] for one in told[-1]["data"]["quarantined"]] == ["held", "refused"]
    assert told[-1]["data"]["resolve"] == "Take it from another lot."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "lost"),
        ("open", "perhaps"),
        ("from", "yesterday"),
        ("to", "2026-11-24T10:00:00"),
        ("sort", "title"),
        ("limit", "0"),
        ("limit", "501"),
        ("part_number", ""),
        ("cursor", "none-of-ours"),
    ],
)
async def test_a_list_refuses_a_wrong_value_by_its_name(as_: Served, name: str, value: str) -> None:
    """The problem document says which it is; nobody reads a list that means something else."""
    answer = await as_("viewer").get("/issues", params={name: value})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert name in f"{answer.json()['obstacle']} {answer.json()['code']}"
    assert answer.json()["resolve"]


async def test_a_cursor_goes_on_in_its_own_sort_only(as_: Served) -> None:
    """It would leave issues out."""
    await opened(as_)
    await opened(as_)
    cursor = (await as_("viewer").get("/issues", params={"limit": 1})).json()["next"]
    answer = await as_("viewer").get("/issues", params={"cursor": cursor, "sort": "opened_at"})
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor-invalid")


async def set_apart(as_: Served, issue_id: str) -> dict[str, Any]:
    """An operator has two bearings of a lot held; how that stands."""
    asked = {"quantity": "2", "unit_id": "BRG-7:L1"}
    answer = await as_("operator").post(f"/issues/{issue_id}/quarantine", json=asked)
    assert answer.status_code == 200, answer.text
    last: dict[str, Any] = answer.json()["quarantined"][-1]
    return last


async def test_the_disposition_types_are_no_issue(as_: Served) -> None:
    """Their name among the issues is nothing that can be commented on."""
    answer = await as_("quality").post("/issues/asbuilt:disposition-types/comments", json={"text": "Seen."})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-issue")
