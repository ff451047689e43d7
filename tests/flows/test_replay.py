"""A plant's own history, replayed: its record is what its log of work sessions tells."""

import csv
import json
import os
import subprocess
import sys
from collections import Counter
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


def replay(plant: PlantUnderTest, file: Path, *more: str, role: str = "admin") -> "subprocess.CompletedProcess[str]":
    """Run the command as a person does; runs are completed only where the last activity is named."""
    settings = {"ASBUILT_KAFKA_BOOTSTRAP_SERVERS": plant.kafka, "ASBUILT_KAFKA_GROUP_PREFIX": plant.groups}
    if plant.processes:
        settings |= {"ASBUILT_RUN_URL": plant.process("run").url, "ASBUILT_TOKEN": plant.token(role)}
    command = [ASBUILT, "replay", file, *(() if "--last" in more else ("--no-complete",)), *more]
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


def labour_h(plant: PlantUnderTest) -> dict[tuple[str, str], float]:
    """The sum of the sessions of each step (hours), as the run service keeps them."""
    rows = plant.database("run").rows("select run_id, step_id, progress -> 'sessions' as sessions from step")
    return {
        (row["run_id"].removeprefix("replay-"), row["step_id"]): sum(map(_hours, json.loads(row["sessions"])))
        for row in rows
    }


def _hours(session: dict[str, Any]) -> float:
    if session["ended_at"] is None:
        return 0.0
    begun, ended = (datetime.fromisoformat(session[name]) for name in ("started_at", "ended_at"))
    return (ended - begun).total_seconds() / 3600


def at(clock: str, day: int = 2) -> datetime:
    """A moment of the small log."""
    return datetime.fromisoformat(f"2026-03-{day:02}T{clock}:00+00:00")


def test_a_messy_history_becomes_the_record_that_its_log_tells(plant: PlantUnderTest) -> None:
    """Overlapping, doubled and empty sessions, and activities taken up again, each start a step once and sign it
    off once, by whoever ended last; a session that goes on signs nothing off. Everybody's labour adds up.
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
    assert told["endings"] == endings(done=23, unchanged=1)
    assert (told["work_orders"], told["sessions"], told["published"]) == (3, 11, 24)
    assert labour_h(plant) == {
        ("W-1", "Turning"): 4,
        ("W-1", "Inspection"): 0,
        ("W-1", "Packing"): 0,  # it goes on
        ("W-2", "Turning"): 1.5,
        ("W-2", "Packing"): 1 / 6,
        ("W-2", "Inspection"): 0.5,
        ("W-3/ä, hot", "Heat treatment, 2nd"): 4,
    }


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
    assert {one["code"]: one["times"] for one in told["reasons"] if one["kind"] == "step checked-in"} == {
        "upstream-not-complete": 2
    }
    assert told["endings"] == endings(done=19, unchanged=1, refused=4)


def test_a_replay_repeated_changes_nothing(plant: PlantUnderTest, tmp_path: Path) -> None:
    """The same log again, under another name too, is known: nothing is announced, no row changes."""
    plant.serve("run")
    replayed(plant, MESSY)
    before, heard = state_of(plant), len(plant.announced.now("asbuilt.runs"))
    assert before["step"]
    again = tmp_path / "another-name.csv"
    again.write_bytes(MESSY.read_bytes())
    told = replayed(plant, again)
    assert told["endings"] == endings(unchanged=24)
    assert len(plant.announced.now("asbuilt.runs")) == heard
    assert state_of(plant) == before


def test_a_work_order_that_ended_is_completed_as_of_then(plant: PlantUnderTest) -> None:
    """W-2 was packed, and its turning ended at one o'clock; W-1 is still being packed, and W-3 never was. The record
    says that it was taken in, and has the times of then. Again, it is complete already.
    """
    plant.serve("run")
    told = replayed(plant, MESSY, "--last", "Packing")["completion"]
    nothing: dict[str, Any] = {"left": {}, "reasons": {}, "because": None}
    assert told == {"last": "Packing", "reached": 1, "completed": 1, "already": 0, **nothing}
    (completed,) = plant.announced("asbuilt.completions")
    record = completed.data["record"]
    assert (record["work_order"], record["completed_at"]) == ("W-2", "2026-03-02T13:00:00Z")
    assert (record["cycle_time_s"], record["imported"]["by"]) == ("19800", "admin")
    again = replayed(plant, MESSY, "--last", "Packing")["completion"]
    assert again == {"last": "Packing", "reached": 1, "completed": 0, "already": 1, **nothing}
    assert len(plant.announced.now("asbuilt.completions")) == 1


def test_who_may_not_take_history_in_completes_nothing(plant: PlantUnderTest) -> None:
    """The events are published; the missing permission is named, with its exit code."""
    plant.serve("run")
    done = replay(plant, MESSY, "--json", "--last", "Packing", role="lead")
    assert done.returncode == 5
    assert json.loads(done.stderr)["permission"] == "history:import"
    told = json.loads(done.stdout)
    assert (told["published"], told["completion"]["completed"]) == (24, 0)
    assert plant.announced.now("asbuilt.completions") == []


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
    assert told["published"] == 24
    assert [line.split(":")[0] for line in told["skipped"]] == ["line 13, started_at", "line 14, ended_at"]


def test_a_log_that_nobody_takes_has_no_answer(plant: PlantUnderTest) -> None:
    """Where no run service reads, the command says so and ends with the exit code for away."""
    plant.database("run")
    done = replay(plant, MESSY, "--json", "--patience", "1")
    assert done.returncode == 3
    assert json.loads(done.stdout)["endings"]["no answer"] == 24


@pytest.mark.real_kafka
@pytest.mark.skipif(not MACHINE_SHOP.exists(), reason=f"needs the log of a real machine shop: {MACHINE_SHOP}")
def test_three_months_of_a_real_machine_shop(plant: PlantUnderTest) -> None:
    """Every step of every work order starts with its first session and is signed off at the end of its last, by
    whom the log says. Nobody is on a step twice: of sessions that overlap or were entered twice, the check-ins change
    nothing and the check-outs that are left over are refused; nothing else is refused or parked. Labour adds up. The
    same again changes nothing. The work orders that were packed are completed, each as of its last session.
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
    counted, labour = attendance(MACHINE_SHOP, ends)
    assert (counted["there already"], counted["not there"]) == (75, 60)
    refused = [one.data["code"] for one in heard if one.type == "asbuilt.run.change-refused.v1"]
    assert refused == ["not-checked-in"] * counted["not there"]
    said = Counter(one.type.removeprefix("asbuilt.").removesuffix(".v1") for one in heard)
    assert said["step.checked-in"] == counted["came"] - len(starts)
    assert said["step.checked-out"] == counted["left"]
    assert told["endings"] == endings(
        done=len(created) + counted["came"] + counted["left"] + len(ends),
        unchanged=counted["there already"],
        refused=counted["not there"],
    )
    assert labour_h(plant) == pytest.approx(labour)
    before = state_of(plant)
    again = replayed(plant, MACHINE_SHOP)
    assert again["endings"] == endings(unchanged=again["published"])
    assert len(plant.announced.now("asbuilt.runs")) == len(heard)
    assert state_of(plant) == before
    packed = {work_order for work_order, activity in starts if activity == "Packing"}
    assert len(packed) == 87
    completion = replayed(plant, MACHINE_SHOP, "--last", "Packing")["completion"]
    assert completion["left"] == {}
    assert (completion["reached"], completion["completed"]) == (len(packed), len(packed))
    completed = plant.announced("asbuilt.completions", len(packed))
    records = {one.data["record"]["work_order"]: one.data["record"] for one in completed}
    assert {work_order: told_by(record) for work_order, record in records.items()} == {
        work_order: told_of(work_order, MACHINE_SHOP, labour) for work_order in packed
    }
    assert {record["imported"]["by"] for record in records.values()} == {"admin"}


