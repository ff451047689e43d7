"""Records that the run service takes: an order of a pump, work on it, and what inventory says."""

from typing import Any

from shared.testing.topics import Sent, event
from tests.handlers.bench import BY

R = "run-1"
ORDER: dict[str, Any] = {
    "run_id": R,
    "part_number": "PUMP-100",
    "revision": "B",
    "procedure": {"name": "Build a pump", "version": "3"},
    "target": {"serial": "PUMP-1"},
    "steps": [
        {
            "step_id": "assemble",
            "name": "Assemble",
            "fields": [
                {
                    "field_id": "torque",
                    "name": "Torque",
                    "kind": "number",
                    "unit": "N·m",
                    "target": "25",
                    "tolerance": 1,
                }
            ],
        },
        {"step_id": "test", "name": "Leak test", "after": ["assemble"]},
    ],
}


def ordered(**changed: Any) -> Sent:
    """Planning orders the pump."""
    return event("plant.run.ordered.v1", ORDER | changed)


def recorded(value: Any = 25.50, **more: Any) -> Sent:
    """A wrench says a torque."""
    data = {"run_id": R, "step_id": "assemble", "field_id": "torque", "value": value, "operator": "olga"}
    return event("plant.step.value-recorded.v1", data, **more)


def signed(step_id: str = "assemble", run_id: str = R, **more: Any) -> Sent:
    """A station signs a step off."""
    data = {"run_id": run_id, "step_id": step_id, "operator": "olga", "station": "scanner-4"}
    return event("plant.step.signed-off.v1", data, **more)


def claimed(version: int = 1) -> Sent:
    """Inventory claimed the pump."""
    return event("asbuilt.unit.claimed.v1", BY | {"unit_id": "PUMP-1", "run_id": R, "as_built_version": version})
