"""What services answer, drawn for a person: the review, the tree, the history, the records that stand aside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

Document = dict[str, Any]

OK = "[green]✔[/]"
NOT_OK = "[red]✘[/]"
WARNS = "[yellow]![/]"
STATUS_STYLE = {
    "available": "green",
    "complete": "green",
    "installed": "cyan",
    "wip": "yellow",
    "scrapped": "red",
    "on_hold": "red",
    "canceled": "red",
}


def table(*columns: str, title: str = "") -> Table:
    """An empty table in the command's own look; the last column takes what room there is."""
    drawn = Table(title=title or None, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
    for column in columns[:-1]:
        drawn.add_column(column, overflow="fold")
    drawn.add_column(columns[-1], ratio=1, overflow="fold")
    drawn.expand = True
    return drawn


def review(document: Document) -> RenderableType:
    """The completion review: what blocks, what warns, the counts."""
    parts: list[RenderableType] = [_counts(document["counts"])]
    found = [(NOT_OK, one) for one in document["blockers"]] + [(WARNS, one) for one in document["warnings"]]
    if found:
        listed = table("", "Code and subject", "Obstacle, and what resolves it")
        for mark, one in found:
            what = f"{escape(one['code'])}\n[dim]{escape(one['subject'])}[/]"
            needed = f" [dim]({one['permission']})[/]" if one.get("permission") else ""
            way = f"{escape(one['sentence'])}\n[dim]{escape(one['resolve'])}[/]{needed}"
            listed.add_row(mark, what, way)
        parts.append(listed)
    parts.append(_verdict(document))
    return Group(Text(f"Review of run {document['run_id']}", style="bold"), *parts)


def verdict(document: Document) -> str:
    """The review in one line."""
    blockers, warnings = len(document["blockers"]), len(document["warnings"])
    if blockers:
        return f"blocked by {count(blockers, 'blocker')}, {count(warnings, 'warning')}"
    return f"ready, {count(warnings, 'warning')} to acknowledge" if warnings else "ready to be completed"


def count(number: int, what: str) -> str:
    """`1 blocker`, `2 blockers`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def tree(document: Document) -> RenderableType:
    """The as-built tree of a unit."""
    drawn = Tree(_root(document), guide_style="dim")
    _branch(drawn, document["children"])
    return drawn


def history(entries: Sequence[Document]) -> RenderableType:
    """What happened, in the order in which it was recorded."""
    listed = table("Time", "What", "Who", "About")
    for entry in entries:
        listed.add_row(
            moment(entry.get("happened_at")), escape(short_type(entry)), escape(who(entry)), escape(about(entry))
        )
    return listed


def parked(items: Sequence[Document]) -> RenderableType:
    """Records that stand aside."""
    if not items:
        return Text("Nothing stands aside.", style="green")
    listed = table("Record", "Since", "Topic and place", "Key", "Reason", "What is wrong")
    for one in items:
        place = f"{one['topic']} {one['partition']}/{one['record_offset']}"
        cells = (one["record"], moment(one["parked_at"]), place, one["key"] or "", one["reason"], one["detail"])
        listed.add_row(*(escape(str(cell)) for cell in cells))
    return listed


def topics(done: Document) -> RenderableType:
    """What became of each topic."""
    listed = table("Topic", "Now")
    for name, said in done.items():
        listed.add_row(name, said)
    return listed


def moment(text: str | None) -> str:
    """A time of day in UTC, to the millisecond; its date where that is not today's."""
    if text is None:
        return ""
    at = datetime.fromisoformat(text)
    clock = at.strftime("%H:%M:%S.") + f"{at.microsecond // 1000:03d}"
    return clock if at.date() == datetime.now(at.tzinfo).date() else f"{at:%Y-%m-%d} {clock}"


def short_type(entry: Document) -> str:
    """`run.completed` for `asbuilt.run.completed.v1`; plant systems' own words keep their prefix."""
    full = entry.get("event_type") or entry.get("type") or "unreadable"
    return str(full).removeprefix("asbuilt.").rsplit(".v", 1)[0]


def who(entry: Document) -> str:
    """The person, and the machine that acted in their name."""
    person, machine = entry.get("person"), entry.get("machine")
    return f"{person} at {machine}" if person and machine else person or machine or ""


def about(entry: Document) -> str:
    """What an event says, in a few words."""
    data = entry.get("data")
    if not isinstance(data, dict):
        return str(entry.get("unreadable") or entry.get("detail") or "")
    said = [_told(data, *names) for names in SAID]
    return " ".join(one for one in said if one)


SAID = (
    ("work_order",),
    ("step_id",),
    ("field_id",),
    ("value",),
    ("unit",),
    ("verdict",),
    ("gate_id",),
    ("unit_id",),
    ("requirement_id",),
    ("designator",),
    ("title",),
    ("disposition",),
    ("redline_id",),
    ("role",),
    ("text",),
    ("name",),
    ("attempt",),
    ("issue_id",),
    ("status",),
    ("code",),
    ("obstacle",),
    ("reason",),
    ("record", "content_hash"),
)
"""The members of an event's data that tell it, in order; a path goes into a member."""

SAID_AT_MOST = 60
"""Characters of a member."""


def _told(data: Document, *path: str) -> str:
    found: Any = data
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    text = "" if found is None else str(found)
    return text if len(text) <= SAID_AT_MOST else f"{text[:SAID_AT_MOST]}…"


def _counts(counts: Document) -> Text:
    steps, needs, issues, gates = (counts[name] for name in ("steps", "requirements", "issues", "gates"))
    redlines, failed = counts["redlines"], steps["failed_then_resolved"]
    told = (
        f"steps {steps['completed']}/{steps['total']}" + (f", {failed} failed and resolved" if failed else ""),
        f"requirements {needs['installed']}/{needs['total']}, {needs['excepted']} excepted",
        f"redlines {redlines['open']} open, {redlines['accepted']} accepted, {redlines['rejected']} rejected",
        f"issues {issues['open']} open, {issues['dispositioned']} dispositioned, {issues['resolved']} resolved",
        f"gates {gates['satisfied']}/{gates['required']}",
    )
    return Text(" · ".join(told), style="dim")


def _verdict(document: Document) -> Text:
    style = "red" if document["blockers"] else "yellow" if document["warnings"] else "green"
    told = verdict(document)
    return Text.assemble(
        (f"{told[0].upper()}{told[1:]}.", f"bold {style}"), (f"\nVersion {document['version']}", "dim")
    )


def _root(document: Document) -> str:
    version = document["as_built_version"]
    return _unit(document) if version is None else f"{_unit(document)} [dim]as-built version {version}[/]"


def _branch(parent: Tree, children: Sequence[Document]) -> None:
    for child in children:
        place = " ".join(filter(None, (child["requirement_id"], child["designator"])))
        mark = " [yellow]substitute[/]" if child["substitute"] else ""
        if child.get("quantity") not in {None, "1"}:
            mark += f", {escape(child['quantity'])} of it"
        by = f"[dim]for {escape(place)}, {escape(who(child['installed_by'] or {}))}, {moment(child['installed_at'])}[/]"
        _branch(parent.add(f"{_unit(child)}{mark} {by}"), child["children"])


def _unit(node: Document) -> str:
    part = escape(f"{node['part_number']} rev {node['revision']}")
    return f"[bold]{escape(node['unit_id'])}[/] {part} {unit_status(node['status'])}"


def unit_status(status: str | None) -> str:
    """A unit's status, in its color; it has none at a time when nothing had been said of it yet."""
    return f"[{STATUS_STYLE.get(status or '', 'dim')}]{escape(status or 'not known then')}[/]"
