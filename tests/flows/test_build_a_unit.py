"""A pump is built: plant systems publish, people review and confirm, run and inventory agree over Kafka."""

from collections.abc import Iterator
from typing import Any

import pytest

from shared.kernel import content_hash
from shared.testing.databases import Databases
from shared.testing.kafka import Kafka
from shared.testing.plant import PlantUnderTest
from shared.testing.topics import Publisher
from tests.flows.floor import Floor


@pytest.fixture(scope="module")
def floor(directory: Any, kafka: Kafka, databases: Databases, publish: Publisher) -> Iterator[Floor]:
    """One plant for all stories here: each has its own run and units."""
    plant = PlantUnderTest(directory / "build-a-unit", kafka.address, databases, publish)
    plant.serve("run", "inventory")
    yield Floor(plant)
    plant.stop()


def test_a_pump_is_built_reviewed_confirmed_and_released(floor: Floor) -> None:
    """From the order to the as-built tree; the completion goes out once on both topics, under one id."""
    run_id, unit_id, rotor = floor.builds()
    version = floor.is_ready(run_id)
    answer = floor.confirms(run_id, version, note="fine")
    assert answer.status_code == 200, answer.text
    floor.sees("inventory", f"/units/{unit_id}", lambda one: one["status"] == "available")
    floor.sees("inventory", f"/units/{rotor}", lambda one: one["consumed_by"] == run_id)
    tree = floor.sees("inventory", f"/units/{unit_id}/tree", lambda one: one["children"])
    assert [(one["serial"], one["requirement_id"], one["installed_by"]["person"]) for one in tree["children"]] == [
        (rotor, "rotor", "olga")
    ]
    heard = {
        topic: [
            one
            for one in floor.plant.announced(topic, lambda all_: any(_is_of(one, run_id) for one in all_))
            if _is_of(one, run_id)
        ]
        for topic in ("asbuilt.runs", "asbuilt.completions")
    }
    ids = {one.id for there in heard.values() for one in there}
    assert len(ids) == 1
    assert [len(there) for there in heard.values()] == [1, 1]
    assert heard["asbuilt.completions"][0].data["record"] == answer.json()


def _is_of(one: Any, run_id: str) -> bool:
    return bool(one.type == "asbuilt.run.completed.v1" and one.key == run_id)


def test_the_record_can_be_checked_by_whoever_receives_it(floor: Floor) -> None:
    """Its hash is over everything else in it, on the topic as in the answer and in the list of completions."""
    run_id, _, rotor = floor.builds()
    record = floor.confirms(run_id, floor.is_ready(run_id)).json()
    assert record["content_hash"] == content_hash({k: v for k, v in record.items() if k != "content_hash"})
    assert record["steps"][0]["values"][0]["value"] == "25.10"
    assert record["installations"][0]["serial"] == rotor
    kept = floor.sees("run", f"/runs/{run_id}/completions", lambda one: one["items"])["items"]
    assert [(one["record"], one["superseded_at"]) for one in kept] == [(record, None)]


def test_a_repeated_confirmation_gets_the_first_answer_and_a_second_person_a_refusal(floor: Floor) -> None:
    """By the idempotency key; another body under it is refused, another key finds the run locked."""
    run_id, _, _ = floor.builds()
    version = floor.is_ready(run_id)
    first = floor.confirms(run_id, version, key=f"{run_id}-1")
    again = floor.confirms(run_id, version, key=f"{run_id}-1")
    assert (again.status_code, again.json()) == (first.status_code, first.json()) == (200, first.json())
    assert floor.confirms(run_id, version, key=f"{run_id}-1", note="other").json()["code"] == "idempotency-key-reused"
    assert floor.confirms(run_id, version, key=f"{run_id}-2").json()["code"] == "run-locked"


