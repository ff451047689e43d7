"""`asbuilt units` against a service that answers as it may: what a person reads, what is asked, and exit codes."""

import json
from typing import Any

from shared.testing.stub import Run, Stub

LISTED: dict[str, Any] = {
    "unit_id": "SEAL-9:L1",
    "part_number": "SEAL-9",
    "revision": "A",
    "serial": None,
    "lot": "L1",
    "origin_unit_id": None,
    "quantity": "40",
    "unit_of_measure": "each",
    "location": "stock-1",
    "status": "on_hold",
    "parent_unit_id": None,
    "run_id": None,
    "received_at": "2026-11-23T08:00:00+00:00",
}
SHOWN: dict[str, Any] = LISTED | {
    "version": 3,
    "status_row": 4,
    "status_reason": "issue I-1 [seals] withholds it",
    "status_changes_when": "issue I-1 is resolved",
    "withheld_by": ["I-1"],
    "scrapped_quantity": "2",
    "returned_quantity": "0",
    "consumed_by": None,
    "build": None,
    "as_built_version": 0,
    "installations": [],
}


def at(stub: Stub, *arguments: str) -> tuple[str, ...]:
    """The command, with the stub for the inventory service."""
    return ("--url", f"inventory=http://127.0.0.1:{stub.port}", "--token", "t", "units", *arguments)


def test_units_are_listed_as_they_are_asked_for(run: Run, stub: Stub) -> None:
    """With their status and place; and where there are none, that is said."""
    installed = LISTED | {"unit_id": "SEAL-9:L1~a", "status": "installed", "parent_unit_id": "PUMP-1"}
    stub.answers["GET /units"] = (200, {"items": [LISTED, installed], "next": None})
    ended = run(*at(stub, "list", "--part", "SEAL-9", "--status", "on_hold", "--split-from", "SEAL-9:L1"))
    assert ended.code == 0
    for told in ("SEAL-9:L1", "SEAL-9 rev A", "on_hold", "40 each", "stock-1", "in PUMP-1"):
        assert told in ended.out, told
    wanted = {"part_number": ["SEAL-9"], "status": ["on_hold"], "origin_unit_id": ["SEAL-9:L1"]}
    assert {name: stub.queries[-1].get(name) for name in wanted} == wanted
    assert json.loads(run(*at(stub, "list", "--json")).out)["items"] == [LISTED, installed]
    stub.answers["GET /units"] = (200, {"items": [], "next": None})
    assert "No unit." in run(*at(stub, "list")).out


def test_a_unit_is_shown_with_why_it_may_not_be_used_and_until_when(run: Run, stub: Stub) -> None:
    """And a script learns it from the exit code."""
    stub.answers["GET /units/SEAL-9%3AL1"] = (200, SHOWN)
    ended = run(*at(stub, "show", "SEAL-9:L1"))
    assert ended.code == 1
    for told in ("row 4", "issue I-1 [seals] withholds it", "issue I-1 is resolved", "Scrapped", "stock-1"):
        assert told in ended.out, told
    stub.answers["GET /units/SEAL-9%3AL1"] = (200, SHOWN | {"status": "available", "status_row": 6})
    assert run(*at(stub, "show", "SEAL-9:L1")).code == 0


def test_a_unit_that_there_is_not_is_said(run: Run, stub: Stub) -> None:
    """With the way out of the service."""
    problem = {"code": "not-found", "obstacle": "There is no unit X.", "resolve": "Check the id."}
    stub.answers["GET /units/X"] = (404, problem)
    ended = run(*at(stub, "show", "X"))
    assert (ended.code, "There is no unit X." in ended.err, "Check the id." in ended.err) == (4, True, True)
