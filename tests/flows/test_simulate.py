"""A simulated plant publishes realistic runs, and each of its records gets an ending."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from shared.testing.plant import PlantUnderTest

ASBUILT = Path(sys.executable).with_name("asbuilt")
STEPS = 5
"""Steps of a simulated run."""
INSTALLED = 12 * 3
"""What twelve of them install: a shaft, a housing, and bolts, which are a unit of their own off their lot."""


def simulation(kafka: str, groups: str, *options: str) -> "subprocess.Popen[str]":
    """Start the command as a person does."""
    settings = {"ASBUILT_KAFKA_BOOTSTRAP_SERVERS": kafka, "ASBUILT_KAFKA_GROUP_PREFIX": groups}
    command = [str(ASBUILT), "simulate", *options]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=os.environ | settings, stdout=pipe, stderr=pipe, text=True)


def closing(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """The closing document of a command that ends well."""
    said, complained = process.communicate(timeout=120)
    assert process.returncode == 0, complained
    document: dict[str, Any] = json.loads(said)
    return document


def simulated(plant: PlantUnderTest, *options: str) -> dict[str, Any]:
    """Run the command to its end; its closing document."""
    return closing(simulation(plant.kafka, plant.groups, "--json", *options))


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
        "asbuilt.runs", lambda runs: sum(one.type == "asbuilt.run.installation-noted.v1" for one in runs) == INSTALLED
    )
    assert (
        len({one.data["unit_id"] for one in installed if one.type == "asbuilt.run.installation-noted.v1"}) == INSTALLED
    )

    again = simulated(plant, *options)
    assert again["published"] == told["published"]
    assert (again["endings"]["done"], again["endings"]["no change"]) == (0, told["endings"]["done"])


def test_a_simulation_that_is_interrupted_tells_what_became_of_it(plant: PlantUnderTest) -> None:
    """Ctrl-C ends the publishing, which kept its rate; what was published gets its answers and is told."""
    plant.serve("run", "inventory")
    process = simulation(plant.kafka, plant.groups, "--json", "--rate", "50", "--runs", "5000", "--rubbish", "0")
    plant.announced("asbuilt.runs", 5)
    process.send_signal(signal.SIGINT)
    told = closing(process)
    assert 5 <= told["published"] < 5000
    assert told["endings"]["done"] == told["published"]
    assert told["publishing_s"] >= 0.9 * told["published"] / 50


def test_a_simulation_without_kafka_says_so() -> None:
    """One sentence, no trace, and the exit code for away."""
    process = simulation("127.0.0.1:1", "nobody", "--runs", "1", "--json")
    _, complained = process.communicate(timeout=60)
    assert process.returncode == 3
    assert json.loads(complained)["code"] == "kafka-away"
