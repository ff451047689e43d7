"""Asking the history over HTTP, on a real PostgreSQL."""

import json
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.audit.app import build
from shared.messaging.messages import KeptRecord
from shared.testing.databases import Database
from shared.testing.topics import Sent
from tests.handlers.floor_records import NOON, record, recorded, rubbish, started, told
from tests.handlers.served import Served, served


@pytest.fixture
async def audit(database: Callable[[str], Database], tmp_path: Path) -> AsyncIterator[Served]:
    """The audit service, served."""
    async with served(build, database("audit"), tmp_path) as service:
        yield service


def installed(unit_id: str, parent_unit_id: str, run_id: str = "RUN-1") -> Sent:
    """Inventory installed a unit into another."""
    return told(
        "asbuilt.unit.installed.v1",
        unit_id=unit_id,
        parent_unit_id=parent_unit_id,
        run_id=run_id,
        installation_id=f"{unit_id} in {parent_unit_id}",
        requirement_id="r",
        part_number="P",
        revision="A",
        quantity="1",
        as_built_version=2,
    )


async def take(audit: Served, *batch: Sent | KeptRecord) -> None:
    """Append these, in order."""
    placed = [record(one, number) if isinstance(one, Sent) else one for number, one in enumerate(batch)]
    await audit.road.take(placed)


async def page(audit: Served, **wanted: Any) -> dict[str, Any]:
    """One page of the history."""
    answer = await audit("viewer").get("/history", params=wanted)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def types(audit: Served, **wanted: Any) -> list[str]:
    """The types of what is found, without their prefixes and versions."""
    items = (await page(audit, **wanted))["items"]
    return [(one["type"] or one["unreadable"]).removesuffix(".v1").split(".", 1)[-1] for one in items]


async def test_the_history_of_a_run_is_everything_that_names_it(audit: Served) -> None:
    """What the plant said, what the services made of it, what was refused, and what nobody could read."""
    refused = {"refused_id": "e", "refused_source": "s", "refused_type": "t", "code": "c", "obstacle": "o"}
    await take(
        audit,
        recorded(),
        recorded("RUN-2"),
        started(),
        installed("ROTOR-1", "PUMP-1"),
        told("asbuilt.issue.opened.v1", issue_id="I-1", title="T", state="pending", run_id="RUN-1"),
        told("asbuilt.run.change-refused.v1", subject_id="RUN-1", resolve="r", **refused),
        rubbish(b"{"),
        started("RUN-2"),
    )
    found = ["step.value-recorded", "step.started", "unit.installed", "issue.opened", "run.change-refused", "not-json"]
    assert await types(audit, run_id="RUN-1") == found


async def test_an_entry_says_when_who_what_and_where(audit: Served) -> None:
    """Times of happening and of recording, person and machine, the event's own words, its place."""
    trace_id = "4" * 32
    began = datetime.now(UTC)
    await take(audit, recorded(id_="e-1", traceparent=f"00-{trace_id}-{'5' * 16}-01", time=NOON - timedelta(hours=1)))
    (entry,) = (await page(audit, run_id="RUN-1"))["items"]
    assert entry["happened_at"] == "2026-11-24T11:00:00Z"
    assert abs(datetime.fromisoformat(entry["recorded_at"]) - began) < timedelta(minutes=1)
    expected = {
        "position": 1,
        "type": "plant.step.value-recorded.v1",
        "person": "olga",
        "machine": "urn:plant:station-1",
        "run_id": "RUN-1",
        "step_id": "press",
        "unit_id": None,
        "event_id": "e-1",
        "event_source": "urn:plant:station-1",
        "trace_id": trace_id,
        "topic": "plant.steps",
        "partition": 0,
        "offset": 0,
        "unreadable": None,
        "detail": None,
    }
    assert {name: entry[name] for name in expected} == expected
    assert (entry["data"]["field_id"], entry["data"]["value"]) == ("force", "12.50")


async def test_a_measured_number_keeps_its_digits(audit: Served) -> None:
    """A JSON number is shown as text, so that no reader rounds it."""
    sent = recorded(value="@")
    raw = (sent.value or b"").replace(b'"@"', b"12.500000000000000001")
    await take(audit, Sent(sent.topic, sent.key, raw, sent.headers))
    (entry,) = (await page(audit))["items"]
    assert entry["data"]["value"] == "12.500000000000000001"


async def test_data_in_binary_mode_is_shown(audit: Served) -> None:
    """There the body is the data, and the headers are the envelope."""
    headers = {
        "ce_specversion": b"1.0",
        "ce_id": b"e-9",
        "ce_source": b"urn:tool:9",
        "ce_type": b"plant.step.started.v1",
        "content-type": b"application/json",
    }
    data = {"run_id": "RUN-1", "step_id": "press"}
    await take(audit, rubbish(json.dumps(data).encode(), **headers))
    (entry,) = (await page(audit, run_id="RUN-1"))["items"]
    assert (entry["event_id"], entry["data"]) == ("e-9", data)