def told_by(record: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a completion record."""
    return {
        "ended": datetime.fromisoformat(record["completed_at"]),
        "cycle_time_s": float(record["cycle_time_s"]),
        "step_times_s": {one["step_id"]: float(one["step_time_s"]) for one in record["steps"]},
        "labour_h": pytest.approx(float(record["labour_s"]) / 3600),
        "people": record["operators"],
    }


def told_of(work_order: str, file: Path, labour: Mapping[tuple[str, str], float]) -> dict[str, Any]:
    """The same, straight from the file."""
    lines = [one for one in csv.DictReader(file.open(encoding="utf-8")) if one["work_order"] == work_order]
    times = [
        (one["activity"], datetime.fromisoformat(one["started_at"]), datetime.fromisoformat(one["ended_at"]))
        for one in lines
    ]
    activities = {activity for activity, _, _ in times}
    ended = max(end for _, _, end in times)
    return {
        "ended": ended,
        "cycle_time_s": (ended - min(start for _, start, _ in times)).total_seconds(),
        "step_times_s": {
            name: (max(e for a, _, e in times if a == name) - min(s for a, s, _ in times if a == name)).total_seconds()
            for name in activities
        },
        "labour_h": sum(labour[work_order, name] for name in activities),
        "people": sorted({one["worker"] for one in lines}),
    }


def attendance(file: Path, ends: Steps) -> tuple[Counter[str], dict[tuple[str, str], float]]:
    """Straight from the file: how often somebody came to a step and left it, was there already or was not; and the
    hours of each step. The last session of a step has no check-out: its sign-off checks everybody out.
    """
    lines = list(csv.DictReader(file.open(encoding="utf-8")))
    last = {(line["work_order"], line["activity"]): number for number, line in _by_end(lines)}
    moments: list[tuple[datetime, int, tuple[str, str], str, str]] = []
    for number, line in enumerate(lines):
        step = (line["work_order"], line["activity"])
        come, leave = (datetime.fromisoformat(line[name]) for name in ("started_at", "ended_at"))
        moments.append((come, 1, step, line["worker"], "comes"))
        if last[step] != number:
            moments.append((leave, 2 if come == leave else 0, step, line["worker"], "leaves"))
    counted: Counter[str] = Counter()
    labour = dict.fromkeys(ends, 0.0)
    there: dict[tuple[tuple[str, str], str], datetime] = {}
    for at, _, step, worker, what in sorted(moments, key=lambda one: one[:2]):
        came = there.pop((step, worker), None)
        if what == "comes":
            counted["came" if came is None else "there already"] += 1
            there[step, worker] = came or at
        else:
            counted["not there" if came is None else "left"] += 1
            labour[step] += 0.0 if came is None else (at - came).total_seconds() / 3600
    for (step, _), came in there.items():
        labour[step] += (ends[step][0] - came).total_seconds() / 3600
    return counted, labour


def _by_end(lines: list[dict[str, str]]) -> list[tuple[int, dict[str, str]]]:
    return sorted(enumerate(lines), key=lambda one: one[1]["ended_at"])


def endings(done: int = 0, unchanged: int = 0, refused: int = 0) -> dict[str, int]:
    """What the closing document says, all endings named."""
    none = dict.fromkeys(("parked", "no answer", "not followed"), 0)
    return {"done": done, "no change": unchanged, "refused": refused, **none}
