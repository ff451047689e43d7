"""The summary of a run and of its completion records over HTTP, on a real PostgreSQL."""

from datetime import datetime, timedelta

import pytest

from tests.handlers.pump_records import DONE, at, completed, got, issue, ordered, said
from tests.handlers.run_records import R
from tests.handlers.served import Served

SERVICE = "run"


async def test_the_summary_of_a_run_that_was_not_begun_is_empty_and_whole(as_: Served) -> None:
    """Zeros, nothing and empty lists, each in its place: a page shows it without a special case."""
    await as_.takes(ordered(requirements=[]))
    summary = await got(as_, "/summary")
    assert (summary["status"], summary["is_live"], summary["completion"]) == ("todo", True, None)
    assert summary["steps"] == {"completed": 0, "failed_then_resolved": 0, "total": 3}
    nothing = ("started_at", "completed_at", "completed_by", "cycle_time_s", "content_hash")
    assert [summary[name] for name in nothing] == [None] * 5
    assert summary["operators"] == []
    assert summary["issues"] == {"total": 0, "open": 0, "dispositioned": 0, "resolved": 0, "items": []}
    assert summary["redlines"] == {"applied": 0, "open": 0, "accepted": 0, "rejected": 0, "items": []}
    assert summary["requirements"] == {"installed": 0, "excepted": 0, "total": 0, "parts": []}


async def test_the_summary_shows_the_headline_figures(as_: Served) -> None:
    """Steps, cycle time, operators, issues with dispositions, redlines, requirements with counts and parts."""
    await as_.takes(*DONE)
    record = await completed(as_)
    summary = await got(as_, "/summary")
    assert summary["steps"] == {"completed": 2, "failed_then_resolved": 0, "total": 3}
    elapsed = datetime.fromisoformat(summary["completed_at"]) - at(10)
    assert timedelta(seconds=float(summary["cycle_time_s"])) == elapsed
    assert [one["person"] for one in summary["operators"]] == ["olga", "omar"]
    assert summary["issues"]["items"] == [
        {"issue_id": "i-7", "title": "Bolt 2 loose", "state": "in_progress", "disposition": "use-as-is"}
    ]
    parts = summary["requirements"].pop("parts")
    assert summary["requirements"] == {"installed": 2, "excepted": 0, "total": 2}
    assert [(one["part_number"], one["required"], one["installed"]) for one in parts] == [
        ("ROTOR-7", "1", "1"),
        ("OIL-1", "0.50", "0.50"),
    ]
    assert [(unit["serial"], unit["lot"], unit["designator"]) for one in parts for unit in one["units"]] == [
        ("ROTOR-0001", None, "U7"),
        (None, "L-9", None),
    ]
    assert record["cycle_time_s"] == summary["cycle_time_s"]


async def test_the_summary_of_the_run_and_of_its_record_never_disagree(as_: Served) -> None:
    """But for what was learned since: an issue that changes is in the live summary, and not in the record's."""
    await as_.takes(*DONE)
    await completed(as_)
    live, kept = await got(as_, "/summary"), await got(as_, "/summary", completion=1)
    told = {"is_live", "content_hash"}
    assert {name: one for name, one in live.items() if name not in told} == {
        name: one for name, one in kept.items() if name not in told
    }
    await as_.takes(issue(state="resolved"))
    assert (await got(as_, "/summary"))["issues"]["resolved"] == 1
    assert await got(as_, "/summary", completion=1) == kept


async def test_an_earlier_completion_keeps_its_own_summary(as_: Served) -> None:
    """Reopened and completed again, the first record still tells what it told."""
    await as_.takes(*DONE)
    await completed(as_)
    first = await got(as_, "/summary", completion=1)
    assert (await as_("admin").post(f"/runs/{R}/reopen", json={"reason": "wrong value"})).status_code == 200
    live = await got(as_, "/summary")
    assert (live["status"], live["completed_at"], live["cycle_time_s"]) == ("in_progress", None, None)
    await as_.takes(said("signed-off", 40, "label", "petra"))
    await completed(as_)
    second = await got(as_, "/summary", completion=2)
    assert [one["person"] for one in second["operators"]] == ["olga", "omar", "petra"]
    assert await got(as_, "/summary", completion=1) == first


@pytest.mark.parametrize("what", ["summary", "export"])
async def test_what_there_is_not_is_not_found(as_: Served, what: str) -> None:
    """A run that is unknown, a completion that never was."""
    assert (await as_("viewer").get(f"/runs/nothing/{what}")).status_code == 404
    assert (await as_("viewer").get("/runs/nothing/steps")).status_code == 404
    await as_.takes(ordered())
    answer = await as_("viewer").get(f"/runs/{R}/{what}", params={"completion": 3})
    assert (answer.status_code, "completion record 3" in answer.text) == (404, True)
