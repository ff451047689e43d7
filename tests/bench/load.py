"""What the plant of the bench says: runs of one procedure, many stations side by side."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from pydantic_core import to_json

STEPS = 12
FIELDS = ("torque", "angle", "temperature")
EVENTS_PER_RUN = STEPS * (2 + len(FIELDS))
STATIONS = 100
"""So many runs are worked on at the same time."""

BEGIN = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)

Said = tuple[str, str, bytes]
"""Topic, key, body."""


def run_id(number: int) -> str:
    """The id of a run of the bench."""
    return f"BENCH-{number:07d}"


def order(run: str, *, steps: int = STEPS, required: bool = True) -> Said:
    """An order on `plant.orders`."""
    data = {
        "run_id": run,
        "part_number": "GBX-200",
        "revision": "C",
        "procedure": {"name": "Gearbox assembly", "version": "7"},
        "target": {"serial": f"SN-{run}"},
        "steps": [
            {
                "step_id": f"S{step}",
                "name": f"Fasten cover {step}",
                "required": required,
                "fields": [
                    {"field_id": field, "name": field, "kind": "number", "unit": "Nm", "min": "10", "max": "14.5"}
                    for field in FIELDS
                ],
            }
            for step in range(steps)
        ],
    }
    return "plant.orders", run, event("plant.run.ordered.v1", run, "ordered", BEGIN, data)


def steps(first_run: int, runs: int) -> Iterator[Said]:
    """All step events of some runs, `STATIONS` runs at a time, one event of each in turn."""
    for group in range(first_run, first_run + runs, STATIONS):
        together = range(group, min(group + STATIONS, first_run + runs))
        for step in range(STEPS):
            for kind in ("started", *FIELDS, "signed-off"):
                for number in together:
                    yield _step_event(number, step, kind)


def _step_event(number: int, step: int, kind: str) -> Said:
    run = run_id(number)
    data: dict[str, object] = {"run_id": run, "step_id": f"S{step}", "operator": f"op-{number % 37}"}
    if kind in FIELDS:
        data |= {"field_id": kind, "value": f"12.{number % 1000:03d}"}
    name = "value-recorded" if kind in FIELDS else kind
    at = BEGIN + timedelta(seconds=number + step * 40)
    return "plant.steps", run, event(f"plant.step.{name}.v1", run, f"{step}-{kind}", at, data)


def event(kind: str, run: str, what: str, at: datetime, data: object) -> bytes:
    """The body of a CloudEvent that is about a run, under an id that ``what`` makes its own."""
    return to_json(
        {
            "specversion": "1.0",
            "id": f"{run}-{what}",
            "source": f"urn:plant:station-{int(run[-7:]) % STATIONS}",
            "type": kind,
            "time": at,
            "datacontenttype": "application/json",
            "data": data,
        }
    )
