"""`asbuilt tree | where-used | compare`: what is in a unit, what it is in, and in what as-builts differ."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import RenderableType
from rich.markup import escape
from rich.text import Text
from rich.tree import Tree

from shared.runtime.command import shown
from shared.runtime.command.connection import Services, where
from shared.runtime.command.errors import ExitCode
from shared.runtime.command.runs import in_utc
from shared.runtime.command.saying import AsJson, say
from shared.runtime.command.shown import Document

TIMES = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]

UnitId = Annotated[str, typer.Argument(metavar="UNIT", help="The unit's id: its serial, or part:lot.")]
AsOf = Annotated[
    datetime | None, typer.Option("--as-of", formats=TIMES, help="As of when it happened; UTC where no zone is named.")
]
KnownAt = Annotated[
    datetime | None,
    typer.Option("--known-at", formats=TIMES, help="As known then: only what was recorded by that time."),
]
AtMost = Annotated[int, typer.Option(min=1, max=1_000_000, help="Ways at most.")]


def tree(
    context: typer.Context, unit: UnitId, as_of: AsOf = None, known_at: KnownAt = None, *, as_json: AsJson = False
) -> None:
    """Show the as-built tree of a unit: what is installed in it, to any depth, for what, by whom and when."""
    path = f"/units/{quote(unit, safe='')}/tree"
    found = Services(where(context)).get("inventory", path, **_moment(as_of, known_at))
    say(found, shown.tree, as_json=as_json)


def where_used(
    context: typer.Context,
    unit: UnitId,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    at_most: AtMost = 10_000,
    *,
    tops: Annotated[bool, typer.Option("--tops", help="Only the ends of the ways up.")] = False,
    as_json: AsJson = False,
) -> None:
    """Trace a unit, or a lot with all that was split off it, up to every top unit; removed ones are shown as removed.

    Exit code 0 when it is in use, 1 when it is in nothing any more, or never was.
    """
    path = f"/units/{quote(unit, safe='')}/where-used"
    query = _moment(as_of, known_at) | ({"tops": True} if tops else {})
    ways = Services(where(context)).items("inventory", path, at_most, **query)
    say({"unit_id": unit, "items": ways}, lambda one: trace(unit, one["items"]), as_json=as_json)
    if not any(one["relation"] == "installed" and one["in_place"] for one in ways):
        raise typer.Exit(ExitCode.REFUSED)


def compare(
    context: typer.Context,
    unit: UnitId,
    other: Annotated[str | None, typer.Argument(metavar="[OTHER]", help="The other unit; else the same one.")] = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    *,
    plan: Annotated[bool, typer.Option("--plan", help="Against the requirements of the unit's own run.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show in what the as-built of a unit differs: from that of OTHER, from its own of an earlier time, or from plan.

    Exit code 0 when there is no difference, 1 when there is one.
    """
    if plan and other is not None:
        raise typer.BadParameter("a plan is compared with one unit", param_hint="--plan")
    path = f"/units/{quote(unit, safe='')}/as-built/{'against-plan' if plan else 'compare'}"
    query = _moment(as_of, known_at) | {"with": other}
    found = Services(where(context)).get("inventory", path, **query)
    say(found, lambda one: differences(one["items"]), as_json=as_json)
    if found["items"]:
        raise typer.Exit(ExitCode.REFUSED)


def trace(unit: str, ways: Sequence[Document]) -> RenderableType:
    """The ways up from a unit, as a tree that grows from it; what was removed is struck out, with when and why."""
    drawn = Tree(
        f"[bold]{escape(unit)}[/]" if ways else f"[bold]{escape(unit)}[/] went into nothing", guide_style="dim"
    )
    branches: dict[tuple[str, ...], Tree] = {}
    for way in ways:
        path = tuple(way["path"])
        below = branches.get(path[:-1], drawn)
        branches[path] = below.add(_way(way))
    return drawn


def differences(items: Sequence[Document]) -> RenderableType:
    """Differences, one in a row."""
    if not items:
        return Text("No difference.", style="green")
    listed = shown.table("Change", "What")
    for one in items:
        listed.add_row(escape(one["change"]), escape(one["sentence"]))
    return listed


def _way(way: Document) -> str:
    part = escape(f"{way['part_number']} rev {way['revision']}")
    status = shown.unit_status(way["status"])
    quantity = f", {escape(way['quantity'])} of it" if way["quantity"] not in {None, "1"} else ""
    name = escape(way["unit_id"])
    if way["relation"] == "split":
        return f"{name} [dim]split off to {escape(way['because'])}{quantity}, {shown.moment(way['since'])}[/] {status}"
    if way["in_place"]:
        by = escape(shown.who(way["by"] or {}))
        return f"[bold]{name}[/] {part} {status}{quantity} [dim]{by}, {shown.moment(way['at'])}[/]"
    return f"[strike]{name} {part}[/]{quantity} [red]{_gone(way)}[/]"


def _gone(way: Document) -> str:
    if way["removed_at"] is None:
        return f"not in it since {shown.moment(way['until'])}"
    why = f": {way['because']}" if way["because"] else ""
    by = shown.who(way["removed_by"] or {})
    return escape(f"removed {shown.moment(way['removed_at'])} by {by}{why}")


def _moment(as_of: datetime | None, known_at: datetime | None) -> dict[str, Any]:
    asked = {"as_of": as_of, "known_at": known_at}
    return {name: in_utc(one).isoformat() for name, one in asked.items() if one is not None}
