"""What a person decides about records that stand aside, over HTTP, on a real PostgreSQL."""

import asyncio
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from shared.contracts.catalog import SETTLINGS
from shared.messaging.messages import read
from shared.testing.databases import Database
from shared.testing.topics import Sent
from tests.handlers.floor_records import record, rubbish, unknown
from tests.handlers.served import Served, served

OWNERS = {"run": "run", "inventory": "unit", "issue": "issue", "audit": "audit", "notification": "endpoint"}
ASIDE = """
    insert into parked (topic, partition, record_offset, record_timestamp, headers, parking, reason, detail, deadline)
    values ('plant.steps', 2, 7, 0, '[]', 'stuck', 'not-json', '', now())"""


@pytest.fixture
def runs(database: Callable[[str], Database]) -> Database:
    """The run service's database, fresh."""
    return database("run")


@pytest.fixture
async def as_(runs: Database, tmp_path: Path) -> AsyncIterator[Served]:
    """The run service, served."""
    async with served(import_module("services.run.app").build, runs, tmp_path) as service:
        yield service


def decisions(database: Database) -> list[dict[str, Any]]:
    """The decisions of people that were told, oldest first."""
    told = [json.loads(row["body"]) for row in database.rows("select body from outbox order by outbox_id")]
    return [one for one in told if ".record-settled." in one["type"]]


async def test_giving_up_a_record_is_told_with_the_person_and_why(as_: Served, runs: Database) -> None:
    """The history names who decided, about which event of the plant, and their words; a fact's number is not used."""
    await as_.road.take([record(unknown("plant.step.started.v9", {}), 7, partition=3)])
    reason = "Sent again by the tool: Größe stimmt."
    traceparent = f"00-{'a' * 32}-{'b' * 16}-01"
    answer = await as_("admin").post("/parked/1/discard", json={"reason": reason}, headers={"traceparent": traceparent})
    assert (answer.status_code, answer.json()["settled_as"]) == (202, "discarded by admin")
    (told,) = decisions(runs)
    assert told["data"] == {
        "by": {"person": "admin"},
        "subject_id": "RUN-1",
        "topic": "plant.steps",
        "partition": 3,
        "offset": 7,
        "decision": "discarded",
        "reason": reason,
        "parked_id": "id-1",
        "parked_type": "plant.step.started.v9",
    }
    assert (told["source"], told["subject"], told["partitionkey"]) == ("urn:asbuilt:run", "RUN-1", "RUN-1")
    assert told["traceparent"][3:35] == "a" * 32
    assert "sequence" not in told


async def test_trying_a_record_again_is_told_each_time(as_: Served, runs: Database) -> None:
    """Each is a decision of its own; the record still cannot be read, and its parking is not told twice."""
    await as_.road.take([record(rubbish(b"{"))])
    for _ in range(2):
        assert (await as_("admin").post("/parked/1/retry")).json()["settled_at"] is None
    first, second = decisions(runs)
    assert first["data"]["decision"] == second["data"]["decision"] == "retried"
    assert {"reason", "parked_id", "parked_type"} & set(first["data"]) == set()
    assert first["id"] != second["id"]
    assert runs.count("outbox") == 3


@pytest.mark.parametrize("again", ["discard", "retry"])
async def test_what_was_given_up_is_not_decided_again(as_: Served, runs: Database, again: str) -> None:
    """The second person is told that no such record stands aside, and nothing more is told to the plant."""
    await as_.road.take([record(rubbish(b"{"))])
    assert (await as_("admin").post("/parked/1/discard")).status_code == 202
    answer = await as_("admin", "lead").post(f"/parked/1/{again}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert len(decisions(runs)) == 1


async def test_a_decision_that_cannot_be_told_is_not_made(as_: Served, runs: Database) -> None:
    """Record and announcement are one transaction."""
    await as_.road.take([record(rubbish(b"{"))])
    runs.rows("alter table outbox add constraint none_more check (topic <> 'asbuilt.runs') not valid")
    with pytest.raises(Exception, match="none_more"):
        await as_("admin").post("/parked/1/discard")
    assert runs.value("select settled_at from parked") is None


async def test_the_relay_is_woken_by_a_decision(as_: Served, runs: Database) -> None:
    """It does not wait until the relay looks into the outbox by itself, in whichever process it runs."""
    await as_.road.take([record(rubbish(b"{"))])
    woken = asyncio.Event()
    relay = await asyncpg.connect(runs.url.replace("+asyncpg", ""))
    await relay.add_listener("outbox", lambda *_: woken.set())
    await as_("admin").post("/parked/1/discard")
    await asyncio.wait_for(woken.wait(), 10)
    await relay.close()


@pytest.mark.parametrize("reason", ["x" * 4001, "a\x00b", 5])
async def test_words_that_cannot_be_kept_are_refused(as_: Served, runs: Database, reason: object) -> None:
    """The record still stands aside then."""
    await as_.road.take([record(rubbish(b"{"))])
    assert (await as_("admin").post("/parked/1/discard", json={"reason": reason})).status_code == 422
    assert (decisions(runs), runs.value("select settled_at from parked")) == ([], None)


@pytest.mark.parametrize("service", OWNERS)
async def test_every_service_tells_its_own(service: str, database: Callable[[str], Database], tmp_path: Path) -> None:
    """In the type and on the topic that it owns, about itself where the record has no key; everybody can read it."""
    own = database(service)
    own.rows(ASIDE)
    async with served(import_module(f"services.{service}.app").build, own, tmp_path) as as_:
        assert (await as_("admin").post("/parked/1/discard", json={})).status_code == 202
    (row,) = own.rows("select topic, key, body from outbox")
    message = read(record(Sent(row["topic"], row["key"].encode(), row["body"])))
    assert message.type == f"asbuilt.{OWNERS[service]}.record-settled.v1"
    assert type(message.data) is SETTLINGS[service]
    assert (message.key, message.expected_key, message.actor.person) == (service, service, "admin")


@pytest.mark.parametrize("position", [[], ["x"], [1, 2], [None], {}])
async def test_a_cursor_of_somebody_else_is_refused(as_: Served, position: object) -> None:
    """Not with an error of ours."""
    cursor = urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")
    answer = await as_("viewer").get("/parked", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor-invalid")


async def test_parked_records_are_listed_page_by_page(as_: Served) -> None:
    """In the order in which they came."""
    await as_.road.take([record(rubbish(b"{", b"RUN-%d" % number), number) for number in range(3)])
    first = (await as_("viewer").get("/parked", params={"limit": 2})).json()
    rest = (await as_("viewer").get("/parked", params={"limit": 2, "cursor": first["next"]})).json()
    assert [one["parked_id"] for one in first["items"] + rest["items"]] == [1, 2, 3]
    assert rest["next"] is None
