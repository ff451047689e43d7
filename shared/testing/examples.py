"""What a small plant says: an order of a gearbox, and the work on it."""

from collections.abc import Mapping
from typing import Any

from shared.testing.topics import Sent, event

PART_NUMBER = "GEARBOX-7"
STEP, FIELD = "S1", "torque"
OPTIONAL_STEP, REMARK = "S2", "remark"


def order(run_id: str, **more: Any) -> dict[str, Any]:
    """An order of one gearbox: a step with a measured torque, and an optional one with a remark."""
    torque = {"field_id": FIELD, "name": "Torque", "kind": "number", "unit": "N·m", "min": "1.0", "max": "1.4"}
    remark = {"field_id": REMARK, "name": "Remark", "kind": "text", "required": False}
    return {
        "run_id": run_id,
        "part_number": PART_NUMBER,
        "revision": "C",
        "procedure": {"name": "Assemble gearbox", "version": "12"},
        "target": {"serial": f"SN-{run_id}"},
        "steps": [
            {"step_id": STEP, "name": "Press bearing", "fields": [torque]},
            {"step_id": OPTIONAL_STEP, "name": "Look it over", "required": False, "fields": [remark]},
        ],
        **more,
    }


def ordered(run_id: str, **more: Any) -> Sent:
    """Planning orders it."""
    return event("plant.run.ordered.v1", order(run_id), **more)


def started(run_id: str, **more: Any) -> Sent:
    """Work on its step begins."""
    return _on_step("plant.step.started.v1", run_id, {}, **more)


def recorded(run_id: str, value: str, field_id: str = FIELD, **more: Any) -> Sent:
    """A value is measured."""
    return _on_step("plant.step.value-recorded.v1", run_id, {"field_id": field_id, "value": value}, **more)


def signed_off(run_id: str, **more: Any) -> Sent:
    """Its step is signed off."""
    return _on_step("plant.step.signed-off.v1", run_id, {}, **more)


def _on_step(type_: str, run_id: str, data: Mapping[str, Any], **more: Any) -> Sent:
    return event(type_, {"run_id": run_id, "step_id": STEP, **data}, **more)