def test_a_confirmation_that_comes_too_late_or_too_early_shows_the_review(floor: Floor) -> None:
    """Blocked: with what blocks and who can resolve it. Stale: with the new version."""
    run_id, _, _ = floor.builds()
    blocked = floor.confirms(run_id, "sha256:0")
    assert (blocked.status_code, blocked.json()["code"]) == (409, "completion-blocked")
    blocker = blocked.json()["review"]["blockers"][0]
    assert (blocker["permission"], blocker["role"]) == ("gate:approve", "Quality")
    version = floor.is_ready(run_id)
    stale = floor.confirms(run_id, "sha256:0")
    assert (stale.status_code, stale.json()["code"]) == (409, "review-stale")
    assert stale.json()["review"]["version"] == version


def test_a_completed_pump_is_locked_over_http_and_over_kafka(floor: Floor) -> None:
    """Steps in run, the as-built in inventory; refused on the topic as well as in the answer."""
    run_id, unit_id, rotor = floor.builds()
    floor.confirms(run_id, floor.is_ready(run_id))
    floor.sees("inventory", f"/units/{unit_id}", lambda one: one["status"] == "available")
    put = floor.asks("run", "PUT", f"/runs/{run_id}/steps/assemble/fields/torque", {"value": "25.2"}, roles="admin")
    assert (put.status_code, put.json()["code"]) == (409, "run-locked")
    out = floor.asks("inventory", "POST", f"/units/{unit_id}/installations/{rotor}/remove", {}, roles="admin")
    assert (out.status_code, out.json()["code"]) == (409, "as-built-locked")
    floor.works(run_id)
    floor.plant.announced("asbuilt.runs", lambda heard: sum(_is_locked(one, run_id) for one in heard) == 4)


def _is_locked(one: Any, run_id: str) -> bool:
    is_of = one.type == "asbuilt.run.change-refused.v1" and one.key == run_id
    return bool(is_of and one.data["code"] == "run-locked")


def test_a_second_run_for_a_unit_in_work_is_canceled_with_the_reason(floor: Floor) -> None:
    """Its steps take nothing any more; the first run goes on."""
    first, unit_id, _ = floor.builds()
    second, _ = floor.orders(target={"serial": unit_id})
    canceled = floor.sees("run", f"/runs/{second}", lambda one: one["status"] == "canceled")
    assert f"target-not-available: The unit {unit_id} cannot be" in canceled["canceled_because"]
    assert f"the target of the open run {first}" in canceled["canceled_because"]
    start = floor.asks("run", "POST", f"/runs/{second}/steps/assemble/start", roles="operator")
    assert (start.status_code, start.json()["code"]) == (409, "run-not-open")
    assert floor.asks("run", "GET", f"/runs/{first}").json()["status"] == "in_progress"


def test_an_unheard_of_rotor_waits_and_a_wrong_one_is_refused(floor: Floor) -> None:
    """An install before its receipt is taken up when the rotor comes; a valve in its place is refused by name."""
    run_id, unit_id = floor.orders()
    floor.installs(f"early-{run_id}", unit_id)
    floor.sees("run", f"/runs/{run_id}", lambda one: one["as_built_version"] == 1)
    floor.receives(f"early-{run_id}")
    floor.sees("run", f"/runs/{run_id}", lambda one: one["installations"])
    valve = floor.receives(f"VALVE-{run_id}", "VALVE-3")
    floor.sees(
        "inventory", "/units?part_number=VALVE-3&limit=500", lambda one: valve in [u["unit_id"] for u in one["items"]]
    )
    body = {"unit_id": valve, "requirement_id": "rotor"}
    refused = floor.asks("inventory", "POST", f"/units/{unit_id}/installations", body, roles="operator")
    assert (refused.status_code, refused.json()["code"]) == (409, "part-not-approved")
    assert "ROTOR-7 (revision A)" in refused.json()["resolve"]


