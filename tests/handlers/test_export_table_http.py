"""The export of a whole run as one table, over HTTP, on a real PostgreSQL."""

import csv
from collections.abc import Sequence
from io import StringIO

import pytest

from tests.handlers.pump_records import DONE, completed, exported, got, ordered, said
from tests.handlers.run_records import R
from tests.handlers.served import Served

SERVICE = "run"
WIDE = "\N{FULLWIDTH EQUALS SIGN}"


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
