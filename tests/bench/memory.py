"""The part `memory`: resident size of each service, idle and under load."""

from pathlib import Path
from time import sleep

from shared.runtime.embedded.described import SERVICES
from tests.bench import load
from tests.bench.ground import Ground

RUNS = 1_500
SAMPLE_EVERY_S = 0.25


def memory(ground: Ground) -> dict[str, dict[str, float]]:
    """Serve all five, then let the plant work; the largest size that was seen counts (MB)."""
    plant = ground.plant
    plant.migrate()
    plant.serve()
    figures = {f"{name}_idle_mb": _resident_mb(plant.processes[name].pid) for name in SERVICES}
    ground.publish(load.order(load.run_id(number)) for number in range(RUNS))
    ground.publish(load.steps(0, RUNS))
    largest = dict.fromkeys(SERVICES, 0.0)
    while ground.on_topic("asbuilt.runs") < RUNS * (1 + load.EVENTS_PER_RUN):
        for name in SERVICES:
            largest[name] = max(largest[name], _resident_mb(plant.processes[name].pid))
        sleep(SAMPLE_EVERY_S)
    return {"memory": {**figures, **{f"{name}_loaded_mb": size for name, size in largest.items()}}}


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
