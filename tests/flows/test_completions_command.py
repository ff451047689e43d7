"""`asbuilt completions` against a service that answers as it may."""

import json
from typing import Any

from shared.testing.stub import Run, Stub
from tests.flows.test_command import RECORD, at, problem

PATH = "GET /runs/RUN-1/completions"


def kept(number: int, because: str | None = None, note: str = "") -> dict[str, Any]:
    """A completion record; superseded where somebody reopened the run."""
    return {
        "number": number,
        "record": RECORD | {"number": number, "note": note},
        "content_hash": f"sha256:{number}",
        "completed_at": f"2026-11-2{number}T08:00:00+00:00",
        "superseded_at": because and "2026-11-22T07:00:00+00:00",
        "superseded_because": because,
        "issues_since": [],
    }


def compared(*differences: dict[str, Any]) -> dict[str, Any]:
    """The first record against the second."""
    return {"run_id": "RUN-1", "from": {"number": 1}, "to": {"number": 2}, "differences": list(differences)}


LEAK = {
    "about": "value",
    "subject": "leak-test/leak",
    "was": "0.12 [mL/min]",
    "now": "0.21 [mL/min]",
    "sentence": "Leak rate was 0.12 and is 0.21.",
}
REOPENED = kept(1, "The stand [2] says 0.21.")


def test_the_records_of_a_run_are_listed_with_what_changed_between_them(run: Run, stub: Stub) -> None:
    """Which one stands, why the other does not, and each difference as it was and is; what was typed is text."""
    stub.answers[PATH] = (200, {"items": [REOPENED, kept(2, note="Put right.")]})
    stub.answers[f"{PATH}/compare"] = (200, compared(LEAK))
    ended = run(*at(stub, "completions", "RUN-1"))
    assert ended.code == 0
    words = ("no: The stand [2]", "Put right.", "sha256:1", "sha256:2", "lena", "from record 1 to record 2")
    for told in (*words, "leak-test/leak", "- 0.12 [mL/min]", "+ 0.21 [mL/min]"):
        assert told in ended.out, told


def test_a_script_gets_the_records_and_the_comparison_as_the_service_tells_them(run: Run, stub: Stub) -> None:
    """In one document."""
    stub.answers[PATH] = (200, {"items": [REOPENED, kept(2)]})
    stub.answers[f"{PATH}/compare"] = (200, compared(LEAK))
    ended = run(*at(stub, "completions", "RUN-1", "--from", "1", "--to", "2", "--json"))
    assert json.loads(ended.out) == {"run_id": "RUN-1", "items": [REOPENED, kept(2)], "compared": compared(LEAK)}


def test_one_record_is_compared_with_nothing(run: Run, stub: Stub) -> None:
    """The service is not asked for a comparison; where nothing changed between two, that is said."""
    stub.answers[PATH] = (200, {"items": [kept(1)]})
    ended = run(*at(stub, "completions", "RUN-1"))
    assert (ended.code, [what for what, _, _ in stub.asked]) == (0, [PATH])
    stub.answers |= {PATH: (200, {"items": [REOPENED, kept(2)]}), f"{PATH}/compare": (200, compared())}
    assert "No difference." in run(*at(stub, "completions", "RUN-1")).out


def test_a_run_without_a_record_that_stands_ends_with_1(run: Run, stub: Stub) -> None:
    """It was never completed, or it is reopened: a script need not read the list."""
    stub.answers[PATH] = (200, {"items": []})
    never = run(*at(stub, "completions", "RUN-1"))
    assert (never.code, "never completed" in never.out) == (1, True)
    stub.answers[PATH] = (200, {"items": [REOPENED]})
    assert run(*at(stub, "completions", "RUN-1")).code == 1


def test_a_record_that_there_is_not_is_named(run: Run, stub: Stub) -> None:
    """As the service says it."""
    stub.answers[PATH] = (200, {"items": [kept(1)]})
    stub.answers[f"{PATH}/compare"] = (404, problem("not-found", obstacle="There is no completion record 7."))
    ended = run(*at(stub, "completions", "RUN-1", "--to", "7"))
    assert ended.code != 0
    assert "There is no completion record 7." in ended.err
