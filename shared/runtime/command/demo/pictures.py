"""What only the demo draws: the runs of a shift, a delivery, the difference of two records."""

from collections.abc import Sequence

from rich.console import RenderableType
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
