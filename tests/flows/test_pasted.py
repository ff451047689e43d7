"""Commands that a person is told to run, pasted into a shell as they stand."""

import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import jwt
import pytest
from rich.console import Console

from shared.runtime.command import up
from shared.runtime.command.errors import CommandFailed
from shared.runtime.command.feeds import play
from shared.runtime.command.feeds.publisher import Publisher, TopicMissing
from shared.runtime.command.kafka import kafka_settings
from shared.runtime.command.pasted import asbuilt
from shared.runtime.command.standing import tell_addresses, tell_commands
from shared.runtime.embedded.described import Described, claim
from shared.runtime.identity import make_embedded_keys
from shared.testing.stub import Run

BIN = Path(sys.executable).parent
DEFAULT = Path(".asbuilt/up")
ELSEWHERE = Path("plants/line 7")


@pytest.fixture(autouse=True)
def called_by_its_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A person stands in a directory of theirs, and calls `asbuilt` by its path, as `make demo` does."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASBUILT_PLANT", raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr(sys, "argv", [str(BIN / "asbuilt"), "up"])


@pytest.fixture
def plants(called_by_its_path: None) -> Iterator[dict[Path, Described]]:
    """The plant of `asbuilt up`, and one that lives elsewhere; each with a key of its own."""
    told = {}
    with claim(DEFAULT) as first, claim(ELSEWHERE) as second:
        for claimed in (first, second):
            key = claimed.directory.absolute() / "private-key.pem"
            make_embedded_keys(claimed.directory / "jwks.json", key)
            told[claimed.directory] = Described(kafka="127.0.0.1:1", services={}, private_key_file=key)
            claimed.write(told[claimed.directory])
        yield told


def pasted(line: str) -> str:
    """What a shell prints after a line was pasted into it."""
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def told_of(directory: Path, plant: Described, width: int) -> list[str]:
    """The lines that `asbuilt up` prints once its plant stands, on a terminal of so many columns."""
    terminal = Console(file=StringIO(), width=width, highlight=False)
    tell_addresses(terminal, plant, directory)
    tell_commands(terminal, up.next_commands(directory))
    assert isinstance(terminal.file, StringIO)
    return terminal.file.getvalue().splitlines()


@pytest.mark.parametrize("directory", [DEFAULT, ELSEWHERE])
def test_a_token_of_a_plant_is_there_and_another_is_had_by_the_line_that_tells_of_it(
    plants: dict[Path, Described], directory: Path
) -> None:
    """Two plants run; the one that is printed is this plant's, and the line makes one that this plant takes."""
    told = told_of(directory, plants[directory], width=60)
    line = next(one for one in told if "--role lead" in one).split("token", 1)[1].split("  or viewer")[0]
    token = pasted(line.strip()).strip()
    printed = next(one.split()[2] for one in told if one.startswith("  lead's token"))
    key = plants[directory].private_key_file
    assert key is not None
    for one in (token, printed):
        assert jwt.get_unverified_header(one)["kid"] in (key.parent / "jwks.json").read_text()
        assert jwt.decode(one, options={"verify_signature": False})["roles"] == ["lead"]


def test_a_command_is_never_broken_over_two_lines(plants: dict[Path, Described]) -> None:
    """However narrow the terminal: it folds a long line by itself, and a person copies it in one piece."""
    wanted = list(up.next_commands(ELSEWHERE))
    for width in (40, 80, 400):
        told = told_of(ELSEWHERE, plants[ELSEWHERE], width)
        assert [any(line.startswith(f"  {one}") for line in told) for one in wanted] == [True] * len(wanted)


def test_only_a_plant_that_a_call_finds_for_certain_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A demo's plant is found until a newer one runs, and none is where the shell names another."""
    call = str(BIN / "asbuilt")
    assert asbuilt("review", "RUN-1", plant=DEFAULT) == f"{call} review RUN-1"
    assert asbuilt("review", "RUN-1", plant=DEFAULT.absolute() / "plant.json") == f"{call} review RUN-1"
    demo = Path(".asbuilt/demo-1")
    assert asbuilt("review", "RUN-1", plant=demo) == f"{call} --plant .asbuilt/demo-1 review RUN-1"
    assert asbuilt("tree", "A B", plant=ELSEWHERE) == f"{call} --plant 'plants/line 7' tree 'A B'"
    monkeypatch.setenv("ASBUILT_PLANT", "elsewhere")
    assert asbuilt("review", "RUN-1", plant=DEFAULT) == f"{call} --plant .asbuilt/up review RUN-1"


def test_it_is_called_by_its_name_where_a_shell_finds_it_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """In an environment that was activated, the name is enough; another program of that name is not it."""
    monkeypatch.setenv("PATH", str(BIN), prepend=os.pathsep)
    assert asbuilt("up") == "asbuilt up"
    other = Path("bin")
    other.mkdir()
    (other / "asbuilt").write_text("#!/bin/sh\n")
    (other / "asbuilt").chmod(0o755)
    monkeypatch.setenv("PATH", str(other.absolute()), prepend=os.pathsep)
    assert asbuilt("up") == f"{BIN / 'asbuilt'} up"


def test_who_names_no_record_is_sent_to_the_list_of_the_same_services(run: Run) -> None:
    """The way out goes where the call went."""
    ended = run("--url", "run=http://127.0.0.1:1", "--token", "secret", "parked", "show", "seven")
    assert "`asbuilt --url run=http://127.0.0.1:1 parked list`" in ended.err
    assert "secret" not in ended.err
    assert "--plant 'a plant' parked list`" in run("--plant", "a plant", "parked", "show", "seven").err


def test_topics_are_made_on_the_cluster_that_lacks_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plant's Kafka is not what `topics apply` takes by itself."""

    async def lacks_its_topics(_: Publisher) -> None:
        raise TopicMissing("plant.orders")

    monkeypatch.setattr(Publisher, "start", lacks_its_topics)
    at = kafka_settings().model_copy(update={"kafka_bootstrap_servers": "kafka-1:9092,kafka-2:9092"})
    with pytest.raises(CommandFailed) as failed:
        play.play(at, (), (), 0, lambda *_: None)
    line = f"ASBUILT_KAFKA_BOOTSTRAP_SERVERS=kafka-1:9092,kafka-2:9092 {BIN / 'asbuilt'} topics apply"
    assert line in failed.value.resolve
