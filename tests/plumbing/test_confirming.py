"""Guarantee 8: two confirms at once and a field save between them; a repeated confirm gets the first answer; one of a
review that has changed is refused.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx
import pytest

from shared.testing.examples import OPTIONAL_STEP, REMARK, ordered, recorded, signed_off
from shared.testing.plant import PlantUnderTest
from shared.testing.record import left_by

pytestmark = pytest.mark.real_kafka

RUNS = [f"C-{number}" for number in range(12)]


def reviewed(client: httpx.Client, run_id: str) -> dict[str, Any]:
    """What a lead confirms after looking at the review."""
    review = client.get(f"/runs/{run_id}/review").json()
    assert review["blockers"] == [], review
    return confirming(review)


def confirming(review: dict[str, Any]) -> dict[str, Any]:
    """The confirmation of a review, every warning acknowledged."""
    warnings = [{name: one[name] for name in ("code", "subject")} for one in review["warnings"]]
    return {"review_version": review["version"], "acknowledged": warnings}


def worked_off(plant: PlantUnderTest, runs: list[str]) -> None:
    """Runs of which everything is done but the confirmation."""
    plant.serve("run")
    done = [record for one in runs for record in (ordered(one), recorded(one, "1.2"), signed_off(one))]
    plant.wait_done("run", plant.publish.all(done))


def test_of_two_confirms_at_once_one_wins_and_a_field_saved_between_is_in_the_record_or_refused(
    plant: PlantUnderTest,
) -> None:
    """Whatever the order: one completion record, and nothing is lost silently."""
    worked_off(plant, RUNS)
    with plant.client("run", "lead", person="ann") as ann, plant.client("run", "lead", person="bo") as bo:
        together = Barrier(3)
        for run_id in RUNS:
            confirmation = reviewed(ann, run_id)

            def confirm(client: httpx.Client, path: str, body: dict[str, Any]) -> httpx.Response:
                together.wait(10)
                return client.post(path, json=body)

            def save(path: str) -> httpx.Response:
                with plant.client("run", "operator", person="cy") as cy:
                    together.wait(10)
                    return cy.put(path, json={"value": "scratched"})

            with ThreadPoolExecutor(3) as threads:
                confirms = [threads.submit(confirm, one, f"/runs/{run_id}/complete", confirmation) for one in (ann, bo)]
                saving = threads.submit(save, f"/runs/{run_id}/steps/{OPTIONAL_STEP}/fields/{REMARK}")
                answers = [one.result(30) for one in confirms]
                check(run_id, ann, answers, saving.result(30))
        complete = ann.get("/runs", params={"status": "complete", "limit": 100}).json()["items"]
    runs = sorted(one["run_id"] for one in complete)
    plant.wait_sent("run")
    assert sorted(str(one.key) for one in plant.announced.now("asbuilt.completions")) == runs
    told = [one for one in plant.announced.now("asbuilt.runs") if one.type == "asbuilt.run.completed.v1"]
    assert sorted(str(one.key) for one in told) == runs


def check(run_id: str, client: httpx.Client, confirms: list[httpx.Response], saved: httpx.Response) -> None:
    """One winner at most; losers are told why; the save is in the record, or before it, or refused as locked."""
    won = [one for one in confirms if one.status_code == 200]
    lost = {one.json()["code"] for one in confirms if one.status_code == 409}
    records = client.get(f"/runs/{run_id}/completions").json()["items"]
    assert len(won) == len(records) <= 1, [one.text for one in confirms]
    if saved.status_code == 200:
        # The save came first: the review that both had looked at is stale, or its record holds what was saved.
        assert lost == {"review-stale"} if not won else "scratched" in json.dumps(records), records
    else:
        assert (saved.status_code, saved.json()["code"]) == (409, "run-locked")
        assert won
    assert lost <= {"run-locked", "review-stale", "completion-blocked"}


LOOK_CLOSER = {"step_id": OPTIONAL_STEP, "name": "Look it over", "text": "With a lens.", "required": False}
PROPOSAL = {"reason": "Scratches are missed.", "changes": [{"kind": "change-step", "step": LOOK_CLOSER}]}


def test_a_confirm_of_a_review_that_has_changed_changes_nothing_and_of_the_new_one_completes_the_run(
    plant: PlantUnderTest,
) -> None:
    """A redline was proposed after the lead had looked: not a row is touched, and the refusal shows the new review."""
    worked_off(plant, ["C-stale"])
    with plant.client("run", "lead") as lead:
        seen = reviewed(lead, "C-stale")
        assert lead.post("/runs/C-stale/redlines", json=PROPOSAL).status_code == 201
        before = left_by(plant.database("run"), []).rows
        stale = lead.post("/runs/C-stale/complete", json=seen)
        assert (stale.status_code, stale.json().get("code")) == (409, "review-stale"), stale.text
        assert left_by(plant.database("run"), []).rows == before
        assert lead.get("/runs/C-stale/completions").json()["items"] == []
        done = lead.post("/runs/C-stale/complete", json=confirming(stale.json()["review"]))
        assert done.status_code == 200, done.text
    assert stale.json()["review"]["version"] != seen["review_version"]
    assert done.json()["review_version"] == stale.json()["review"]["version"]
    assert [one["code"] for one in done.json()["acknowledged"]] == ["redline-open"]
    plant.wait_sent("run")
    refused = [one for one in plant.announced.now("asbuilt.runs") if one.type == "asbuilt.run.change-refused.v1"]
    assert [one.data["code"] for one in refused] == ["review-stale"]
    assert [one.key for one in plant.announced.now("asbuilt.completions")] == ["C-stale"]


def test_a_repeated_confirm_gets_the_first_answer_and_the_same_key_with_another_body_is_refused(
    plant: PlantUnderTest,
) -> None:
    """A lead whose connection broke presses again; a programme that mixes up its keys is told."""
    worked_off(plant, ["C-again"])
    with plant.client("run", "lead") as lead:
        confirmation = reviewed(lead, "C-again")
        path, key = "/runs/C-again/complete", {"idempotency-key": "confirm-1"}
        first = lead.post(path, json=confirmation, headers=key)
        again = lead.post(path, json=confirmation, headers=key)
        other = lead.post(path, json={**confirmation, "note": "another body"}, headers=key)
        late = lead.post(path, json=confirmation, headers={"idempotency-key": "confirm-2"})
    assert first.status_code == again.status_code == 200
    assert again.json() == first.json()
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert late.status_code == 409
    plant.wait_sent("run")
    assert len(plant.announced.now("asbuilt.completions")) == 1


def test_the_same_confirm_sent_twice_at_once_is_done_once_and_answered_twice(plant: PlantUnderTest) -> None:
    """An impatient double click: both calls get the same answer."""
    worked_off(plant, ["C-double"])
    together = Barrier(2)
    with plant.client("run", "lead") as lead, ThreadPoolExecutor(2) as threads:
        confirmation = reviewed(lead, "C-double")

        def confirm() -> httpx.Response:
            together.wait(10)
            headers = {"idempotency-key": "double-click"}
            return lead.post("/runs/C-double/complete", json=confirmation, headers=headers)

        one, other = (done.result(30) for done in [threads.submit(confirm), threads.submit(confirm)])
    assert one.status_code == other.status_code == 200, (one.text, other.text)
    assert one.json() == other.json()
    plant.wait_sent("run")
    assert len(plant.announced.now("asbuilt.completions")) == 1
