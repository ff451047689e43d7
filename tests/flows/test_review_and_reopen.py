"""A run's review while plant, inventory and issue services go on, and a completed run that is opened again: on real
topics and databases (domain.md 3.4 to 3.7).
"""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
import rfc8785

from shared.testing.databases import Databases
from shared.testing.kafka import Kafka
from shared.testing.plant import PlantUnderTest
from shared.testing.topics import Publisher
from tests.flows.floor import Document, Floor

READY, NOT_READY = "asbuilt.run.ready.v1", "asbuilt.run.not-ready.v1"
COMPLETED, REOPENED = "asbuilt.run.completed.v1", "asbuilt.run.reopened.v1"
PUMP = {"requirement_id": "pump", "part_number": "PUMP-100", "revision": "B", "quantity": 1}


@pytest.fixture(scope="module")
def floor(directory: Any, kafka: Kafka, databases: Databases, publish: Publisher) -> Iterator[Floor]:
    """One plant for all stories here: each has its own run and units."""
    plant = PlantUnderTest(directory / "review-and-reopen", kafka.address, databases, publish)
    plant.serve("run", "inventory", "issue")
    yield Floor(plant)
    plant.stop()


def codes(review: Document, what: str) -> list[str]:
    """The codes of a review's blockers or warnings."""
    return [one["code"] for one in review[what]]


def reopens(floor: Floor, run_id: str, reason: str) -> None:
    """An administrator opens the run again."""
    floor.asks("run", "POST", f"/runs/{run_id}/reopen", {"reason": reason}, roles="admin").raise_for_status()


def test_readiness_is_announced_so_that_a_plant_need_not_poll(floor: Floor) -> None:
    """When the last blocker goes, and when the first one comes; each names the review that anybody sees then."""
    run_id, unit_id, rotor = floor.builds()
    version = floor.is_ready(run_id)
    (ready,) = floor.hears(READY, run_id)
    assert (ready.data["review_version"], ready.data.get("warnings", [])) == (version, [])
    remove = f"/units/{unit_id}/installations/{rotor}/remove"
    floor.asks("inventory", "POST", remove, {"reason": "worn"}, roles="operator").raise_for_status()
    (lost,) = floor.hears(NOT_READY, run_id)
    assert [(one["code"], one["subject"]) for one in lost.data["blockers"]] == [("requirement-short", "rotor")]
    review = floor.asks("run", "GET", f"/runs/{run_id}/review").json()
    assert review["version"] == lost.data["review_version"] != version
    floor.installs(rotor, unit_id)
    *_, again = floor.hears(READY, run_id, 2)
    assert floor.confirms(run_id, again.data["review_version"]).status_code == 200
    assert again.sequence is not None
    assert floor.hears(COMPLETED, run_id)[0].sequence == again.sequence + 1, "completing makes nothing not ready"


def test_a_policy_makes_a_warning_block_until_it_is_dealt_with(floor: Floor) -> None:
    """A torque out of range warns; by policy it blocks, and the review says which policy. An issue on the value clears
    that, and warns itself until it is acknowledged.
    """
    part = "PUMP-200"
    run_id, _, _ = floor.builds("26.40", part_number=part)
    version = floor.is_ready(run_id)
    (ready,) = floor.hears(READY, run_id)
    assert [one["code"] for one in ready.data["warnings"]] == ["out-of-range-without-issue"]
    policies = floor.asks("run", "GET", "/policies").json()
    wanted = {
        "version": policies["version"],
        "policies": [{"part_number": part, "blocking": ["out-of-range-without-issue"]}],
        "reason": "The customer asks for an issue on each.",
    }
    assert floor.asks("run", "PUT", "/policies", wanted, roles="lead").json()["permission"] == "policy:configure"
    floor.asks("run", "PUT", "/policies", wanted, roles="quality").raise_for_status()
    (lost,) = floor.hears(NOT_READY, run_id)
    assert [(one["code"], one["subject"]) for one in lost.data["blockers"]] == [
        ("out-of-range-without-issue", "assemble/torque")
    ]
    blocked = floor.confirms(run_id, version)
    assert (blocked.status_code, blocked.json()["code"]) == (409, "completion-blocked")
    (blocker,) = blocked.json()["review"]["blockers"]
    assert (blocker["policy"], "By policy, this blocks runs of PUMP-200." in blocker["sentence"]) == (part, True)
    report = {"title": "Over the limit", "run_id": run_id, "step_id": "assemble", "field_id": "torque"}
    floor.asks("issue", "POST", "/issues", report, roles="operator").raise_for_status()
    floor.hears(READY, run_id, 2)
    review = floor.sees("run", f"/runs/{run_id}/review", lambda one: one["is_ready"])
    assert codes(review, "warnings") == ["issue-open"]
    unsaid = floor.confirms(run_id, review["version"])
    assert (unsaid.status_code, unsaid.json()["code"]) == (409, "warning-not-acknowledged")
    record = floor.confirms(run_id, review["version"], *review["warnings"]).raise_for_status().json()
    assert [one["code"] for one in record["acknowledged"]] == ["issue-open"]


