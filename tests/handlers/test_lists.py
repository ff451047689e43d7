"""Lists of runs over HTTP, on a real PostgreSQL: filters, sorts, pages, and what a page costs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from shared.testing.databases import Database
from shared.testing.topics import Sent, event
from tests.bench.lists import PAGE, costs, fill
from tests.handlers.run_records import ORDER
from tests.handlers.served import Served

SERVICE = "run"

BEGAN = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
SORTS = ("ordered_at", "started_at", "completed_at")


def at(hours: float) -> datetime:
    """A moment of these days."""
    return BEGAN + timedelta(hours=hours)


def ordered(number: int, hours: float = 0, **changed: Any) -> Sent:
    """Planning orders a pump of two steps that need no value."""
    name = {"run_id": f"run-{number}", "target": {"serial": f"PUMP-{number}"}}
    steps = [{"step_id": "a", "name": "A"}, {"step_id": "b", "name": "B", "required": False}]
    return event("plant.run.ordered.v1", ORDER | {"steps": steps} | name | changed, time=at(hours))


def signed(number: int, hours: float, person: str = "olga", step: str = "a") -> Sent:
    """Somebody does a step."""
    data = {"run_id": f"run-{number}", "step_id": step, "operator": person}
    return event("plant.step.signed-off.v1", data, time=at(hours))


async def listed(as_: Served, **wanted: Any) -> list[str]:
    """The numbers of the runs of a list, page by page."""
    found: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        answer = await as_("viewer").get("/runs", params=wanted | cursor)
        assert answer.status_code == 200, answer.text
        found += [one["run_id"].removeprefix("run-") for one in answer.json()["items"]]
        if answer.json()["next"] is None:
            return found
        cursor = {"cursor": answer.json()["next"]}


async def test_a_list_is_filtered_by_what_a_run_is_for_and_where(as_: Served) -> None:
    """Part, procedure version, line, work center, work order, unit: each alone and together."""
    other = {"part_number": "VALVE-9", "procedure": {"name": "Build a valve", "version": "1"}, "work_order": "WO-2"}
    cell = {"place": {"plant": "Graz", "line": "valves", "work_center": "cell-4"}}
    newer = {"procedure": {"name": "Build a pump", "version": "4"}, "place": {"line": "pumps", "work_center": "cell-4"}}
    await as_.takes(ordered(1), ordered(2, 1, **newer), ordered(3, 2, **other, **cell))
    for wanted, numbers in (
        ({}, "321"),
        ({"part_number": "VALVE-9"}, "3"),
        ({"procedure": "Build a pump"}, "21"),
        ({"procedure": "Build a pump", "procedure_version": "3"}, "1"),
        ({"line": "pumps"}, "2"),
        ({"work_center": "cell-4"}, "32"),
        ({"work_center": "cell-4", "part_number": "PUMP-100"}, "2"),
        ({"work_order": "WO-2"}, "3"),
        ({"unit_id": "PUMP-2"}, "2"),
        ({"line": "nowhere"}, ""),
    ):
        assert "".join(await listed(as_, **wanted)) == numbers, wanted


async def test_a_list_is_filtered_by_status_person_and_period(as_: Served) -> None:
    """Who worked on a step of a run is found by name; a period is of the time sorted by."""
    await as_.takes(ordered(1), ordered(2, 1), ordered(3, 2), ordered(4, 3))
    await as_.takes(signed(1, 10), signed(2, 11, "omar"), signed(3, 12, "omar"), signed(3, 13, "olga", "b"))
    await completed(as_, 3)
    for wanted, numbers in (
        ({"status": "todo"}, "4"),
        ({"status": "in_progress"}, "21"),
        ({"status": "complete"}, "3"),
        ({"person": "omar"}, "32"),
        ({"person": "olga", "sort": "started_at"}, "13"),
        ({"person": "olga", "sort": "-completed_at"}, "31"),
        ({"person": "nobody"}, ""),
        ({"from": at(1).isoformat(), "to": at(3).isoformat()}, "32"),
        ({"from": at(11).isoformat(), "sort": "started_at"}, "23"),
        ({"to": at(12).isoformat(), "sort": "-started_at", "person": "omar"}, "2"),
        ({"from": at(0).isoformat(), "sort": "completed_at"}, "3"),
        ({"from": at(0).isoformat(), "sort": "completed_at", "status": "todo"}, ""),
        ({"sort": "completed_at", "status": "in_progress"}, "12"),
        ({"sort": "completed_at", "status": "complete"}, "3"),
    ):
        assert "".join(await listed(as_, **wanted)) == numbers, wanted


async def completed(as_: Served, number: int) -> None:
    """A run without requirements and gates is completed; inventory claimed its target before."""
    run = f"/runs/run-{number}"
    version = (await as_("viewer").get(f"{run}/review")).json()["version"]
    answer = await as_("lead").post(f"{run}/complete", json={"review_version": version})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
async def test_each_sort_goes_both_ways_and_what_lacks_the_time_comes_last(as_: Served, limit: int) -> None:
    """Runs that were not started, or are not complete, are in every list, behind those that are."""
    await as_.takes(*(ordered(number, number) for number in range(1, 6)))
    await as_.takes(signed(4, 20), signed(2, 21), signed(1, 22))
    await completed(as_, 2)
    await completed(as_, 4)
    for sort, numbers in (
        ("ordered_at", "12345"),
        ("-ordered_at", "54321"),
        ("started_at", "42135"),
        ("-started_at", "12453"),
        ("completed_at", "24135"),
        ("-completed_at", "42531"),
    ):
        assert "".join(await listed(as_, sort=sort, limit=limit)) == numbers, sort


async def test_runs_that_were_ordered_at_the_same_moment_are_each_on_one_page(as_: Served) -> None:
    """The id decides between equal times."""
    await as_.takes(*(ordered(number) for number in range(1, 8)))
    for sort in SORTS:
        assert sorted(await listed(as_, sort=sort, limit=2)) == [*"1234567"]


async def test_a_page_goes_on_where_the_one_before_ended_whatever_was_added_since(as_: Served) -> None:
    """New runs appear before a reader's place or behind it, and push nothing onto a page a second time."""
    await as_.takes(*(ordered(number, number) for number in range(1, 6)))
    first = (await as_("viewer").get("/runs", params={"limit": 2})).json()
    await as_.takes(ordered(8, 8), ordered(0, 0), signed(3, 30))
    params = {"limit": 2, "cursor": first["next"]}
    second = (await as_("viewer").get("/runs", params=params)).json()
    third = (await as_("viewer").get("/runs", params=params | {"cursor": second["next"]})).json()
    seen = [one["run_id"][-1] for page in (first, second, third) for one in page["items"]]
    assert ("".join(seen), third["next"]) == ("543210", None)
    assert second["items"][0]["status"] == "in_progress"


