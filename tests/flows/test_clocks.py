"""Late, early, doubled, out of order, and on clocks that differ by minutes (domain.md 3.9): each event counts once, its
own time is kept beside the time at which it was recorded, and no negative duration is ever shown.
"""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.testing.plant import PlantUnderTest
from shared.testing.topics import Heard, Sent, event
from tests.flows.floor import RELEASE, STEPS, Document, Floor

SURFACES = ("", "/summary", "/steps", "/completions", "/export", "/review", "/reopen-impact")
FAST, SLOW = timedelta(minutes=9), timedelta(minutes=-7)
"""Two stations whose clocks are a quarter of an hour apart."""


@pytest.fixture
def floor(plant: PlantUnderTest) -> Floor:
    """A plant that makes runs only."""
    plant.serve("run", "inventory")
    return Floor(plant)


def durations(shown: Any, path: str = "") -> Iterator[tuple[str, Decimal]]:
    """Every number of seconds in a document, and where it stands."""
    if isinstance(shown, dict):
        for name, one in shown.items():
            if name.endswith("_s") and one is not None:
                yield f"{path}.{name}", Decimal(str(one))
            yield from durations(one, f"{path}.{name}")
    elif isinstance(shown, list):
        for number, one in enumerate(shown):
            yield from durations(one, f"{path}[{number}]")


def in_table(text: str) -> Iterator[tuple[str, Decimal]]:
    """Every number of seconds in the table of an export."""
    for row in csv.DictReader(text.splitlines()):
        if row["section"] in {"operator", "session"} or row["id"].endswith("_s"):
            yield f"{row['section']} {row['id']}", Decimal(row["value"] or 0)


def everything_shown(floor: Floor, run_id: str) -> list[tuple[str, Decimal]]:
    """Every duration on every surface."""
    found = []
    for surface in SURFACES:
        found += [
            (surface + at, one) for at, one in durations(floor.asks("run", "GET", f"/runs/{run_id}{surface}").json())
        ]
    table = floor.asks("run", "GET", f"/runs/{run_id}/export?format=csv")
    return [*found, *in_table(table.text)]


def on_step(what: str, run_id: str, at: datetime, step_id: str = "assemble", **more: Any) -> Sent:
    """What a station says of a step."""
    source = f"urn:plant:{more.pop('station', 'torque-2')}"
    data = {"run_id": run_id, "step_id": step_id, "operator": "olga"} | more
    id_ = f"{what}-{step_id}-{at.isoformat()}-{run_id}"
    return event(f"plant.step.{what}.v1", data, id_=id_, source=source, time=at)


def test_two_clocks_a_quarter_of_an_hour_apart_show_no_negative_duration(floor: Floor) -> None:
    """Started on a clock that is fast and signed on one that is slow, checked in on one and out on the other, completed
    before it began: the time as it was said is kept, and every duration is nothing at least.
    """
    run_id, _ = floor.orders(requirements=[])
    floor.sees("run", f"/runs/{run_id}", lambda one: one["as_built_version"] == 1)
    now = datetime.now(UTC)
    said = [
        on_step("started", run_id, now + FAST),
        on_step("checked-in", run_id, now + FAST, operator="boris"),
        on_step("value-recorded", run_id, now + SLOW, field_id="torque", value="25.10"),
        on_step("checked-out", run_id, now + SLOW, operator="boris"),
        on_step("signed-off", run_id, now + SLOW),
        on_step("signed-off", run_id, now + FAST, "test"),
    ]
    floor.plant.wait_done("run", floor.plant.publish.all(said))
    record = floor.confirms(run_id, floor.is_ready(run_id)).raise_for_status().json()
    step = floor.asks("run", "GET", f"/runs/{run_id}/steps").json()["items"][0]
    assert datetime.fromisoformat(step["started_at"]) - datetime.fromisoformat(step["signed_at"]) == FAST - SLOW
    assert (record["cycle_time_s"], record["labour_s"]) == ("0", "0")
    shown = everything_shown(floor, run_id)
    assert len(shown) > 20, "there is something to look at"
    assert [one for one in shown if one[1] < 0] == []


def test_what_comes_early_twice_and_late_is_the_run_that_it_would_have_been(floor: Floor) -> None:
    """Work is published before its order, everything twice, and a start after the sign-off of its step that it was
    before: one effect each, in the order in which it came, each with its own time beside the time of its recording.
    """
    run_id = "run-early"
    began = datetime.now(UTC) - timedelta(hours=2)
    work = [
        on_step("value-recorded", run_id, began, field_id="torque", value="25.10"),
        on_step("checked-in", run_id, began + timedelta(minutes=5), operator="boris"),
        on_step("signed-off", run_id, began + timedelta(minutes=30)),
        on_step("started", run_id, began + timedelta(minutes=31), "test"),
        on_step("started", run_id, began + timedelta(minutes=29), "test"),
        on_step("signed-off", run_id, began + timedelta(minutes=45), "test"),
    ]
    floor.plant.publish.all([one for one in work for _ in range(2)])
    order = floor.order(run_id, "PUMP-EARLY") | {"requirements": [], "steps": STEPS, "gates": [RELEASE]}
    for _ in range(2):
        floor.plant.publish.event("plant.run.ordered.v1", order, id_="order-early", time=began - timedelta(hours=1))
    floor.plant.publish.all(work)
    floor.sees("run", f"/runs/{run_id}/review", lambda one: [b["code"] for b in one["blockers"]] == ["gate-open"])
    record = floor.confirms(run_id, floor.is_ready(run_id)).raise_for_status().json()
    steps = {one["step_id"]: one for one in record["steps"]}
    assert [steps[name]["step_time_s"] for name in ("assemble", "test")] == ["1800", "960"]
    assert {one["person"]: one["labour_s"] for one in record["labour"]} == {"boris": "1500", "olga": "2640"}
    assert steps["assemble"]["values"][0]["recording"] == 1
    floor.plant.wait_sent("run")
    told = [one for one in floor.plant.announced.now("asbuilt.runs") if one.key == run_id]
    check_told(told, began)
    shown = everything_shown(floor, run_id)
    assert [one for one in shown if one[1] < 0] == []


def check_told(told: list[Heard], began: datetime) -> None:
    """Once each, in `sequence`, with both times."""
    facts = [one for one in told if one.sequence is not None]
    assert [one.sequence for one in facts] == list(range(1, len(facts) + 1))
    recorded = [one for one in facts if one.type == "asbuilt.step.value-recorded.v1"]
    assert [datetime.fromisoformat(one.event["time"]) for one in recorded] == [began]
    assert datetime.fromisoformat(recorded[0].event["recordedtime"]) > began + timedelta(hours=1)
    signed = [one.data["step_id"] for one in facts if one.type == "asbuilt.step.signed-off.v1"]
    assert signed == ["assemble", "test"]
    completed: Document = next(one for one in facts if one.type == "asbuilt.run.completed.v1").data["record"]
    assert float(completed["cycle_time_s"]) >= timedelta(hours=1).total_seconds()
