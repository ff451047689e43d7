"""`asbuilt summary` and `asbuilt export` against a service that answers as it may, and `complete --at`."""

import json
from pathlib import Path
from typing import Any

from shared.testing.stub import Run, Stub
from tests.flows.test_command import RECORD, REVIEW, at, problem

SUMMARY: dict[str, Any] = {
    "run_id": "RUN-1",
    "status": "complete",
    "is_live": False,
    "completion": 1,
    "part_number": "HP-200",
    "revision": "C",
    "serial": "HP-200-0417",
    "lot": None,
    "quantity": "1",
    "unit_of_measure": "each",
    "cycle_time_s": "7504.5",
    "labour_s": "5400",
    "operators": [{"person": "omar", "labour_s": "5400"}, {"person": "lena", "labour_s": None}],
    "steps": {"completed": 3, "failed_then_resolved": 1, "total": 3},
    "issues": {
        "total": 1,
        "open": 0,
        "dispositioned": 1,
        "resolved": 0,
        "items": [{"issue_id": "I-1", "title": "Bolt 2 [loose]", "state": "in_progress", "disposition": "use-as-is"}],
    },
    "redlines": {"applied": 0, "open": 0, "accepted": 0, "rejected": 0, "items": []},
    "requirements": {
        "installed": 1,
        "excepted": 0,
        "total": 1,
        "parts": [
            {
                "part_number": "BRG-7",
                "required": "2",
                "installed": "2",
                "excepted": "0",
                "units": [{"unit_id": "BRG-7-1", "serial": "BRG-7-1", "lot": None, "designator": "left"}],
            }
        ],
    },
    "content_hash": "sha256:cd",
}
NOTHING: dict[str, Any] = SUMMARY | {
    "status": "todo",
    "is_live": True,
    "completion": None,
    "cycle_time_s": None,
    "labour_s": "0",
    "operators": [],
    "issues": SUMMARY["issues"] | {"items": []},
    "requirements": {"installed": 0, "excepted": 0, "total": 0, "parts": []},
    "content_hash": None,
}


def test_the_summary_is_drawn_for_a_person(run: Run, stub: Stub) -> None:
    """Figures in words that somebody reads at a glance; what was typed is text."""
    stub.answers["GET /runs/RUN-1/summary"] = (200, SUMMARY)
    ended = run(*at(stub, "summary", "RUN-1", "--completion", "1"))
    assert ended.code == 0
    words = "completion record 1", "2 h 05 min", "1 failed and resolved", "omar (1 h 30 min)", "BRG-7-1 in left"
    for told in (*words, "Bolt 2 [loose]", "use-as-is", "sha256:cd"):
        assert told in ended.out, told


def test_the_summary_of_a_run_that_was_not_begun_is_drawn_too(run: Run, stub: Stub) -> None:
    """Nothing yet is said in words, not with holes."""
    stub.answers["GET /runs/RUN-1/summary"] = (200, NOTHING)
    ended = run(*at(stub, "summary", "RUN-1"))
    assert ended.code == 0
    for told in ("not complete", "nobody yet", "none"):
        assert told in ended.out


def test_the_summary_is_given_to_a_script_as_it_came(run: Run, stub: Stub) -> None:
    """With `--json`; a run that there is not is exit code 4."""
    stub.answers["GET /runs/RUN-1/summary"] = (200, SUMMARY)
    assert json.loads(run(*at(stub, "summary", "RUN-1", "--json")).out) == SUMMARY
    stub.answers["GET /runs/RUN-2/summary"] = (404, problem("not-found"))
    ended = run(*at(stub, "summary", "RUN-2", "--json"))
    assert (ended.code, json.loads(ended.err)["code"]) == (4, "not-found")


def test_an_export_is_written_byte_for_byte(run: Run, stub: Stub, tmp_path: Path) -> None:
    """To a file, which is there when it is whole."""
    whole = b'{"record":{"note":"Pr\xc3\xbcfung"}}\n'
    stub.answers["GET /runs/RUN-1/export"] = (200, whole)
    file = tmp_path / "run.json"
    ended = run(*at(stub, "export", "RUN-1", "--output", str(file), "--json"))
    assert (ended.code, file.read_bytes()) == (0, whole)
    assert json.loads(ended.out) == {"run_id": "RUN-1", "file": str(file), "bytes": len(whole)}
    assert [one.name for one in tmp_path.iterdir() if "run.json" in one.name] == ["run.json"]


def test_an_export_without_a_file_goes_to_the_next_program(run: Run, stub: Stub) -> None:
    """Nothing else is written there."""
    stub.answers["GET /runs/RUN-1/export"] = (200, b"section,step_id\r\nrun,\r\n")
    ended = run(*at(stub, "export", "RUN-1", "--format", "csv"))
    assert (ended.code, ended.out) == (0, "section,step_id\r\nrun,\r\n")


def test_an_export_that_is_refused_leaves_no_file(run: Run, stub: Stub, tmp_path: Path) -> None:
    """The service's words and its exit code; an older file of that name stays."""
    stub.answers["GET /runs/RUN-1/export"] = (404, problem("not-found"))
    file = tmp_path / "run.json"
    file.write_text("older")
    ended = run(*at(stub, "export", "RUN-1", "--completion", "7", "--output", str(file)))
    assert (ended.code, "not-found: It is so." in ended.err) == (4, True)
    assert file.read_text() == "older"


def test_an_export_that_cannot_be_written_says_so(run: Run, stub: Stub, tmp_path: Path) -> None:
    """The caller's to settle: exit code 2."""
    stub.answers["GET /runs/RUN-1/export"] = (200, b"{}")
    ended = run(*at(stub, "export", "RUN-1", "--output", str(tmp_path / "nowhere" / "run.json")))
    assert (ended.code, "file-not-written" in ended.err) == (2, True)


def test_a_completion_of_the_past_is_taken_in_with_its_time(run: Run, stub: Stub) -> None:
    """A time that names no zone is in UTC; the answer says that it was taken in."""
    stub.answers["GET /runs/RUN-1/review"] = (200, REVIEW)
    taken_in = RECORD | {"imported": {"by": "ada", "at": "2026-11-24T09:00:00Z"}}
    stub.answers["POST /runs/RUN-1/complete"] = (200, taken_in)
    for text in ("2019-03-04T09:00:00", "2019-03-04T10:00:00+01:00"):
        ended = run(*at(stub, "complete", "RUN-1", "--yes", "--at", text))
        assert (ended.code, "taken in by ada" in ended.out) == (0, True)
    told = [body["occurred_at"] for what, body, _ in stub.asked if what.startswith("POST")]
    assert told == ["2019-03-04T09:00:00+00:00", "2019-03-04T10:00:00+01:00"]
    assert run(*at(stub, "complete", "RUN-1", "--yes", "--at", "yesterday")).code == 2
