"""A simulated plant publishes realistic runs, and each of its records gets an ending."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from shared.testing.plant import PlantUnderTest

ASBUILT = Path(sys.executable).with_name("asbuilt")
STEPS = 5
"""Steps of a simulated run."""


def simulated(plant: PlantUnderTest, *options: str) -> dict[str, Any]:
    """Run the command to its end; its closing document."""
    settings = {"ASBUILT_KAFKA_BOOTSTRAP_SERVERS": plant.kafka, "ASBUILT_KAFKA_GROUP_PREFIX": plant.groups}
    command = [ASBUILT, "simulate", "--json", *options]
    done = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_a_simulated_plant_builds_its_runs_and_its_rubbish_stalls_nobody(plant: PlantUnderTest) -> None:
    """Every event is done, in whatever order the topics brought it; every unreadable record is parked; the same
    seed again changes nothing.
    """
    plant.serve("run", "inventory")
    options = ("--stations", "4", "--runs", "12", "--rate", "0", "--rubbish", "0.1", "--seed", "11")
    told = simulated(plant, *options)
    rubbish = told["kinds"]["rubbish"]["published"]
    assert rubbish > 5
    assert told["endings"]["done"] == told["published"] - rubbish
    assert told["endings"]["parked"] == told["kinds"]["rubbish"]["parked"] == rubbish
    heard = plant.announced.now("asbuilt.runs")
    signed = Counter(one.key for one in heard if one.type == "asbuilt.step.signed-off.v1")
    assert signed == {f"SIM-11-{number:06d}": STEPS for number in range(12)}
    installed = plant.announced(
        "asbuilt.runs", lambda runs: sum(one.type == "asbuilt.run.installation-noted.v1" for one in runs) == 24
    )
    assert len({one.data["unit_id"] for one in installed if one.type == "asbuilt.run.installation-noted.v1"}) == 24

    again = simulated(plant, *options)
    assert again["published"] == told["published"]
    assert (again["endings"]["done"], again["endings"]["no change"]) == (0, told["endings"]["done"])


def test_a_simulation_keeps_its_rate_and_its_time(plant: PlantUnderTest) -> None:
    """At 100 a second for one second, a hundred events and no more, in about that time."""
    plant.serve("run", "inventory")
    told = simulated(plant, "--rate", "100", "--seconds", "1")
    assert 90 <= told["published"] <= 101
    assert told["publishing_s"] >= 0.8
    assert told["endings"]["done"] + told["kinds"].get("rubbish", {}).get("parked", 0) == told["published"]
