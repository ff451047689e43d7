"""Taking in history over HTTP, on a real PostgreSQL: who may, and what is told of it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.testing.databases import Database
from tests.handlers.run_records import ORDER, R
from tests.handlers.served import Served

SERVICE = "run"

READY = "asbuilt.run.ready.v1"
STEPS = [{"step_id": "assemble", "name": "Assemble"}]
ORDERED, SIGNED, COMPLETED = "2019-03-04T07:00:00+00:00", "2019-03-04T07:30:00+00:00", "2019-03-04T09:00:00+01:00"


async def asked(as_: Served, role: str, what: str, **body: Any) -> dict[str, Any]:
    """What a person with this role is answered."""
    answer = await as_(role).post(what, json=body)
    return {**answer.json(), "status": answer.status_code}


async def confirmed(as_: Served, role: str = "admin", **body: Any) -> dict[str, Any]:
    """The review as it is now is confirmed."""
    version = (await as_(role).get(f"/runs/{R}/review")).json()["version"]
    return await asked(as_, role, f"/runs/{R}/complete", review_version=version, **body)


async def test_an_old_run_is_taken_in_with_the_times_of_then(as_: Served, kept: Database) -> None:
    """Order, signature and completion; the record says by whom and when, and every announcement has both times."""
    before = datetime.now(UTC) - timedelta(seconds=1)
    old = await asked(as_, "admin", "/runs", **ORDER | {"steps": STEPS}, occurred_at=ORDERED)
    assert (old["status"], old["ordered_at"]) == (201, ORDERED)
    await asked(as_, "admin", f"/runs/{R}/steps/assemble/sign-off", occurred_at=SIGNED)
    record = await confirmed(as_, occurred_at=COMPLETED)
    assert (record["started_at"], record["completed_at"]) == ("2019-03-04T07:30:00Z", "2019-03-04T08:00:00Z")
    assert record["cycle_time_s"] == "1800"
    for told in (record["order_imported"], record["steps"][0]["imported"], record["imported"]):
        assert told["by"] == "admin"
        assert before < datetime.fromisoformat(told["at"]) < datetime.now(UTC)
    announced = [json.loads(row["body"]) for row in kept.rows("select body from outbox order by outbox_id")]
    assert announced[-1]["data"]["record"] == {name: one for name, one in record.items() if name != "status"}
    assert [one["time"][11:16] for one in announced if one["type"] != READY] == [
        "07:00",
        "07:30",
        "07:30",
        "08:00",
        "08:00",
    ]
    assert all(datetime.fromisoformat(one["recordedtime"]) > before for one in announced)


async def test_only_who_may_take_in_history_tells_of_the_past(as_: Served) -> None:
    """A lead orders, signs and completes; but as of now. The missing permission is named, and nothing happened."""
    refused = await asked(as_, "lead", "/runs", **ORDER | {"steps": STEPS}, occurred_at=ORDERED)
    assert (refused["status"], refused["code"], refused["permission"]) == (403, "permission-missing", "history:import")
    assert (await asked(as_, "lead", "/runs", **ORDER | {"steps": STEPS}))["status"] == 201
    sign = f"/runs/{R}/steps/assemble/sign-off"
    assert (await asked(as_, "lead", sign, occurred_at=SIGNED))["permission"] == "history:import"
    assert (await as_("lead").post(sign)).status_code == 200
    assert (await confirmed(as_, "lead", occurred_at=COMPLETED))["permission"] == "history:import"
    record = await confirmed(as_, "lead")
    assert record["number"] == 1
    assert "imported" not in record


@pytest.mark.parametrize(
    ("at", "code"), [("2999-01-01T00:00:00Z", "not-yet-happened"), ("2019-01-01T00:00:00Z", "before-order")]
)
async def test_a_time_that_cannot_be_is_refused_with_its_reason(as_: Served, at: str, code: str) -> None:
    """Still to come, or before there was an order."""
    await asked(as_, "admin", "/runs", **ORDER | {"steps": STEPS}, occurred_at=ORDERED)
    for answer in (
        await asked(as_, "admin", f"/runs/{R}/steps/assemble/sign-off", occurred_at=at),
        await confirmed(as_, occurred_at=at),
    ):
        assert (answer["status"], answer["code"]) == (422, code)
        assert at[:4] in answer["obstacle"]


async def test_an_order_of_tomorrow_is_refused(as_: Served) -> None:
    """Nothing is taken in that did not happen yet; a time without a zone, or beyond the calendar, is none."""
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for at, code in (
        (later, "not-yet-happened"),
        ("2019-03-04T07:00:00", "request-invalid"),
        ("0001-01-01T00:00:00+02:00", "request-invalid"),
    ):
        answer = await asked(as_, "admin", "/runs", **ORDER | {"steps": STEPS}, occurred_at=at)
        assert (answer["status"], answer["code"]) == (422, code)