def test_a_run_shows_its_summary_and_a_step_its_evidence(floor: Floor) -> None:
    """Signers, values with verdicts, counts, completer, cycle time: what the review surfaces need."""
    run_id, unit_id, _ = floor.builds()
    floor.confirms(run_id, floor.is_ready(run_id))
    run = floor.asks("run", "GET", f"/runs/{run_id}").json()
    assert (run["status"], run["target"]["unit_id"], run["operators"]) == ("complete", unit_id, ["olga"])
    assert run["completed_by"] == {"person": "lead", "machine": None}
    assert float(run["cycle_time_s"]) > 0
    assert run["counts"]["steps"] == {"completed": 2, "failed_then_resolved": 0, "total": 2}
    torque = run["steps"][0]["fields"][0]
    assert (torque["value"], torque["unit"], torque["verdict"]) == ("25.10", "N·m", "in-range")
    assert run["steps"][0]["signed_by"] == {"person": "olga", "machine": "torque-2"}
    steps = floor.asks("run", "GET", f"/runs/{run_id}/steps").json()
    assert [one["step_id"] for one in steps["items"]] == ["assemble", "test"]
    field = steps["items"][0]["fields"][0]
    assert (field["recording"], field["value"], field["earlier"]) == (1, "25.10", [])


def test_lists_come_in_pages_that_lead_to_the_end(floor: Floor) -> None:
    """Every run and every unit is on just one page."""
    floor.builds()
    for service, path, name in (("run", "/runs", "run_id"), ("inventory", "/units", "unit_id")):
        everything = [one[name] for one in floor.asks(service, "GET", f"{path}?limit=500").json()["items"]]
        page = floor.asks(service, "GET", f"{path}?limit=1").json()
        found = [one[name] for one in page["items"]]
        while page["next"]:
            page = floor.asks(service, "GET", f"{path}?limit=1&cursor={page['next']}").json()
            found += [one[name] for one in page["items"]]
        assert found == everything
        assert len(found) > 1


@pytest.mark.parametrize(
    ("service", "path", "status", "code"),
    [
        ("run", "/runs/nobody", 404, "not-found"),
        ("run", "/runs/nobody/review", 404, "not-found"),
        ("run", "/runs/nobody/steps", 404, "not-found"),
        ("run", "/runs/nobody/completions", 404, "not-found"),
        ("run", "/runs/a%00b", 422, "request-invalid"),
        ("run", "/runs?unit_id=%00", 422, "request-invalid"),
        ("run", "/runs?status=lost", 422, "request-invalid"),
        ("run", "/runs?cursor=W10", 422, "cursor-invalid"),
        ("run", "/runs?cursor=nonsense", 422, "cursor-invalid"),
        ("run", "/runs?limit=0", 422, "request-invalid"),
        ("inventory", "/units/nobody", 404, "not-found"),
        ("inventory", "/units/nobody/tree", 404, "not-found"),
        ("inventory", "/units/a%00b", 422, "request-invalid"),
        ("inventory", "/units?cursor=W10", 422, "cursor-invalid"),
    ],
)
def test_what_is_not_there_or_makes_no_sense_is_said(
    floor: Floor, service: str, path: str, status: int, code: str
) -> None:
    """A problem document with a code, an obstacle and a way out; never an error of ours."""
    answer = floor.asks(service, "GET", path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["resolve"]
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_nobody_can_keep_is_refused(floor: Floor) -> None:
    """NUL in a note, a reason or a value, a number of a billion digits: 422, and nothing changes."""
    run_id, _ = floor.orders()
    before = floor.sees("run", f"/runs/{run_id}", lambda one: one["as_built_version"] == 1)
    calls = [
        ("POST", "cancel", {"reason": "a\0b"}, "request-invalid"),
        ("POST", "complete", {"review_version": "x", "note": "a\0b"}, "request-invalid"),
        ("PUT", "steps/assemble/fields/torque", {"value": "1E+999999999"}, "value-invalid"),
        ("PUT", "steps/assemble/fields/torque", {"value": "a\0b"}, "value-invalid"),
    ]
    for method, path, body, code in calls:
        answer = floor.asks("run", method, f"/runs/{run_id}/{path}", body, roles="lead")
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert floor.asks("run", "GET", f"/runs/{run_id}").json()["version"] == before["version"]
