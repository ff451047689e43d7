"""Steps over HTTP, on a real PostgreSQL: what people do to them, and what the database keeps of it."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.run.adapters.idle import IdleSessions
from services.run.app import build
from shared.messaging.patience import Patience
from shared.testing.databases import Database
from shared.testing.topics import event
from tests.handlers.bench import BY
from tests.handlers.run_records import ORDER, R
from tests.handlers.served import Served, served

STEP = f"/runs/{R}/steps/assemble"
AN_HOUR_AGO = datetime.now(UTC) - timedelta(hours=1)
LABEL = {"step_id": "label", "name": "Customer label", "required": False, "after": ["test"]}


@pytest.fixture
def runs(database: Callable[[str], Database]) -> Database:
    """The run service's database, fresh."""
    return database("run")


@pytest.fixture
async def as_(runs: Database, tmp_path: Path) -> AsyncIterator[Served]:
    """The run service, served, with a pump ordered: `as_("operator")` is a client."""
    async with served(build, runs, tmp_path) as service:
        answer = await service("lead").post("/runs", json=ORDER | {"steps": [*ORDER["steps"], LABEL]})
        assert answer.status_code == 201, answer.text
        yield service


async def ask(client: httpx.AsyncClient, what: str, step_id: str = "assemble", **body: Any) -> httpx.Response:
    """A person asks something of a step."""
    return await client.post(f"/runs/{R}/steps/{step_id}/{what}", json=body or None)


async def done(client: httpx.AsyncClient, what: str, step_id: str = "assemble", **body: Any) -> dict[str, Any]:
    """A person asks something of a step, and gets a yes; the step since."""
    answer = await ask(client, what, step_id, **body)
    assert answer.status_code == 200, answer.text
    return _step(answer.json(), step_id)


async def record(client: httpx.AsyncClient, value: str = "25.10") -> None:
    """A person records the torque."""
    answer = await client.put(f"/runs/{R}/steps/assemble/fields/torque", json={"value": value})
    assert answer.status_code == 200, answer.text


async def shown(as_: Served, step_id: str = "assemble") -> dict[str, Any]:
    """The step as the database has it."""
    return _step((await as_("viewer").get(f"/runs/{R}")).json(), step_id)


def _step(run: dict[str, Any], step_id: str) -> dict[str, Any]:
    return next(step for step in run["steps"] if step["step_id"] == step_id)


async def an_issue(as_: Served, **changed: Any) -> None:
    """The issue service opened an issue on the first step."""
    usual = {"issue_id": "issue-1", "title": "torque", "state": "pending", "run_id": R, "step_id": "assemble"}
    assert (await as_.takes(event("asbuilt.issue.opened.v1", BY | usual | changed)))["done"] == 1


async def test_a_machine_that_calls_is_recorded_as_a_machine(as_: Served) -> None:
    """A gateway with a token of its own is no operator, has no session and no labour, and cannot check in; somebody who
    holds a role of people besides is a person.
    """
    await record(as_("machine"))
    run = (await as_("viewer").get(f"/runs/{R}")).json()
    recorded = next(one for one in _step(run, "assemble")["fields"] if one["field_id"] == "torque")
    assert recorded["recorded_by"] == {"person": None, "machine": "machine"}
    assert (run["operators"], _step(run, "assemble")["sessions"]) == ([], [])
    refused = await ask(as_("machine"), "check-in")
    assert (refused.status_code, refused.json()["code"]) == (422, "person-missing")
    await record(as_("operator", "machine"), "25.20")
    assert (await as_("viewer").get(f"/runs/{R}")).json()["operators"] == ["operator"]


async def test_a_step_is_held_and_resumed(as_: Served) -> None:
    """Back to where it was; the reason is shown while it is on hold, and kept by the database."""
    olga = as_("operator")
    await done(olga, "start")
    held = await done(olga, "hold", reason="no air")
    assert (held["state"], held["because"]) == ("hold", "no air")
    assert await shown(as_) == held
    assert (await done(olga, "resume"))["state"] == "in_progress"


async def test_a_failed_step_is_done_again(as_: Served) -> None:
    """Its value so far is shown among the earlier ones, and is not its value any more."""
    olga = as_("operator")
    await record(olga)
    failed = await done(olga, "fail", reason="the thread is stripped")
    assert (failed["state"], failed["failure"]["reason"]) == ("failed", "the thread is stripped")
    again = await done(olga, "rework")
    assert (again["state"], again["attempt"], again["fields"][0]["value"]) == ("todo", 2, None)
    await record(olga, "25.20")
    assert (await done(olga, "sign-off"))["state"] == "complete"
    field = (await olga.get(f"/runs/{R}/steps")).json()["items"][0]["fields"][0]
    assert (field["value"], field["recording"]) == ("25.20", 2)
    assert [(one["recording"], one["attempt"], one["value"]) for one in field["earlier"]] == [(1, 1, "25.10")]


