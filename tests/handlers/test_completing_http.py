"""Completing, reopening and completing again over HTTP, on a real PostgreSQL: what changed, and what it would touch."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from services.run.app import build
from shared.testing.databases import Database
from shared.testing.topics import Sent, event
from tests.handlers.bench import BY
from tests.handlers.run_records import R, claimed, ordered, recorded, signed
from tests.handlers.served import Served, served


@pytest.fixture
def runs(database: Callable[[str], Database]) -> Database:
    """The run service's database, fresh."""
    return database("run")


@pytest.fixture
async def as_(runs: Database, tmp_path: Path) -> AsyncIterator[Served]:
    """The run service, served: `as_("lead")` is a client."""
    async with served(build, runs, tmp_path) as service:
        yield service


async def completes(as_: Served, run_id: str = R) -> dict[str, Any]:
    """The lead confirms the review as it is; the completion record."""
    review = (await as_("viewer").get(f"/runs/{run_id}/review")).json()
    confirmation = {"review_version": review["version"], "acknowledged": []}
    answer = await as_("lead").post(f"/runs/{run_id}/complete", json=confirmation)
    assert answer.status_code == 200, answer.text
    record: dict[str, Any] = answer.json()
    return record


async def is_complete(as_: Served) -> None:
    """The pump is built, and its run complete."""
    await as_.takes(ordered(), claimed(), recorded(), signed(), signed("test"))
    await completes(as_)


async def test_a_lot_is_completed_with_what_is_good_and_what_is_scrapped(as_: Served) -> None:
    """Part of it was put in quarantine before, in inventory; more than is left cannot be scrapped."""
    lot = {"lot": "L9", "quantity": "10"}
    split = {"unit_id": "PUMP-100:L9", "part_unit_id": "PUMP-100:L9~q", "quantity": "2", "left": "8"}
    of_run = split | {"because": "quarantine", "run_id": R, "as_built_version": 2}
    of_nobody = split | {"unit_id": "x", "because": "move"}
    await as_.takes(ordered(target=lot), claimed(), recorded(), signed(), signed("test"))
    told = [event("asbuilt.unit.split.v1", BY | one) for one in (of_run, of_nobody)]
    assert await as_.takes(*told) == {"done": 2, "seen": 0}
    review = (await as_("viewer").get(f"/runs/{R}/review")).json()
    confirmation = {"review_version": review["version"], "scrapped_quantity": "8.5"}
    refused = await as_("lead").post(f"/runs/{R}/complete", json=confirmation)
    assert (refused.status_code, refused.json()["code"]) == (422, "scrapped-quantity-invalid")
    answer = await as_("lead").post(f"/runs/{R}/complete", json=confirmation | {"scrapped_quantity": "3"})
    record = answer.json()
    assert [record[name] for name in ("quantity", "good_quantity", "scrapped_quantity")] == ["8", "5", "3"]


def placed(run_id: str, parent_unit_id: str, parent_run_id: str) -> Sent:
    """Inventory put a run's unit into a parent."""
    said = {"unit_id": "u", "parent_unit_id": parent_unit_id, "run_id": run_id, "parent_run_id": parent_run_id}
    return event("asbuilt.unit.placed.v1", BY | said)


async def test_two_records_of_a_run_stay_readable_and_are_compared(as_: Served) -> None:
    """Reopened by an administrator, measured and signed again, completed again: the value and the step differ."""
    await is_complete(as_)
    assert (await as_("admin").post(f"/runs/{R}/reopen", json={"reason": "A torque is wrong."})).status_code == 200
    await as_.takes(recorded("25.75"), signed())
    second = await completes(as_)
    kept = (await as_("viewer").get(f"/runs/{R}/completions")).json()["items"]
    assert [(one["number"], one["superseded_because"]) for one in kept] == [(1, "A torque is wrong."), (2, None)]
    shown = (await as_("viewer").get(f"/runs/{R}/completions/compare")).json()
    assert (shown["from"]["number"], shown["to"]["content_hash"]) == (1, second["content_hash"])
    value = next(one for one in shown["differences"] if one["about"] == "value")
    assert (value["subject"], value["was"], value["now"]) == (
        "assemble/torque",
        "25.5 N·m, in-range (recording 1)",
        "25.75 N·m, in-range (recording 2)",
    )
    assert {one["subject"] for one in shown["differences"] if one["about"] == "step"} == {"assemble"}
    same = (await as_("viewer").get(f"/runs/{R}/completions/compare?from=2&to=2")).json()
    assert same["differences"] == []


