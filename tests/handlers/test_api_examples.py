"""What a reader of an API's document tries first works: every example of every operation, sent to the service as it is.

An operation that is new is found in the document. What must have been done before it is guessed from its path (a run
is ordered before it is read); where that is not enough, `BEFORE` says it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.run.adapters.examples import ISSUE, ORDER, RUN, STEP
from shared.testing.databases import Database
from shared.testing.topics import event
from tests.handlers.documented import Operation, build_of, documents
from tests.handlers.served import Served, served

ROLES = ("omar", "operator", "lead", "quality", "engineer", "admin", "Quality")
"""A person of that name who may do everything."""
MADE_BY_SERVICE = ("redline_id", "issue_id", "endpoint_id", "delivery_id", "sha256")
"""What is learned from an answer and takes the place of the example of that name from then on."""
FINDS_NOTHING = {"from", "to", "sort", "actor", "state", "status", "as_of", "known_at", "with"}
"""Query parameters whose example need not find what the other examples made."""

BY = {"by": {"person": "omar", "machine": "scanner-2"}}
MOTOR = {"unit_id": "MTR-40-0091", "part_number": "MTR-40", "revision": "A", "serial": "MTR-40-0091"}
UNIT = ORDER["target"]["serial"]


@dataclass
class World:
    """A service, what was done in it, and what was learned from its answers."""

    as_: Served
    database: Database
    operations: Mapping[str, Operation]
    known: dict[str, Any] = field(default_factory=dict)
    done: set[Any] = field(default_factory=set)

    async def has(self, *what: Any) -> None:
        """These were done, each once: operations by their own examples, or whatever else."""
        for one in what:
            if one not in self.done:
                self.done.add(one)
                await (self.plays(one) if isinstance(one, str) else one(self))

    async def plays(self, name: str, body: Any = None, **query: Any) -> httpx.Response:
        """An operation is called with its example; its answer is the documented yes."""
        operation = self.operations[name]
        await self.has(*BEFORE.get(name, ()), *self._guessed(operation))
        body = operation.bodies()[0] if body is None else body
        answer = await self._sent(operation, body, operation.required() | query)
        assert answer.status_code == operation.expected, f"{name} {body} {query}: {answer.status_code} {answer.text}"
        if answer.headers["content-type"] == "application/json":
            self._learn(name, answer.json())
        return answer

    async def _sent(self, operation: Operation, body: Any, query: Mapping[str, Any]) -> httpx.Response:
        named = {name: self.known.get(name, one) for name, one in operation.in_path().items()}
        if isinstance(body, str):
            given: dict[str, Any] = {"content": body.encode(), "headers": {"content-type": "text/plain"}}
        elif body is None:
            given = {}
        else:
            given = {"json": {name: self.known.get(name, one) for name, one in body.items()}}
        async with self.as_(*ROLES) as person:
            return await person.request(operation.method, operation.path.format(**named), params=query, **given)

    def _guessed(self, operation: Operation) -> list[str]:
        """What its path names was made before; a list has something in it."""
        path, made = operation.path, []
        for place, letter in enumerate(path):
            if letter == "{" and (creator := f"POST {path[: place - 1]}") in self.operations:
                made.append(creator)
        if operation.method == "GET" and f"POST {path}" in self.operations:
            made.append(f"POST {path}")
        return [one for one in made if one != operation.name]

    def _learn(self, name: str, answer: Any) -> None:
        self.known |= {one: answer[one] for one in MADE_BY_SERVICE if one in answer}
        for member, as_name in LEARNED.get(name, {}).items():
            self.known[as_name] = answer[member]


LEARNED = {
    "GET /runs/{run_id}/review": {"version": "review_version"},
    "GET /policies": {"version": "version"},
}
"""What is learned from an answer under another name."""


async def everything_else_is_done(world: World) -> None:
    """The other steps, the motor, the gate: everything that the order asks for."""
    said = {"run_id": RUN, "operator": "omar"}
    value = said | {"step_id": STEP, "field_id": "bolt-1", "value": "24.1"}
    signed = [event("plant.step.signed-off.v1", said | {"step_id": step}) for step in (STEP, "leak-test")]
    what = {"installation_id": "i-1", "parent_unit_id": UNIT, "requirement_id": "motor", "run_id": RUN}
    installed = BY | MOTOR | what | {"quantity": "1", "as_built_version": 2}
    await world.as_.takes(
        event("plant.step.value-recorded.v1", value), *signed, event("asbuilt.unit.installed.v1", installed)
    )
    await world.has("POST /runs/{run_id}/gates/{gate_id}/approve", "GET /runs/{run_id}/review")


async def an_issue_is_on_the_step(world: World) -> None:
    """The issue service says so."""
    issue = {"issue_id": ISSUE, "title": "The thread is stripped", "state": "pending", "run_id": RUN, "step_id": STEP}
    await world.as_.takes(event("asbuilt.issue.opened.v1", BY | issue))


async def its_part_is_known(world: World) -> None:
    """The run service tells what the issue's run builds, and of which part its requirement is."""
    noted = {"run_id": RUN, "title": "?", "state": "pending", "approved": False, "part_numbers": ["HP-200", "BRG-7"]}
    await world.as_.takes(event("asbuilt.run.issue-noted.v1", BY | noted | {"issue_id": world.known["issue_id"]}))