async def test_a_failure_is_acknowledged_by_quality_with_its_issue(as_: Served) -> None:
    """Not by an operator, not without the issue; it is shown as failed-then-resolved."""
    await record(as_("operator"))
    await done(as_("operator"), "fail", reason="scratched")
    refused = await ask(as_("operator"), "acknowledge-failure", issue_id="issue-1")
    assert (refused.status_code, refused.json()["permission"]) == (403, "issue:disposition")
    unknown = await ask(as_("quality"), "acknowledge-failure", issue_id="issue-1")
    assert (unknown.status_code, unknown.json()["code"]) == (409, "issue-not-on-step")
    await an_issue(as_)
    step = await done(as_("quality"), "acknowledge-failure", issue_id="issue-1")
    assert (step["state"], step["failure"]["acknowledged_issue"]) == ("complete", "issue-1")
    assert (step["signed_by"]["person"], await shown(as_)) == ("quality", step)
    review = (await as_("viewer").get(f"/runs/{R}/review")).json()
    assert review["counts"]["steps"] == {"completed": 1, "failed_then_resolved": 1, "total": 3}


async def test_an_optional_step_is_left_out_and_a_required_one_is_not(as_: Served) -> None:
    """With the reason; the refusal says the way out."""
    assert (await done(as_("lead"), "cancel", "label", reason="none wanted"))["state"] == "canceled"
    refused = await ask(as_("lead"), "cancel", reason="no time")
    assert (refused.status_code, refused.json()["code"]) == (409, "step-required")
    assert "redline" in refused.json()["resolve"]


@pytest.mark.parametrize("what", ["fail", "hold", "cancel"])
async def test_a_reason_is_asked_for(as_: Served, what: str) -> None:
    """None, an empty one or blanks: all refused."""
    for body in ({}, {"reason": ""}, {"reason": "   "}):
        answer = await ask(as_("operator"), what, "label", **body)
        assert answer.status_code == 422, body


async def test_people_check_in_and_out_and_their_labour_adds_up(as_: Served, runs: Database) -> None:
    """Several at once; who is on the step already, and who never came, get their answers."""
    operator, lead = as_("operator"), as_("lead")
    first = await done(operator, "check-in")
    assert (first["state"], [one["person"] for one in first["sessions"]]) == ("in_progress", ["operator"])
    assert len((await done(operator, "check-in"))["sessions"]) == 1
    assert len((await done(lead, "check-in"))["sessions"]) == 2
    out = await done(operator, "check-out")
    assert [one["ended_because"] for one in out["sessions"]] == ["checked-out", None]
    again = await ask(operator, "check-out")
    assert (again.status_code, again.json()["code"]) == (409, "not-checked-in")
    assert await shown(as_) == out
    assert [row["is_attended"] for row in runs.rows("select is_attended from step")] == [True]


