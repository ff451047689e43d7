"""Before a run is reopened, its impact says where its record went: to endpoints that took it, that have not yet, and
that never will (domain.md 3.7, section 7). On real topics and databases, with endpoints that somebody else runs.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from shared.runtime.command.demo.receiver import Receiver
from shared.testing.databases import Databases
from shared.testing.kafka import Kafka
from shared.testing.plant import PlantUnderTest
from shared.testing.topics import Publisher
from tests.flows.floor import Document, Floor

BOTH = ["run.completed", "run.reopened"]
LOOPBACK = {"ASBUILT_WEBHOOK_ALLOW_HTTP": "true", "ASBUILT_WEBHOOK_ALLOWED_NETWORKS": '["127.0.0.0/8"]'}
NOWHERE = "http://127.0.0.1:9/hooks?key=secret"
"""Nobody listens on this port."""


@pytest.fixture
def floor(directory: Any, kafka: Kafka, databases: Databases, publish: Publisher) -> Iterator[Floor]:
    """A plant whose notification service may reach this machine."""
    plant = PlantUnderTest(directory / "records-went", kafka.address, databases, publish)
    plant.settings |= LOOPBACK
    plant.serve("run", "inventory", "notification")
    yield Floor(plant)
    plant.stop()


def registers(floor: Floor, url: str, description: str) -> Document:
    """An administrator registers an endpoint for completions and reopenings."""
    body = {"url": url, "description": description, "events": BOTH}
    answer = floor.asks("notification", "POST", "/endpoints", body, roles="admin")
    assert answer.status_code == 201, answer.text
    endpoint: Document = answer.json()
    return endpoint


def went(impact: Document, number: int) -> dict[tuple[str, str], str]:
    """Where a completion record and its reopening went: the state, by endpoint and type."""
    (sent,) = (one for one in impact["completions"] if one["number"] == number)
    return {(one["description"], one["event_type"].split(".")[2]): one["state"] for one in sent["deliveries"]}


def test_where_the_records_of_a_run_went_is_known_before_it_is_reopened(floor: Floor) -> None:
    """Nowhere while there is no endpoint; then to each, with how that ended. Record 1 keeps its own after record 2."""
    alone, _, _ = floor.builds()
    assert floor.confirms(alone, floor.is_ready(alone)).status_code == 200
    with Receiver() as receiver:
        receiver.secret = registers(floor, receiver.url, "the ERP")["secret"]
        gone = registers(floor, NOWHERE, "the old MES")["endpoint_id"]
        run_id, _, _ = floor.builds()
        record = floor.confirms(run_id, floor.is_ready(run_id)).json()
        path = f"/runs/{run_id}/reopen-impact"
        taken, waits = {("the ERP", "completed"): "delivered"}, {("the old MES", "completed"): "on-its-way"}
        impact = floor.sees("run", path, lambda one: went(one, 1) == taken | waits)
        assert "secret" not in f"{impact}"
        (sent,) = impact["completions"]
        erp = next(one for one in sent["deliveries"] if one["description"] == "the ERP")
        assert (erp["attempts"], receiver.verified[0]["data"]["record"]) == (1, record)
        reopening = {"reason": "A signature is missing."}
        floor.asks("run", "POST", f"/runs/{run_id}/reopen", reopening, roles="admin").raise_for_status()
        again = floor.sees("run", f"/runs/{run_id}/review", lambda one: one["is_ready"])
        assert floor.confirms(run_id, again["version"]).json()["number"] == 2
        for what, body in (("disable", {"reason": "It is no more."}), ("enable", {"recover": False})):
            answer = floor.asks("notification", "POST", f"/endpoints/{gone}/{what}", body, roles="admin")
            assert answer.is_success, answer.text
        given_up = {("the old MES", "completed"): "given-up"}
        both = {(name, "reopened"): state for (name, _), state in (taken | given_up).items()}
        impact = floor.sees("run", path, lambda one: went(one, 1) == taken | given_up | both)
        floor.sees("run", path, lambda one: went(one, 2) == taken | given_up)
        assert impact["supersedes"] == 2
    assert went(floor.asks("run", "GET", f"/runs/{alone}/reopen-impact").json(), 1) == {}
