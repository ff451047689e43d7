"""The figures that were measured, and the file that keeps them: `{part: {figure: number}}`."""

import json
from pathlib import Path

Figures = dict[str, dict[str, float]]

FILE = Path("bench.json")


def keep(measured: Figures, file: Path = FILE) -> None:
    """Write what was measured now; figures of parts that were not measured stay as they are."""
    file.write_text(json.dumps({**_kept(file), **measured}, indent=2) + "\n")


def _kept(file: Path) -> Figures:
    """What is there from before; nothing, where a file was broken off or is none of ours: it can be measured again."""
    try:
        found = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
