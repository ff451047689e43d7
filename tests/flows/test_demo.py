"""The demo as a stranger runs it: a whole plant of processes, told in lines, checked, and gone afterwards."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from shared.testing.conditions import eventually

ASBUILT = Path(sys.executable).parent / "asbuilt"
STARTS_WITHIN_S = 170

pytestmark = pytest.mark.timeout(400)


@dataclass(frozen=True)
class Demo:
    """A demo that stays up, and what it has printed."""

    process: "subprocess.Popen[bytes]"
    home: Path
    log: Path

    @property
    def told(self) -> str:
        """What it printed so far, its lines joined."""
        return " ".join(self.log.read_text(errors="replace").split())

    def asks(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run another command beside it."""
        return asbuilt(self.home, *arguments)

    def named(self, prefix: str) -> str:
        """The id that the demo gave to its run or unit."""
        return next(word for word in self.told.split() if word.startswith(prefix)).rstrip(":,")


def asbuilt(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    return subprocess.run(
        [ASBUILT, *arguments],
        cwd=home,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=STARTS_WITHIN_S,
        check=False,
    )


def environment() -> dict[str, str]:
    """This process's, without what would change a demo."""
    return {name: one for name, one in os.environ.items() if name not in ("KAFKA", "ONCE", "COLUMNS", "ASBUILT_PLANT")}


def processes_of(directory: Path) -> list[str]:
    """The command lines of processes that work in a plant's directory: it is in their arguments or settings."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line, settings = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
        except OSError:
            continue
        if f"{directory}/".encode() in line + settings:
            found.append(line.replace(b"\0", b" ").decode(errors="replace"))
    return found


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """The directory in which a stranger stands. Not one of pytest's: each session takes the others' rights to those
    away, and PostgreSQL runs as a user of its own where the tests run as root.
    """
    with TemporaryDirectory(prefix="asbuilt-stranger-", ignore_cleanup_errors=True) as one:
        yield Path(one)


@pytest.fixture(scope="module")
def demo(home: Path) -> Iterator[Demo]:
    """A demo that has told its story and stays up."""
    log = home / "told.txt"
    with log.open("wb") as output:
        process = subprocess.Popen([ASBUILT, "demo"], cwd=home, env=environment(), stdout=output, stderr=output)
    one = Demo(process, home, log)
    try:
        eventually(lambda: "stays up" in one.told or process.poll() is not None, STARTS_WITHIN_S, "the demo stays up")
        assert process.poll() is None, one.told
        yield one
    finally:
        process.kill()
        process.wait()


def test_a_stranger_watches_a_shift_build_three_pumps(demo: Demo) -> None:
    """Every part of the story is told, and was checked."""
    for words in (
        "five services: run, inventory, issue, audit, notification",
        "the installs that came too early are taken up by themselves",
        "the gateway's rubbish stands aside, and nothing waited for it",
        "requirement-short",
        "lena confirms all the same: completion-blocked",
        "review-stale",
        "run-locked",
        "run.completed is on asbuilt.completions exactly once",
        "its signature verified",
        "omar opens an issue for bolt 2, which is what the policy asks for",
        "one step failed and was resolved",
        "what changed from record 1 to record 2",
        "+ 0.21 mL/min, in-range (recording 2)",
        "All 64 checks passed",
        "/docs",
        "What to try next",
    ):
        assert words in demo.told
    assert "✘ " not in demo.told.split("The blockers are cleared")[1]


def test_its_run_is_complete_and_locked(demo: Demo) -> None:
    """Another command finds the plant by itself, and the run as the story left it."""
    ended = demo.asks("review", demo.named("RUN-"), "--json")
    assert ended.returncode == 1, ended.stderr
    review = json.loads(ended.stdout)
    assert review["status"] == "complete"
    assert [one["code"] for one in review["blockers"]] == ["run-not-open"]
    again = demo.asks("complete", demo.named("RUN-"), "--yes", "--json")
    assert again.returncode == 1
    assert json.loads(again.stderr)["code"] == "run-locked"


def test_what_it_says_to_try_next_works_when_it_is_pasted(demo: Demo) -> None:
    """Each line by itself, in a shell that knows nothing; as do those beside the tree, the trace and the history."""
    told = [line.rstrip() for line in demo.log.read_text().splitlines() if line.startswith(f"  {ASBUILT}")]
    calls = [line.strip().split("  ")[0] for line in told]
    assert len(calls) == 9
    for call in calls:
        done = subprocess.run(
            ["sh", "-c", call], cwd=demo.home, env=environment(), capture_output=True, text=True, check=False
        )
        is_locked = " review " in call
        assert done.returncode == int(is_locked), f"{call}: {done.stderr}"


def test_what_went_wrong_is_in_the_records_of_the_other_two(demo: Demo) -> None:
    """One tells of a failed step and its redline; of one there is a second record beside the first."""
    first = demo.named("RUN-")
    reworked = json.loads(demo.asks("summary", first[:-1] + "2", "--json").stdout)
    assert (reworked["status"], reworked["steps"]["failed_then_resolved"]) == ("complete", 1)
    assert reworked["redlines"]["applied"] == 1
    superseded = json.loads(demo.asks("summary", first[:-1] + "3", "--completion", "1", "--json").stdout)
    assert superseded["completion"] == 1


def test_its_unit_shows_what_is_in_it(demo: Demo) -> None:
    """The as-built tree: a motor, two bearings and seals, and who put them in; the lot of the seals was recalled."""
    tree = json.loads(demo.asks("tree", demo.named("HP-200-"), "--json").stdout)
    assert tree["status"] == "on_hold"
    assert sorted(one["part_number"] for one in tree["children"]) == ["BRG-7", "BRG-7", "MTR-40", "SEAL-9"]
    drawn = demo.asks("tree", demo.named("HP-200-")).stdout
    assert "omar at scanner-2" in drawn


def test_the_recalled_lot_is_traced_to_the_pumps_it_went_into(demo: Demo) -> None:
    """One has it still; it was taken out of the other in time; the third never had it."""
    lot, first = demo.named("SEAL-9:L"), demo.named("HP-200-")
    ways = json.loads(demo.asks("where-used", lot, "--json").stdout)["items"]
    pumps = {one["unit_id"]: one["in_place"] for one in ways if one["relation"] == "installed"}
    assert pumps == {first: True, first[:-1] + "3": False}


def test_its_history_holds_refusals_too(demo: Demo) -> None:
    """An auditor sees who tried what, and was refused."""
    ended = demo.asks("history", demo.named("RUN-"), "--json")
    entries = json.loads(ended.stdout)["items"]
    refused = {
        (one["person"], one["data"]["code"]) for one in entries if one["type"] == "asbuilt.run.change-refused.v1"
    }
    assert ("ada", "run-locked") in refused
    assert ("lena", "review-stale") in refused
    assert [one["type"] for one in entries].count("asbuilt.run.completed.v1") == 1


def test_the_rubbish_is_listed_shown_and_discarded(demo: Demo) -> None:
    """An administrator deals with a record that stands aside; a viewer may look only."""
    listed = json.loads(demo.asks("parked", "list", "--service", "run", "--json").stdout)["items"]
    assert [one["reason"] for one in listed] == ["not-json"]
    record = listed[0]["record"]
    assert '{"type": "torque"' in demo.asks("parked", "show", record).stdout
    viewer = demo.asks("token", "--role", "viewer").stdout.strip()
    assert demo.asks("--token", viewer, "parked", "discard", record).returncode == 5
    assert demo.asks("parked", "discard", record).returncode == 0
    assert "Nothing stands aside" in demo.asks("parked", "list", "--service", "run").stdout


def test_its_databases_are_at_the_newest_version_already(demo: Demo) -> None:
    """Migrating again does no harm."""
    done = json.loads(demo.asks("migrate", "run", "--json").stdout)
    assert done["run"].endswith("already")


def test_a_second_demo_beside_it_ends_by_itself_and_leaves_nothing(demo: Demo) -> None:
    """It has its own directory and ports; the first one goes on."""
    ended = demo.asks("demo", "--once")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "stopped in order" in ended.stdout
    assert [path.name for path in (demo.home / ".asbuilt" / "demo-2").iterdir()] == ["lock"]
    eventually(lambda: not processes_of(demo.home / ".asbuilt" / "demo-2"), 10, "its processes have ended")
    assert demo.process.poll() is None


def test_a_demo_that_is_killed_leaves_no_process_and_its_directory_is_free(demo: Demo) -> None:
    """However it dies, the kernel ends what it started, and the next one takes its place."""
    assert processes_of(demo.home / ".asbuilt" / "demo-1")
    demo.process.send_signal(signal.SIGKILL)
    demo.process.wait(10)
    eventually(lambda: not processes_of(demo.home / ".asbuilt" / "demo-1"), 30, "its processes end")
    gone = demo.asks("review", demo.named("RUN-"))
    assert gone.returncode == 2
    assert "no-plant" in gone.stderr


def test_a_plant_stops_in_order_at_ctrl_c(home: Path) -> None:
    """`asbuilt up` tells where everything is, and ends with exit code 0 when it is told to."""
    log = home / "up.txt"
    with log.open("wb") as output:
        process = subprocess.Popen([ASBUILT, "up"], cwd=home, env=environment(), stdout=output, stderr=output)
    try:
        eventually(lambda: "stays up" in log.read_text() or process.poll() is not None, STARTS_WITHIN_S, "it is up")
        plant = json.loads((home / ".asbuilt" / "up" / "plant.json").read_text())
        assert set(plant["services"]) == {"run", "inventory", "issue", "audit", "notification"}
        assert asbuilt(home, "up").returncode == 2
        process.send_signal(signal.SIGINT)
        assert process.wait(40) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()
    assert "stopped in order" in log.read_text()
    eventually(lambda: not processes_of(home / ".asbuilt" / "up"), 10, "its processes have ended")
