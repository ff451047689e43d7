"""What the README claims is so."""

import re
from pathlib import Path

from shared.runtime.settings import as_markdown

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def section(name: str) -> str:
    """What stands between a section's two markers."""
    found = re.search(rf"<!-- {name} -->\n(.*)\n<!-- /{name} -->", README, re.DOTALL)
    assert found, f"the README has no section {name}"
    return found[1].strip()


def test_every_setting_is_in_the_readme() -> None:
    """Operations find each variable with its default, its unit and its meaning."""
    assert section("settings") == as_markdown()


def test_every_guarantee_names_tests_that_exist() -> None:
    """A guarantee without a test that proves it is a wish."""
    named = re.findall(r"\(((?:tests)/[\w/]+\.py)\)", section("guarantees"))
    assert len(named) >= 10, "each of the ten guarantees names its test"
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_every_file_that_the_readme_links_to_exists() -> None:
    """A reader who follows a link arrives."""
    linked = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert [link for link in linked if not (ROOT / link).exists()] == []


def test_every_part_of_the_bench_is_in_the_readme() -> None:
    """A reader finds what was measured, and the command that measures it again."""
    assert "make bench" in section("bench")
    parts = ("naive", "ceiling", "asbuilt", "growth", "latency", "memory", "review", "lists", "genealogy")
    assert [part for part in parts if f"| `{part}` |" not in section("bench")] == []
