"""Dispositions over HTTP, on a real PostgreSQL: types that a site configures, approvals, review, quarantine, files."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.issue.adapters import recalculating
from services.issue.adapters.recalculating import Recalculator
from services.issue.adapters.store import IssueStore
from services.issue.app import build
from shared.messaging.patience import Patience
from shared.testing.databases import Database
from tests.handlers.served import Served, served

MISSING = {"title": "Bearing missing", "run_id": "RUN-1", "requirement_id": "bearings"}
LOT = {"title": "Cracks", "unit_id": "BRG-7:L1"}
EXCEPTED = {
    "disposition": "use-as-is",
    "justification": "The customer agreed.",
    "exceptions": [{"requirement_id": "bearings", "quantity": "1"}],
}
BY_TWO: dict[str, Any] = {
    "availability": "immediate",
    "approver_roles": ["Quality", "Customer"],
    "closer_roles": ["Board"],
}


@pytest.fixture
def issues(database: Callable[[str], Database]) -> Database:
    """The issue service's database, fresh."""
    return database("issue")


@pytest.fixture
async def as_(issues: Database, tmp_path: Path) -> AsyncIterator[Served]:
    """The issue service, served: `as_("quality", "Customer")` is a client who holds both."""
    async with served(build, issues, tmp_path, files_url=(tmp_path / "files").as_uri()) as service:
        yield service


async def opened(as_: Served, **report: Any) -> str:
    """An operator opens an issue; its id."""
    answer = await as_("operator").post("/issues", json=report or MISSING)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["issue_id"])


async def does(as_: Served, issue_id: str, what: str, *roles: str, **body: Any) -> httpx.Response:
    """Somebody of these roles, quality where none is named, does something with the issue."""
    return await as_(*(roles or ("quality",))).post(f"/issues/{issue_id}/{what}", json=body)


async def configured(as_: Served, name: str, *, version: int = 0, **wanted: Any) -> httpx.Response:
    """Quality configures a type."""
    body = {"version": version, "reason": "audit finding 7", **wanted}
    return await as_("quality").put(f"/disposition-types/{name}", json=body)


def told(issues: Database, type_: str = "") -> list[dict[str, Any]]:
    """What was announced, of a type where one is named."""
    rows = issues.rows("select convert_from(body, 'UTF8') as body from outbox order by outbox_id")
    return [one["data"] for one in (json.loads(row["body"]) for row in rows) if type_ in one["type"]]


def recalculator(as_: Served) -> Recalculator:
    """What lets issues follow their types."""
    engine: AsyncEngine = as_.app.state.engine
    return Recalculator(engine, as_.road, Patience(initial_s=0.1, max_s=0.1), interval_s=60)


async def test_a_disposition_waits_for_every_approver_and_is_closed_by_a_closer(as_: Served, issues: Database) -> None:
    """Each approval has its person; the exceptions are announced with the last one only."""
    assert (await configured(as_, "use-as-is", **BY_TWO)).status_code == 200
    issue_id = await opened(as_)
    chosen = (await does(as_, issue_id, "disposition", **EXCEPTED)).json()
    assert (chosen["state"], chosen["missing_approvals"]) == ("pending", ["Quality", "Customer"])
    half = (await does(as_, issue_id, "approve", "quality", "Quality", disposition="use-as-is")).json()
    assert (half["state"], half["missing_approvals"], half["exceptions_are_alive"]) == ("pending", ["Customer"], False)
    done = (await does(as_, issue_id, "approve", "engineer", "Customer", disposition="use-as-is")).json()
    assert (done["state"], done["exceptions_are_alive"]) == ("in_progress", True)
    assert [(one["role"], one["by"]["person"]) for one in done["approvals"]] == [
        ("Quality", "quality"),
        ("Customer", "engineer"),
    ]
    assert [one["exceptions"] for one in told(issues, "issue.")] == [[], [], [], [], EXCEPTED["exceptions"]]
    assert told(issues, "chosen")[0]["asks"] == EXCEPTED["exceptions"]
    refused = await does(as_, issue_id, "resolve", resolution="Filed.")
    assert (refused.status_code, refused.json()["code"]) == (403, "closer-role-not-held")
    closed = await does(as_, issue_id, "resolve", "quality", "Board", resolution="Filed.")
    assert closed.json() == (await as_("viewer").get(f"/issues/{issue_id}")).json()
    assert closed.json()["state"] == "resolved"


async def test_who_holds_no_approver_role_is_told_which_there_are(as_: Served) -> None:
    """The permission alone approves nothing, and neither does the role alone."""
    await configured(as_, "use-as-is", **BY_TWO)
    issue_id = await opened(as_)
    await does(as_, issue_id, "disposition", **EXCEPTED)
    refused = await does(as_, issue_id, "approve", disposition="use-as-is")
    assert (refused.status_code, refused.json()["code"]) == (403, "no-approver-role")
    assert "Quality, Customer" in refused.json()["obstacle"]
    lacking = await does(as_, issue_id, "approve", "operator", "Quality", disposition="use-as-is")
    assert (lacking.status_code, lacking.json()["permission"]) == (403, "issue:approve")


