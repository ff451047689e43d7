"""Files over HTTP and by reference, on a real PostgreSQL and a folder: attached, listed, downloaded, refused."""

import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.run.app import build
from shared.testing.databases import Database
from shared.testing.topics import event
from tests.handlers.run_records import ORDER, R
from tests.handlers.served import Served, served

CSV = b"torque\n25.0\n"
DIGEST = hashlib.sha256(CSV).hexdigest()
FILES = f"/runs/{R}/files"
CURVE = {"field_id": "curve", "name": "Curve", "kind": "file"}
STEPS = [*ORDER["steps"], {"step_id": "run-in", "name": "Run in", "fields": [CURVE]}]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the files are."""
    return tmp_path / "files"


@pytest.fixture
async def as_(database: Callable[[str], Database], tmp_path: Path, folder: Path) -> AsyncIterator[Served]:
    """The run service, served, with a run that was ordered: `as_("lead")` is a client."""
    made = database("run")
    async with served(build, made, tmp_path, files_url=folder.as_uri(), files_max_bytes=1_000) as service:
        assert (await service("lead").post("/runs", json=ORDER | {"steps": STEPS})).status_code == 201
        yield service


async def uploaded(as_: Served, content: bytes = CSV, type_: str = "text/csv", **named: str) -> httpx.Response:
    """An operator uploads a file."""
    params = {"name": "curve ü.csv"} | named
    return await as_("operator").post(FILES, params=params, content=content, headers={"content-type": type_})


def kept(folder: Path) -> list[str]:
    """What is in the folder."""
    return [path.name for path in folder.rglob("*") if path.is_file()]


async def test_a_file_goes_up_and_comes_down_as_it_was(as_: Served) -> None:
    """Named, typed and sized; always as a file to save, with its digest as its tag."""
    answer = await uploaded(as_, step_id="assemble")
    assert answer.status_code == 201, answer.text
    shown = answer.json()
    assert (shown["sha256"], shown["size_bytes"], shown["step_id"]) == (DIGEST, len(CSV), "assemble")
    assert shown["attached_by"]["person"] == "operator"
    got = await as_("viewer").get(f"{FILES}/{DIGEST}")
    assert (got.content, got.headers["content-type"]) == (CSV, "text/csv; charset=utf-8")
    assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''curve%20%C3%BC.csv"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert (got.headers["etag"], got.headers["content-length"]) == (f'"{DIGEST}"', str(len(CSV)))
    same = await as_("viewer").get(f"{FILES}/{DIGEST}", headers={"if-none-match": f'"{DIGEST}"'})
    assert (same.status_code, same.content) == (304, b"")


async def test_files_are_shown_where_they_belong(as_: Served) -> None:
    """With their run, with their step, and all of them together."""
    of_step = (await uploaded(as_, step_id="assemble", field_id="torque")).json()
    of_run = (await uploaded(as_, name="packing.csv")).json()
    run = (await as_("viewer").get(f"/runs/{R}")).json()
    assert (run["files"], run["steps"][0]["files"]) == ([of_run], [of_step])
    steps = (await as_("viewer").get(f"/runs/{R}/steps")).json()["items"]
    assert [one["files"] for one in steps if one["step_id"] == "assemble"] == [[of_step]]
    assert (await as_("viewer").get(FILES)).json() == {"items": [of_step, of_run]}


async def test_a_file_for_a_file_field_is_its_value(as_: Served) -> None:
    """One call; and whoever records a digest that nobody attached hears what to do."""
    path = f"/runs/{R}/steps/run-in/fields/curve"
    refused = await as_("operator").put(path, json={"value": DIGEST})
    assert (refused.status_code, refused.json()["code"]) == (409, "file-not-attached")
    await uploaded(as_, step_id="run-in", field_id="curve")
    step = (await as_("viewer").get(f"/runs/{R}")).json()["steps"][-1]
    assert (step["state"], step["fields"][0]["value"]) == ("in_progress", DIGEST)


async def test_the_same_content_is_kept_once(as_: Served, folder: Path) -> None:
    """Whatever it is called and wherever it is attached; a repeated call gets the first answer."""
    key = {"idempotency-key": "f-1", "content-type": "text/csv"}
    first = await as_("operator").post(FILES, params={"name": "a.csv"}, content=CSV, headers=key)
    again = await as_("operator").post(FILES, params={"name": "a.csv"}, content=CSV, headers=key)
    assert (again.json(), again.headers["idempotent-replay"]) == (first.json(), "true")
    other = await as_("operator").post(FILES, params={"name": "a.csv"}, content=CSV + b"1", headers=key)
    assert other.json()["code"] == "idempotency-key-reused"
    await uploaded(as_, step_id="test")
    assert sorted(kept(folder)) == sorted({DIGEST, hashlib.sha256(CSV + b"1").hexdigest()})


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"content": b"x" * 1_001}, 413, "file-too-large"),
        ({"content": b""}, 422, "file-empty"),
        ({"type_": "text/html"}, 415, "file-type-refused"),
        ({"type_": "image/png"}, 415, "file-type-wrong"),
        ({"content": b"MZ\x90\x00"}, 415, "file-type-wrong"),
        ({"name": "../curve.csv"}, 422, "file-invalid"),
        ({"step_id": "weld"}, 404, "unknown-step"),
        ({"step_id": "assemble", "field_id": "angle"}, 404, "unknown-field"),
        ({"field_id": "torque"}, 422, "file-invalid"),
    ],
)
async def test_what_is_refused_is_not_kept(
    as_: Served, folder: Path, changed: dict[str, Any], status: int, code: str
) -> None:
    """Too large, empty, of a wrong type, or for something that there is not: with a reason and a way out."""
    answer = await uploaded(as_, **changed)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["resolve"]
    assert kept(folder) == []
    assert (await as_("viewer").get(FILES)).json() == {"items": []}


async def test_a_locked_run_takes_no_file_not_even_its_content(as_: Served, folder: Path) -> None:
    """It is refused before it comes."""
    await as_("lead").post(f"/runs/{R}/cancel", json={"reason": "not needed"})
    answer = await uploaded(as_)
    assert (answer.status_code, answer.json()["code"]) == (409, "run-not-open")
    assert kept(folder) == []


async def test_only_files_of_the_run_are_to_be_had_from_it(as_: Served) -> None:
    """Whoever knows a digest learns nothing by it from another run."""
    await uploaded(as_)
    await as_("lead").post("/runs", json=ORDER | {"run_id": "run-2", "target": {"serial": "PUMP-2"}})
    assert (await as_("viewer").get(f"/runs/run-2/files/{DIGEST}")).status_code == 404
    assert (await as_("viewer").get(f"/runs/none/files/{DIGEST}")).status_code == 404
    assert (await as_("viewer").get(f"{FILES}/..%2F..%2Fetc")).status_code in (404, 422)


async def test_a_test_stand_keeps_its_own_files(as_: Served) -> None:
    """By reference and digest, once; whoever wants one is told where it is. Uploaded later, it is to be had here."""
    where = {"uri": "s3://stand/curve.csv", "sha256": DIGEST.upper(), "name": "curve.csv", "media_type": "TEXT/csv"}
    at = {"run_id": R, "step_id": "run-in", "field_id": "curve", "size_bytes": len(CSV), "operator": "olga"}
    sent = event("plant.step.file-attached.v1", at | where)
    assert await as_.takes(sent, sent) == {"done": 1, "seen": 1}
    (shown,) = (await as_("viewer").get(FILES)).json()["items"]
    assert (shown["uri"], shown["sha256"], shown["attached_by"]["person"]) == (where["uri"], DIGEST, "olga")
    step = (await as_("viewer").get(f"/runs/{R}")).json()["steps"][-1]
    assert step["fields"][0]["value"] == DIGEST
    elsewhere = await as_("viewer").get(f"{FILES}/{DIGEST}")
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "file-elsewhere")
    assert where["uri"] in elsewhere.json()["resolve"]
    await uploaded(as_)
    assert (await as_("viewer").get(f"{FILES}/{DIGEST}")).content == CSV


async def test_a_lost_file_is_said_to_be_lost(as_: Served, folder: Path) -> None:
    """It is not served as an empty one."""
    await uploaded(as_)
    (folder / "sha256" / DIGEST[:2] / DIGEST).unlink()
    answer = await as_("viewer").get(f"{FILES}/{DIGEST}")
    assert (answer.status_code, answer.json()["code"]) == (404, "file-lost")


async def test_a_store_that_is_away_is_tried_again(as_: Served, folder: Path) -> None:
    """Like a database that is away: 503, and nothing has changed."""
    (folder / "sha256").write_text("a file where the store wants a folder")
    answer = await uploaded(as_)
    assert (answer.status_code, answer.json()["code"], "store" in answer.json()["obstacle"]) == (503, "try-again", True)
    assert answer.headers["retry-after"]
    assert (await as_("viewer").get(FILES)).json() == {"items": []}


async def test_without_a_store_files_go_by_reference_only(database: Callable[[str], Database], tmp_path: Path) -> None:
    """The refusal names the setting."""
    async with served(build, database("run"), tmp_path) as without:
        await without("lead").post("/runs", json=ORDER)
        answer = await uploaded(without)
        assert (answer.status_code, answer.json()["code"]) == (409, "file-store-missing")
        assert "ASBUILT_FILES_URL" in answer.json()["resolve"]
