"""Steps over HTTP, on a real PostgreSQL: what people do to them, and what the database keeps of it."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.run.app import build
from shared.messaging.messages import KeptRecord
from shared.testing.databases import Database
from shared.testing.topics import event
from tests.handlers.bench import BY
from tests.handlers.run_records import ORDER, R
from tests.handlers.served import Served, served

LABEL = {"step_id": "label", "name": "Customer label", "required": False, "after": ["test"]}


@pytest.fixture
async def as_(database: Callable[[str], Database], tmp_path: Path) -> AsyncIterator[Served]:
    """The run service, served, with a pump ordered: `as_("operator")` is a client."""
    async with served(build, database("run"), tmp_path) as service:
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
    sent = event("asbuilt.issue.opened.v1", BY | usual | changed)
    record = KeptRecord(sent.topic, 0, 0, 1_795_400_000_000, sent.key, sent.value, tuple(sent.headers))
    assert (await as_.road.take([record]))["done"] == 1


async def test_a_step_is_held_and_resumed(as_: Served) -> None:
    """Back to where it was; the reason is shown while it is on hold, and kept by the database."""
    olga = as_("operator")
    await done(olga, "start")
    held = await done(olga, "hold", reason="no air")
    assert (held["state"], held["because"]) == ("hold", "no air")
    assert await shown(as_) == held
    assert (await done(olga, "resume"))["state"] == "in_progress"


async def test_a_failed_step_is_done_again(as_: Served) -> None:
    """Its value so far is shown among the recordings, and is not its value any more."""
    olga = as_("operator")
    await record(olga)
    failed = await done(olga, "fail", reason="the thread is stripped")
    assert (failed["state"], failed["failure"]["reason"]) == ("failed", "the thread is stripped")
    again = await done(olga, "rework")
    assert (again["state"], again["attempt"], again["fields"][0]["value"]) == ("todo", 2, None)
    await record(olga, "25.20")
    assert (await done(olga, "sign-off"))["state"] == "complete"
    recordings = (await olga.get(f"/runs/{R}/steps")).json()["recordings"]
    assert [(one["number"], one["attempt"], one["value"]) for one in recordings] == [(1, 1, "25.10"), (2, 2, "25.20")]
    assert (await shown(as_))["fields"][0]["value"] == "25.20"


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