def test_a_run_is_completed_reopened_for_a_wrong_value_and_completed_again(floor: Floor) -> None:
    """Two records, both readable, each with a hash that anybody computes again; the difference in words of the domain;
    completions and reopening once each on the ERP's topic; the unit is work again in between.
    """
    run_id, unit_id, _ = floor.builds()
    first = floor.confirms(run_id, floor.is_ready(run_id)).json()
    floor.sees("inventory", f"/units/{unit_id}", lambda one: one["status"] == "available")
    reopens(floor, run_id, "The torque is of another bolt.")
    floor.sees("inventory", f"/units/{unit_id}", lambda one: one["status"] == "wip")
    assert floor.asks("run", "GET", f"/runs/{run_id}").json()["status"] == "in_progress"
    said = {"run_id": run_id, "step_id": "assemble", "operator": "boris", "station": "torque-2"}
    floor.plant.publish.event("plant.step.value-recorded.v1", said | {"field_id": "torque", "value": "24.90"})
    floor.plant.publish.event("plant.step.signed-off.v1", said)
    floor.hears(READY, run_id, 3)
    stale = floor.confirms(run_id, first["review_version"])
    assert (stale.status_code, stale.json()["code"]) == (409, "review-stale")
    second = floor.confirms(run_id, stale.json()["review"]["version"], note="Measured again.").json()
    assert (first["number"], second["number"]) == (1, 2)
    floor.sees("inventory", f"/units/{unit_id}", lambda one: one["status"] == "available")
    kept = floor.asks("run", "GET", f"/runs/{run_id}/completions").json()["items"]
    assert [(one["record"], one["superseded_because"]) for one in kept] == [
        (first, "The torque is of another bolt."),
        (second, None),
    ]
    told = [
        one.data["record"]["number"] if one.type == COMPLETED else "reopened"
        for one in floor.plant.announced.now("asbuilt.completions")
        if one.key == run_id
    ]
    assert told == [1, "reopened", 2]
    differences = floor.asks("run", "GET", f"/runs/{run_id}/completions/compare").json()["differences"]
    sentences = {one["subject"]: one["sentence"] for one in differences}
    was, now = "25.10 N·m, in-range (recording 1)", "24.90 N·m, in-range (recording 2)"
    assert sentences["assemble/torque"] == f"Torque (assemble/torque) was {was} and is {now}."
    assert {one["about"] for one in differences} >= {"value", "step", "operator", "note"}
    for number in (1, 2):
        exported = floor.asks("run", "GET", f"/runs/{run_id}/export?completion={number}").json()["record"]
        claimed = exported.pop("content_hash")
        assert claimed == "sha256:" + hashlib.sha256(rfc8785.dumps(exported)).hexdigest()


