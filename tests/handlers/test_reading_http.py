"""The review surfaces over HTTP, on a real PostgreSQL: summary, step by step, and the export of a whole run."""

import asyncio
import csv
import json
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from services.run.app import build
from shared.testing.databases import Database
from shared.testing.topics import Sent, event
from tests.handlers.bench import BY
from tests.handlers.run_records import ORDER, R, claimed
from tests.handlers.served import Served, served

WIDE = "\N{FULLWIDTH EQUALS SIGN}"
BEGAN = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
STEPS = [
    {
        "step_id": "assemble",
        "name": "Assemble",
        "text": "Put the rotor in.",
        "fields": [
            {"field_id": "torque", "name": "Torque", "kind": "number", "unit": "N·m", "min": "24", "max": "26"},
            {"field_id": "looks", "name": "Looks", "kind": "text", "required": False},
        ],
    },
    {"step_id": "test", "name": "Leak test", "after": ["assemble"]},
    {"step_id": "label", "name": "Label", "required": False, "after": ["test"]},
]
ROTOR = {"requirement_id": "rotor", "part_number": "ROTOR-7", "quantity": "1", "step_id": "assemble"}
OIL = {"requirement_id": "oil", "part_number": "OIL-1", "quantity": "0.50", "unit_of_measure": "l"}


@pytest.fixture
async def as_(database: Callable[[str], Database], tmp_path: Path) -> AsyncIterator[Served]:
    """The run service, served: `as_("viewer")` is a client."""
    async with served(build, database("run"), tmp_path) as service:
        yield service


def at(minutes: float) -> datetime:
    """A moment of that morning."""
    return BEGAN + timedelta(minutes=minutes)


def ordered(**changed: Any) -> Sent:
    """Planning orders the pump."""
    return event("plant.run.ordered.v1", ORDER | {"steps": STEPS, "requirements": [ROTOR, OIL]} | changed, time=at(0))


def said(kind: str, minutes: float, step: str = "assemble", person: str = "olga", **data: Any) -> Sent:
    """A station says something about a step."""
    what = {"run_id": R, "step_id": step, "operator": person, "station": "torque-2", **data}
    return event(f"plant.step.{kind}.v1", what, time=at(minutes))


def torque(value: str, minutes: float) -> Sent:
    """A torque is recorded."""
    return said("value-recorded", minutes, field_id="torque", value=value)


def installed(number: int, requirement: str, part: str, quantity: str, **where: str) -> Sent:
    """Inventory says that something was put in."""
    one = {"parent_unit_id": "PUMP-1", "unit_id": f"U-{number}", "installation_id": f"i-{number}", "run_id": R}
    what = {"requirement_id": requirement, "part_number": part, "revision": "A", "quantity": quantity}
    facts = BY | one | what | where | {"as_built_version": number + 1}
    return event("asbuilt.unit.installed.v1", facts, time=at(30))


def issue(**more: Any) -> Sent:
    """The issue service says that an issue of the run was decided on."""
    one = {"issue_id": "i-7", "title": "Bolt 2 loose", "state": "in_progress", "run_id": R, "step_id": "assemble"}
    return event("asbuilt.issue.dispositioned.v1", BY | one | {"disposition": "use-as-is", "approved": True} | more)


DONE = (
    ordered(),
    claimed(),
    torque("27.10", 10),
    torque("25.0", 12),
    said("signed-off", 20),
    said("signed-off", 25, "test", "omar"),
    installed(1, "rotor", "ROTOR-7", "1", serial="ROTOR-0001", designator="U7"),
    installed(2, "oil", "OIL-1", "0.50", lot="L-9"),
    issue(),
)
"""A pump that can be completed."""


