"""Fixtures of the flow tests: a stub in a service's place, and the command."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.runtime.command import main
from shared.testing.stub import Ended, Run, Stub, standing_in


@pytest.fixture
def stub() -> Iterator[Stub]:
    """A service that gives canned answers."""
    with standing_in() as one:
        yield one


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run the command in a directory where no plant is."""
    monkeypatch.chdir(tmp_path)
    for name in ("ASBUILT_PLANT", "ASBUILT_TOKEN", "ASBUILT_RUN_URL", "KAFKA", "ONCE"):
        monkeypatch.delenv(name, raising=False)

    def run_(*arguments: str) -> Ended:
        monkeypatch.setattr("sys.argv", ["asbuilt", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return Ended(int(ended.value.code or 0), told.out, told.err)

    return run_