@pytest.mark.parametrize("asked", ["", "?from=1&to=3", "?from=9"])
async def test_a_record_that_there_is_not_cannot_be_compared(as_: Served, asked: str) -> None:
    """Of a run that was never completed, or not so often."""
    await as_.takes(ordered())
    if asked:
        await as_.takes(claimed(), recorded(), signed(), signed("test"))
        await completes(as_)
    answer = await as_("viewer").get(f"/runs/{R}/completions/compare{asked}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_what_reopening_would_touch_is_known_before(as_: Served) -> None:
    """The pump is in a skid, whose run goes on, and the skid in a plant, whose run is not known here."""
    await is_complete(as_)
    await as_.takes(ordered(run_id="run-skid", target={"serial": "SKID-1"}))
    await as_.takes(placed(R, "SKID-1", "run-skid"), placed("run-skid", "PLANT-1", "run-elsewhere"))
    found = (await as_("viewer").get(f"/runs/{R}/reopen-impact")).json()
    assert (found["supersedes"], found["obstacle"]) == (1, None)
    assert [(one["unit_id"], one["run_id"], one["status"]) for one in found["installed_in"]] == [
        ("SKID-1", "run-skid", "todo"),
        ("PLANT-1", "run-elsewhere", None),
    ]
    assert found["warns"] == [{"run_id": "run-skid", "unit_id": "SKID-1", "warns_at_once": True}]
    assert [(one["number"], one["is_on_its_way"]) for one in found["completions"]] == [(1, True)]
    assert "Which run builds PLANT-1 is not known here." in found["cannot_be_known"]


def delivered(word: str, number: int, endpoint: str, at: str, **more: Any) -> Sent:
    """The notification service says how a delivery of the pump's completion stands."""
    about = {"delivery_id": f"{endpoint}-{number}", "event_id": f"completion-{number}", "run_id": R, "number": number}
    where = {"endpoint_id": endpoint, "url": f"https://{endpoint}.example.com/", "description": f"The {endpoint}"}
    data = BY | about | where | {"event_type": "asbuilt.run.completed.v1"} | more
    return event(f"asbuilt.delivery.{word}.v1", data, time=datetime.fromisoformat(at))


async def test_who_got_a_completion_record_and_who_did_not_yet_is_shown_beside_it(as_: Served) -> None:
    """Whatever order the words come in; none of it changes the record or the review."""
    await is_complete(as_)
    before = [(await as_("viewer").get(f"/runs/{R}/{what}")).json() for what in ("completions", "review")]
    words = [
        delivered("delivered", 1, "erp", "2026-11-24T12:00:02Z", attempts=2),
        delivered("queued", 1, "erp", "2026-11-24T12:00:00Z"),
        delivered("queued", 1, "mes", "2026-11-24T12:00:00Z"),
        delivered("queued", 1, "old", "2026-11-24T12:00:00Z"),
        delivered("given-up", 1, "old", "2026-11-27T12:00:00Z", attempts=41),
    ]
    assert await as_.takes(*words) == {"done": 5, "seen": 0}
    (sent,) = (await as_("viewer").get(f"/runs/{R}/reopen-impact")).json()["completions"]
    assert [(one["endpoint_id"], one["state"], one["attempts"], one["at"]) for one in sent["deliveries"]] == [
        ("mes", "on-its-way", None, "2026-11-24T12:00:00Z"),
        ("erp", "delivered", 2, "2026-11-24T12:00:02Z"),
        ("old", "given-up", 41, "2026-11-27T12:00:00Z"),
    ]
    assert [(await as_("viewer").get(f"/runs/{R}/{what}")).json() for what in ("completions", "review")] == before


async def test_a_delivery_that_is_sent_again_counts_as_it_last_ended(as_: Served) -> None:
    """It was given up, somebody sent it again, and the endpoint took it."""
    await is_complete(as_)
    await as_.takes(delivered("given-up", 1, "erp", "2026-11-24T12:00:00Z", attempts=41))
    await as_.takes(delivered("delivered", 1, "erp", "2026-11-25T08:00:00Z", attempts=1))
    (sent,) = (await as_("viewer").get(f"/runs/{R}/reopen-impact")).json()["completions"]
    assert [(one["state"], one["attempts"]) for one in sent["deliveries"]] == [("delivered", 1)]


async def test_a_delivery_of_a_run_that_is_not_known_is_neither_refused_nor_waited_for(as_: Served) -> None:
    """And it holds up nothing of its endpoint."""
    unknown = delivered("queued", 1, "erp", "2026-11-24T12:00:00Z", run_id="nobodys")
    assert await as_.takes(unknown) == {"done": 1, "seen": 0}


async def test_a_rework_of_the_parent_is_the_run_that_would_warn(as_: Served) -> None:
    """It is another run than the one that put the pump in."""
    await is_complete(as_)
    await as_.takes(ordered(run_id="run-skid", target={"serial": "SKID-1"}), placed(R, "SKID-1", "run-skid"))
    await as_.takes(ordered(run_id="rework", target={"serial": "SKID-1"}))
    found = (await as_("viewer").get(f"/runs/{R}/reopen-impact")).json()
    assert [one["run_id"] for one in found["installed_in"]] == ["rework"]


async def test_a_run_that_is_not_complete_has_nothing_to_reopen(as_: Served) -> None:
    """Said, with a way to see what its unit is in all the same."""
    await as_.takes(ordered())
    found = (await as_("viewer").get(f"/runs/{R}/reopen-impact")).json()
    assert (found["supersedes"], found["installed_in"], found["completions"]) == (None, [], [])
    assert found["obstacle"] == "The run is todo, so there is nothing to reopen."


async def test_a_record_is_on_its_way_until_the_relay_has_sent_it(as_: Served, runs: Database) -> None:
    """The first one is out, the second one not yet."""
    await is_complete(as_)
    runs.rows("delete from outbox")  # as the relay does with what is sent
    assert (await as_("admin").post(f"/runs/{R}/reopen", json={"reason": "A torque is wrong."})).status_code == 200
    await completes(as_)
    found = (await as_("viewer").get(f"/runs/{R}/reopen-impact")).json()
    assert [(one["number"], one["is_on_its_way"]) for one in found["completions"]] == [(1, False), (2, True)]
