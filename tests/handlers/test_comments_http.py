"""Comments over HTTP and from the plant, on a real PostgreSQL: kept as they were said, shown page by page."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from services.run.app import build
from shared.testing.databases import Database
from shared.testing.topics import event
from tests.handlers.run_records import ORDER, R
from tests.handlers.served import Served, served


@pytest.fixture
async def as_(database: Callable[[str], Database], tmp_path: Path) -> AsyncIterator[Served]:
    """The run service, served, with a run that was ordered: `as_("lead")` is a client."""
    async with served(build, database("run"), tmp_path) as service:
        assert (await service("lead").post("/runs", json=ORDER)).status_code == 201
        yield service


async def said(as_: Served, text: str, path: str = "/steps/assemble") -> dict[str, Any]:
    """An operator says something."""
    answer = await as_("operator").post(f"/runs/{R}{path}/comments", json={"text": text})
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def test_comments_are_read_where_they_were_said(as_: Served) -> None:
    """On the run all of them, on a step its own; with the run the latest, with each of its steps its own."""
    of_step, of_run = await said(as_, "Swarf."), await said(as_, "Late shift.", "")
    assert (of_step["step_id"], of_run["step_id"], of_run["by"]["person"]) == ("assemble", None, "operator")
    viewer = as_("viewer")
    assert (await viewer.get(f"/runs/{R}/comments")).json() == {"items": [of_run, of_step], "next": None}
    assert (await viewer.get(f"/runs/{R}/steps/assemble/comments")).json()["items"] == [of_step]
    assert (await viewer.get(f"/runs/{R}/steps/test/comments")).json()["items"] == []
    assert (await viewer.get(f"/runs/{R}")).json()["comments"]["items"] == [of_run, of_step]
    steps = {one["step_id"]: one["comments"] for one in (await viewer.get(f"/runs/{R}/steps")).json()["items"]}
    assert (steps["assemble"], steps["test"]) == ([of_step], [])


async def test_many_comments_come_on_pages(as_: Served) -> None:
    """Each once, the newest first, whatever is said while somebody reads."""
    for number in range(5):
        await said(as_, f"{number}")
    path = f"/runs/{R}/comments"
    first = (await as_("viewer").get(path, params={"limit": 3})).json()
    await said(as_, "meanwhile")
    second = (await as_("viewer").get(path, params={"limit": 3, "cursor": first["next"]})).json()
    assert [one["text"] for one in first["items"] + second["items"]] == ["4", "3", "2", "1", "0"]
    assert second["next"] is None


async def test_a_comment_leaves_the_version_of_the_review(as_: Served) -> None:
    """A lead who reads a comment need not look at the review again."""
    before = (await as_("lead").get(f"/runs/{R}/review")).json()
    await said(as_, "Swarf.")
    assert (await as_("lead").get(f"/runs/{R}/review")).json() == before


async def test_a_station_comments_in_the_name_of_its_operator(as_: Served) -> None:
    """Once, however often it is delivered; person and machine are both named."""
    sent = event("plant.step.commented.v1", {"run_id": R, "step_id": "test", "text": "Hisses.", "operator": "olga"})
    assert await as_.takes(sent, sent) == {"done": 1, "seen": 1}
    (shown,) = (await as_("viewer").get(f"/runs/{R}/steps/test/comments")).json()["items"]
    assert (shown["text"], shown["by"]) == ("Hisses.", {"person": "olga", "machine": "urn:plant:station-1"})


async def test_a_no_says_why(as_: Served) -> None:
    """An empty comment, a step or a run that there is not."""
    operator = as_("operator")
    blank = await operator.post(f"/runs/{R}/comments", json={"text": "  "})
    assert (blank.status_code, blank.json()["code"]) == (422, "comment-empty")
    nowhere = await operator.post(f"/runs/{R}/steps/weld/comments", json={"text": "Hot."})
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "unknown-step")
    assert (await operator.get("/runs/none/comments")).status_code == 404