def test_what_reopening_touches_is_known_before_and_true_after(floor: Floor) -> None:
    """A pump in a skid: its run says what it is in, which records went out and which run will warn. Reopened, the run
    of the skid does warn, and no more once the pump is complete again.
    """
    run_id, unit_id, _ = floor.builds()
    record = floor.confirms(run_id, floor.is_ready(run_id)).json()
    floor.sees("inventory", f"/units/{unit_id}", lambda one: one["status"] == "available")
    skid_run, skid = floor.orders(part_number="SKID-1", target={"serial": f"SKID-of-{run_id}"}, requirements=[PUMP])
    floor.sees("run", f"/runs/{skid_run}", lambda one: one["as_built_version"] == 1)
    what = {"parent_unit_id": skid, "requirement_id": "pump", "unit_id": unit_id, "operator": "olga"}
    floor.plant.publish.event("plant.unit.installed.v1", what)
    impact = floor.sees("run", f"/runs/{run_id}/reopen-impact", lambda one: one["installed_in"])
    assert [(one["unit_id"], one["run_id"]) for one in impact["installed_in"]] == [(skid, skid_run)]
    assert [(one["run_id"], one["warns_at_once"]) for one in impact["warns"]] == [(skid_run, True)]
    assert (impact["supersedes"], impact["obstacle"]) == (1, None)
    (sent,) = impact["completions"]
    assert (sent["number"], sent["content_hash"], sent["is_on_its_way"]) == (1, record["content_hash"], False)
    reopens(floor, run_id, "A signature is missing.")
    path = f"/runs/{skid_run}/review"
    review = floor.sees("run", path, lambda one: "component-reopened" in codes(one, "warnings"))
    assert next(one for one in review["warnings"] if one["code"] == "component-reopened")["subject"] == unit_id
    pump = floor.sees("run", f"/runs/{run_id}/review", lambda one: one["is_ready"])
    assert floor.confirms(run_id, pump["version"]).json()["number"] == 2
    floor.sees("run", path, lambda one: "component-reopened" not in codes(one, "warnings"))


def test_what_a_station_said_in_vain_warns_until_a_lead_has_settled_it(floor: Floor) -> None:
    """A sign-off of a step that is signed is refused on the topic, and the review names the event."""
    run_id, _, _ = floor.builds()
    version = floor.is_ready(run_id)
    said = {"run_id": run_id, "step_id": "test", "operator": "olga"}
    floor.plant.publish.event("plant.step.signed-off.v1", said, id_=f"again-{run_id}")
    floor.hears("asbuilt.run.change-refused.v1", run_id)
    review = floor.sees("run", f"/runs/{run_id}/review", lambda one: one["warnings"])
    (warning,) = review["warnings"]
    assert (warning["code"], review["version"] != version) == ("refused-evidence", True)
    assert floor.confirms(run_id, review["version"]).json()["code"] == "warning-not-acknowledged"
    settled = floor.asks("run", "POST", warning["link"], {"reason": "The scanner sent it twice."}, roles="lead")
    assert settled.status_code == 200, settled.text
    review = floor.asks("run", "GET", f"/runs/{run_id}/review").json()
    assert (review["warnings"], review["is_ready"]) == ([], True)
    assert floor.confirms(run_id, review["version"]).status_code == 200


def test_a_run_that_is_given_up_keeps_its_unit_in_work_until_it_is_canceled(floor: Floor) -> None:
    """Both are decisions with a person and a reason; what is not freed can be the target of no other run."""
    run_id, unit_id = floor.orders()
    floor.sees("inventory", "/units?limit=500", lambda one: unit_id in [unit["unit_id"] for unit in one["items"]])
    reason = {"reason": "The housing is cracked."}
    for what, role, permission in (("fail", "engineer", "run:fail"), ("cancel", "operator", "run:cancel")):
        said = floor.asks("run", "POST", f"/runs/{run_id}/{what}", reason, roles=role).json()
        assert said["permission"] == permission
    floor.asks("run", "POST", f"/runs/{run_id}/fail", reason, roles="quality").raise_for_status()
    (failed,) = floor.hears("asbuilt.run.failed.v1", run_id)
    assert (failed.data["by"]["person"], failed.data["reason"]) == ("quality", reason["reason"])
    second, _ = floor.orders(target={"serial": unit_id})
    floor.sees("run", f"/runs/{second}", lambda one: one["status"] == "canceled")
    assert floor.asks("inventory", "GET", f"/units/{unit_id}").json()["status"] == "wip"
    floor.asks("run", "POST", f"/runs/{run_id}/cancel", reason, roles="lead").raise_for_status()
    floor.sees("inventory", f"/units/{unit_id}", lambda one: one["status"] != "wip")
