"""`asbuilt completions`: the completion records of a run, and what changed between two of them."""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import quote

import typer
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.text import Text

from shared.runtime.command import shown
from shared.runtime.command.connection import Services, where
from shared.runtime.command.errors import ExitCode
from shared.runtime.command.runs import RunId
from shared.runtime.command.saying import AsJson, say
from shared.runtime.command.shown import Document

TO_COMPARE = 2
"""Records that a comparison needs."""

From = Annotated[
    int | None, typer.Option("--from", min=1, metavar="NUMBER", help="Compare this record; else the last but one.")
]
To = Annotated[int | None, typer.Option("--to", min=1, metavar="NUMBER", help="With this one; else the last.")]


def completions(
    context: typer.Context, run: RunId, before: From = None, after: To = None, *, as_json: AsJson = False
) -> None:
    """Show the completion records of a run, superseded ones too, and what changed between the last two, or those named.

    Exit code 0 when one of them stands, 1 when the run was never completed, or is reopened.
    """
    services, path = Services(where(context)), f"/runs/{quote(run, safe='')}/completions"
    kept = services.get("run", path)["items"]
    is_compared = len(kept) >= TO_COMPARE or before is not None or after is not None
    compared = services.get("run", f"{path}/compare", **{"from": before, "to": after}) if is_compared else None
    say({"run_id": run, "items": kept, "compared": compared}, drawn, as_json=as_json)
    if all(one["superseded_at"] is not None for one in kept):
        raise typer.Exit(ExitCode.REFUSED)


def drawn(document: Document) -> RenderableType:
    """The records, and under them what changed."""
    if not document["items"]:
        return Text(f"{document['run_id']} was never completed.", style="yellow")
    listed = records(document["items"])
    return listed if document["compared"] is None else Group(listed, differences(document["compared"]))


def records(items: Sequence[Document]) -> RenderableType:
    """Completion records, one in a row, the first one first."""
    listed = shown.table("Record", "Completed", "By", "Stands", "Note, and content hash")
    for one in items:
        record, because = one["record"], one["superseded_because"]
        stands = "[green]yes[/]" if one["superseded_at"] is None else f"[red]no[/]: {escape(because or '')}"
        what = "\n".join(filter(None, (escape(record["note"]), f"[dim]{escape(one['content_hash'])}[/]")))
        who, at = escape(record["completed_by"]), shown.moment(one["completed_at"])
        listed.add_row(str(one["number"]), at, who, stands, what)
    return listed


def differences(compared: Document) -> RenderableType:
    """What is otherwise in one completion record than in another."""
    of = " to ".join(f"record {compared[end]['number']}" for end in ("from", "to"))
    title = Text(f"{compared['run_id']}: what changed from {of}", style="bold")
    if not compared["differences"]:
        return Group(title, Text("No difference.", style="green"))
    listed = shown.table("What", "Was, and is")
    for one in compared["differences"]:
        was, now = (escape(one[end] or "nothing") for end in ("was", "now"))
        what = f"{escape(one['about'])}\n[dim]{escape(one['subject'])}[/]"
        listed.add_row(what, f"[red]-[/] {was}\n[green]+[/] {now}")
    return Group(title, listed)
