"""Issue, inventory and run over Kafka: units follow their issues, exceptions live and die with their disposition."""

from collections.abc import Iterator
from typing import Any

import pytest

from shared.testing.databases import Databases
from shared.testing.kafka import Kafka
from shared.testing.plant import PlantUnderTest
from shared.testing.topics import Publisher
from tests.flows.floor import Document, Floor

NEVER = "permanently-unavailable"


@pytest.fixture(scope="module")
def floor(directory: Any, kafka: Kafka, databases: Databases, publish: Publisher) -> Iterator[Floor]:
    """One plant for all stories here: each has its own run and units."""
    plant = PlantUnderTest(directory / "issues", kafka.address, databases, publish)
    plant.serve("run", "inventory", "issue", "audit")
    yield Floor(plant)
    plant.stop()


def opens(floor: Floor, **report: Any) -> str:
    """An operator opens an issue; its id."""
    answer = floor.asks("issue", "POST", "/issues", {"title": "Scratch", **report}, roles="operator")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["issue_id"])


def does(floor: Floor, issue_id: str, what: str, *roles: str, **body: Any) -> Document:
    """Quality does something with an issue."""
    asked = f"/issues/{issue_id}/{what}"
    answer = floor.asks("issue", "POST", asked, body, roles=" ".join(("quality", *roles)))
    assert answer.is_success, answer.text
    return dict(answer.json())


def stands(floor: Floor, unit_id: str, status: str, because: str = "") -> Document:
    """The unit, as soon as it has this status for this reason."""
    path = f"/units/{unit_id}"
    return floor.sees("inventory", path, lambda one: one["status"] == status and because in one["status_reason"])


def test_a_unit_with_two_issues_is_available_when_both_allow_it(floor: Floor) -> None:
    """And follows them long after: when one is reopened, and when its disposition type is configured anew."""
    rotor = floor.receives("ROTOR-with-two-issues")
    stands(floor, rotor, "available")
    first, second = (opens(floor, unit_id=rotor) for _ in range(2))
    for one in (first, second):
        does(floor, one, "disposition", disposition="repair")
    stands(floor, rotor, "on_hold", second)
    does(floor, first, "resolve")
    stands(floor, rotor, "on_hold", second)
    does(floor, second, "resolve")
    stands(floor, rotor, "available")
    does(floor, first, "reopen", reason="It moves again.")
    stands(floor, rotor, "on_hold", first)
    does(floor, first, "disposition", disposition="use-as-is", justification="It may.")
    stands(floor, rotor, "available")
    impact = floor.asks("issue", "GET", f"/disposition-types/repair/impact?availability={NEVER}").json()
    assert [one["issue_id"] for one in impact["items"]] == [second]
    wanted = {"version": 0, "availability": NEVER, "affects": impact["issues"], "reason": "Repairs did not hold."}
    configured = floor.asks("issue", "PUT", "/disposition-types/repair", wanted, roles="quality")
    assert configured.status_code == 200, configured.text
    stands(floor, rotor, "on_hold", second)
    whole_life = ["opened", "dispositioned", "resolved", "availability-changed"]
    path = f"/history?issue_id={second}"
    floor.sees("audit", path, lambda one: of_the_issue(one["items"]) == whole_life)


def of_the_issue(history: list[Document]) -> list[str]:
    """What happened to the issue itself; what inventory noted of it stands between."""
    types = (one["type"].split(".") for one in history)
    return [happened for _, about, happened, _ in types if about == "issue" and happened != "parts-noted"]


def test_what_a_run_builds_is_withheld_by_an_issue_on_the_run(floor: Floor) -> None:
    """Whoever raises it on a step names no unit, and means what stands there; long after completion too."""
    run_id, unit_id = floor.orders()
    issue_id = opens(floor, run_id=run_id, step_id="assemble")
    floor.sees("issue", f"/issues?unit_id={unit_id}", lambda one: [i["issue_id"] for i in one["items"]] == [issue_id])
    does(floor, issue_id, "disposition", disposition="scrap")
    floor.sees("inventory", f"/units/{unit_id}", lambda one: one["withheld_by"] == [issue_id])
    does(floor, issue_id, "disposition", disposition="use-as-is", justification="It may.")
    floor.sees("inventory", f"/units/{unit_id}", lambda one: one["withheld_by"] == [])


