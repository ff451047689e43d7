"""The export of a whole run over HTTP, on a real PostgreSQL."""

import asyncio
import json
from hashlib import sha256
from typing import Any

import rfc8785

from tests.handlers.pump_records import DONE, completed, exported, got, issue, ordered, said, torque
from tests.handlers.run_records import R
from tests.handlers.served import Served

SERVICE = "run"


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
