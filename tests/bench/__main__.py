"""`python -m tests.bench [PART]`: measures, prints a table, writes bench.json; the other parts' figures stay in it."""

import sys
from collections.abc import Callable
from functools import partial

from rich.console import Console
from rich.table import Table

from tests.bench.figures import Figures, keep
from tests.bench.genealogy import genealogy
from tests.bench.ground import Ground
from tests.bench.latency import latency
from tests.bench.lists import lists
from tests.bench.memory import memory
from tests.bench.review import reviewing
from tests.bench.throughput import growth, throughput
from tests.bench.whole_plant import whole_plant


def _on_ground(part: Callable[[Ground], Figures]) -> Figures:
    """A part that needs a broker and a database."""
    ground = Ground()
    try:
        return part(ground)
    finally:
        ground.stop()


PARTS: dict[str, tuple[tuple[str, ...], Callable[[], Figures]]] = {
    "throughput": (("naive", "ceiling", "asbuilt"), partial(_on_ground, throughput)),
    "growth": (("growth",), partial(_on_ground, growth)),
    "latency": (("latency",), partial(_on_ground, latency)),
    "memory": (("memory",), partial(_on_ground, memory)),
    "review": (("review",), reviewing),
    "plant": (("plant",), partial(_on_ground, whole_plant)),
    "lists": (("lists",), partial(_on_ground, lists)),
    "genealogy": (("genealogy",), partial(_on_ground, genealogy)),
}


def main(only: str | None) -> None:
    """Measure every part, or the one that is named."""
    console = Console(width=100)
    chosen = [name for name, (parts, _) in PARTS.items() if only is None or only == name or only in parts]
    if not chosen:
        known = ", ".join(part for parts, _ in PARTS.values() for part in parts)
        console.print(f"There is no part {only}. Parts: {known}.")
        raise SystemExit(2)
    measured: Figures = {}
    for name in chosen:
        with console.status(f"measuring {name}"):
            measured |= PARTS[name][1]()
        console.print(_table(name, measured, PARTS[name][0]))
        keep(measured)


def _table(name: str, measured: Figures, parts: tuple[str, ...]) -> Table:
    table = Table(title=name, title_justify="left")
    table.add_column("part")
    table.add_column("figure")
    table.add_column("value", justify="right")
    for part in parts:
        for figure, value in measured.get(part, {}).items():
            table.add_row(part, figure, f"{value:,.2f}" if value < 100 else f"{value:,.0f}")
    return table


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
