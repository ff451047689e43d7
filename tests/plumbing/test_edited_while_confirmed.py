"""A requirement is edited while its run is being confirmed (domain.md 3.8): run and inventory are two databases, and a
unit is never released against requirements that nobody reviewed.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import product
from threading import Barrier
from typing import Any

import httpx
import pytest

from shared.testing.conditions import eventually
from shared.testing.examples import order, recorded, signed_off
from shared.testing.plant import PlantUnderTest
from shared.testing.topics import event
from tests.plumbing.test_confirming import confirming

pytestmark = pytest.mark.real_kafka

ROTOR = {"requirement_id": "rotor", "part_number": "ROTOR-7", "revision": "A", "quantity": 1}
EDITS: tuple[dict[str, Any], ...] = (
    {"substitutes": ["ROTOR-8"]},
    {"interchangeable_revisions": ["B"]},
    {"quantity": "2"},
)
TOGETHER, CONFIRM, EDIT = "together", "confirm", "edit"
CONFIRM_HEARD, EDIT_HEARD = "confirm, and inventory hears", "edit, and run hears"
WHO_FIRST = (TOGETHER, CONFIRM, EDIT, CONFIRM_HEARD, EDIT_HEARD)
WITHIN_S = 60

Asks = Callable[[], httpx.Response]


@dataclass(frozen=True)
class Crossing:
    """An edit and a confirmation of one run, and how each was answered."""

    run_id: str
    edit: dict[str, Any]
    edited: httpx.Response
    confirmed: httpx.Response


@pytest.fixture
def clients(plant: PlantUnderTest) -> dict[str, httpx.Client]:
    """Who asks run, and who asks inventory; of fifteen runs everything is done but the confirmation."""
    plant.serve("run", "inventory")
    done = [event("plant.run.ordered.v1", order(run_id, requirements=[ROTOR])) for run_id in runs()]
    for run_id in runs():
        rotor = {"part_number": "ROTOR-7", "revision": "A", "serial": f"ROTOR-{run_id}", "unit_id": f"ROTOR-{run_id}"}
        put = {"parent_unit_id": f"SN-{run_id}", "unit_id": rotor["unit_id"], "requirement_id": "rotor"}
        done += [event("plant.unit.received.v1", rotor), event("plant.unit.installed.v1", put | {"operator": "olga"})]
        done += [recorded(run_id, "1.2"), signed_off(run_id)]
    plant.publish.all(done)
    return {"run": plant.client("run", "lead"), "inventory": plant.client("inventory", "engineer")}


def runs() -> dict[str, tuple[dict[str, Any], str]]:
    """By run, what is edited and who asks first."""
    return {f"E-{number}": one for number, one in enumerate(product(EDITS, WHO_FIRST))}


def crossed(clients: dict[str, httpx.Client], run_id: str, edit: dict[str, Any], first: str) -> Crossing:
    """Both are asked at once; or the second as soon as the first is answered, while what that led to is still on its
    way; or once the other service has heard of it.
    """
    run, unit = f"/runs/{run_id}", f"/units/SN-{run_id}"
    seen = until(clients["run"], f"{run}/review", lambda review: bool(review.get("is_ready")))
    wanted = edit | {"reason": "rotors run short"}
    edits = partial(clients["inventory"].patch, f"{unit}/requirements/rotor", json=wanted)
    confirms = partial(clients["run"].post, f"{run}/complete", json=confirming(seen))
    if first == TOGETHER:
        return Crossing(run_id, edit, *at_once(edits, confirms))
    if first in {EDIT, EDIT_HEARD}:
        edited = edits()
        if first == EDIT_HEARD:
            until(clients["run"], f"{run}/review", lambda review: review["version"] != seen["version"])
        return Crossing(run_id, edit, edited, confirms())
    confirmed = confirms()
    if first == CONFIRM_HEARD:
        until(clients["inventory"], unit, lambda there: there["status"] == "available")
    return Crossing(run_id, edit, edits(), confirmed)


def at_once(one: Asks, other: Asks) -> tuple[httpx.Response, httpx.Response]:
    """Two people press a button."""
    together = Barrier(2)

    def asked(asks: Asks) -> httpx.Response:
        together.wait(10)
        return asks()

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.submit(asked, one), threads.submit(asked, other)
        return first.result(30), second.result(30)


def until(client: httpx.Client, path: str, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What a service shows, as soon as it is so."""

    def look() -> dict[str, Any] | None:
        there: dict[str, Any] = client.get(path).json()
        assert is_so(there), there
        return there

    return eventually(look, WITHIN_S, path)


def test_a_requirement_that_is_edited_while_its_run_is_confirmed_is_reviewed_or_the_completion_is_contested(
    plant: PlantUnderTest, clients: dict[str, httpx.Client]
) -> None:
    """Whatever the edit, and whoever comes first: what stands was reviewed, and nothing else stands."""
    crossings = [crossed(clients, run_id, *how) for run_id, how in runs().items()]
    plant.wait_quiet("run", "inventory")
    for one, (_, first) in zip(crossings, runs().values(), strict=True):
        is_complete = stands(clients, one)
        assert is_complete or first != CONFIRM_HEARD, one
        assert not is_complete or first not in {EDIT, EDIT_HEARD}, one


def stands(clients: dict[str, httpx.Client], one: Crossing) -> bool:
    """Whether a run is complete in the end; both services agree about it, and about what it required."""
    run, unit = shown(clients["run"], f"/runs/{one.run_id}"), shown(clients["inventory"], f"/units/SN-{one.run_id}")
    records = shown(clients["run"], f"/runs/{one.run_id}/completions")["items"]
    answers = (one.edited, one.confirmed)
    assert {answer.status_code for answer in answers} <= {200, 409}, [answer.text for answer in answers]
    assert len(records) == (one.confirmed.status_code == 200), one
    if run["status"] == "complete":
        released(unit, records[-1])
        assert one.edited.status_code == 409 or is_edited(unit, one.edit)
        return True
    assert (run["status"], unit["status"], one.edited.status_code) == ("in_progress", "wip", 200)
    assert is_edited(unit, one.edit)
    if records:
        assert "requirement rotor" in records[0]["superseded_because"]
    else:
        assert one.confirmed.json()["code"] in {"review-stale", "completion-blocked"}
    return False


def shown(client: httpx.Client, path: str) -> dict[str, Any]:
    """What a service shows."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def released(unit: dict[str, Any], completion: dict[str, Any]) -> None:
    """The unit is as the record says: the same as-built version, the same quantity required."""
    record = completion["record"]
    assert unit["status"] == "available"
    assert completion["superseded_because"] is None
    assert record["as_built_version"] == unit["as_built_version"]
    (counted,) = record["counts"]["requirements"]
    assert counted["required"] == unit["build"]["requirements"]["rotor"]["quantity"]


def is_edited(unit: dict[str, Any], edit: dict[str, Any]) -> bool:
    """Whether the requirement is as the engineer wants it."""
    wanted = unit["build"]["requirements"]["rotor"]
    return {name: wanted[name] for name in edit} == edit
