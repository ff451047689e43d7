"""Redlines over HTTP, on a real PostgreSQL: who proposes, who decides, and what everybody sees."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from services.run.app import build
from shared.testing.databases import Database
from shared.testing.topics import event
from tests.handlers.bench import BY
from tests.handlers.run_records import ORDER, R
from tests.handlers.served import Served, served

SHIM = {"step_id": "shim", "name": "Shim the seal", "after": ["assemble"]}
CHANGES = [
    {"kind": "add-step", "step": SHIM, "before": ["test"]},
    {"kind": "change-step", "step": {"step_id": "test", "name": "Leak test", "text": "At half the pressure."}},
]
PROPOSAL = {"reason": "The seals are thin.", "changes": CHANGES, "roles": ["Quality"]}


@pytest.fixture
def runs(database: Callable[[str], Database]) -> Database:
    """The run service's database, fresh."""
    return database("run")


@pytest.fixture
async def as_(runs: Database, tmp_path: Path) -> AsyncIterator[Served]:
    """The run service, served, with a run that was ordered: `as_("lead")` is a client."""
    async with served(build, runs, tmp_path) as service:
        assert (await service("lead").post("/runs", json=ORDER)).status_code == 201
        yield service


async def proposed(as_: Served, **changed: Any) -> str:
    """A lead proposes a redline; its path."""
    answer = await as_("lead").post(f"/runs/{R}/redlines", json=PROPOSAL | changed)
    assert answer.status_code == 201, answer.text
    return f"/runs/{R}/redlines/{answer.json()['redline_id']}"


async def test_a_redline_goes_from_proposed_to_accepted(as_: Served, runs: Database) -> None:
    """Proposed by a lead, applied by an engineer, accepted by quality; each step shows what it was before."""
    path = await proposed(as_)
    step = (await as_("operator").get(f"/runs/{R}")).json()["steps"][1]
    assert (step["state"], step["redlines"][0]["state"], step["redlines"][0]["before"]) == ("redline", "proposed", None)

    applied = (await as_("engineer").post(f"{path}/apply")).json()
    assert (applied["state"], applied["applied_by"]["person"]) == ("applied", "engineer")
    was, is_now = {"after": ["assemble"], "text": ""}, {"after": ["assemble", "shim"], "text": "At half the pressure."}
    test, shim = applied["steps"]
    assert {name: test["before"][name] for name in was} == was
    assert {name: test["after"][name] for name in is_now} == is_now
    assert (shim["step_id"], "before" in shim, shim["after"]["name"]) == ("shim", False, "Shim the seal")

    accepted = (await as_("quality", "Quality").post(f"{path}/accept", json={"role": "Quality"})).json()
    assert (accepted["state"], accepted["reviews"][0]["accepted_by"]["person"]) == ("accepted", "quality")
    assert accepted == (await as_("viewer").get(path)).json()
    run = (await as_("viewer").get(f"/runs/{R}")).json()
    assert run["redlines"] == (await as_("viewer").get(f"/runs/{R}/redlines")).json()["items"] == [accepted]
    assert [one["step_id"] for one in run["steps"]] == ["assemble", "test", "shim"]
    assert run["steps"][1]["redlines"][0]["before"]["text"] == ""
    assert run["counts"]["redlines"] == {"open": 0, "accepted": 1, "rejected": 0}
    told = [json.loads(row["body"]) for row in runs.rows("select body from outbox order by outbox_id")]
    assert [one["type"].split(".")[2] for one in told if "redline" in one["type"]] == [
        "proposed",
        "applied",
        "reviewed",
        "accepted",
    ]


async def test_a_rejected_redline_leaves_no_trace_on_the_steps(as_: Served) -> None:
    """Undone with its reason; the step that it added stays, left out."""
    path = await proposed(as_)
    await as_("engineer").post(f"{path}/apply")
    rejected = (await as_("quality").post(f"{path}/reject", json={"reason": "The customer says no."})).json()
    assert (rejected["state"], rejected["closed_because"]) == ("rejected", "The customer says no.")
    steps = (await as_("viewer").get(f"/runs/{R}/steps")).json()["items"]
    shown = {one["step_id"]: (one["state"], one["after"], one["redlines"]) for one in steps}
    assert shown["test"] == ("todo", ["assemble"], [])
    assert shown["shim"] == ("canceled", ["assemble"], [])


async def test_a_proposal_is_taken_back(as_: Served) -> None:
    """By whoever may propose; it stays in the list, with the reason."""
    path = await proposed(as_)
    canceled = (await as_("lead").post(f"{path}/cancel", json={"reason": "Thick seals came."})).json()
    assert (canceled["state"], canceled["closed_by"]["person"]) == ("canceled", "lead")
    assert (await as_("viewer").get(f"/runs/{R}")).json()["status"] == "todo"


async def test_a_no_says_what_stands_in_the_way(as_: Served) -> None:
    """Nobody works on the step, nobody without the role accepts, and what is not there is not found."""
    path = await proposed(as_)
    worked = await as_("operator").post(f"/runs/{R}/steps/test/start")
    assert (worked.status_code, worked.json()["code"]) == (409, "step-in-redline")
    await as_("engineer").post(f"{path}/apply")
    accepted = await as_("engineer").post(f"{path}/accept", json={"role": "Quality"})
    assert (accepted.status_code, accepted.json()["code"]) == (403, "role-not-held")
    assert (await as_("viewer").get(f"/runs/{R}/redlines/none")).status_code == 404
    assert (await as_("engineer").post(f"/runs/{R}/redlines/none/apply")).json()["code"] == "unknown-redline"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ([], "request-invalid"),
        ([{"kind": "paint-step", "step_id": "test"}], "request-invalid"),
        ([{"kind": "mark-not-applicable", "step_id": "weld"}], "unknown-step"),
        ([{"kind": "change-dependencies", "step_id": "assemble", "after": ["test"]}], "redline-invalid"),
        (
            [
                {
                    "kind": "add-step",
                    "step": SHIM | {"fields": [{"field_id": "g", "name": "G", "kind": "number", "target": "1"}]},
                }
            ],
            "redline-invalid",
        ),
    ],
)
async def test_a_proposal_that_makes_no_sense_is_refused(as_: Served, changes: list[Any], code: str) -> None:
    """With the same form of answer whether its shape or its meaning is wrong."""
    answer = await as_("lead").post(f"/runs/{R}/redlines", json=PROPOSAL | {"changes": changes})
    assert (answer.status_code in (404, 422), answer.json()["code"]) == (True, code)
    assert answer.json()["resolve"]


async def test_a_repeated_proposal_is_made_once(as_: Served) -> None:
    """The same idempotency key, the same redline."""
    lead, key = as_("lead"), {"idempotency-key": "p-1"}
    first = await lead.post(f"/runs/{R}/redlines", json=PROPOSAL, headers=key)
    again = await lead.post(f"/runs/{R}/redlines", json=PROPOSAL, headers=key)
    assert (again.json(), again.headers["idempotent-replay"]) == (first.json(), "true")


async def test_an_approved_disposition_applies_the_redline_that_waits_for_it(as_: Served) -> None:
    """The issue service says so, and the run's steps change with it."""
    path = await proposed(as_, issue_id="issue-1")
    issue = {"issue_id": "issue-1", "title": "Thin seals", "state": "in_progress", "run_id": R, "approved": True}
    await as_.takes(event("asbuilt.issue.dispositioned.v1", BY | issue | {"disposition": "rework"}))
    shown = (await as_("viewer").get(path)).json()
    assert (shown["state"], shown["applied_by"]["person"]) == ("applied", "olga")
