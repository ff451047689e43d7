"""A run step by step over HTTP, on a real PostgreSQL: in the order of execution, with everything on them, in pages."""

from typing import Any

from tests.handlers.pump_records import DONE, at, got, ordered, said, torque
from tests.handlers.run_records import R
from tests.handlers.served import Served

SERVICE = "run"


async def test_steps_come_in_the_order_of_execution_with_everything_on_them(as_: Served) -> None:
    """Signer and time, values with verdict and those before, installs with serials and lots, issues, comments."""
    await as_.takes(*DONE)
    for text in ("Swarf under the head.", "Cleaned."):
        await as_("operator").post(f"/runs/{R}/steps/assemble/comments", json={"text": text})
    found = await got(as_, "/steps")
    assert [one["step_id"] for one in found["items"]] == ["assemble", "test", "label"]
    first = found["items"][0]
    assert (first["signed_by"]["person"], first["signed_at"]) == ("olga", at(20).isoformat())
    field = first["fields"][0]
    assert (field["value"], field["verdict"], field["recording"]) == ("25.0", "in-range", 2)
    assert field["earlier"] == [
        {
            "recording": 1,
            "attempt": 1,
            "value": "27.10",
            "unit": "N·m",
            "verdict": "out-of-range",
            "recorded_at": at(10).isoformat(),
            "recorded_by": {"person": "olga", "machine": "torque-2"},
            "superseded": True,
        }
    ]
    (rotor,) = first["installs"]
    assert (rotor["serial"], rotor["designator"], rotor["installed_by"]["person"]) == ("ROTOR-0001", "U7", "olga")
    assert rotor["installed_at"] == at(30).isoformat()
    assert [one["lot"] for one in found["installs_of_no_step"]] == ["L-9"]
    assert [one["issue_id"] for one in first["issues"]] == ["i-7"]
    assert [one["text"] for one in first["comments"]] == ["Swarf under the head.", "Cleaned."]
    assert (first["comments_total"], first["text"]) == (2, "Put the rotor in.")
    assert found["items"][2]["fields"] == found["items"][2]["comments"] == []


async def test_a_long_run_is_read_page_by_page(as_: Served) -> None:
    """Five hundred steps, ten values each: each step once, in order, those that were begun first."""
    fields = [{"field_id": f"f{n}", "name": "F", "kind": "text", "required": False} for n in range(10)]
    steps = [{"step_id": f"s{n:03}", "name": "S", "required": False, "fields": fields} for n in range(500)]
    values = [
        said("value-recorded", n + 1, f"s{499 - n:03}", field_id=f"f{f}", value=f"{n}/{f}")
        for n in range(3)
        for f in range(10)
    ]
    await as_.takes(ordered(steps=steps, requirements=[]), *values)
    seen: list[str] = []
    page: dict[str, Any] = {}
    while page == {} or page["next"]:
        page = await got(as_, "/steps", limit=120, **({"cursor": page["next"]} if page else {}))
        seen += [one["step_id"] for one in page["items"]]
    assert seen == ["s499", "s498", "s497", *(f"s{n:03}" for n in range(497))]


async def test_a_step_that_begins_while_somebody_reads_comes_on_no_page_twice(as_: Served) -> None:
    """What is begun moves ahead of what is not; a reader's place stays where it was."""
    steps = [{"step_id": name, "name": name, "required": False} for name in "abcdef"]
    await as_.takes(ordered(steps=steps, requirements=[]), said("started", 1, "f"))
    first = await got(as_, "/steps", limit=3)
    await as_.takes(said("started", 2, "a"), said("started", 3, "e"))
    rest = await got(as_, "/steps", limit=10, cursor=first["next"])
    seen = [one["step_id"] for page in (first, rest) for one in page["items"]]
    assert seen == ["f", "a", "b", "c", "d"]


async def test_an_attempt_that_failed_keeps_its_values_as_evidence(as_: Served) -> None:
    """After rework the field has no value, and what it had is there, marked."""
    await as_.takes(ordered(), torque("27.10", 10), said("failed", 11, reason="thread stripped"))
    assert (await as_("operator").post(f"/runs/{R}/steps/assemble/rework")).status_code == 200
    field = (await got(as_, "/steps"))["items"][0]["fields"][0]
    assert field["value"] is None
    assert [(one["value"], one["superseded"]) for one in field["earlier"]] == [("27.10", True)]
