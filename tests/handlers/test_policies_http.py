"""Policies over HTTP, on a real PostgreSQL: what they change in a run's review, confirmation and readiness."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy.ext.asyncio import AsyncEngine

from services.run.adapters.reassessing import Reassessor
from services.run.adapters.store import RunStore
from services.run.app import build
from shared.messaging.patience import Patience
from shared.testing.databases import Database
from shared.testing.topics import Sent, event
from tests.handlers.bench import BY
from tests.handlers.run_records import R, claimed, ordered, recorded, signed
from tests.handlers.served import Served, served

STRICT = [{"part_number": "*", "blocking": ["issue-open"]}]


@pytest.fixture
def runs(database: Callable[[str], Database]) -> Database:
    """The run service's database, fresh."""
    return database("run")


@pytest.fixture
async def as_(runs: Database, tmp_path: Path) -> AsyncIterator[Served]:
    """The run service, served: `as_("quality")` is a client."""
    async with served(build, runs, tmp_path) as service:
        yield service


def opened(run_id: str = R) -> Sent:
    """The issue service opened an issue on the run."""
    issue = {"issue_id": f"issue of {run_id}", "title": "Scratch", "state": "pending", "run_id": run_id}
    return event("asbuilt.issue.opened.v1", BY | issue)


async def with_an_issue(as_: Served) -> None:
    """A run that is ready, with an open issue to acknowledge."""
    await as_.takes(ordered(), claimed(), recorded(), signed(), signed("test"), opened())


async def configured(as_: Served, policies: list[dict[str, Any]], version: int = 0) -> Any:
    """Quality configures policies."""
    wanted = {"version": version, "policies": policies, "reason": "audit finding 7"}
    return await as_("quality").put("/policies", json=wanted)


def told(runs: Database, type_: str) -> list[dict[str, Any]]:
    """What was announced of a type."""
    rows = runs.rows("select convert_from(body, 'UTF8') as body from outbox order by outbox_id")
    all_ = [json.loads(row["body"]) for row in rows]
    return [one["data"] for one in all_ if one["type"] == f"asbuilt.{type_}.v1"]


def reassessor(as_: Served) -> Reassessor:
    """What looks for open runs that have to be assessed again."""
    engine: AsyncEngine = as_.app.state.engine
    return Reassessor(engine, as_.road, Patience(initial_s=0.1, max_s=0.1), interval_s=60)


async def test_policies_are_configured_and_shown_with_who_and_why(as_: Served, runs: Database) -> None:
    """The codes that there are come along; each change is announced."""
    assert (await as_("viewer").get("/policies")).json()["policies"] == []
    answer = await configured(as_, [*STRICT, {"part_number": "PUMP-100", "blocking": ["redline-open"]}])
    assert answer.status_code == 200, answer.text
    shown = (await as_("viewer").get("/policies")).json()
    assert shown == answer.json()
    assert [(one["part_number"], one["blocking"]) for one in shown["policies"]] == [
        ("*", ["issue-open"]),
        ("PUMP-100", ["redline-open"]),
    ]
    assert shown["policies"][0]["configured_by"] == {"person": "quality", "machine": None}
    assert "component-reopened" in shown["warnings"]
    assert [one["part_number"] for one in told(runs, "policy.configured")] == ["*", "PUMP-100"]


async def test_nobody_overwrites_policies_unseen(as_: Served) -> None:
    """The second of two people is told the version of now; who repeats a call with its key gets the first answer."""
    assert (await configured(as_, STRICT)).status_code == 200
    refused = await configured(as_, [], version=0)
    assert (refused.status_code, refused.json()["code"]) == (409, "policies-changed")
    taken_back = await configured(as_, [], version=1)
    assert (taken_back.json()["version"], taken_back.json()["policies"]) == (2, [])
    wrong = await configured(as_, [{"part_number": "*", "blocking": ["issue-opened"]}], version=2)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "unknown-warning")


async def test_a_policy_counts_in_the_review_and_at_once_for_who_confirms(as_: Served) -> None:
    """No acknowledgement helps; the refusal comes with the review as it is."""
    await with_an_issue(as_)
    before = (await as_("viewer").get(f"/runs/{R}/review")).json()
    assert [one["code"] for one in before["warnings"]] == ["issue-open"]
    await configured(as_, STRICT)
    acknowledged = [{"code": one["code"], "subject": one["subject"]} for one in before["warnings"]]
    confirmation = {"review_version": before["version"], "acknowledged": acknowledged}
    refused = await as_("lead").post(f"/runs/{R}/complete", json=confirmation)
    assert (refused.status_code, refused.json()["code"]) == (409, "completion-blocked")
    review = (await as_("viewer").get(f"/runs/{R}/review")).json()
    assert refused.json()["review"] == review
    assert [(one["code"], one["policy"], one["link"]) for one in review["blockers"]] == [
        ("issue-open", "*", f"/issues/issue%20of%20{R}")
    ]


async def test_open_runs_are_assessed_again_once_after_the_policies_changed(as_: Served, runs: Database) -> None:
    """Ready ones that are blocked now are announced; closed ones and those that nothing changes are not."""
    await with_an_issue(as_)
    await as_.takes(*(ordered(run_id=f"other-{n}", target={"serial": f"PUMP-{n}"}) for n in (2, 3)))
    assert await reassessor(as_).page() == 0
    await configured(as_, STRICT)
    assert await reassessor(as_).page() == 3
    assert [(one["run_id"], one["total"]) for one in told(runs, "run.not-ready")] == [(R, 1)]
    assert told(runs, "run.not-ready")[0]["by"] == {"machine": "urn:asbuilt:run"}
    assert await reassessor(as_).page() == 0
    await configured(as_, [], version=1)
    assert await reassessor(as_).page() == 3
    assert [one["run_id"] for one in told(runs, "run.ready")] == [R, R]


async def test_two_processes_assess_a_run_once(as_: Served, runs: Database) -> None:
    """Both found it due before either was done: the second one's command is known."""
    await with_an_issue(as_)
    await configured(as_, STRICT)
    for _ in range(2):
        runs.rows("update run_list set policies_version = 0 returning run_id")
        assert await reassessor(as_).page() == 1
    assert len(told(runs, "run.not-ready")) == 1


async def test_policies_cost_no_statement_while_nothing_changes(as_: Served) -> None:
    """Their version comes with the lock of the runs; they are loaded when it is another than what is remembered."""
    await as_.takes(ordered())
    engine: AsyncEngine = as_.app.state.engine
    store, seen = RunStore(10), list[str]()
    sql_event.listen(engine.sync_engine, "before_cursor_execute", lambda *given: seen.append(given[2]))

    async def statements() -> int:
        seen.clear()
        async with engine.begin() as connection:
            await store.lock(connection, [])
        return len(seen)

    assert [await statements(), await statements()] == [2, 1]
    await configured(as_, STRICT)
    assert [await statements(), await statements()] == [2, 1]
