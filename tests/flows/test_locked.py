"""After completion nothing changes a run's record, whoever asks and on whichever path (domain.md 3.6).

Every route that writes, from the service's own document, for every role; every event of the plant, from the table of
handlers. Reading, exporting, tracing and raising an issue against the unit go on.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.run.adapters.examples import FILE
from services.run.app import SERVICE as RUN
from shared.contracts import plant, samples
from shared.contracts.base import PlantEvent
from shared.contracts.catalog import BY_CONTRACT
from shared.runtime.permissions import PERMISSIONS, ROLES
from shared.testing.databases import Databases
from shared.testing.kafka import Kafka
from shared.testing.plant import PlantUnderTest
from shared.testing.topics import Heard, Publisher, event
from tests.flows.floor import Document, Floor
from tests.handlers.documented import Operation, documents

pytestmark = pytest.mark.real_kafka

DOCUMENTS = documents()
OPERATIONS = DOCUMENTS["run"]
OF_NO_RUN = {"POST /runs", "PUT /policies", "POST /parked/{parked_id}/retry", "POST /parked/{parked_id}/discard"}
"""Routes that write, and not into a run that there is: ordering is looked at by itself below."""
THE_WAY_OUT = "POST /runs/{run_id}/reopen"
WRITES = sorted(
    name for name, one in OPERATIONS.items() if one.method != "GET" and name not in {*OF_NO_RUN, THE_WAY_OUT}
)
READS = sorted(name for name in OPERATIONS if name.startswith("GET /runs/{run_id}"))
TOLD = sorted(
    BY_CONTRACT[one].type for one in RUN.handlers if issubclass(one, PlantEvent) and one is not plant.RunOrdered
)
"""What plant systems say of a run that there is."""
SAID = {one.type: one for one in samples.told()}


@dataclass(frozen=True)
class Locked:
    """A pump that was built and completed."""

    floor: Floor
    run_id: str
    unit_id: str
    rotor: str
    redline_id: str
    record: Document

    def calls(self, name: str, *roles: str) -> httpx.Response:
        """A person with these roles calls an operation of the run service, with its own example, of this run."""
        operation = OPERATIONS[name]
        there = self.names
        path = operation.path.format(**{one: there.get(one, given) for one, given in operation.in_path().items()})
        with self.floor.plant.client("run", *roles) as client:
            client.headers["content-type"] = "text/plain" if "/files" in path else "application/json"
            return client.request(operation.method, path, params=operation.required(), **_given(operation))

    @property
    def names(self) -> Mapping[str, str]:
        """What there is of this run, by the names that paths use."""
        steps = {"step_id": "assemble", "field_id": "torque", "gate_id": "release"}
        return {"run_id": self.run_id, "redline_id": self.redline_id, "sha256": FILE, **steps}

    def everything(self) -> list[Document]:
        """Whatever there is of the run, and of its unit."""
        tree = self.floor.asks("inventory", "GET", f"/units/{self.unit_id}/tree").json()
        return [tree, *(self.calls(f"GET /runs/{{run_id}}{one}", "viewer").json() for one in ("", "/export"))]


def _given(operation: Operation) -> dict[str, Any]:
    (example, *_) = operation.bodies()
    if isinstance(example, str):
        return {"content": example.encode()}
    return {} if example is None else {"json": example}


@pytest.fixture(scope="module")
def floor(directory: Any, kafka: Kafka, databases: Databases, publish: Publisher) -> Iterator[Floor]:
    """A plant with its run, inventory and issue services."""
    under_test = PlantUnderTest(directory / "locked", kafka.address, databases, publish)
    under_test.serve("run", "inventory", "issue")
    yield Floor(under_test)
    under_test.stop()


@pytest.fixture(scope="module")
def locked(floor: Floor) -> Locked:
    """A pump with whatever a run may have: a redline, a file, comments, a rotor, a gate; completed."""
    run_id, unit_id = floor.orders()
    rotor = floor.receives(f"ROTOR-of-{run_id}")
    floor.installs(rotor, unit_id)
    floor.sees("run", f"/runs/{run_id}", lambda one: one["installations"])
    look = {"kind": "add-step", "step": {"step_id": "look", "name": "Look it over", "required": False}}
    proposal = {"reason": "Nobody looks it over.", "changes": [look]}
    redline = floor.asks("run", "POST", f"/runs/{run_id}/redlines", proposal, roles="engineer").json()["redline_id"]
    floor.asks("run", "POST", f"/runs/{run_id}/redlines/{redline}/apply", roles="quality").raise_for_status()
    with floor.plant.client("run", "operator") as operator:
        content: dict[str, Any] = {"content": b"hello", "headers": {"content-type": "text/plain"}}
        operator.post(f"/runs/{run_id}/files", params={"name": "curve.txt"}, **content).raise_for_status()
        operator.post(f"/runs/{run_id}/comments", json={"text": "It fits."}).raise_for_status()
    floor.works(run_id)
    floor.sees("run", f"/runs/{run_id}/review", lambda one: [b["code"] for b in one["blockers"]] == ["gate-open"])
    record = floor.confirms(run_id, floor.is_ready(run_id)).raise_for_status().json()
    floor.sees("inventory", f"/units/{unit_id}", lambda one: one["status"] == "available")
    return Locked(floor, run_id, unit_id, rotor, redline, record)


@pytest.mark.parametrize("name", WRITES)
def test_every_route_that_writes_is_refused_for_every_role(locked: Locked, name: str) -> None:
    """Who may do it at all is told that the record is locked, and who opens it; the others are told the permission."""
    before = locked.everything()
    permission = OPERATIONS[name].told["x-permission"]
    for role in ROLES:
        answer = locked.calls(name, role, "Quality")
        said = answer.json()
        if role in PERMISSIONS[permission]:
            assert (role, answer.status_code, said["code"]) == (role, 409, "run-locked"), said
            assert "run:reopen" in said["resolve"]
        else:
            expected = (role, 403, "permission-missing", permission)
            assert (role, answer.status_code, said["code"], said["permission"]) == expected
    assert locked.everything() == before


def test_reopening_is_the_only_way_out_and_an_administrator_s(locked: Locked) -> None:
    """Everybody else is told the permission; the run stays as it is."""
    before = locked.everything()
    for role in set(ROLES) - {"admin"}:
        said = locked.calls(THE_WAY_OUT, role).json()
        assert (said["code"], said["permission"]) == ("permission-missing", "run:reopen")
    assert locked.everything() == before


def test_every_event_of_the_plant_is_refused_on_its_topic(locked: Locked) -> None:
    """Each is answered with the code, the obstacle and who opens the record; nothing is parked, nothing changes."""
    before = locked.everything()
    sent = {str(uuid4()): type_ for type_ in TOLD}
    floor = locked.floor
    published = floor.plant.publish.all([_told_of(locked.run_id, type_, id_) for id_, type_ in sent.items()])
    floor.plant.wait_done("run", published)
    refused = [one for one in floor.plant.announced.now("asbuilt.runs") if _refuses(one, locked.run_id, sent)]
    assert {one.data["refused_type"]: one.data["code"] for one in refused} == dict.fromkeys(TOLD, "run-locked")
    assert all("run:reopen" in one.data["resolve"] for one in refused)
    assert locked.everything() == before


def _told_of(run_id: str, type_: str, id_: str) -> Any:
    """The golden sample of a type, as if it were said of this run."""
    return event(type_, json.loads(SAID[type_].value)["data"] | {"run_id": run_id}, id_=id_)


def _refuses(one: Heard, run_id: str, sent: Mapping[str, str]) -> bool:
    is_refusal = one.type == "asbuilt.run.change-refused.v1" and one.key == run_id
    return is_refusal and one.data["refused_id"] in sent


def test_its_order_again_changes_nothing_and_another_one_is_refused(locked: Locked) -> None:
    """Over HTTP and on the topic; a live run never takes a changed procedure, and a completed one neither."""
    before = locked.everything()
    floor = locked.floor
    other = floor.order(locked.run_id, locked.unit_id) | {"work_order": "another"}
    answer = floor.asks("run", "POST", "/runs", other, roles="admin")
    assert (answer.status_code, answer.json()["code"]) == (409, "run-exists")
    same = floor.order(locked.run_id, locked.unit_id)
    assert floor.asks("run", "POST", "/runs", same, roles="admin").is_success
    floor.plant.wait_done("run", floor.plant.publish.all([event("plant.run.ordered.v1", one) for one in (same, other)]))
    assert locked.everything() == before


def test_its_as_built_takes_nothing_in_and_gives_nothing_out(locked: Locked) -> None:
    """For every role over HTTP, and on the topic: inventory names the lock and who opens it."""
    before = locked.everything()
    floor = locked.floor
    other = floor.receives("ROTOR-too-late")
    floor.sees("inventory", "/units?limit=500", lambda one: other in [unit["unit_id"] for unit in one["items"]])
    put_in = (f"/units/{locked.unit_id}/installations", {"unit_id": other, "requirement_id": "rotor"})
    take_out = (f"/units/{locked.unit_id}/installations/{locked.rotor}/remove", {"reason": "worn"})
    for role in ROLES:
        for path, body in (put_in, take_out):
            answer = floor.asks("inventory", "POST", path, body, roles=role)
            expected = (409, "as-built-locked") if role in PERMISSIONS["unit:install"] else (403, "permission-missing")
            assert (role, answer.status_code, answer.json()["code"]) == (role, *expected)
    said = {"parent_unit_id": locked.unit_id, "requirement_id": "rotor", "operator": "olga"}
    events = [
        event("plant.unit.installed.v1", said | {"unit_id": other}),
        event("plant.unit.removed.v1", {"parent_unit_id": locked.unit_id, "unit_id": locked.rotor}),
    ]
    floor.plant.wait_done("inventory", floor.plant.publish.all(events))
    heard = floor.plant.announced.now("asbuilt.inventory")
    refused = [one.data for one in heard if one.type == "asbuilt.unit.change-refused.v1"]
    of_the_plant = {one["refused_type"]: one["code"] for one in refused if one["refused_type"].startswith("plant.")}
    assert of_the_plant == dict.fromkeys(("plant.unit.installed.v1", "plant.unit.removed.v1"), "as-built-locked")
    assert locked.everything() == before


@pytest.mark.parametrize("name", READS)
def test_reading_and_exporting_go_on_for_every_role(locked: Locked, name: str) -> None:
    """A locked record is there to be read."""
    for role in ROLES:
        answer = locked.calls(name, role)
        assert (role, answer.status_code) == (role, 200), answer.text


def test_tracing_goes_on(locked: Locked) -> None:
    """From the unit down to what is in it, and from what is in it to the run that consumed it."""
    tree = locked.floor.asks("inventory", "GET", f"/units/{locked.unit_id}/tree").json()
    assert [one["serial"] for one in tree["children"]] == [locked.rotor]
    assert locked.floor.asks("inventory", "GET", f"/units/{locked.rotor}").json()["consumed_by"] == locked.run_id


def test_an_issue_is_raised_against_the_unit_and_stands_beside_the_record(locked: Locked) -> None:
    """The completion record stays as it was confirmed; what came after is noted beside it."""
    report = {"title": "It whistles", "run_id": locked.run_id, "unit_id": locked.unit_id}
    opened = locked.floor.asks("issue", "POST", "/issues", report, roles="operator")
    assert opened.status_code == 201, opened.text
    path = f"/runs/{locked.run_id}/completions"
    shown = locked.floor.sees("run", path, lambda one: one["items"][0]["issues_since"])
    (kept,) = shown["items"]
    assert kept["record"] == locked.record
    assert [one["issue_id"] for one in kept["issues_since"]] == [opened.json()["issue_id"]]
    assert locked.floor.asks("run", "GET", f"/runs/{locked.run_id}").json()["status"] == "complete"