async def test_an_issue_is_reviewed_sent_back_and_reopened(as_: Served, issues: Database) -> None:
    """An operator says that it is done, quality looks at it; reopened it excepts nothing."""
    issue_id = await opened(as_)
    await does(as_, issue_id, "disposition", **EXCEPTED)
    assert (await does(as_, issue_id, "submit", "operator", note="Done.")).json()["state"] == "in_review"
    assert (await does(as_, issue_id, "send-back", reason="Not yet.")).json()["state"] == "in_progress"
    assert (await does(as_, issue_id, "resolve")).json()["state"] == "resolved"
    again = (await does(as_, issue_id, "reopen", reason="Taken back.")).json()
    assert (again["state"], again["exceptions_are_alive"], again["reopened_because"]) == (
        "pending",
        False,
        "Taken back.",
    )
    assert told(issues, "reopened")[0]["exceptions"] == []
    refused = await does(as_, issue_id, "reopen", reason="Once more.")
    assert (refused.status_code, refused.json()["code"]) == (409, "issue-not-resolved")


async def test_types_are_listed_and_configured_by_who_saw_them(as_: Served, issues: Database) -> None:
    """Built in or the site's own; each change is announced with who and why."""
    first = (await as_("viewer").get("/disposition-types")).json()
    assert [one["name"] for one in first["items"]] == ["repair", "return-to-supplier", "rework", "scrap", "use-as-is"]
    wanted: dict[str, Any] = {"availability": "release-on-resolve", "auto_resolve": True}
    answer = await configured(as_, "sort-100-percent", **wanted)
    assert answer.json() == (await as_("viewer").get("/disposition-types")).json()
    own = next(one for one in answer.json()["items"] if one["name"] == "sort-100-percent")
    assert (own["is_built_in"], own["configured_by"]["person"], own["reason"]) == (False, "quality", "audit finding 7")
    assert told(issues, "disposition.configured")[0]["name"] == "sort-100-percent"
    late = await configured(as_, "scrap", availability="immediate")
    assert (late.status_code, late.json()["code"]) == (409, "disposition-types-changed")
    engineer = await as_("engineer").put("/disposition-types/scrap", json={"version": 1, "reason": "x", **wanted})
    assert (engineer.status_code, engineer.json()["permission"]) == (403, "issue:configure")


async def test_another_availability_shows_what_it_affects_and_recalculates_just_that(
    as_: Served, issues: Database
) -> None:
    """Whoever configures it says how many issues the dry run showed; others are not announced."""
    on_lot, other, closed = [await opened(as_, **LOT) for _ in range(3)]
    await does(as_, on_lot, "disposition", disposition="rework")
    await does(as_, other, "disposition", disposition="scrap")
    await does(as_, closed, "disposition", disposition="rework")
    await does(as_, closed, "resolve")
    url = "/disposition-types/rework/impact"
    impact = (await as_("viewer").get(url, params={"availability": "permanently-unavailable"})).json()
    assert (impact["issues"], impact["issues_that_change_units"]) == (2, 1)
    items = {one["issue_id"]: (one["withholds"], one["would_withhold"], one["units"]) for one in impact["items"]}
    assert items == {on_lot: (True, True, ["BRG-7:L1"]), closed: (False, True, ["BRG-7:L1"])}
    blind = await configured(as_, "rework", availability="permanently-unavailable")
    assert (blind.status_code, blind.json()["code"]) == (409, "impact-not-seen")
    assert "affects: 2" in blind.json()["resolve"]
    assert (await configured(as_, "rework", availability="permanently-unavailable", affects=2)).status_code == 200
    assert await recalculator(as_).page() == 2
    assert await recalculator(as_).page() == 0
    changed = told(issues, "availability-changed")
    assert {one["issue_id"]: (one["was"], one["availability"], one["state"]) for one in changed} == {
        on_lot: ("release-on-resolve", "permanently-unavailable", "in_progress"),
        closed: ("release-on-resolve", "permanently-unavailable", "resolved"),
    }
    assert changed[0]["by"] == {"machine": "urn:asbuilt:issue"}
    assert (await as_("viewer").get(f"/issues/{closed}")).json()["withholds"] is True