async def test_a_run_in_a_list_says_what_it_is_and_how_far(as_: Served) -> None:
    """A planner reads it without opening the run."""
    place = {"plant": "Graz", "line": "pumps", "work_center": "cell-4"}
    await as_.takes(ordered(1, place=place, work_order="WO-1"), signed(1, 2))
    await completed(as_, 1)
    (item,) = (await as_("viewer").get("/runs")).json()["items"]
    cycle_time = timedelta(seconds=float(item.pop("cycle_time_s")))
    assert cycle_time == datetime.fromisoformat(item.pop("completed_at")) - at(2)
    assert item == {
        "run_id": "run-1",
        "status": "complete",
        "part_number": "PUMP-100",
        "revision": "B",
        "procedure": {"name": "Build a pump", "version": "3"},
        "unit_id": "PUMP-1",
        "work_order": "WO-1",
        "place": place,
        "ordered_at": "2026-11-02T06:00:00Z",
        "started_at": "2026-11-02T08:00:00Z",
    }


async def test_a_reopened_run_is_open_again_in_every_list(as_: Served) -> None:
    """Its time of completion goes, for those who worked on it too."""
    await as_.takes(ordered(1), signed(1, 2))
    await completed(as_, 1)
    assert (await as_("admin").post("/runs/run-1/reopen", json={"reason": "A wrong value."})).status_code == 200
    since = {"sort": "completed_at", "from": at(0).isoformat()}
    assert await listed(as_, **since) == await listed(as_, **since, person="olga") == []
    assert await listed(as_, status="in_progress", person="olga") == ["1"]


@pytest.mark.parametrize(
    "wanted",
    [{"status": "done"}, {"sort": "status"}, {"from": "2026-11-24T12:00:00"}, {"person": "a\x00b"}, {"cursor": "x"}],
)
async def test_a_question_that_makes_no_sense_is_refused(as_: Served, wanted: dict[str, Any]) -> None:
    """A status or sort that there is not, a time without a zone, a name that cannot be one, a cursor of nobody's."""
    assert (await as_("viewer").get("/runs", params=wanted)).status_code == 422


async def test_a_cursor_belongs_to_its_sort(as_: Served) -> None:
    """A place in one order says nothing about another."""
    await as_.takes(ordered(1), ordered(2))
    cursor = (await as_("viewer").get("/runs", params={"limit": 1})).json()["next"]
    answer = await as_("viewer").get("/runs", params={"cursor": cursor, "sort": "started_at"})
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor-invalid")


async def test_a_page_of_a_list_reads_no_more_than_some_pages_of_runs(kept: Database) -> None:
    """For each filter and each sort, by PostgreSQL's own plan; a list that reads all runs would read ten thousand."""
    engine = create_async_engine(kept.owner_url)
    async with engine.connect() as connection:
        await fill(connection, 1, 10_000)
        found = await costs(connection)
    await engine.dispose()
    assert {name: cost for name, cost in found.items() if cost.rows_read > 12 * PAGE} == {}
