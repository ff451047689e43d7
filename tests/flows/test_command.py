"""The `asbuilt` command against services that answer as they may: exit codes and words that scripts can rely on."""

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from shared.runtime.embedded.children import free_port
from shared.testing.stub import Run, Stub

REVIEW = {
    "run_id": "RUN-1",
    "version": "sha256:ab",
    "status": "in_progress",
    "is_ready": True,
    "blockers": [],
    "warnings": [],
    "counts": {
        "steps": {"completed": 1, "failed_then_resolved": 0, "total": 1},
        "requirements": {"installed": 0, "excepted": 0, "total": 0, "parts": []},
        "redlines": {"open": 0, "accepted": 0, "rejected": 0},
        "issues": {"open": 0, "dispositioned": 0, "resolved": 0},
        "gates": {"satisfied": 0, "required": 0},
    },
    "as_built_version": 1,
}
GATE = {"code": "gate-open", "subject": "release", "sentence": "Release is not approved.", "resolve": "Approve it."}
ISSUE = {"code": "issue-open", "subject": "I-1", "sentence": "A scratch is open.", "resolve": "Disposition it."}
RECORD = {
    "run_id": "RUN-1",
    "number": 1,
    "completed_by": "lena",
    "completed_at": "2026-11-24T08:00:00+00:00",
    "content_hash": "sha256:cd",
}


def at(stub: Stub, *arguments: str) -> tuple[str, ...]:
    """Arguments that go to the stub as the run and the audit service."""
    url = f"http://127.0.0.1:{stub.port}"
    return ("--url", f"run={url}", "--url", f"audit={url}", "--token", "t", *arguments)


def problem(code: str, **more: Any) -> dict[str, Any]:
    """A problem document."""
    return {"code": code, "obstacle": "It is so.", "resolve": "Do this.", **more}


def test_without_a_plant_the_command_says_how_to_name_one(run: Run) -> None:
    """Nothing to talk to is the caller's to settle: exit code 2, and the ways to settle it."""
    ended = run("review", "RUN-1")
    assert ended.code == 2
    assert "no-plant" in ended.err
    assert "asbuilt up" in ended.err
    assert "Traceback" not in ended.err


def test_a_plant_that_is_gone_is_not_talked_to(run: Run, tmp_path: Path) -> None:
    """A plant.json whose plant was killed is left over: nobody holds its lock."""
    left = tmp_path / ".asbuilt" / "demo-1"
    left.mkdir(parents=True)
    (left / "lock").touch()
    (left / "plant.json").write_text('{"kafka": "127.0.0.1:1", "services": {"run": "http://127.0.0.1:1"}}')
    assert run("review", "RUN-1").code == 2


def test_a_plant_in_containers_is_believed(run: Run, tmp_path: Path) -> None:
    """A plant.json without a lock beside it describes a plant that other means keep up; this one is away."""
    (tmp_path / "plant.json").write_text(
        json.dumps({"kafka": "127.0.0.1:1", "services": {"run": f"http://127.0.0.1:{free_port()}"}})
    )
    ended = run("--plant", "plant.json", "--token", "t", "review", "RUN-1")
    assert ended.code == 3


def test_a_service_that_is_away_is_exit_code_3(run: Run) -> None:
    """A script may try again."""
    ended = run("--url", f"run=http://127.0.0.1:{free_port()}", "--token", "t", "review", "RUN-1", "--json")
    assert ended.code == 3
    assert json.loads(ended.err)["code"] == "service-away"
    assert ended.out == ""


def test_without_a_token_nothing_is_asked(run: Run, stub: Stub) -> None:
    """A token is needed: exit code 5."""
    ended = run("--url", f"run=http://127.0.0.1:{stub.port}", "review", "RUN-1")
    assert ended.code == 5
    assert "ASBUILT_TOKEN" in ended.err
    assert stub.asked == []


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (409, "run-locked", 1),
        (403, "role-not-held", 1),
        (422, "request-invalid", 2),
        (503, "try-again", 3),
        (404, "not-found", 4),
        (401, "token-refused", 5),
        (403, "permission-missing", 5),
        (500, "unexpected", 1),
    ],
)
def test_a_problem_becomes_an_exit_code_and_its_words(
    run: Run, stub: Stub, status: int, code: str, expected: int
) -> None:
    """The obstacle and what resolves it reach the person, and a script can tell the kinds apart."""
    stub.answers["GET /runs/RUN-1/review"] = (status, problem(code))
    ended = run(*at(stub, "review", "RUN-1"))
    assert ended.code == expected
    assert f"{code}: It is so." in ended.err
    assert "Do this." in ended.err


