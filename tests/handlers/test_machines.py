"""What a machine may not do, it cannot do over Kafka either (domain.md section 10): every event of the plant, in every
service that takes it.
"""

import json
from importlib import import_module
from typing import Any

import pytest

from shared.contracts import samples
from shared.contracts.base import PlantEvent
from shared.contracts.catalog import BY_CONTRACT, CATALOG
from shared.contracts.samples import Sample
from shared.messaging.messages import KeptRecord, read
from shared.runtime.permissions import PERMISSIONS
from shared.testing.topics import event
from tests.architecture.test_permissions import SERVICES
from tests.handlers.bench import Bench

SAID = {one.type: one for one in samples.told()}
RULES = {name: import_module(f"services.{name}.app").SERVICE for name in SERVICES}
TAKEN = sorted(
    (name, BY_CONTRACT[contract].type, handler.permission)
    for name, service in RULES.items()
    for contract, handler in service.handlers.items()
    if issubclass(contract, PlantEvent)
)
"""By which service, which event of the plant, and with which permission."""
FACTS = [one for one in CATALOG.values() if one.owner != "plant"]
PLANT_TOPICS = sorted({topic.name for one in CATALOG.values() if one.owner == "plant" for topic in one.topics})
SIGNED = {"run_id": "RUN-1", "step_id": "press", "field_id": "witness", "value": True, "operator": "quinn"}


@pytest.mark.parametrize(("name", "type_", "permission"), TAKEN, ids=lambda part: part)
async def test_an_event_of_the_plant_is_refused_where_machines_lack_its_permission(
    name: str, type_: str, permission: str
) -> None:
    """Before anything else is asked: nothing is parked, nothing changes, and the refusal names the permission."""
    bench = Bench(RULES[name], permissions={**PERMISSIONS, permission: PERMISSIONS[permission] - {"machine"}})
    data = json.loads(SAID[type_].value)["data"]
    endings = await bench.takes(event(type_, data | {"operator": "ada"}))
    assert (endings["refused"], endings.total(), bench.work.tables.aggregates) == (1, 1, {})
    (refused,) = (one["data"] for one in bench.told)
    assert (refused["code"], refused["refused_type"]) == ("permission-missing", type_)
    assert permission in refused["obstacle"]
    assert permission in refused["resolve"]


@pytest.mark.parametrize("one", FACTS, ids=lambda one: one.type)
def test_what_a_service_decides_is_no_plant_systems_to_say(one: Any) -> None:
    """Nobody completes, reopens or dispositions by writing a service's fact on a topic of the plant."""
    sample: Sample = SAID[one.type]
    for topic in PLANT_TOPICS:
        forged = read(KeptRecord(topic, 0, 0, 0, sample.key.encode(), sample.value, ()))
        assert (topic, forged.unreadable and forged.unreadable.reason) == (topic, "wrong-topic")


async def test_a_machine_does_not_sign_for_a_role_whoever_it_names() -> None:
    """It has no role but its own; the person signs over HTTP, with a token that says the role."""
    witness = {"field_id": "witness", "name": "Witness", "kind": "signoff", "role": "Quality"}
    order = {
        "run_id": "RUN-1",
        "part_number": "HP-200",
        "revision": "C",
        "procedure": {"name": "Pump assembly", "version": "7"},
        "target": {"serial": "HP-1"},
        "steps": [{"step_id": "press", "name": "Press", "fields": [witness]}],
    }
    bench = Bench(RULES["run"])
    await bench.takes(event("plant.run.ordered.v1", order), event("plant.step.value-recorded.v1", SIGNED))
    assert bench.refusals == ["role-not-held"]
    assert bench.state("RUN-1").steps["press"].values == {}
