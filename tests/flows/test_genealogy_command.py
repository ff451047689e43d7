"""`asbuilt tree`, `where-used` and `compare` against a service that answers as it may."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.testing.stub import Run, Stub
from tests.flows.test_command import problem

WHO = {"person": "olga", "machine": "scanner-4"}
ROOT: dict[str, Any] = {"unit_id": "PUMP-1", "part_number": "PUMP", "revision": "A", "status": "wip"}
WAY: dict[str, Any] = {
    "unit_id": "PUMP-1",
    "part_number": "PUMP",
    "revision": "A",
    "status": "wip",
    "relation": "installed",
    "path": ["OIL:L9", "OIL:L9~a", "PUMP-1"],
    "in_place": True,
    "since": "2026-03-02T07:00:00+00:00",
    "until": None,
    "quantity": "2.5",
    "at": "2026-03-02T07:00:00+00:00",
    "by": WHO,
    "removed_at": None,
    "removed_by": None,
    "because": None,
}
SPLIT = WAY | {
    "unit_id": "OIL:L9~a",
    "part_number": "OIL",
    "relation": "split",
    "path": ["OIL:L9", "OIL:L9~a"],
    "because": "install",
}
GONE = WAY | {
    "in_place": False,
    "until": "2026-03-02T09:00:00+00:00",
    "removed_at": "2026-03-02T09:00:00+00:00",
    "removed_by": {"person": "omar", "machine": None},
    "because": "Drained [in time].",
}
DIFFERENCE = {"change": "substituted", "place": ["motor"], "sentence": "motor: 1 x MTR-41 instead of 1 x MTR-40."}


def at(stub: Stub, *arguments: str) -> tuple[str, ...]:
    """Arguments that go to the stub as the inventory service."""
    return ("--url", f"inventory=http://127.0.0.1:{stub.port}", "--token", "t", *arguments)


def test_a_trace_is_drawn_as_a_tree_that_grows_from_the_lot(run: Run, stub: Stub) -> None:
    """What is still there, and what was removed in time with who and why; what was typed is text."""
    stub.answers["GET /units/OIL%3AL9/where-used"] = (200, {"items": [SPLIT, WAY], "next": None})
    ended = run(*at(stub, "where-used", "OIL:L9"))
    assert ended.code == 0
    for told in ("OIL:L9~a", "split off to install", "PUMP-1", "2.5 of it", "olga at scanner-4"):
        assert told in ended.out, told
    stub.answers["GET /units/OIL%3AL9/where-used"] = (200, {"items": [SPLIT, GONE], "next": None})
    ended = run(*at(stub, "where-used", "OIL:L9"))
    assert ended.code == 1, "it is in nothing any more"
    for told in ("removed", "by omar:", "Drained [in time]."):
        assert told in " ".join(ended.out.split()), told


def test_a_trace_is_given_to_a_script_as_it_came(run: Run, stub: Stub) -> None:
    """With `--json`; a unit that there is not is exit code 4."""
    stub.answers["GET /units/U-1/where-used"] = (200, {"items": [WAY], "next": None})
    assert json.loads(run(*at(stub, "where-used", "U-1", "--tops", "--json")).out)["items"] == [WAY]
    stub.answers["GET /units/U-2/where-used"] = (404, problem("not-found"))
    assert run(*at(stub, "where-used", "U-2")).code == 4


def test_what_went_nowhere_is_said(run: Run, stub: Stub) -> None:
    """Not an empty screen."""
    stub.answers["GET /units/U-1/where-used"] = (200, {"items": [], "next": None})
    ended = run(*at(stub, "where-used", "U-1"))
    assert (ended.code, "went into nothing" in ended.out) == (1, True)


def test_differences_are_told_and_the_exit_code_tells_whether_there_are_any(run: Run, stub: Stub) -> None:
    """Between two units, and against the plan."""
    stub.answers["GET /units/PUMP-1/as-built/compare"] = (200, {"items": [DIFFERENCE]})
    ended = run(*at(stub, "compare", "PUMP-1", "PUMP-2"))
    assert (ended.code, "MTR-41 instead of" in ended.out) == (1, True)
    stub.answers["GET /units/PUMP-1/as-built/against-plan"] = (200, {"items": []})
    ended = run(*at(stub, "compare", "PUMP-1", "--plan"))
    assert (ended.code, "No difference." in ended.out) == (0, True)
    assert run(*at(stub, "compare", "PUMP-1", "PUMP-2", "--plan")).code == 2


@pytest.mark.parametrize("command", ["tree", "where-used", "compare"])
def test_a_moment_that_names_no_zone_is_in_utc(command: str, run: Run, stub: Stub, monkeypatch: Any) -> None:
    """As of a time, and as known at one."""
    answers = {"children": [], "as_built_version": 2, "items": [WAY], "next": None} | ROOT
    asked: list[str] = []
    monkeypatch.setattr(Stub, "answer", _noting(asked, answers))
    run(*at(stub, command, "PUMP-1", "--as-of", "2026-03-02T07:00:00", "--known-at", "2026-03-03", "--json"))
    query = parse_qs(urlsplit(asked[0]).query)
    assert query["as_of"] == ["2026-03-02T07:00:00+00:00"]
    assert query["known_at"] == ["2026-03-03T00:00:00+00:00"]


def _noting(asked: list[str], document: Any) -> Any:
    def answer(_: Stub, handler: Any) -> None:
        asked.append(handler.path)
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(json.dumps(document).encode())

    return answer
