"""The run of the examples in the API's documents: a hydraulic pump, its order, and the ids that paths name."""

from typing import Any

RUN, STEP, OPTIONAL_STEP, FIELD, GATE = "RUN-2041", "torque", "label", "bolt-1", "release"
REDLINE = "019be2c4-7d1a-7c3e-9b52-2f1d6a90c4e7"
ISSUE = "019be2c4-9f02-7a41-8c6d-51b7e3d20f18"
EVIDENCE = "019be2c4-b7d3-7f10-a2c8-9e4d5f607182"
FILE = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
"""SHA-256 of `hello`."""

ORDER: dict[str, Any] = {
    "run_id": RUN,
    "part_number": "HP-200",
    "revision": "C",
    "procedure": {"name": "Assemble hydraulic pump", "version": "7"},
    "target": {"serial": "HP-200-0417"},
    "work_order": "WO-88213",
    "place": {"plant": "Graz", "line": "pumps", "work_center": "cell-4"},
    "steps": [
        {
            "step_id": STEP,
            "name": "Torque the housing",
            "fields": [
                {
                    "field_id": FIELD,
                    "name": "Bolt 1",
                    "kind": "number",
                    "unit": "N·m",
                    "target": "24.0",
                    "tolerance": "1.5",
                },
                {"field_id": "curve", "name": "Torque curve", "kind": "file", "required": False},
            ],
        },
        {"step_id": "leak-test", "name": "Leak test", "after": [STEP]},
        {"step_id": OPTIONAL_STEP, "name": "Customer label", "required": False, "after": ["leak-test"]},
    ],
    "requirements": [{"requirement_id": "motor", "part_number": "MTR-40", "quantity": "1", "step_id": STEP}],
    "gates": [{"gate_id": GATE, "name": "Quality release", "role": "Quality"}],
}

SHIM: dict[str, Any] = {
    "reason": "The seals of this lot are thin: shim them, and test at half the pressure.",
    "changes": [
        {
            "kind": "add-step",
            "step": {"step_id": "shim", "name": "Shim the seal", "after": [STEP]},
            "before": ["leak-test"],
        },
        {"kind": "change-step", "step": {"step_id": "leak-test", "name": "Leak test", "text": "60 bar for 60 s."}},
        {"kind": "mark-not-applicable", "step_id": OPTIONAL_STEP},
    ],
    "roles": ["Quality"],
}
