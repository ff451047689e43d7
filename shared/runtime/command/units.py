"""`asbuilt units list | show`: what there is of a part or a lot, and whether it may be used."""

from typing import Annotated
from urllib.parse import quote

import typer
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from shared.runtime.command import shown
from shared.runtime.command.connection import Services, where
from shared.runtime.command.errors import ExitCode
from shared.runtime.command.saying import AsJson, say
from shared.runtime.command.shown import Document

commands = typer.Typer(no_args_is_help=True, help="Look at units: serials and lots, and whether they may be used.")

UnitId = Annotated[str, typer.Argument(metavar="UNIT", help="The unit's id: its serial, or part:lot.")]
Status = Annotated[
    str | None, typer.Option(help="Only in this status: scrapped, installed, wip, on_hold, unavailable or available.")
]


@commands.command("list")
def list_(
    context: typer.Context,
    part: Annotated[str | None, typer.Option(metavar="PART", help="Only of this part number.")] = None,
    lot: Annotated[str | None, typer.Option(metavar="LOT", help="Only of this lot, of any part.")] = None,
    status: Status = None,
    location: Annotated[str | None, typer.Option(help="Only at this location.")] = None,
    run: Annotated[str | None, typer.Option(metavar="RUN", help="Only what this run builds, or built last.")] = None,
    split_from: Annotated[
        str | None, typer.Option("--split-from", metavar="UNIT", help="Only what was split off this lot.")
    ] = None,
    withheld_by: Annotated[
        str | None, typer.Option("--withheld-by", metavar="ISSUE", help="Only what this issue withholds, anywhere.")
    ] = None,
    at_most: Annotated[int, typer.Option(min=1, max=1_000_000, help="Units at most.")] = 500,
    *,
    as_json: AsJson = False,
) -> None:
    """List units in the order of their ids; several filters at once are all to match."""
    wanted = {"part_number": part, "lot": lot, "status": status, "location": location, "run_id": run}
    wanted |= {"origin_unit_id": split_from, "withheld_by": withheld_by}
    items = Services(where(context)).items("inventory", "/units", at_most, **wanted)
    say({"items": items}, lambda document: _listed(document["items"]), as_json=as_json)


@commands.command()
def show(context: typer.Context, unit: UnitId, *, as_json: AsJson = False) -> None:
    """Show one unit: its status with the reason and what would change it, where it is, what builds it, what it is in.

    Exit code 0 when it is available, 1 when it is not.
    """
    found = Services(where(context)).get("inventory", f"/units/{quote(unit, safe='')}")
    say(found, _drawn, as_json=as_json)
    if found["status"] != "available":
        raise typer.Exit(ExitCode.REFUSED)


def _status(unit: Document) -> str:
    return f"[{shown.STATUS_STYLE.get(unit['status'], 'dim')}]{escape(unit['status'])}[/]"


def _quantity(unit: Document) -> str:
    return f"{unit['quantity']} {unit['unit_of_measure']}"


def _listed(items: list[Document]) -> RenderableType:
    if not items:
        return Text("No unit.", style="green")
    listed = shown.table("Unit", "Part", "Status", "Quantity", "Received", "Where")
    for one in items:
        place = f"in {one['parent_unit_id']}" if one["parent_unit_id"] else one["location"] or ""
        part = f"{one['part_number']} rev {one['revision']}"
        received = shown.moment(one["received_at"])
        listed.add_row(
            escape(one["unit_id"]), escape(part), _status(one), *map(escape, (_quantity(one), received, place))
        )
    return listed


def _drawn(unit: Document) -> RenderableType:
    build = unit["build"]
    rows = {
        "Status": f"{unit['status']} (row {unit['status_row']}): {unit['status_reason']}",
        "Until": unit["status_changes_when"],
        "Part": f"{unit['part_number']} rev {unit['revision']}",
        "Serial": unit["serial"],
        "Lot": unit["lot"],
        "Split from": unit["origin_unit_id"],
        "Quantity": _quantity(unit),
        "Scrapped": unit["scrapped_quantity"] if unit["scrapped_quantity"] != "0" else None,
        "Location": unit["location"],
        "Withheld by": ", ".join(unit["withheld_by"]),
        "In": unit["parent_unit_id"],
        "Used up by": unit["consumed_by"],
        "Built by": build and f"{build['run_id']}, {'open' if build['is_open'] else 'complete'}",
        "Holds": shown.count(len(unit["installations"]), "component") if unit["installations"] else None,
    }
    facts = Table.grid(padding=(0, 2))
    for name, told in rows.items():
        if told:
            facts.add_row(Text(name, style="bold"), Text(str(told)))
    return Group(Text.from_markup(f"[bold]{escape(unit['unit_id'])}[/] is {_status(unit)}"), facts)