async def got(as_: Served, path: str, **params: Any) -> Any:
    """What a viewer sees."""
    answer = await as_("viewer").get(f"/runs/{R}{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def completed(as_: Served, **more: Any) -> dict[str, Any]:
    """The lead completes the run; its record."""
    review = await got(as_, "/review")
    warnings = [{"code": one["code"], "subject": one["subject"]} for one in review["warnings"]]
    body = {"review_version": review["version"], "acknowledged": warnings, **more}
    answer = await as_("lead").post(f"/runs/{R}/complete", json=body)
    assert answer.status_code == 200, answer.text
    record: dict[str, Any] = answer.json()
    return record


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


async def exported(as_: Served, **params: Any) -> Any:
    """The export as a viewer gets it."""
    return await as_("viewer").get(f"/runs/{R}/export", params=params)


async def test_anybody_computes_the_content_hash_again_from_the_export(as_: Served) -> None:
    """With a library for RFC 8785 and SHA-256, for every completion that there was."""
    await as_.takes(*DONE)
    await completed(as_, note="First of its lot. Prüfung ✔ 'quoted'")
    await as_("admin").post(f"/runs/{R}/reopen", json={"reason": "wrong value"})
    await as_.takes(torque("25.5", 50), said("signed-off", 51))
    await completed(as_)
    for number in (1, 2):
        document = (await exported(as_, completion=number)).json()
        record = document["record"]
        told = record.pop("content_hash")
        assert told == "sha256:" + sha256(rfc8785.dumps(record)).hexdigest()
        assert (record["number"], document["superseded_at"] is None) == (number, number == 2)
        assert [one["content_hash"] for one in document["completions"]][number - 1] == told
    assert (await exported(as_)).json()["record"]["number"] == 2


async def test_the_export_holds_everything_that_is_kept(as_: Served) -> None:
    """Every value with those before, installs, comments, issues that changed since; steps as they are shown."""
    await as_.takes(*DONE)
    await as_("operator").post(f"/runs/{R}/comments", json={"text": "About the run."})
    await as_("operator").post(f"/runs/{R}/steps/assemble/comments", json={"text": "About the step."})
    await completed(as_)
    await as_.takes(issue(state="resolved"))
    answer = await exported(as_)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''{R}-1.json"
    document = answer.json()
    assert document["layout"] == "asbuilt.run-export.v1"
    shown = (await got(as_, "/steps"))["items"]
    assert document["steps"] == [{k: v for k, v in one.items() if not k.startswith("comments")} for one in shown]
    assert [one["text"] for one in document["comments"]] == ["About the step.", "About the run."]
    assert document["issues_since"][0]["state"] == "resolved"
    assert document["summary"] == await got(as_, "/summary", completion=1)
    assert [one["lot"] for one in document["installs_of_no_step"]] == ["L-9"]


async def test_a_run_that_was_never_completed_is_exported_as_it_stands(as_: Served) -> None:
    """Without a record, and with everything else in the same places."""
    await as_.takes(ordered(), torque("25", 10))
    document = (await exported(as_)).json()
    assert (document["record"], document["completions"], document["status"]) == (None, [], "in_progress")
    assert document["steps"][0]["fields"][0]["value"] == "25"
    assert document["summary"] == await got(as_, "/summary")


def table(text: str) -> list[dict[str, str]]:
    """The rows of an exported table."""
    return list(csv.DictReader(StringIO(text)))


def rows(found: Sequence[dict[str, str]], section: str, *names: str) -> list[tuple[str, ...]]:
    """Some columns of one section."""
    return [tuple(one[name] for name in names) for one in found if one["section"] == section]


async def test_the_table_has_a_row_for_each_fact(as_: Served) -> None:
    """One layout, whatever the run: what is not there has no row, and no column moves."""
    await as_.takes(*DONE)
    await as_("operator").post(f"/runs/{R}/steps/assemble/comments", json={"text": "Swarf, under\nthe head."})
    record = await completed(as_)
    answer = await exported(as_, format="csv")
    assert answer.headers["content-type"].startswith("text/csv; charset=utf-8")
    found = table(answer.text)
    assert ("content_hash", record["content_hash"]) in rows(found, "run", "id", "value")
    assert ("steps_completed", "2") in rows(found, "count", "id", "value")
    assert rows(found, "step", "step_id", "state", "person") == [
        ("assemble", "complete", "olga"),
        ("test", "complete", "omar"),
        ("label", "todo", ""),
    ]
    assert rows(found, "value", "step_id", "id", "value", "unit", "state", "number", "superseded") == [
        ("assemble", "torque", "27.10", "N·m", "out-of-range", "1", "true"),
        ("assemble", "torque", "25.0", "N·m", "in-range", "2", "false"),
    ]
    assert rows(found, "installation", "step_id", "id", "name", "value", "serial", "lot", "person") == [
        ("", "oil", "OIL-1", "0.50", "", "L-9", "olga"),
        ("assemble", "rotor", "ROTOR-7", "1", "ROTOR-0001", "", "olga"),
    ]
    assert rows(found, "issue", "id", "state", "detail") == [("i-7", "in_progress", "use-as-is")]
    assert rows(found, "comment", "step_id", "value", "person") == [("assemble", "Swarf, under\nthe head.", "operator")]
    assert rows(found, "completion", "number", "value", "superseded") == [("1", record["content_hash"], "false")]


async def test_a_gate_is_open_until_somebody_approves_it_or_its_run_is_closed(as_: Served) -> None:
    """Completing closes what nobody needed to approve; the run, its export and its record say the same."""
    release, witness = ({"gate_id": name, "name": name, "role": "Quality"} for name in ("release", "witness"))
    await as_.takes(ordered(gates=[release, witness | {"required": False}]), *DONE[1:])

    async def states() -> list[tuple[str, str]]:
        rows = csv.DictReader(StringIO((await as_("viewer").get(f"/runs/{R}/export?format=csv")).text))
        gates = [(one["gate_id"], one["state"]) for one in (await got(as_, ""))["gates"]]
        assert [(row["id"], row["state"]) for row in rows if row["section"] == "gate"] == gates
        return gates

    assert await states() == [("release", "open"), ("witness", "open")]
    await as_("lead", "Quality").post(f"/runs/{R}/gates/release/approve")
    assert await states() == [("release", "approved"), ("witness", "open")]
    record = await completed(as_)
    assert await states() == [("release", "approved"), ("witness", "closed")]
    assert [one.get("approved_by") is not None for one in record["gates"]] == [True, False]
    assert record["gates_closed"] == ["witness"]


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", WIDE + "1"])
async def test_no_text_becomes_a_formula_in_a_spreadsheet(as_: Served, text: str) -> None:
    """Whatever somebody typed is text there too; a negative measurement stays a number."""
    fields = [
        {"field_id": "remark", "name": text.strip(), "kind": "text"},
        {"field_id": "cold", "name": "Cold", "kind": "number", "unit": "°C"},
    ]
    await as_.takes(ordered(steps=[{"step_id": "a", "name": "A", "fields": fields}], requirements=[]))
    await as_.takes(
        said("value-recorded", 1, "a", field_id="remark", value=text),
        said("value-recorded", 1, "a", field_id="cold", value="-40.5"),
    )
    found = table((await exported(as_, format="csv")).text)
    values = {id_: (name, value) for id_, name, value in rows(found, "value", "id", "name", "value")}
    assert values["remark"][1] == f"'{text}"
    assert values["cold"] == ("Cold", "-40.5")
    cells = [cell for row in found for cell in row.values()]
    assert [one for one in cells if one.startswith(("=", "+", "@", "\t", WIDE))] == []


async def sent(as_: Served, path: str, query: str) -> list[bytes]:
    """The parts of an answer as the service sends them, one by one."""
    parts: list[bytes] = []

    async def send(message: Any) -> None:
        parts.append(message.get("body", b""))

    client = as_("viewer")
    headers = [(name.encode(), text.encode()) for name, text in client.headers.items()]
    scope = {"type": "http", "http_version": "1.1", "scheme": "http", "method": "GET", "path": path, "root_path": ""}
    await as_.app({**scope, "query_string": query.encode(), "headers": headers}, _hears_nothing, send)
    return parts


async def _hears_nothing() -> Any:
    await asyncio.Event().wait()


async def test_an_export_comes_in_parts(as_: Served) -> None:
    """A long run is never held as one text: steps are read some at a time."""
    fields = [{"field_id": "f", "name": "F", "kind": "text", "required": False}]
    steps = [{"step_id": f"s{n:03}", "name": "S", "required": False, "fields": fields} for n in range(200)]
    await as_.takes(ordered(steps=steps, requirements=[]))
    for form in ("json", "csv"):
        parts = await sent(as_, f"/runs/{R}/export", f"format={form}")
        assert len(parts) > 100
        assert max(map(len, parts)) < 5_000
    assert len(json.loads((await exported(as_)).content)["steps"]) == 200


async def test_an_export_in_another_form_is_refused(as_: Served) -> None:
    """The answer names those that there are."""
    answer = await exported(as_, format="xml")
    assert (answer.status_code, "csv" in answer.text) == (422, True)
