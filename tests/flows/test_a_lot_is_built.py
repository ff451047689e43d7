"""A lot of pumps is built from two lots of seals, and some of it is set apart in mid-build: all five services agree."""

from collections.abc import Iterator
from typing import Any

import pytest

from shared.testing.databases import Databases
from shared.testing.kafka import Kafka
from shared.testing.plant import PlantUnderTest
from shared.testing.topics import Publisher
from tests.flows.floor import Document, Floor

RUN, PUMPS, OLD, NEW = "run-of-ten", "PUMP-100:L9", "SEAL-3:A", "SEAL-3:B"
SEALS = {"requirement_id": "seals", "part_number": "SEAL-3", "revision": "A", "quantity": 2}


@pytest.fixture
def floor(directory: Any, kafka: Kafka, databases: Databases, publish: Publisher) -> Iterator[Floor]:
    """The whole plant."""
    plant = PlantUnderTest(directory / "a-lot-is-built", kafka.address, databases, publish)
    plant.serve("run", "inventory", "issue", "audit", "notification")
    yield Floor(plant)
    plant.stop()


def test_a_lot_is_built_with_some_of_it_set_apart_scrapped_and_good(floor: Floor) -> None:
    """Ten are ordered: two are held by an issue, one is scrapped at the end, seven are good and can be used."""
    seals_come_in_two_lots(floor)
    ten = floor.order(RUN, "") | {"target": {"lot": "L9", "quantity": "10"}, "requirements": [SEALS]}
    floor.plant.publish.event("plant.run.ordered.v1", ten)
    stands(floor, PUMPS, "wip", "10")
    installs(floor, OLD, "12")
    installs(floor, NEW, "8")
    floor.sees("run", f"/runs/{RUN}", lambda one: sorted(i["quantity"] for i in one["installations"]) == ["12", "8"])
    issue_id, held = two_are_set_apart(floor)
    four_seals_are_too_many(floor)
    record = seven_are_good(floor, issue_id)
    assert (record["quantity"], record["good_quantity"], record["scrapped_quantity"]) == ("8", "7", "1")
    stands(floor, PUMPS, "available", "7")
    floor.sees("inventory", "/units?lot=L9&status=scrapped", lambda one: [i["quantity"] for i in one["items"]] == ["1"])
    the_issue_decides_about_the_two(floor, issue_id, held)
    the_history_shows_it_all(floor, issue_id)


def seals_come_in_two_lots(floor: Floor) -> None:
    """Twelve of one and twenty of the other."""
    for lot, quantity in (("A", "12"), ("B", "20")):
        what = {"unit_id": f"SEAL-3:{lot}", "part_number": "SEAL-3", "revision": "A", "lot": lot, "quantity": quantity}
        floor.plant.publish.event("plant.unit.received.v1", what)
        stands(floor, f"SEAL-3:{lot}", "available", quantity)


def installs(floor: Floor, lot: str, quantity: str) -> None:
    """A scanner says that some of a lot went into the pumps."""
    what = {"parent_unit_id": PUMPS, "requirement_id": "seals", "unit_id": lot, "quantity": quantity}
    floor.plant.publish.event("plant.unit.installed.v1", what | {"operator": "olga"})


def two_are_set_apart(floor: Floor) -> tuple[str, str]:
    """Two pumps look wrong: an issue has them split off and held, and the run goes on with eight."""
    report = {"title": "Two housings look wrong", "run_id": RUN, "unit_id": PUMPS}
    issue_id = floor.asks("issue", "POST", "/issues", report, roles="operator").json()["issue_id"]
    asked = floor.asks("issue", "POST", f"/issues/{issue_id}/quarantine", {"quantity": "2"}, roles="operator")
    held: str = asked.json()["quarantined"][0]["unit_id"]
    stands(floor, held, "on_hold", "2")
    stands(floor, PUMPS, "wip", "8")
    floor.sees("issue", f"/issues/{issue_id}", lambda one: [i["state"] for i in one["quarantined"]] == ["held"])
    by_part = "/issues?part_number=PUMP-100&open=true"
    floor.sees("issue", by_part, lambda one: [i["issue_id"] for i in one["items"]] == [issue_id])
    return issue_id, held


def four_seals_are_too_many(floor: Floor) -> None:
    """Eight pumps need sixteen: four of the newer lot come out again, and four stay."""
    what = {"parent_unit_id": PUMPS, "unit_id": NEW, "quantity": "4", "reason": "two pumps less", "operator": "olga"}
    floor.plant.publish.event("plant.unit.removed.v1", what)
    floor.sees("run", f"/runs/{RUN}", lambda one: sorted(i["quantity"] for i in one["installations"]) == ["12", "4"])
    back = floor.sees("inventory", "/units?lot=B&status=available", lambda one: len(one["items"]) == 2)["items"]
    assert sorted(one["quantity"] for one in back) == ["12", "4"]


def seven_are_good(floor: Floor, issue_id: str) -> Document:
    """The lead confirms that one of the eight is no good, and that the issue is open still; the record."""
    floor.works(RUN)
    version = floor.is_ready(RUN)
    review = floor.asks("run", "GET", f"/runs/{RUN}/review").json()
    assert [(one["code"], one["subject"]) for one in review["warnings"]] == [("issue-open", issue_id)]
    known = [{"code": "issue-open", "subject": issue_id}]
    body = {"review_version": version, "acknowledged": known, "scrapped_quantity": "1"}
    answer = floor.asks("run", "POST", f"/runs/{RUN}/complete", body, roles="lead")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def the_issue_decides_about_the_two(floor: Floor, issue_id: str, held: str) -> None:
    """They stay on hold through their rework, whatever became of the run, and are free when the issue is closed."""
    stands(floor, held, "on_hold", "2")
    for what, body in (("disposition", {"disposition": "rework"}), ("resolve", {"resolution": "Both are straight."})):
        stands(floor, held, "on_hold", "2")
        answer = floor.asks("issue", "POST", f"/issues/{issue_id}/{what}", body, roles="quality")
        assert answer.status_code == 200, answer.text
    stands(floor, held, "available", "2")
    issue = floor.asks("issue", "GET", f"/issues/{issue_id}").json()
    assert [one["state"] for one in issue["quarantined"]] == ["released"]


def the_history_shows_it_all(floor: Floor, issue_id: str) -> None:
    """Of the run, of the lot, and of the issue, each with what the others said about it."""
    for of, told in (
        (f"run_id={RUN}", {"run.created", "run.quantity-noted", "run.issue-noted", "run.completed"}),
        (f"unit_id={PUMPS}", {"unit.claimed", "unit.split", "unit.installed", "unit.removed", "unit.released"}),
        (f"issue_id={issue_id}", {"issue.quarantined", "issue.quarantine-held", "issue.parts-noted", "issue.resolved"}),
    ):
        shows(floor, of, told)


def shows(floor: Floor, of: str, told: set[str]) -> None:
    """The history has these, as soon as it does."""
    floor.sees("audit", f"/history?{of}&limit=500", lambda one: told <= types(one["items"]))


def types(history: list[Document]) -> set[str]:
    """What happened, without prefix and version."""
    return {one["type"].removeprefix("asbuilt.").rpartition(".")[0] for one in history}


def stands(floor: Floor, unit_id: str, status: str, quantity: str) -> None:
    """A unit has this status and quantity, as soon as it does."""
    path = f"/units/{unit_id}"
    floor.sees("inventory", path, lambda one: (one["status"], one["quantity"]) == (status, quantity))