async def test_the_history_of_a_unit_holds_what_went_into_it_and_where_it_went(audit: Served) -> None:
    """As component and as parent."""
    await take(
        audit, installed("ROTOR-1", "PUMP-1"), installed("PUMP-1", "SKID-1", "RUN-2"), installed("ROTOR-2", "PUMP-2")
    )
    items = (await page(audit, unit_id="PUMP-1"))["items"]
    assert [(one["unit_id"], one["parent_unit_id"]) for one in items] == [("ROTOR-1", "PUMP-1"), ("PUMP-1", "SKID-1")]


async def test_an_event_on_two_topics_shows_once_where_its_order_holds(audit: Served) -> None:
    """The completions for the ERP repeat what is on the runs topic; their records can be asked for."""
    sent = started()
    await take(audit, record(sent, 0, topic="asbuilt.completions"), record(recorded(), 1, later_ms=1))
    await take(audit, record(sent, 2, topic="asbuilt.runs", later_ms=2))
    items = (await page(audit, run_id="RUN-1"))["items"]
    assert [one["topic"] for one in items] == ["plant.steps", "asbuilt.runs"]
    items = (await page(audit, run_id="RUN-1", repeats=True))["items"]
    assert [one["topic"] for one in items] == ["asbuilt.completions", "plant.steps", "asbuilt.runs"]


async def test_an_event_sent_twice_shows_once_and_one_with_other_words_shows(audit: Served) -> None:
    """A sender that says something else under an id that it used before is seen."""
    await take(audit, recorded(id_="e-1"), recorded(id_="e-1"), recorded(id_="e-1", value="99.00"))
    items = (await page(audit, run_id="RUN-1"))["items"]
    assert [(one["offset"], one["data"]["value"]) for one in items] == [(0, "12.50"), (2, "99.00")]


async def test_the_history_can_be_asked_by_type_actor_and_time(audit: Served) -> None:
    """Alone, and together with a run."""
    early = recorded(time=NOON - timedelta(hours=2))
    await take(audit, early, recorded("RUN-2"), started(), started("RUN-2"))
    assert await types(audit, type="asbuilt.step.started.v1") == ["step.started"] * 2
    assert await types(audit, actor="olga") == ["step.value-recorded"] * 2
    assert await types(audit, actor="urn:plant:station-1") == ["step.value-recorded"] * 2
    assert await types(audit, actor="olga", run_id="RUN-2") == ["step.value-recorded"]
    assert await types(audit, type="asbuilt.step.started.v1", run_id="RUN-1") == ["step.started"]
    assert await types(audit, to=NOON.isoformat()) == ["step.value-recorded"]
    assert len(await types(audit, **{"from": NOON.isoformat()})) == 3
    assert await types(audit, type="no.such.type") == []


async def test_a_history_comes_in_pages_without_gap_or_repetition(audit: Served) -> None:
    """Also while more is recorded."""
    await take(audit, *(recorded(value=str(number)) for number in range(5)))
    cursor, seen = None, []
    for _page in range(3):
        found = await page(audit, run_id="RUN-1", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [one["data"]["value"] for one in found["items"]]
        cursor = found["next"]
        if len(seen) == 2:
            await take(audit, record(recorded(value="later"), 9))
    assert seen == ["0", "1", "2", "3", "4", "later"]
    assert cursor is None


async def test_what_is_not_known_has_an_empty_history(audit: Served) -> None:
    """It is no error to look for a run that nobody ordered yet."""
    assert await page(audit, run_id="RUN-9") == {"items": [], "next": None}
    assert await page(audit, unit_id="UNIT-9") == {"items": [], "next": None}


async def test_a_record_is_shown_with_its_exact_bytes(audit: Served) -> None:
    """Whatever it holds; a list leaves the body of a large one out and says how large it is."""
    body = b"\xff" * 100_000
    await take(audit, rubbish(body))
    (entry,) = (await page(audit, run_id="RUN-1"))["items"]
    assert (entry["data"], entry["size_bytes"], entry["unreadable"]) == (None, len(body), "not-utf8")
    shown = (await audit("viewer").get(f"/history/{entry['position']}")).json()
    assert b64decode(shown["value_base64"]) == body
    assert b64decode(shown["key_base64"]) == b"RUN-1"
    assert shown["detail"] == entry["detail"]


@pytest.mark.parametrize("position", ["2", "9223372036854775807"])
async def test_a_position_that_nothing_has_is_not_found(audit: Served, position: str) -> None:
    """The answer names it."""
    await take(audit, recorded())
    answer = await audit("viewer").get(f"/history/{position}")
    assert (answer.status_code, position in answer.json()["obstacle"]) == (404, True)


@pytest.mark.parametrize(
    "wanted", [{"from": "2026-11-24T12:00:00"}, {"to": "noon"}, {"run_id": "a\x00b"}, {"cursor": "x"}, {"limit": 501}]
)
async def test_a_question_that_makes_no_sense_is_refused(audit: Served, wanted: dict[str, Any]) -> None:
    """A time without a zone, a name that cannot be one, a cursor that is none of ours."""
    assert (await audit("viewer").get("/history", params=wanted)).status_code == 422


async def test_only_who_may_read_reads_the_history(audit: Served) -> None:
    """A token without a role that reads is not enough."""
    answer = await audit("stranger").get("/history")
    assert (answer.status_code, answer.json()["permission"]) == (403, "read")
