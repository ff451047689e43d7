"""A pump from its order to its completion record: what is said of it, and what people see of it and confirm."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.testing.topics import Sent, event
from tests.handlers.bench import BY
from tests.handlers.run_records import ORDER, R, claimed
from tests.handlers.served import Served

BEGAN = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
STEPS = [
    {
        "step_id": "assemble",
        "name": "Assemble",
        "text": "Put the rotor in.",
        "fields": [
            {"field_id": "torque", "name": "Torque", "kind": "number", "unit": "N·m", "min": "24", "max": "26"},
            {"field_id": "looks", "name": "Looks", "kind": "text", "required": False},
        ],
    },
    {"step_id": "test", "name": "Leak test", "after": ["assemble"]},
    {"step_id": "label", "name": "Label", "required": False, "after": ["test"]},
]
ROTOR = {"requirement_id": "rotor", "part_number": "ROTOR-7", "quantity": "1", "step_id": "assemble"}
OIL = {"requirement_id": "oil", "part_number": "OIL-1", "quantity": "0.50", "unit_of_measure": "l"}


def at(minutes: float) -> datetime:
    """A moment of that morning."""
    return BEGAN + timedelta(minutes=minutes)


def ordered(**changed: Any) -> Sent:
    """Planning orders the pump."""
    return event("plant.run.ordered.v1", ORDER | {"steps": STEPS, "requirements": [ROTOR, OIL]} | changed, time=at(0))


def said(kind: str, minutes: float, step: str = "assemble", person: str = "olga", **data: Any) -> Sent:
    """A station says something about a step."""
    what = {"run_id": R, "step_id": step, "operator": person, "station": "torque-2", **data}
    return event(f"plant.step.{kind}.v1", what, time=at(minutes))


def torque(value: str, minutes: float) -> Sent:
    """A torque is recorded."""
    return said("value-recorded", minutes, field_id="torque", value=value)


def installed(number: int, requirement: str, part: str, quantity: str, **where: str) -> Sent:
    """Inventory says that something was put in."""
    one = {"parent_unit_id": "PUMP-1", "unit_id": f"U-{number}", "installation_id": f"i-{number}", "run_id": R}
    what = {"requirement_id": requirement, "part_number": part, "revision": "A", "quantity": quantity}
    facts = BY | one | what | where | {"as_built_version": number + 1}
    return event("asbuilt.unit.installed.v1", facts, time=at(30))


def issue(**more: Any) -> Sent:
    """The issue service says that an issue of the run was decided on."""
    one = {"issue_id": "i-7", "title": "Bolt 2 loose", "state": "in_progress", "run_id": R, "step_id": "assemble"}
    return event("asbuilt.issue.dispositioned.v1", BY | one | {"disposition": "use-as-is", "approved": True} | more)


DONE = (
    ordered(),
    claimed(),
    torque("27.10", 10),
    torque("25.0", 12),
    said("signed-off", 20),
    said("signed-off", 25, "test", "omar"),
    installed(1, "rotor", "ROTOR-7", "1", serial="ROTOR-0001", designator="U7"),
    installed(2, "oil", "OIL-1", "0.50", lot="L-9"),
    issue(),
)
"""A pump that can be completed."""


async def got(as_: Served, path: str, **params: Any) -> Any:
    """What a viewer sees."""
    answer = await as_("viewer").get(f"/runs/{R}{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def completed(as_: Served, **more: Any) -> dict[str, Any]:
    """The lead completes the run; its record."""
    review = await got(as_, "/review")
    warnings = [{"code": one["code"], "subject": one["subject"]} for one in review["warnings"]]
    body = {"review_version": review["version"], "acknowledged": warnings, **more}
    answer = await as_("lead").post(f"/runs/{R}/complete", json=body)
    assert answer.status_code == 200, answer.text
    record: dict[str, Any] = answer.json()
    return record


async def exported(as_: Served, **params: Any) -> Any:
    """The export as a viewer gets it."""
    return await as_("viewer").get(f"/runs/{R}/export", params=params)