def test_something_else_at_the_address_is_told_apart(run: Run, stub: Stub) -> None:
    """A proxy's HTML page is no answer of a service."""
    stub.answers["GET /runs/RUN-1/review"] = (502, b"<html>Bad gateway</html>")
    ended = run(*at(stub, "review", "RUN-1", "--json"))
    assert ended.code == 3
    assert json.loads(ended.err)["code"] == "not-the-service"


def test_review_ends_with_0_when_nothing_blocks(run: Run, stub: Stub) -> None:
    """A script asks whether a run can be completed."""
    stub.answers["GET /runs/RUN-1/review"] = (200, REVIEW)
    ended = run(*at(stub, "review", "RUN-1", "--json"))
    assert ended.code == 0
    assert json.loads(ended.out) == REVIEW


def test_review_ends_with_1_and_shows_what_blocks(run: Run, stub: Stub) -> None:
    """A person sees the obstacle and the way out."""
    stub.answers["GET /runs/RUN-1/review"] = (200, REVIEW | {"blockers": [GATE]})
    ended = run(*at(stub, "review", "RUN-1"))
    assert ended.code == 1
    for words in ("gate-open", "release", "Release is not approved.", "Approve it.", "1 blocker"):
        assert words in ended.out


def test_complete_confirms_the_version_that_it_showed_with_a_key(run: Run, stub: Stub) -> None:
    """What is confirmed is what was seen; the key makes a repetition harmless."""
    stub.answers["GET /runs/RUN-1/review"] = (200, REVIEW | {"warnings": [ISSUE]})
    stub.answers["POST /runs/RUN-1/complete"] = (200, RECORD)
    flags = ("--yes", "--note", "Good.", "--acknowledge", "issue-open:I-1", "--key", "k-1")
    ended = run(*at(stub, "complete", "RUN-1", *flags))
    assert ended.code == 0
    assert "sha256:cd" in ended.out
    what, confirmation, headers = stub.asked[-1]
    assert what == "POST /runs/RUN-1/complete"
    assert confirmation == {
        "review_version": "sha256:ab",
        "acknowledged": [{"code": "issue-open", "subject": "I-1"}],
        "note": "Good.",
    }
    assert headers["idempotency-key"] == "k-1"
    assert headers["authorization"] == "Bearer t"