def test_an_exception_lives_as_long_as_its_disposition_is_approved(floor: Floor) -> None:
    """The review follows each step of it; a completed run stays as it was confirmed, and its unit follows the issue."""
    run_id, unit_id = floor.orders()
    floor.works(run_id)
    blocked_by(floor, run_id, "requirement-short", "gate-open")
    issue_id = opens(floor, run_id=run_id, requirement_id="rotor", unit_id=unit_id)
    excepted = {"justification": "Built without.", "exceptions": [{"requirement_id": "rotor", "quantity": "1"}]}
    does(floor, issue_id, "disposition", disposition="use-as-is", **excepted)
    blocked_by(floor, run_id, "gate-open")
    does(floor, issue_id, "disposition", disposition="rework")
    blocked_by(floor, run_id, "requirement-short", "gate-open")
    does(floor, issue_id, "disposition", disposition="use-as-is", **excepted)
    does(floor, issue_id, "resolve")
    blocked_by(floor, run_id, "gate-open")
    does(floor, issue_id, "reopen", reason="The customer took it back.")
    blocked_by(floor, run_id, "requirement-short", "gate-open")
    does(floor, issue_id, "disposition", disposition="use-as-is", **excepted)
    record = floor.confirms(run_id, floor.is_ready(run_id)).json()
    assert record["counts"]["requirements_excepted"] == 1
    stands(floor, unit_id, "available")
    does(floor, issue_id, "disposition", disposition="scrap")
    stands(floor, unit_id, "on_hold", issue_id)
    (kept,) = floor.sees("run", f"/runs/{run_id}/completions", lambda one: one["items"][0]["issues_since"])["items"]
    assert [(one["issue_id"], one["disposition"]) for one in kept["issues_since"]] == [(issue_id, "scrap")]
    assert kept["record"] == record
    assert floor.asks("run", "GET", f"/runs/{run_id}").json()["status"] == "complete"


def test_an_issue_holds_part_of_a_lot(floor: Floor) -> None:
    """The rest may be used; the part may be used as soon as its issue allows it."""
    lot = {"part_number": "SEAL-3", "revision": "A", "lot": "L77", "quantity": "10"}
    floor.plant.publish.event("plant.unit.received.v1", {"unit_id": "SEAL-3:L77", **lot})
    stands(floor, "SEAL-3:L77", "available")
    issue_id = opens(floor, unit_id="SEAL-3:L77")
    part = does(floor, issue_id, "quarantine", quantity="4")["quarantined"][0]["unit_id"]
    floor.sees("inventory", "/units?lot=L77", lambda one: len(one["items"]) == 2)
    held = stands(floor, part, "on_hold", issue_id)
    floor.sees("issue", f"/issues/{issue_id}", lambda one: set_apart(one) == ["held"])
    floor.sees("issue", "/issues?part_number=SEAL-3", lambda one: [i["issue_id"] for i in one["items"]] == [issue_id])
    rest = stands(floor, "SEAL-3:L77", "available")
    assert (held["quantity"], rest["quantity"]) == ("4", "6")
    does(floor, issue_id, "disposition", disposition="use-as-is", justification="Within tolerance.")
    stands(floor, part, "available")
    assert set_apart(floor.asks("issue", "GET", f"/issues/{issue_id}").json()) == ["released"]


def test_an_issue_shows_what_could_not_be_held(floor: Floor) -> None:
    """The lot has not so many left; what was asked for after it is held. All of it stands in the history."""
    lot = {"part_number": "SEAL-3", "revision": "A", "lot": "L78", "quantity": "10"}
    floor.plant.publish.event("plant.unit.received.v1", {"unit_id": "SEAL-3:L78", **lot})
    stands(floor, "SEAL-3:L78", "available")
    issue_id = opens(floor, unit_id="SEAL-3:L78")
    for quantity in ("40", "4"):
        does(floor, issue_id, "quarantine", quantity=quantity)
    path = f"/issues/{issue_id}"
    issue = floor.sees("issue", path, lambda one: set_apart(one) == ["refused", "held"])
    why = issue["quarantined"][0]["refused_because"]
    assert (why["code"], why["obstacle"]) == ("insufficient-quantity", "SEAL-3:L78 has 10 left, not 40.")
    told = {"quarantine-refused", "quarantine-held"}
    floor.sees("audit", f"/history?issue_id={issue_id}", lambda one: told <= set(of_the_issue(one["items"])))


def set_apart(issue: Document) -> list[str]:
    """What became of each part that was to be set apart."""
    return [one["state"] for one in issue["quarantined"]]


def blocked_by(floor: Floor, run_id: str, *codes: str) -> None:
    """Just these obstacles stand in the review, as soon as it says so."""
    path = f"/runs/{run_id}/review"
    floor.sees("run", path, lambda one: sorted(b["code"] for b in one["blockers"]) == sorted(codes))
