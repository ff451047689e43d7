"""The README's blocks of commands, one after the other in one shell, as a reader pastes them beside `asbuilt up`."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from shared.testing.conditions import eventually

README = Path(__file__).parents[2] / "README.md"
BLOCKS = re.findall(r"```sh\n(.*?)```", README.read_text(), re.DOTALL)
STARTS_WITHIN_S = 170
READS_WITHIN_S = 120
REFUSED = "urn:asbuilt:problem:"

pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.skipif(shutil.which("curl") is None, reason="the README's blocks ask with curl"),
]


@dataclass(frozen=True)
class Read:
    """What came of a reader's pasting."""

    told: list[str]
    failed: list[str]
    errors: str

    def of(self, words: str) -> str:
        """What the block that has these words printed."""
        return next(told for block, told in zip(BLOCKS, self.told, strict=True) if words in block)

    def answers(self, words: str) -> list[dict[str, object]]:
        """The services' answers in it, in order."""
        return [json.loads(line) for line in self.of(words).splitlines() if line.startswith("{")]


@pytest.fixture(scope="module")
def read() -> Iterator[Read]:
    """Every block, pasted in order, in a directory that has the environment and nothing else."""
    with TemporaryDirectory(prefix="asbuilt-reader-", ignore_cleanup_errors=True) as made:
        home = Path(made)
        (home / ".venv").symlink_to(sys.prefix)
        plant = _up(home)
        try:
            yield _paste(home)
        finally:
            plant.send_signal(signal.SIGTERM)
            plant.wait(40)


def test_every_command_of_the_readme_does_what_it_is_for(read: Read) -> None:
    """None fails, no service refuses what it is asked; a comparison's exit code 1 says that there is a difference."""
    assert [one for one in read.failed if " compare " not in one] == [], read.errors
    assert [told for told in read.told if REFUSED in told] == []


def test_the_first_event_becomes_a_completion_that_an_erp_reads(read: Read) -> None:
    """The run is built, reviewed, completed, and its record comes out with its hash."""
    assert "RUN-1 is complete: completion record 1" in read.of("plant.run.ordered.v1")
    line = read.of("asbuilt.completions").split()
    assert (line[0], line[1]) == ("RUN-1", "HP-200-0001")
    assert line[-1] in read.of("plant.run.ordered.v1")


def test_the_run_is_reopened_put_right_and_completed_again(read: Read) -> None:
    """What changed between the two records is the value that was put right."""
    *_, completed, compared = read.answers("reopen-impact")
    assert (completed["number"], completed["note"]) == (2, "The torque was put right.")
    assert "24.6" in json.dumps(compared)


def test_a_run_is_found_and_taken_along(read: Read) -> None:
    """Both lists have it; the exported record's hash was computed again by the block itself."""
    told = read.of("rfc8785")
    by_status, by_person = read.answers("rfc8785")[:2]
    assert '"RUN-1"' in json.dumps(by_status)
    assert '"RUN-1"' in json.dumps(by_person)
    assert "run-1.json" in told
    assert "value,torque,bolt-1,Bolt 1,24.6" in told


def test_the_simulated_floor_has_the_units_that_the_readme_asks_for(read: Read) -> None:
    """A tree now, as of a time and as known at one; a lot's way up; what two units differ in."""
    told = read.of("where-used")
    assert told.count("HOUSING-2 rev A installed for HOUSING-2") == 3
    assert told.count("GEARBOX-7 rev C wip, 4 of it") == 2
    assert "substituted" in told


def _up(home: Path) -> "subprocess.Popen[bytes]":
    """The plant in the reader's other terminal."""
    log = home / "up.txt"
    with log.open("wb") as output:
        plant = subprocess.Popen(
            [".venv/bin/asbuilt", "up"], cwd=home, env=_environment(), stdout=output, stderr=output
        )
    eventually(lambda: "stays up" in log.read_text() or plant.poll() is not None, STARTS_WITHIN_S, "the plant is up")
    assert plant.poll() is None, log.read_text()
    return plant


def _paste(home: Path) -> Read:
    """Paste all blocks into one shell; what fails is noted, and the shell goes on, as a terminal does."""
    between = "\x1e"
    noted = "trap 'echo \"$BASH_COMMAND\" >> failed' ERR"
    script = "\n".join((noted, *(f"{block}\nprintf '{between}'" for block in BLOCKS)))
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=home,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=READS_WITHIN_S,
        check=False,
    )
    failed = home / "failed"
    return Read(
        done.stdout.split(between)[:-1], failed.read_text().splitlines() if failed.exists() else [], done.stderr
    )


def _environment() -> dict[str, str]:
    """This process's, without what would change where the reader's commands go."""
    return {name: one for name, one in os.environ.items() if name not in ("KAFKA", "ONCE", "COLUMNS", "ASBUILT_PLANT")}