async def test_a_recalculation_goes_on_where_it_was_interrupted(
    as_: Served, issues: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Page by page, and by two processes at once: each issue is announced once."""
    monkeypatch.setattr(recalculating, "PAGE", 2)
    ids = [await opened(as_, **LOT) for _ in range(5)]
    for one in ids:
        await does(as_, one, "disposition", disposition="rework")
    await configured(as_, "rework", availability="immediate", affects=5)
    assert [await recalculator(as_).page() for _ in range(4)] == [2, 2, 1, 0]
    assert sorted(one["issue_id"] for one in told(issues, "availability-changed")) == sorted(ids)


async def test_an_impact_of_an_unknown_type_is_not_found(as_: Served) -> None:
    """A wrong name is said to be one."""
    url = "/disposition-types/paint-over/impact"
    assert (await as_("viewer").get(url, params={"availability": "immediate"})).status_code == 404


async def test_part_of_a_lot_is_set_apart_by_who_may_move_it(as_: Served, issues: Database) -> None:
    """The part has an id of its own, which inventory is told."""
    issue_id = await opened(as_, **LOT)
    held = (await does(as_, issue_id, "quarantine", "operator", quantity="2.50")).json()["quarantined"]
    assert [(one["of_unit_id"], one["quantity"], one["by"]["person"]) for one in held] == [
        ("BRG-7:L1", "2.50", "operator")
    ]
    assert held[0]["unit_id"].startswith("BRG-7:L1~")
    (asked,) = told(issues, "quarantined")
    part = {"unit_id": held[0]["unit_id"], "of_unit_id": "BRG-7:L1", "quantity": "2.50", "state": "asked"}
    assert asked["part"] == part
    assert asked["quarantined"] == [asked["part"]]
    nowhere = await does(as_, await opened(as_), "quarantine", quantity="1")
    assert (nowhere.status_code, nowhere.json()["code"]) == (422, "quarantine-unit-missing")
    viewer = await does(as_, issue_id, "quarantine", "viewer", quantity="1")
    assert (viewer.status_code, viewer.json()["permission"]) == (403, "unit:move")


async def test_comments_and_files_stand_beside_an_issue(as_: Served, issues: Database) -> None:
    """Also of a resolved one; a file comes down as it went up."""
    issue_id = await opened(as_)
    await does(as_, issue_id, "disposition", disposition="rework")
    await does(as_, issue_id, "resolve")
    said = await does(as_, issue_id, "comments", "operator", text="The bag was open.")
    assert said.status_code == 201
    listed = (await as_("viewer").get(f"/issues/{issue_id}/comments")).json()
    assert listed["items"] == [said.json()]
    params, headers = {"name": "bag.txt"}, {"content-type": "text/plain"}
    url = f"/issues/{issue_id}/files"
    kept = await as_("operator").post(url, params=params, content=b"open", headers=headers)
    assert kept.status_code == 201, kept.text
    assert (await as_("viewer").get(url)).json()["items"] == [kept.json()]
    assert (await as_("viewer").get(f"{url}/{kept.json()['sha256']}")).content == b"open"
    assert [one["text"] for one in told(issues, "commented")] == ["The bag was open."]
    assert [one["name"] for one in told(issues, "file-attached")] == ["bag.txt"]
    assert (await as_("viewer").get("/issues/none/comments")).status_code == 404
    assert (await as_("viewer").get(f"{url}/{'0' * 64}")).status_code == 404


async def test_an_issue_is_the_same_from_the_database(as_: Served, issues: Database) -> None:
    """Everything that an issue can hold comes back as it was in memory."""
    await configured(as_, "use-as-is", **BY_TWO)
    issue_id = await opened(as_, **MISSING, unit_id="GEARBOX-1")
    await does(as_, issue_id, "disposition", **EXCEPTED)
    await does(as_, issue_id, "approve", "quality", "Quality", "Customer", disposition="use-as-is")
    await does(as_, issue_id, "quarantine", quantity="0.10")
    await does(as_, issue_id, "resolve", "quality", "Board")
    remembered = await does(as_, issue_id, "reopen", reason="Again.")
    engine: AsyncEngine = as_.app.state.engine
    async with engine.connect() as connection:
        held = (await IssueStore(0).load(connection, [issue_id]))[issue_id]
    assert (await as_("viewer").get(f"/issues/{issue_id}")).json() == remembered.json()
    assert held.version == remembered.json()["version"]


async def test_issues_are_listed_by_who_opened_them_by_disposition_and_by_whether_they_are_open(as_: Served) -> None:
    """Filters go together."""
    first, second = await opened(as_), await opened(as_, **LOT)
    on_step = await opened(as_, title="Loose", run_id="RUN-1", step_id="torque")
    await does(as_, second, "disposition", disposition="rework")
    await does(as_, second, "resolve")
    assert await listed(as_, opened_by="operator", run_id="RUN-1") == [on_step, first]
    assert await listed(as_, run_id="RUN-1", step_id="torque") == [on_step]
    assert await listed(as_, disposition="rework") == [second]
    assert await listed(as_, open="true") == [on_step, first]
    assert await listed(as_, open="false", unit_id="BRG-7:L1") == [second]
    assert await listed(as_, **{"from": "2020-01-01T00:00:00Z", "to": "2021-01-01T00:00:00Z"}) == []


async def listed(as_: Served, **wanted: str) -> list[str]:
    """The ids that a list shows."""
    return [one["issue_id"] for one in (await as_("viewer").get("/issues", params=wanted)).json()["items"]]
