"""`asbuilt issues`: what was found, what quality decides about it, and what is set apart meanwhile."""

from typing import Annotated
from urllib.parse import quote

import typer
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from shared.runtime.command import shown
from shared.runtime.command.connection import Services, where
from shared.runtime.command.saying import AsJson, say
from shared.runtime.command.shown import Document

commands = typer.Typer(no_args_is_help=True, help="Open issues, look at them, and decide what becomes of them.")

IssueId = Annotated[str, typer.Argument(metavar="ISSUE", help="The issue's id.")]
Why = Annotated[str, typer.Option("--because", help="The reason; it stays in the record.")]
MOST_ISSUES = 500
"""Of which the units and their stock are shown; how many there are is counted whatever their number."""

STATE_STYLE = {"pending": "yellow", "in_progress": "cyan", "in_review": "cyan", "resolved": "green"}


@commands.command("list")
def list_(
    context: typer.Context,
    run: Annotated[str | None, typer.Option(metavar="RUN", help="Only of this run.")] = None,
    unit: Annotated[str | None, typer.Option(metavar="UNIT", help="Only on this unit: serial, or part:lot.")] = None,
    part: Annotated[
        str | None,
        typer.Option(
            metavar="PART", help="Only on this part: of the unit, of what the run builds, of the requirement."
        ),
    ] = None,
    disposition: Annotated[str | None, typer.Option(help="Only with this disposition type.")] = None,
    opened_by: Annotated[str | None, typer.Option(metavar="PERSON", help="Only those that this person opened.")] = None,
    at_most: Annotated[int, typer.Option(min=1, max=100_000, help="Issues at most.")] = 500,
    *,
    closed: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the issues that are open, the newest first."""
    wanted = {"run_id": run, "unit_id": unit, "part_number": part, "disposition": disposition, "opened_by": opened_by}
    query = wanted if closed else wanted | {"open": True}
    items = Services(where(context)).items("issue", "/issues", at_most, **query)
    say({"items": items}, lambda document: _listed(document["items"]), as_json=as_json)


@commands.command()
def show(context: typer.Context, issue: IssueId, *, as_json: AsJson = False) -> None:
    """Show one issue: what was found, what was decided, who has still to approve, what it holds."""
    say(Services(where(context)).get("issue", _path(issue)), _drawn, as_json=as_json)


@commands.command("open")
def open_(
    context: typer.Context,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What was found, in a few words.")],
    description: Annotated[str, typer.Option(help="More about it.")] = "",
    run: Annotated[str | None, typer.Option(metavar="RUN", help="The run that it is on.")] = None,
    step: Annotated[str | None, typer.Option(metavar="STEP", help="The step of that run.")] = None,
    field: Annotated[str | None, typer.Option(metavar="FIELD", help="The field of that step.")] = None,
    requirement: Annotated[str | None, typer.Option(metavar="REQUIREMENT", help="The requirement of that run.")] = None,
    unit: Annotated[str | None, typer.Option(metavar="UNIT", help="The unit: its serial, or part:lot.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Open an issue on a run, a step, field or requirement of it, or on a unit. Needs the permission issue:open."""
    on = {"run_id": run, "step_id": step, "field_id": field, "requirement_id": requirement, "unit_id": unit}
    opened = Services(where(context)).post("issue", "/issues", {"title": title, "description": description, **on})
    say(opened, _asked, as_json=as_json)


@commands.command()
def quarantine(
    context: typer.Context,
    issue: IssueId,
    quantity: Annotated[str, typer.Argument(metavar="QUANTITY", help="How much of it, as an exact number.")],
    unit: Annotated[
        str | None, typer.Option(metavar="UNIT", help="What it is taken from; else the issue's own unit.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Split part of a lot off and hold it while the issue withholds it; the rest stays as it is. Needs unit:move."""
    _ask(context, issue, "quarantine", {"quantity": quantity, "unit_id": unit}, as_json=as_json)


@commands.command()
def types(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List the disposition types of the site, and what follows from each."""
    say(Services(where(context)).get("issue", "/disposition-types"), _types, as_json=as_json)


@commands.command()
def impact(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="TYPE", help="The disposition type.")],
    availability: Annotated[str, typer.Argument(help="immediate, release-on-resolve or permanently-unavailable.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show which issues, units and quantities of stock another availability of a disposition type would touch; nothing
    is changed.
    """
    path = f"/disposition-types/{quote(name, safe='')}/impact"
    services = Services(where(context))
    found = services.get("issue", path, availability=availability, limit=MOST_ISSUES)
    units = sorted({unit for one in found["items"] for unit in one["units"]})[:MOST_ISSUES]
    stock = services.get("inventory", "/stock", unit_id=units)["items"] if units else []
    say({**found, "stock": stock}, _impact, as_json=as_json)


@commands.command()
def disposition(
    context: typer.Context,
    issue: IssueId,
    name: Annotated[str, typer.Argument(metavar="TYPE", help="One of those that `asbuilt issues types` lists.")],
    because: Why = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Choose what is to be done. Needs the permission issue:disposition."""
    _ask(context, issue, "disposition", {"disposition": name, "justification": because}, as_json=as_json)


@commands.command()
def approve(
    context: typer.Context,
    issue: IssueId,
    name: Annotated[str, typer.Argument(metavar="TYPE", help="The disposition type that you looked at.")],
    role: Annotated[str | None, typer.Option(help="As what; else for every approver role that you hold.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Approve the disposition. Needs the permission issue:approve, and an approver role of the type."""
    _ask(context, issue, "approve", {"disposition": name, "role": role}, as_json=as_json)


@commands.command()
def resolve(
    context: typer.Context,
    issue: IssueId,
    resolution: Annotated[str, typer.Option(help="How it was closed.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Close the issue. Needs the permission issue:disposition, and a closer role where the type names some."""
    _ask(context, issue, "resolve", {"resolution": resolution}, as_json=as_json)


@commands.command()
def reopen(context: typer.Context, issue: IssueId, because: Why, *, as_json: AsJson = False) -> None:
    """Let a resolved issue be decided again; what it excepted is short again. Needs issue:disposition."""
    _ask(context, issue, "reopen", {"reason": because}, as_json=as_json)


def _ask(context: typer.Context, issue: str, what: str, body: Document, *, as_json: bool) -> None:
    done = Services(where(context)).post("issue", f"{_path(issue)}/{what}", body)
    say(done, _asked, as_json=as_json)


def _asked(issue: Document) -> str:
    parts = "".join(f"\n  {escape(_part(one))}" for one in issue.get("quarantined") or [])
    return f"{shown.OK} [bold]{escape(issue['issue_id'])}[/] is {_stands(issue)}{parts}"


def _path(issue: str) -> str:
    return f"/issues/{quote(issue, safe='')}"


def _stands(issue: Document) -> str:
    missing = issue.get("missing_approvals") or []
    waits = f", waiting for {escape(', '.join(missing))}" if missing else ""
    return f"[{STATE_STYLE.get(issue['state'], 'dim')}]{escape(issue['state'])}[/]{waits}"


def _listed(items: list[Document]) -> RenderableType:
    if not items:
        return Text("No issue.", style="green")
    listed = shown.table("Issue", "State", "Disposition", "On", "Opened", "What was found")
    for one in items:
        on = " ".join(filter(None, (one["run_id"], one["step_id"], one["unit_id"])))
        cells = (
            one["disposition"] or "",
            on,
            f"{shown.moment(one['opened_at'])} {one['opened_by'] or ''}",
            one["title"],
        )
        listed.add_row(escape(one["issue_id"]), _stands(one), *map(escape, cells))
    return listed


def _drawn(issue: Document) -> RenderableType:
    decided = issue["disposition"] and f"{issue['disposition']} ({issue['availability']}): {issue['justification']}"
    rows = {
        "State": f"{issue['state']}, version {issue['version']}",
        "On": _on(issue),
        "Opened": f"{shown.moment(issue['opened_at'])} UTC by {shown.who(issue['opened_by'])}",
        "Disposition": decided or "none yet",
        "Approved": "; ".join(f"{one['role']} by {shown.who(one['by'])}" for one in issue["approvals"]),
        "Waits for": ", ".join(issue["missing_approvals"]),
        "Exceptions": _exceptions(issue),
        "Unit": _withheld(issue),
        "Parts": ", ".join(issue["part_numbers"]),
        "Quarantine": "; ".join(map(_part, issue["quarantined"])),
        "Files": ", ".join(one["name"] for one in issue["files"]),
        "Reopened": issue["reopened_because"] or "",
        "Closed": issue["resolution"] or "",
    }
    facts = Table.grid(padding=(0, 2))
    for name, text in rows.items():
        if text:
            facts.add_row(Text(name, style="bold"), Text(text))
    return Group(Text(issue["title"], style="bold"), Text(issue["description"]), facts)


def _on(issue: Document) -> str:
    names = ("run_id", "step_id", "field_id", "requirement_id", "unit_id")
    return ", ".join(f"{name.removesuffix('_id')} {issue[name]}" for name in names if issue[name] is not None)


def _withheld(issue: Document) -> str:
    """Of which parts are in quarantine, these are withheld, and the rest is not (domain.md 5)."""
    if not issue["withholds"]:
        return ""
    held = [one for one in issue["quarantined"] if one["state"] == "held" and one["of_unit_id"] == issue["unit_id"]]
    return "only what is in quarantine must not be used" if held else "must not be used"


def _part(one: Document) -> str:
    why = one["refused_because"]
    told = f"{one['quantity']} as {one['unit_id']}, {one['state']}"
    return told if why is None else f"{told}: {why['obstacle']} {why['resolve']}"


def _exceptions(issue: Document) -> str:
    told = ", ".join(f"{one['quantity']} of {one['requirement_id']}" for one in issue["exceptions"])
    return told and f"{told} ({'alive' if issue['exceptions_are_alive'] else 'not until it is approved'})"


def _types(document: Document) -> RenderableType:
    listed = shown.table("Type", "Unit may be used", "Approvers", "Closers", "Besides")
    for one in document["items"]:
        besides = [
            word for word, is_so in (("resolves by itself", one["auto_resolve"]), ("retired", one["retired"])) if is_so
        ]
        roles = (", ".join(one["approver_roles"]) or "choosing approves", ", ".join(one["closer_roles"]) or "anybody")
        listed.add_row(*map(escape, (one["name"], one["availability"], *roles, ", ".join(besides))))
    return listed


def _impact(found: Document) -> RenderableType:
    change = f"{found['name']}: {found['availability']} → {found['would_be']}"
    told = (
        f"{change} recalculates {shown.count(found['issues'], 'issue')}, "
        f"{found['issues_that_change_units']} of which withhold or release a unit by that."
    )
    if not found["items"]:
        return Text(told)
    listed = shown.table("Issue", "State", "Units", "Then")
    for one in found["items"]:
        then = "withheld" if one["would_withhold"] else "not withheld"
        listed.add_row(*map(escape, (one["issue_id"], one["state"], ", ".join(one["units"]), then)))
    stock = shown.table("Part", "Status now", "Units", "Quantity")
    for one in found["stock"]:
        part = f"{one['part_number']} rev {one['revision']}"
        quantity = f"{one['quantity']} {one['unit_of_measure']}"
        stock.add_row(*map(escape, (part, one["status"], str(one["units"]), quantity)))
    return Group(Text(told), listed, stock)