async def the_pump_is_being_built(world: World) -> None:
    """The run service says that the run is ordered."""
    created = {"unit_id": UNIT, "by": {"person": "lena"}} | ORDER
    await world.as_.takes(event("asbuilt.run.created.v1", created))


async def a_run_was_completed(world: World) -> None:
    """The run service says something that endpoints subscribe to."""
    reopened = {"run_id": RUN, "unit_id": UNIT, "number": 1, "reason": "A value is wrong."}
    await world.as_.takes(event("asbuilt.run.reopened.v1", BY | reopened))
    answer = await world.plays("GET /endpoints/{endpoint_id}/deliveries")
    world.known["delivery_id"] = answer.json()["items"][0]["delivery_id"]


async def omar_begins(world: World) -> None:
    """A station says so, on the topic that it writes to."""
    await world.as_.takes(event("plant.step.started.v1", {"run_id": RUN, "step_id": STEP, "operator": "omar"}))


async def the_session_began_a_while_ago(world: World) -> None:
    """A correction moves its start to before that, and not before its run's order."""
    world.known["started_at"] = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()


async def something_is_refused(world: World) -> None:
    """A station signs a step off of which nothing is recorded."""
    await world.as_.takes(event("plant.step.signed-off.v1", {"run_id": RUN, "step_id": STEP, "operator": "omar"}))
    answer = await world.plays("GET /runs/{run_id}/refused-evidence")
    world.known["evidence_id"] = answer.json()["items"][0]["evidence_id"]


async def something_stands_aside(world: World) -> None:
    """A record that nobody could read."""
    world.database.rows(
        """
        insert into parked
            (topic, partition, record_offset, record_timestamp, headers, parking, reason, detail, deadline)
        values ('plant.steps', 2, 7, 0, '[]', 'stuck', 'not-json', 'The body is not JSON.', now())"""
    )


Arranged = Sequence[str | Callable[[World], Awaitable[None]]]

