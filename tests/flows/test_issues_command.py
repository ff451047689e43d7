"""`asbuilt issues` against a service that answers as it may: what a person reads, what is asked, and exit codes."""

import json
from typing import Any

from shared.testing.stub import Run, Stub

LISTED: dict[str, Any] = {
    "issue_id": "I-1",
    "state": "pending",
    "title": "Bolt 2 [loose]",
    "run_id": "RUN-1",
    "step_id": "torque",
    "unit_id": None,
    "disposition": "rework",
    "availability": "release-on-resolve",
    "opened_by": "omar",
    "opened_at": "2026-11-23T08:00:00+00:00",
}
SHOWN: dict[str, Any] = LISTED | {
    "version": 4,
    "description": "It turns by hand.",
    "field_id": None,
    "requirement_id": "bolts",
    "opened_by": {"person": "omar", "machine": None},
    "justification": "Tighten it.",
    "approvals": [{"role": "Quality", "by": {"person": "quinn", "machine": None}, "at": "2026-11-23T08:00:00+00:00"}],
    "missing_approvals": ["Customer"],
    "exceptions": [{"requirement_id": "bolts", "quantity": "1"}],
    "exceptions_are_alive": False,
    "withholds": True,
    "part_numbers": ["HP-200", "BOLT-5"],
    "quarantined": [
        {"unit_id": "B:L1~a", "of_unit_id": "B:L1", "quantity": "3", "state": "held", "refused_because": None},
        {
            "unit_id": "B:L1~b",
            "of_unit_id": "B:L1",
            "quantity": "9",
            "state": "refused",
            "refused_because": {"code": "x", "obstacle": "B:L1 has 2 left.", "resolve": "Take another lot."},
        },
    ],
    "files": [{"name": "bolt.jpg"}],
    "reopened_because": "It came loose again.",
    "resolution": None,
}
TYPES: dict[str, Any] = {
    "version": 1,
    "items": [
        {
            "name": "sort",
            "availability": "immediate",
            "auto_resolve": True,
            "approver_roles": ["Quality"],
            "closer_roles": [],
            "retired": True,
        }
    ],
}
IMPACT: dict[str, Any] = {
    "name": "rework",
    "availability": "release-on-resolve",
    "would_be": "immediate",
    "issues": 2,
    "issues_that_change_units": 1,
    "items": [{"issue_id": "I-1", "state": "pending", "units": ["B:L1"], "withholds": True, "would_withhold": False}],
}
STOCK: dict[str, Any] = {
    "part_number": "BRG-7",
    "revision": "A",
    "unit_of_measure": "each",
    "status": "on_hold",
    "units": 1,
    "quantity": "12.50",
}


def at(stub: Stub, *arguments: str) -> tuple[str, ...]:
    """Arguments that go to the stub as the issue and the inventory service."""
    url = f"http://127.0.0.1:{stub.port}"
    return ("--url", f"issue={url}", "--url", f"inventory={url}", "--token", "t", "issues", *arguments)


def test_open_issues_are_listed_for_a_person(run: Run, stub: Stub) -> None:
    """Where nothing else is said only those that are open; what was typed is text."""
    stub.answers["GET /issues"] = (200, {"items": [LISTED], "next": None})
    ended = run(*at(stub, "list", "--run", "RUN-1"))
    assert ended.code == 0
    for told in ("I-1", "pending", "rework", "RUN-1", "torque", "omar", "[loose]"):
        assert told in ended.out, told
    stub.answers["GET /issues"] = (200, {"items": [], "next": None})
    assert "No issue." in run(*at(stub, "list", "--all")).out


def test_issues_are_asked_for_by_what_they_are_about(run: Run, stub: Stub) -> None:
    """By a part, whichever way an issue is about it, and by the rest; all that is named must hold."""
    stub.answers["GET /issues"] = (200, {"items": [LISTED], "next": None})
    assert "I-1" in run(*at(stub, "list", "--part", "BRG-7")).out
    assert stub.queries[-1] == {"part_number": ["BRG-7"], "open": ["true"], "limit": ["200"]}
    named = (
        "--part",
        "BRG 7/2",
        "--unit",
        "BRG-7:L1",
        "--disposition",
        "rework",
        "--opened-by",
        "omar",
        "--at-most",
        "3",
    )
    assert run(*at(stub, "list", *named, "--at-most", "3", "--all")).code == 0
    assert stub.queries[-1] == {
        "part_number": ["BRG 7/2"],
        "unit_id": ["BRG-7:L1"],
        "disposition": ["rework"],
        "opened_by": ["omar"],
        "limit": ["3"],
    }


def test_a_part_that_no_issue_is_about_has_none(run: Run, stub: Stub) -> None:
    """Which is said, and is no failure; a script gets an empty list."""
    stub.answers["GET /issues"] = (200, {"items": [], "next": None})
    ended = run(*at(stub, "list", "--part", "MTR-40"))
    assert (ended.code, "No issue." in ended.out) == (0, True)
    assert json.loads(run(*at(stub, "list", "--part", "MTR-40", "--json")).out) == {"items": []}


