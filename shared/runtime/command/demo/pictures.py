"""What only the demo draws: the runs of a shift, a delivery, the difference of two records."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.text import Text

from shared.runtime.command import shown
from shared.runtime.command.shown import Document


def board(runs: Sequence[tuple[Document, Document]]) -> RenderableType:
    """Where runs stand, each with its review."""
    listed = shown.table("Run", "Status", "Builds", "Steps", "Review")
    for run, review in runs:
        style = shown.STATUS_STYLE.get(run["status"], "yellow")
        steps = review["counts"]["steps"]
        told = f"record {run['completions']}" if run["status"] == "complete" else shown.verdict(review)
        listed.add_row(
            escape(run["run_id"]),
            f"[{style}]{run['status']}[/]",
            escape(run["target"]["serial"]),
            f"{steps['completed']}/{steps['total']}",
            told,
        )
    return listed


def delivery(event: Document) -> Text:
    """What the ERP got, in a few lines."""
    record = event["data"]["record"]
    facts = {
        "webhook-id": event["webhook-id"],
        "type": event["type"],
        "record": f"{record['run_id']} number {record['number']}, {record['unit_id']}, by {record['completed_by']}",
        "content_hash": record["content_hash"],
    }
    return Text("\n".join(f"  {name:13} {text}" for name, text in facts.items()), style="cyan")


def differences(compared: Document) -> RenderableType:
    """What is otherwise in one completion record than in another."""
    of = " to ".join(f"record {compared[end]['number']}" for end in ("from", "to"))
    listed = shown.table("What", "Was, and is")
    for one in compared["differences"]:
        was, now = (escape(one[end] or "nothing") for end in ("was", "now"))
        what = f"{escape(one['about'])}\n[dim]{escape(one['subject'])}[/]"
        listed.add_row(what, f"[red]-[/] {was}\n[green]+[/] {now}")
    return Group(Text(f"{compared['run_id']}: what changed from {of}", style="bold"), listed)
