"""A plant's directory: it belongs to one plant at a time, and only its own files are ever removed."""

import subprocess
import sys
from pathlib import Path

import pytest

from shared.runtime.embedded.described import Described, NoPlant, PlantTaken, claim, claim_next, find
from shared.testing.conditions import eventually

HERE = Described(kafka="127.0.0.1:9092", services={"run": "http://127.0.0.1:8001"})


def test_a_directory_belongs_to_one_plant(tmp_path: Path) -> None:
    """The second is refused while the first lives, and not afterwards."""
    with claim(tmp_path), pytest.raises(PlantTaken):
        claim(tmp_path)
    with claim(tmp_path):
        pass


def test_the_next_free_directory_is_taken(tmp_path: Path) -> None:
    """Plants beside each other have directories of their own; one that is free again is used again."""
    with claim_next(tmp_path, "demo") as first:
        with claim_next(tmp_path, "demo") as second:
            assert [first.directory.name, second.directory.name] == ["demo-1", "demo-2"]
        with claim_next(tmp_path, "demo") as third:
            assert third.directory.name == "demo-2"


def test_only_what_a_plant_made_is_removed(tmp_path: Path) -> None:
    """A person may name any directory; what else is in it stays."""
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    (tmp_path / "run.log").touch()
    (tmp_path / "thesis.txt").touch()
    (tmp_path / "photos").mkdir()
    with claim(tmp_path) as claimed:
        claimed.clear()
    assert {path.name for path in tmp_path.iterdir()} == {"thesis.txt", "photos", "lock"}


def test_a_plant_is_found_while_it_runs_only(tmp_path: Path) -> None:
    """What plant.json tells is believed as long as somebody holds the lock beside it."""
    with claim(tmp_path) as claimed:
        claimed.write(HERE)
        assert find(tmp_path) == HERE
        kept = (tmp_path / "plant.json").read_text()
    (tmp_path / "plant.json").write_text(kept)
    with pytest.raises(NoPlant):
        find(tmp_path)


def test_a_directory_is_taken_over_once_its_killed_plant_has_ended(tmp_path: Path) -> None:
    """The PostgreSQL of a plant that was killed may take a moment to end; its data is not touched before."""
    last_words = tmp_path / "ended"
    ending = f"import pathlib, time; time.sleep(1); pathlib.Path({str(last_words)!r}).touch()"
    orphan = subprocess.Popen([sys.executable, "-c", ending, "postgres"])
    command = Path(f"/proc/{orphan.pid}/cmdline")
    eventually(lambda: b"postgres" in command.read_bytes(), 5, "the orphan is known by its command")
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "postmaster.pid").write_text(f"{orphan.pid}\n")
    with claim(tmp_path):
        assert last_words.exists()
    orphan.wait()
