"""`asbuilt review | complete | history`: a run's completion and what can be read about it."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

import typer

from shared.runtime.command import shown
from shared.runtime.command.connection import Services, where
from shared.runtime.command.errors import CommandFailed, ExitCode
from shared.runtime.command.saying import AsJson, console, say

RunId = Annotated[str, typer.Argument(metavar="RUN", help="The run's id.")]
OccurredAt = Annotated[
    datetime | None,
    typer.Option(
        "--at",
        formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S"],
        help="When it happened, for history that is taken in afterwards; UTC where no zone is named. "
        "Needs the permission history:import.",
    ),
]
AtMost = Annotated[int, typer.Option(min=1, max=100_000, help="Entries at most.")]


def review(context: typer.Context, run: RunId, *, as_json: AsJson = False) -> None:
    """Show what blocks a run's completion, what it warns of, and the counts.

    Exit code 0 when nothing blocks it, 1 when something does.
    """
    found = Services(where(context)).get("run", f"/runs/{run}/review")
    say(found, shown.review, as_json=as_json)
    if found["blockers"]:
        raise typer.Exit(ExitCode.REFUSED)


def complete(
    context: typer.Context,
    run: RunId,
    note: Annotated[str, typer.Option(help="A note for the completion record.")] = "",
    acknowledge: Annotated[
        list[str] | None, typer.Option(metavar="CODE:SUBJECT", help="A warning you accept; may be repeated.")
    ] = None,
    version: Annotated[
        str | None, typer.Option(help="The review version you looked at; refused when the review has changed.")
    ] = None,
    occurred_at: OccurredAt = None,
    key: Annotated[
        str | None, typer.Option(help="Idempotency key: repeated with the same key, the run is completed once.")
    ] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Review a run, confirm, and lock its record.

    Needs the permission run:complete. Every warning is acknowledged, by --acknowledge or when asked.
    """
    services = Services(where(context))
    found = services.get("run", f"/runs/{run}/review")
    if not as_json:
        console().print(shown.review(found))
    accepted = [_warning(one) for one in acknowledge or ()]
    if not yes and not found["blockers"]:
        accepted += _asked(found, accepted)
        typer.confirm(f"Complete {run} and lock its record?", abort=True, err=True)
    confirmation = {"review_version": version or found["version"], "acknowledged": accepted, "note": note}
    if occurred_at is not None:
        confirmation["occurred_at"] = in_utc(occurred_at).isoformat()
    record = _confirm(services, run, confirmation, key or str(uuid4()))
    say(record, _completed, as_json=as_json)


def history(context: typer.Context, run: RunId, at_most: AtMost = 1000, *, as_json: AsJson = False) -> None:
    """Show everything that happened to a run, refusals included, in the order in which it was recorded."""
    services = Services(where(context))
    entries = services.items("audit", "/history", at_most, run_id=run)
    if not entries:
        services.get("run", f"/runs/{run}")
    say({"items": entries}, lambda document: shown.history(document["items"]), as_json=as_json)


def in_utc(moment: datetime) -> datetime:
    """A time that names no zone is in UTC."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _confirm(services: Services, run: str, confirmation: dict[str, Any], key: str) -> dict[str, Any]:
    try:
        return services.post("run", f"/runs/{run}/complete", confirmation, key)
    except CommandFailed as failed:
        if failed.exit_code is ExitCode.AWAY:
            failed.resolve = f"It may or may not have been done. Repeat with --key {key} to be sure: it is done once."
        raise


def _asked(found: dict[str, Any], accepted: list[dict[str, str]]) -> list[dict[str, str]]:
    """Ask about each warning that the call did not acknowledge."""
    asked = []
    for one in found["warnings"]:
        warning = {"code": one["code"], "subject": one["subject"]}
        if warning not in accepted:
            typer.confirm(f"{one['sentence']} Acknowledge {one['code']}:{one['subject']}?", abort=True, err=True)
            asked.append(warning)
    return asked


def _warning(text: str) -> dict[str, str]:
    code, colon, subject = text.partition(":")
    if not colon or not subject:
        raise typer.BadParameter(f"{text} is not CODE:SUBJECT, as the review lists it", param_hint="--acknowledge")
    return {"code": code, "subject": subject}


def _completed(record: dict[str, Any]) -> str:
    taken_in = record.get("imported")
    later = f", taken in by {taken_in['by']} at {shown.moment(taken_in['at'])}" if taken_in else ""
    return (
        f"{shown.OK} [bold]{record['run_id']}[/] is complete: completion record {record['number']}, by "
        f"{record['completed_by']} at {shown.moment(record['completed_at'])} UTC{later}\n  {record['content_hash']}"
    )