def test_an_issue_is_shown_with_who_has_still_to_approve(run: Run, stub: Stub) -> None:
    """And what it holds, and that its exceptions are not alive yet."""
    stub.answers["GET /issues/I-1"] = (200, SHOWN)
    ended = run(*at(stub, "show", "I-1"))
    assert ended.code == 0
    words = (
        "Customer",
        "Quality by quinn",
        "not until it is approved",
        "3 as B:L1~a, held",
        "bolt.jpg",
        "must not be used",
    )
    for told in (
        *words,
        "BOLT-5",
        "refused: B:L1 has 2 left. Take another lot.",
        "It turns by hand.",
        "requirement bolts",
        "It came loose again.",
    ):
        assert told in ended.out, told


def test_of_a_lot_with_a_part_in_quarantine_the_rest_may_be_used(run: Run, stub: Stub) -> None:
    """Which is said; where the part is of another lot, or was refused, the unit itself is meant."""
    for unit, told in (
        ("B:L1", "only what is in quarantine must not be used"),
        ("B:L2", "Unit         must not be used"),
    ):
        stub.answers["GET /issues/I-1"] = (200, SHOWN | {"unit_id": unit})
        assert told in run(*at(stub, "show", "I-1")).out, unit


def test_what_quality_decides_is_asked_and_answered_in_a_sentence(run: Run, stub: Stub) -> None:
    """Each command says how the issue stands then."""
    stub.answers["POST /issues/I-1/disposition"] = (200, SHOWN)
    stub.answers["POST /issues/I-1/approve"] = (200, SHOWN | {"state": "in_progress", "missing_approvals": []})
    stub.answers["POST /issues/I-1/resolve"] = (200, SHOWN | {"state": "resolved", "missing_approvals": []})
    stub.answers["POST /issues/I-1/reopen"] = (200, SHOWN)
    assert "pending, waiting for Customer" in run(*at(stub, "disposition", "I-1", "rework", "--because", "x")).out
    assert "in_progress" in run(*at(stub, "approve", "I-1", "rework", "--role", "Customer")).out
    assert "resolved" in run(*at(stub, "resolve", "I-1")).out
    assert "pending" in run(*at(stub, "reopen", "I-1", "--because", "x")).out
    assert run(*at(stub, "reopen", "I-1")).code == 2


def test_an_issue_is_opened_and_part_of_a_lot_set_apart(run: Run, stub: Stub) -> None:
    """What is named is asked for; the answer says how the issue stands, and each part that it holds."""
    stub.answers["POST /issues"] = (201, SHOWN | {"missing_approvals": [], "quarantined": []})
    stub.answers["POST /issues/I-1/quarantine"] = (200, SHOWN)
    ended = run(*at(stub, "open", "Seals leak", "--unit", "SEAL-9:L1", "--description", "By hand."))
    assert (ended.code, "I-1 is pending" in ended.out) == (0, True)
    assert stub.asked[-1][1] == {
        "title": "Seals leak",
        "description": "By hand.",
        "unit_id": "SEAL-9:L1",
    } | dict.fromkeys(("run_id", "step_id", "field_id", "requirement_id"))
    ended = run(*at(stub, "quarantine", "I-1", "3", "--unit", "B:L1"))
    assert (ended.code, "3 as B:L1~a, held" in ended.out) == (0, True)
    assert "B:L1 has 2 left" in ended.out
    assert stub.asked[-1][1] == {"quantity": "3", "unit_id": "B:L1"}


def test_a_no_ends_with_its_code(run: Run, stub: Stub) -> None:
    """A role that is missing is a refusal, with the way out."""
    problem = {"code": "no-approver-role", "obstacle": "It needs Quality.", "resolve": "Ask somebody."}
    stub.answers["POST /issues/I-1/approve"] = (403, problem)
    ended = run(*at(stub, "approve", "I-1", "rework"))
    assert ended.code == 1
    assert "no-approver-role" in ended.err


def test_types_and_an_impact_are_shown(run: Run, stub: Stub) -> None:
    """What is configured, and what another availability would touch."""
    stub.answers["GET /disposition-types"] = (200, TYPES)
    stub.answers["GET /disposition-types/rework/impact"] = (200, IMPACT)
    stub.answers["GET /stock"] = (200, {"items": [STOCK]})
    told = run(*at(stub, "types")).out
    assert all(word in told for word in ("sort", "immediate", "Quality", "resolves by itself", "retired"))
    told = run(*at(stub, "impact", "rework", "immediate")).out
    assert all(word in told for word in ("2 issues", "B:L1", "not withheld", "BRG-7 rev A", "12.50 each"))