STEP_PATH = "/runs/{run_id}/steps/{step_id}"
INSTALL = "POST /units/{unit_id}/installations"
BEFORE: Mapping[str, Arranged] = {
    "GET /runs": [f"POST {STEP_PATH}/start"],
    f"POST {STEP_PATH}/sign-off": [f"PUT {STEP_PATH}/fields/{{field_id}}"],
    f"POST {STEP_PATH}/rework": [f"POST {STEP_PATH}/fail"],
    f"POST {STEP_PATH}/acknowledge-failure": [
        f"PUT {STEP_PATH}/fields/{{field_id}}",
        f"POST {STEP_PATH}/fail",
        an_issue_is_on_the_step,
    ],
    f"POST {STEP_PATH}/resume": [f"POST {STEP_PATH}/hold"],
    f"POST {STEP_PATH}/check-out": [f"POST {STEP_PATH}/check-in"],
    f"PATCH {STEP_PATH}/sessions/{{number}}": [f"POST {STEP_PATH}/check-in", the_session_began_a_while_ago],
    "POST /runs/{run_id}/redlines/{redline_id}/accept": ["POST /runs/{run_id}/redlines/{redline_id}/apply"],
    "POST /runs/{run_id}/complete": ["POST /runs", everything_else_is_done, "GET /runs/{run_id}/review"],
    "POST /runs/{run_id}/reopen": ["POST /runs/{run_id}/complete"],
    "GET /runs/{run_id}/summary": ["POST /runs/{run_id}/complete"],
    "GET /runs/{run_id}/export": ["POST /runs/{run_id}/complete"],
    "POST /runs/{run_id}/refused-evidence/{evidence_id}/settle": ["POST /runs", something_is_refused],
    "GET /runs/{run_id}/completions/compare": ["POST /runs/{run_id}/complete"],
    "GET /runs/{run_id}/completions/{number}/b2mml": ["POST /runs/{run_id}/complete"],
    "GET /runs/{run_id}/completions/{number}/report": ["POST /runs/{run_id}/complete"],
    "PUT /policies": ["GET /policies"],
    "GET /units/{unit_id}": [the_pump_is_being_built],
    "GET /units/{unit_id}/tree": [the_pump_is_being_built],
    "GET /units/{unit_id}/requirements": [the_pump_is_being_built],
    "POST /units/{unit_id}/requirements": [the_pump_is_being_built],
    "PATCH /units/{unit_id}/requirements/{requirement_id}": [the_pump_is_being_built],
    "POST /units/{unit_id}/requirements/{requirement_id}/remove": [the_pump_is_being_built],
    "GET /units/{unit_id}/installations": [the_pump_is_being_built],
    "GET /units/{unit_id}/as-built": [INSTALL],
    "GET /units/{unit_id}/as-built/export": [INSTALL],
    "GET /units/{unit_id}/where-used": [INSTALL],
    "GET /units/{unit_id}/where-used/export": [INSTALL],
    "GET /units/{unit_id}/next-higher-assembly": [INSTALL],
    "GET /units/{unit_id}/as-built/compare": [INSTALL],
    "GET /units/{unit_id}/as-built/against-plan": [the_pump_is_being_built],
    "GET /units/{unit_id}/epcis": [INSTALL],
    "POST /units/{unit_id}/installations": [the_pump_is_being_built, "POST /units"],
    "GET /locations": ["PUT /locations/{location}"],
    "GET /locations/{location}": ["PUT /locations/{location}"],
    "GET /issues": ["POST /issues/{issue_id}/disposition", its_part_is_known],
    "POST /issues/{issue_id}/resolve": ["POST /issues/{issue_id}/disposition"],
    "POST /issues/{issue_id}/approve": ["PUT /disposition-types/{name}", "POST /issues/{issue_id}/disposition"],
    "POST /issues/{issue_id}/submit": ["POST /issues/{issue_id}/disposition"],
    "POST /issues/{issue_id}/send-back": ["POST /issues/{issue_id}/submit"],
    "POST /issues/{issue_id}/reopen": ["POST /issues/{issue_id}/resolve"],
    "POST /endpoints/{endpoint_id}/enable": ["POST /endpoints/{endpoint_id}/disable"],
    "GET /deliveries/{delivery_id}": ["POST /endpoints", a_run_was_completed],
    "POST /deliveries/{delivery_id}/resend": ["POST /endpoints", a_run_was_completed],
    "GET /history": [omar_begins],
    "GET /history/{position}": [omar_begins],
    "GET /parked": [something_stands_aside],
    "GET /parked/{parked_id}": [something_stands_aside],
    "POST /parked/{parked_id}/retry": [something_stands_aside],
    "POST /parked/{parked_id}/discard": [something_stands_aside],
}
"""What must have been done, where the path does not tell."""


DOCUMENTS = documents()
EXAMPLES = [(service, name) for service, documented in DOCUMENTS.items() for name in documented]


@pytest.mark.parametrize(("service", "name"), EXAMPLES, ids=lambda part: part)
async def test_an_example_does_what_the_document_says(
    service: str, name: str, database: Callable[[str], Database], tmp_path: Path
) -> None:
    """Sent as it stands, after what must come before, it is answered with the documented yes."""
    operation = DOCUMENTS[service][name]
    more = {"files_url": f"file://{tmp_path}/files"} if "/files" in name else {}
    for body in operation.bodies():
        kept = database(service)
        async with served(build_of(service), kept, tmp_path, **more) as as_:
            world = World(as_, kept, DOCUMENTS[service])
            answer = await world.plays(name, body)
            for one, example in operation.optional().items() if operation.method == "GET" else ():
                answer = await world.plays(name, body, **{one: example})
                found = answer.json().get("items") if _is_document(answer.headers["content-type"]) else None
                assert found != [] or one in FINDS_NOTHING, f"{name}?{one}={example} finds nothing"


def _is_document(content_type: str) -> bool:
    """One JSON document; JSON Lines may have no line, as of a time before anything was there."""
    return content_type.partition(";")[0] in {"application/json", "application/ld+json"}


def test_nothing_is_arranged_for_an_operation_that_there_is_not() -> None:
    """A line that is left over would hide that its operation is gone."""
    there = {name for documented in DOCUMENTS.values() for name in documented}
    assert set(BEFORE) | set(LEARNED) <= there