def test_complete_asks_before_it_locks_a_record(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a yes nothing is confirmed."""
    stub.answers["GET /runs/RUN-1/review"] = (200, REVIEW)
    monkeypatch.setattr("sys.stdin", StringIO("n\n"))
    ended = run(*at(stub, "complete", "RUN-1"))
    assert ended.code == 1
    assert [what for what, _, _ in stub.asked] == ["GET /runs/RUN-1/review"]


def test_history_follows_the_pages_to_their_end(run: Run, stub: Stub) -> None:
    """Two pages are one history."""
    entry = {"type": "asbuilt.step.started.v1", "happened_at": "2026-11-24T08:00:00Z", "person": "omar", "data": {}}
    pages = iter([{"items": [entry], "next": "c"}, {"items": [entry], "next": None}])
    stub.answers = _Paged(pages)
    ended = run(*at(stub, "history", "RUN-1", "--json"))
    assert ended.code == 0
    assert len(json.loads(ended.out)["items"]) == 2


def test_the_history_of_an_unknown_run_is_not_found(run: Run, stub: Stub) -> None:
    """An empty history may be a wrong id, so the run service is asked."""
    stub.answers["GET /history"] = (200, {"items": [], "next": None})
    stub.answers["GET /runs/RUN-1"] = (404, problem("not-found"))
    assert run(*at(stub, "history", "RUN-1")).code == 4


def test_a_parked_record_is_named_as_the_list_names_it(run: Run) -> None:
    """Anything else is a wrong argument."""
    ended = run("parked", "show", "17")
    assert ended.code == 2
    assert "record-invalid" in ended.err


@pytest.mark.parametrize(
    ("settled_as", "code", "said"), [("done", 0, "✔ run:7: done"), (None, 1, "✘ run:7: still stands aside: a defect")]
)
def test_a_script_knows_whether_a_record_that_was_tried_again_still_stands_aside(
    run: Run, stub: Stub, settled_as: str | None, code: int, said: str
) -> None:
    """The service did what it was asked to; what was to come of it did not."""
    stub.answers["POST /parked/7/retry"] = (200, PARKED | {"settled_as": settled_as, "detail": "a defect"})
    ended = run(*at(stub, "parked", "retry", "run:7"))
    assert ended.code == code
    assert said in ended.out


def test_a_parked_record_is_shown_with_its_bytes_and_what_to_do(run: Run, stub: Stub) -> None:
    """Bytes that are no text are shown in hexadecimal; the advice fits the reason."""
    stub.answers["GET /parked/7"] = (200, PARKED | {"value_base64": "AP8=", "reason": "not-utf8"})
    ended = run(*at(stub, "parked", "show", "run:7"))
    assert ended.code == 0
    assert "00 ff" in ended.out
    assert "send it again" in " ".join(ended.out.split())
    assert "traceparent = 00-ab" in ended.out


def test_topics_are_not_applied_where_no_kafka_is(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kafka is away: a script may try again; a setting that is wrong is named."""
    monkeypatch.setenv("ASBUILT_KAFKA_BOOTSTRAP_SERVERS", f"127.0.0.1:{free_port()}")
    ended = run("topics", "apply", "--json")
    assert (ended.code, json.loads(ended.err)["code"]) == (3, "kafka-away")
    monkeypatch.setenv("ASBUILT_KAFKA_REPLICATION_FACTOR", "many")
    ended = run("topics", "apply", "--json")
    assert (ended.code, json.loads(ended.err)["code"]) == (2, "settings-wrong")
    assert "ASBUILT_KAFKA_REPLICATION_FACTOR" in ended.err


def test_migrate_with_one_database_wants_one_service(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database belongs to one service; five services are never migrated into it."""
    monkeypatch.setenv("ASBUILT_MIGRATION_DATABASE_URL", "postgresql+asyncpg://nobody@127.0.0.1:1/run")
    assert run("migrate").code == 2
    assert run("migrate", "nonsense").code == 2


def test_a_plant_is_not_started_on_a_broker_that_is_none(run: Run) -> None:
    """A word that names no broker is a wrong argument; an address where none runs may be tried again."""
    assert run("up", "--kafka", "nonsense").code == 2
    with TemporaryDirectory(prefix="asbuilt-up-") as home:  # PostgreSQL may not reach into pytest's own
        ended = run("up", "--directory", f"{home}/up", "--kafka", f"127.0.0.1:{free_port()}")
    assert ended.code == 3
    assert "kafka-away" in ended.err


def test_a_plant_is_not_started_where_nothing_can_be_written(run: Run, tmp_path: Path) -> None:
    """The directory is named, and why not."""
    (tmp_path / "file").touch()
    for command in (("up", "--directory", "file/plant"), ("demo", "--once", "--directory", "file")):
        ended = run(*command)
        assert ended.code == 2
        assert "No plant can live in file/" in ended.err


def test_the_help_tells_the_exit_codes(run: Run) -> None:
    """A person who writes a script finds them where they look."""
    ended = run("--help")
    assert ended.code == 0
    for command in (
        "demo",
        "up",
        "review",
        "complete",
        "completions",
        "summary",
        "history",
        "tree",
        "export",
        "parked",
        "topics",
        "migrate",
        "token",
    ):
        assert command in ended.out
    assert "Exit codes" in ended.out


PARKED = {
    "parked_id": 7,
    "topic": "plant.steps",
    "partition": 0,
    "record_offset": 3,
    "key": "RUN-1",
    "parked_at": "2026-11-24T08:00:00Z",
    "reason": "not-json",
    "detail": "The body is not JSON.",
    "event_id": None,
    "event_type": None,
    "waits_for": None,
    "settled_at": None,
    "settled_as": None,
    "headers": [["traceparent", "MDAtYWI="]],
    "value_base64": None,
}


class _Paged(dict[str, tuple[int, Any]]):
    """Answers with the next page each time."""

    def __init__(self, pages: Iterator[Any]) -> None:
        super().__init__()
        self._pages = pages

    def __missing__(self, _: str) -> tuple[int, Any]:
        return 200, next(self._pages)
