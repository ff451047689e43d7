"""A plant's own history, replayed: its record is what its log of work sessions tells."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from shared.testing.plant import PlantUnderTest
from shared.testing.topics import Heard

ASBUILT = Path(sys.executable).with_name("asbuilt")
MESSY = Path(__file__).parent / "data" / "messy-shop.csv"
MACHINE_SHOP = Path(
    os.environ.get("ASBUILT_MACHINE_SHOP_LOG") or Path(__file__).parents[3] / "shared/data/machine-shop-log.csv"
)

STARTED = "asbuilt.step.started.v1"
SIGNED_OFF = "asbuilt.step.signed-off.v1"
READINESS = {"asbuilt.run.ready.v1", "asbuilt.run.not-ready.v1"}
"""What follows from other events, once the last step of a work order is signed."""

Steps = dict[tuple[str, str], tuple[datetime, str]]
"""When each step (work order, activity) started or was signed off, and by whom."""


def replay(plant: PlantUnderTest, file: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    """Run the command as a person does."""
    settings = {"ASBUILT_KAFKA_BOOTSTRAP_SERVERS": plant.kafka, "ASBUILT_KAFKA_GROUP_PREFIX": plant.groups}
    command = [ASBUILT, "replay", file, *more]
    return subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, timeout=120, check=False)


def replayed(plant: PlantUnderTest, file: Path, *more: str) -> dict[str, Any]:
    """Run the command to its end; its closing document."""
    done = replay(plant, file, "--json", *more)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def steps(heard: list[Heard], type_: str) -> Steps:
    """What was announced of each step; announced twice, it would be seen by the length."""
    said = [one for one in heard if one.type == type_]
    found = {
        (one.data["run_id"].removeprefix("replay-"), one.data["step_id"]): (
            datetime.fromisoformat(one.event["time"]),
            one.data["by"]["person"],
        )
        for one in said
    }
    assert len(found) == len(said), "a step was started or signed off twice"
    return found


def figures(file: Path) -> tuple[Steps, Steps]:
    """First start and last end of every activity, straight from the file; of those that start together the line
    that comes first, of those that end together the line that comes last.
    """
    lines = list(csv.DictReader(file.open(encoding="utf-8")))
    starts: Steps = {}
    ends: Steps = {}
    for line in sorted(lines, key=lambda one: one["started_at"]):
        step = (line["work_order"], line["activity"])
        starts.setdefault(step, (datetime.fromisoformat(line["started_at"]), line["worker"]))
    for line in sorted(lines, key=lambda one: one["ended_at"]):
        ends[line["work_order"], line["activity"]] = (datetime.fromisoformat(line["ended_at"]), line["worker"])
    return starts, ends


def state_of(plant: PlantUnderTest) -> Mapping[str, list[dict[str, Any]]]:
    """Everything that the run service keeps about runs and steps."""
    run = plant.database("run")
    return {name: run.rows(f"select to_jsonb(t)::text as row from {name} t order by 1") for name in ("run", "step")}


def at(clock: str, day: int = 2) -> datetime:
    """A moment of the small log."""
    return datetime.fromisoformat(f"2026-03-{day:02}T{clock}:00+00:00")


def test_a_messy_history_becomes_the_record_that_its_log_tells(plant: PlantUnderTest) -> None:
    """Overlapping, doubled and empty sessions, and activities taken up again, each start a step once and sign it
    off once, by whoever ended last; a session that goes on signs nothing off.
    """
    plant.serve("run")
    told = replayed(plant, MESSY)
    heard = plant.announced.now("asbuilt.runs")
    assert steps(heard, STARTED) == {
        ("W-1", "Turning"): (at("07:00"), "Ada"),
        ("W-1", "Inspection"): (at("10:00"), "Dora"),
        ("W-1", "Packing"): (at("06:00", 3), "Cleo"),
        ("W-2", "Turning"): (at("07:30"), "Ben"),
        ("W-2", "Packing"): (at("08:00"), "Cleo"),
        ("W-2", "Inspection"): (at("10:30"), "Dora"),
        ("W-3/ä, hot", "Heat treatment, 2nd"): (at("12:00"), "Ada"),
    }
    assert steps(heard, SIGNED_OFF) == {
        ("W-1", "Turning"): (at("10:00"), "Ben"),
        ("W-1", "Inspection"): (at("10:00"), "Dora"),
        ("W-2", "Turning"): (at("13:00"), "Ada"),
        ("W-2", "Packing"): (at("08:10"), "Cleo"),
        ("W-2", "Inspection"): (at("11:00"), "Dora"),
        ("W-3/ä, hot", "Heat treatment, 2nd"): (at("15:00"), "Cleo"),
    }
    assert told["endings"] == endings(done=16, unchanged=4)
    assert (told["work_orders"], told["sessions"], told["published"]) == (3, 11, 20)


def test_work_out_of_an_ordered_sequence_is_refused_by_name(plant: PlantUnderTest) -> None:
    """Ordered one activity after the other, work that the shop did before the one before was signed off is refused,
    and so is its sign-off; the closing table says why.
    """
    plant.serve("run")
    told = replayed(plant, MESSY, "--in-order")
    refused = [one for one in plant.announced.now("asbuilt.runs") if one.type == "asbuilt.run.change-refused.v1"]
    assert {(one.data["run_id"], one.data["code"]) for one in refused} == {("replay-W-2", "upstream-not-complete")}
    # W-2 packs and inspects while its turning goes on until 13:00: two starts, two sign-offs.
    assert sorted(one.event["time"] for one in refused) == [
        "2026-03-02T08:00:00Z",
        "2026-03-02T08:10:00Z",
        "2026-03-02T10:30:00Z",
        "2026-03-02T11:00:00Z",
    ]
    assert {one["code"]: one["times"] for one in told["reasons"] if one["kind"] == "step started"} == {
        "upstream-not-complete": 2
    }
    assert told["endings"] == endings(done=12, unchanged=4, refused=4)


def test_a_replay_repeated_changes_nothing(plant: PlantUnderTest, tmp_path: Path) -> None:
    """The same log again, under another name too, is known: nothing is announced, no row changes."""
    plant.serve("run")
    replayed(plant, MESSY)
    before, heard = state_of(plant), len(plant.announced.now("asbuilt.runs"))
    assert before["step"]
    again = tmp_path / "another-name.csv"
    again.write_bytes(MESSY.read_bytes())
    told = replayed(plant, again)
    assert told["endings"] == endings(unchanged=20)
    assert len(plant.announced.now("asbuilt.runs")) == heard
    assert state_of(plant) == before


def test_a_log_with_a_wrong_line_is_not_replayed_unless_asked(plant: PlantUnderTest, tmp_path: Path) -> None:
    """Nothing is lost silently: the command names line, column and reason and publishes nothing, or leaves the
    lines out and says which.
    """
    plant.serve("run")
    file = tmp_path / "wrong.csv"
    wrong = (
        "W-9,Turning,Ada,yesterday,2026-03-02T09:00:00Z\nW-9,Turning,Ada,2026-03-02T09:00:00Z,2026-03-02T08:00:00Z\n"
    )
    file.write_text(MESSY.read_text() + wrong)
    refused = replay(plant, file)
    assert refused.returncode == 2
    assert "line 13, started_at: it is no time" in refused.stderr
    assert "line 14, ended_at: the session ends" in refused.stderr
    assert plant.announced.now("asbuilt.runs") == []
    told = replayed(plant, file, "--skip-wrong")
    assert told["published"] == 20
    assert [line.split(":")[0] for line in told["skipped"]] == ["line 13, started_at", "line 14, ended_at"]


def test_a_log_that_nobody_takes_has_no_answer(plant: PlantUnderTest) -> None:
    """Where no run service reads, the command says so and ends with the exit code for away."""
    plant.database("run")
    done = replay(plant, MESSY, "--json", "--patience", "1")
    assert done.returncode == 3
    assert json.loads(done.stdout)["endings"]["no answer"] == 20


@pytest.mark.real_kafka
@pytest.mark.skipif(not MACHINE_SHOP.exists(), reason=f"needs the log of a real machine shop: {MACHINE_SHOP}")
def test_three_months_of_a_real_machine_shop(plant: PlantUnderTest) -> None:
    """Every step of every work order starts with its first session and is signed off at the end of its last, by
    whom the log says; nothing is refused or parked; the same again changes nothing.
    """
    plant.serve("run")
    told = replayed(plant, MACHINE_SHOP)
    heard = plant.announced.now("asbuilt.runs")
    starts, ends = figures(MACHINE_SHOP)
    assert len(starts) == 623
    assert steps(heard, STARTED) == starts
    assert steps(heard, SIGNED_OFF) == ends
    created = [one.data["work_order"] for one in heard if one.type == "asbuilt.run.created.v1"]
    assert sorted(created) == sorted({work_order for work_order, _ in starts})
    said = [one for one in heard if one.type not in READINESS]
    assert len(said) == len(created) + len(starts) + len(ends)  # so nothing was refused or parked
    sessions = told["sessions"]
    assert told["endings"] == endings(done=len(said), unchanged=sessions - len(starts))
    before = state_of(plant)
    again = replayed(plant, MACHINE_SHOP)
    assert again["endings"] == endings(unchanged=again["published"])
    assert len(plant.announced.now("asbuilt.runs")) == len(heard)
    assert state_of(plant) == before


def endings(done: int = 0, unchanged: int = 0, refused: int = 0) -> dict[str, int]:
    """What the closing document says, all endings named."""
    none = dict.fromkeys(("parked", "no answer", "not followed"), 0)
    return {"done": done, "no change": unchanged, "refused": refused, **none}
