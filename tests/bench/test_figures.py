"""bench.json: what was measured earlier stays until it is measured again."""

import json
from pathlib import Path

import pytest

from tests.bench import __main__ as bench
from tests.bench.figures import keep


def test_measuring_one_part_again_leaves_the_figures_of_the_others(tmp_path: Path) -> None:
    """`make bench ONLY=latency` after `make bench`: a part's own figures are all new, the others' all there."""
    file = tmp_path / "bench.json"
    keep({"naive": {"events_per_s": 145.0}, "latency": {"to_topic_p50_ms": 41.0, "gone_ms": 1.0}}, file)
    keep({"latency": {"to_topic_p50_ms": 30.0}}, file)
    assert json.loads(file.read_text()) == {"naive": {"events_per_s": 145.0}, "latency": {"to_topic_p50_ms": 30.0}}


def test_a_file_that_was_broken_off_is_written_anew(tmp_path: Path) -> None:
    """Hours of measuring are not lost to what an earlier run left behind."""
    file = tmp_path / "bench.json"
    for broken in ('{"naive": {', "[]"):
        file.write_text(broken)
        keep({"latency": {"per_s": 50.0}}, file)
        assert json.loads(file.read_text()) == {"latency": {"per_s": 50.0}}


def test_the_bench_writes_each_part_as_soon_as_it_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A part that fails takes nothing from those before it, nor from what was there."""

    def broken() -> dict[str, dict[str, float]]:
        raise ZeroDivisionError

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bench, "PARTS", {"review": (("review",), lambda: {"review": {"ms": 3.0}})})
    bench.main("review")
    assert "review" in capsys.readouterr().out
    lists = {"lists": (("lists",), lambda: {"lists": {"rows": 851.0}}), "memory": (("memory",), broken)}
    monkeypatch.setattr(bench, "PARTS", lists)
    with pytest.raises(ZeroDivisionError):
        bench.main(None)
    assert json.loads(Path("bench.json").read_text()) == {"review": {"ms": 3.0}, "lists": {"rows": 851.0}}