async def test_a_lead_puts_a_session_right_and_the_times_before_stay(as_: Served) -> None:
    """With a reason; an operator does not, and a session does not end before it begins."""
    await done(as_("operator"), "check-in")
    await done(as_("operator"), "check-out")
    correction = {"started_at": "2026-01-02T08:00:00Z", "ended_at": "2026-01-02T09:30:00Z", "reason": "forgot"}
    refused = await as_("operator").patch(f"{STEP}/sessions/1", json=correction)
    assert (refused.status_code, refused.json()["permission"]) == (403, "session:edit")
    lead = as_("lead")
    answer = await lead.patch(f"{STEP}/sessions/1", json=correction)
    step = _step(answer.json(), "assemble")
    assert (step["labour_s"], step["labour"]) == ("5400", [{"person": "operator", "labour_s": "5400"}])
    (session,) = step["sessions"]
    assert [(one["reason"], one["corrected_by"]["person"]) for one in session["earlier"]] == [("forgot", "lead")]
    assert await shown(as_) == step
    wrong = await lead.patch(f"{STEP}/sessions/1", json=correction | {"started_at": "2026-01-02T10:00:00Z"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "session-times-invalid")
    assert (await lead.patch(f"{STEP}/sessions/7", json=correction)).status_code == 404
    assert (await lead.patch(f"{STEP}/sessions/1", json={"reason": ""})).status_code == 422


async def test_a_run_is_given_up_by_those_who_may(as_: Served) -> None:
    """With a reason; then nothing is worked on, and canceling it is the way out."""
    assert (await as_("operator").post(f"/runs/{R}/fail", json={"reason": "cracked"})).status_code == 403
    failed = (await as_("lead").post(f"/runs/{R}/fail", json={"reason": "cracked"})).json()
    assert (failed["status"], failed["failed_because"]) == ("failed", "cracked")
    refused = await ask(as_("operator"), "start")
    assert (refused.status_code, refused.json()["code"]) == (409, "run-not-open")
    assert "Cancel the run" in refused.json()["resolve"]
    canceled = (await as_("lead").post(f"/runs/{R}/cancel", json={"reason": "scrapped"})).json()
    assert canceled["status"] == "canceled"


def looking(as_: Served, idle: timedelta = timedelta(seconds=600)) -> IdleSessions:
    """What looks for people whom nobody has seen for so long."""
    return IdleSessions(as_.app.state.engine, as_.road, Patience(initial_s=0.1, max_s=0.1), idle=idle)


LONG_AGO = "update step set saved_at = saved_at - interval '1 hour'"
"""As if the database had heard of its steps an hour ago."""


async def test_who_was_not_seen_for_long_is_checked_out(as_: Served, runs: Database) -> None:
    """When nothing was heard of the step for so long; the session ends so long after the last sign of life."""
    came = event("plant.step.checked-in.v1", {"run_id": R, "step_id": "assemble", "operator": "olga"}, time=AN_HOUR_AGO)
    await as_.takes(came)
    await looking(as_).round()
    assert (await shown(as_))["sessions"][0]["ended_at"] is None, "its event came this moment, however old it is"
    runs.rows(LONG_AGO)
    await looking(as_, timedelta(hours=3)).round()
    assert (await shown(as_))["sessions"][0]["ended_at"] is None
    await looking(as_).round()
    step = await shown(as_)
    (session,) = step["sessions"]
    assert (session["ended_because"], session["labour_s"], step["state"]) == ("idle", "600", "in_progress")
    told = [json.loads(row["body"]) for row in runs.rows("select body from outbox order by outbox_id")]
    assert told[-1]["data"]["because"] == "idle"
    assert told[-1]["data"]["by"] == {"machine": "urn:asbuilt:run"}


async def test_who_is_on_a_step_with_others_is_idle_by_what_they_do(as_: Served) -> None:
    """Boris goes on; an hour passed by his events, so Olga is gone, though the step was heard of just now."""
    step = {"run_id": R, "step_id": "assemble"}
    olga = event("plant.step.checked-in.v1", step | {"operator": "olga"}, time=AN_HOUR_AGO)
    await as_.takes(olga, event("plant.step.checked-in.v1", step | {"operator": "boris"}))
    await looking(as_).round()
    assert [one["ended_because"] for one in (await shown(as_))["sessions"]] == ["idle", None]


async def test_two_processes_check_a_person_out_once(as_: Served, runs: Database) -> None:
    """Whoever is second finds nobody there."""
    await as_.takes(
        event("plant.step.started.v1", {"run_id": R, "step_id": "assemble", "operator": "olga"}, time=AN_HOUR_AGO)
    )
    runs.rows(LONG_AGO)
    first, second = looking(as_), looking(as_)
    found = await first._found()
    await first.round()
    for row in found:
        await second._end(row)
    bodies = [json.loads(row["body"]) for row in runs.rows("select body from outbox")]
    assert sum(one["type"] == "asbuilt.step.checked-out.v1" for one in bodies) == 1


async def test_many_idle_people_are_looked_at_in_pages(as_: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A round takes so many steps together, and goes on behind them until all are done."""
    monkeypatch.setattr("services.run.adapters.idle.PAGE", 2)
    steps = [{"step_id": f"S{number}", "name": "Step"} for number in range(5)]
    await as_("lead").post("/runs", json=ORDER | {"run_id": "run-2", "target": {"serial": "PUMP-2"}, "steps": steps})
    for number in range(5):
        step = {"run_id": "run-2", "step_id": f"S{number}"}
        for person, time in (("olga", AN_HOUR_AGO), ("boris", None)):
            await as_.takes(event("plant.step.checked-in.v1", step | {"operator": person}, time=time))
    await looking(as_).round()
    run = (await as_("viewer").get("/runs/run-2")).json()
    assert [step["sessions"][0]["ended_because"] for step in run["steps"]] == ["idle"] * 5
