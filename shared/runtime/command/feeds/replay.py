"""`asbuilt replay`: a plant's own history, published as its systems would have done."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from shared.runtime.command.connection import Services, where
from shared.runtime.command.errors import CommandFailed, ExitCode
from shared.runtime.command.feeds import told
from shared.runtime.command.feeds.cluster import PATIENCE_S, Bootstrap, Patience, settings_for
from shared.runtime.command.feeds.finishing import LAST, Finished, Outcome, complete_runs, finished
from shared.runtime.command.feeds.history import PREFIX, TOPICS, feed, history
from shared.runtime.command.feeds.play import play
from shared.runtime.command.feeds.worklog import COLUMNS, NotAWorklog, Worklog, WrongLine, read
from shared.runtime.command.saying import AsJson, console, say

SHOWN = 10
"""Wrong lines that are told, at most."""

FORM = f"A CSV file with the columns {', '.join(COLUMNS)} is expected; --column names them otherwise."

File = Annotated[Path, typer.Argument(metavar="FILE", help=f"CSV file with the columns {', '.join(COLUMNS)}.")]
Speed = Annotated[
    float, typer.Option(min=0, help="How many times faster than it happened; 3600: an hour a second. 0: at once.")
]
Column = Annotated[
    list[str] | None,
    typer.Option(metavar="OURS=THEIRS", help="How the file calls a column: worker=Operator; may be repeated."),
]
Zone = Annotated[str | None, typer.Option(metavar="NAME", help="Zone of times that name none: UTC, Europe/Berlin, …")]
Last = Annotated[
    str | None,
    typer.Option(
        metavar="ACTIVITY",
        help=f"The activity that ends a work order: runs of those that reached it are completed. {LAST} if absent.",
    ),
]


def replay(
    context: typer.Context,
    file: File,
    speed: Speed = 0,
    bootstrap: Bootstrap = None,
    prefix: Annotated[str, typer.Option(help="What run ids and serials have before the work order.")] = PREFIX,
    column: Column = None,
    zone: Zone = None,
    patience: Patience = PATIENCE_S,
    last: Last = None,
    *,
    in_order: Annotated[
        bool, typer.Option("--in-order", help="Order each activity after the one that began before it.")
    ] = False,
    skip_wrong: Annotated[
        bool, typer.Option("--skip-wrong", help="Leave out lines that cannot be used, and say which.")
    ] = False,
    complete: Annotated[
        bool, typer.Option("--complete/--no-complete", help="Complete the runs of work orders that ended.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Replay the history of a plant from the log of its work sessions.

    A work order becomes a run, its activities become steps; every session checks its worker in and out, the last one
    signs its step off. The orders are published first, then the work in time order, all work orders side by side. The
    same log again changes nothing.

    Work orders that reached their last activity are completed as of then, over HTTP: that needs the run service's
    address and a token with run:complete and history:import. Every warning of their reviews is acknowledged.

    Exit code 3 when some events got no answer.
    """
    settings = settings_for(context, bootstrap)
    log = _log(file, column or (), zone, skip_wrong=skip_wrong)
    happened = history(log.sessions, prefix=prefix, in_order=in_order)
    feeds = (feed(happened.planned, 0), feed(happened.worked, speed))
    with told.progress(console(stderr=True), happened.total, is_shown=not as_json) as show:
        played = play(settings, feeds, TOPICS, patience, show)
    document = {**_read(log), **told.document(played)}
    failed = None
    if complete and played.is_read:
        activity = last or LAST
        outcome, failed = _completed(context, list(finished(log.sessions, activity, prefix)))
        document["completion"] = {"last": activity, **outcome, "because": failed and str(failed)}
    say(document, _drawn, as_json=as_json)
    if failed is not None and last is not None:
        raise failed
    if not played.is_read:
        raise typer.Exit(ExitCode.AWAY)


def _read(log: Worklog) -> dict[str, Any]:
    orders = len({one.work_order for one in log.sessions})
    return {"work_orders": orders, "sessions": len(log.sessions), "skipped": [str(one) for one in log.wrong]}


def _completed(context: typer.Context, ended: Sequence[Finished]) -> tuple[dict[str, Any], CommandFailed | None]:
    """What became of them, and why that is not all."""
    outcome = Outcome()
    try:
        complete_runs(Services(where(context)), ended, outcome)
    except CommandFailed as failed:
        return {**outcome.document, "reached": len(ended)}, failed
    return outcome.document, None


def _log(file: Path, column: Sequence[str], zone: str | None, *, skip_wrong: bool) -> Worklog:
    try:
        log = read(file, _columns(column), None if zone is None else ZoneInfo(zone))
    except NotAWorklog as error:
        raise CommandFailed(ExitCode.USAGE, "not-a-work-log", str(error), FORM) from None
    except (ZoneInfoNotFoundError, ValueError):
        raise CommandFailed(ExitCode.USAGE, "zone-unknown", f"There is no zone {zone}.", "Try UTC.") from None
    if log.wrong and not skip_wrong:
        resolve = "Nothing was published. Correct the lines, or leave them out with --skip-wrong."
        raise CommandFailed(ExitCode.USAGE, "work-log-wrong", _wrong(log.wrong), resolve)
    if not log.sessions:
        raise CommandFailed(ExitCode.USAGE, "not-a-work-log", f"There is no session in {file}.", FORM)
    return log


def _columns(given: Sequence[str]) -> dict[str, str]:
    pairs = dict(one.partition("=")[::2] for one in given)
    unknown = [name for name, theirs in pairs.items() if name not in COLUMNS or not theirs]
    if unknown:
        obstacle = f"{', '.join(unknown)} is none of our columns with the file's name for it."
        raise CommandFailed(ExitCode.USAGE, "column-unknown", obstacle, f"Ours: {', '.join(COLUMNS)}.")
    return pairs


def _wrong(lines: Sequence[WrongLine]) -> str:
    more = f"\n… and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
    return f"{len(lines)} lines cannot be used:\n" + "\n".join(str(one) for one in lines[:SHOWN]) + more


def _drawn(document: dict[str, Any]) -> RenderableType:
    head = f"{document['work_orders']:,} work orders, {document['sessions']:,} sessions"
    parts: list[RenderableType] = [Text(head, style="bold"), told.drawn(document)]
    if "completion" in document:
        parts.append(_completion_drawn(document["completion"]))
    skipped = document["skipped"]
    if skipped:
        more = f"\n… and {len(skipped) - SHOWN} more (--json names all)" if len(skipped) > SHOWN else ""
        parts.append(Text(f"{len(skipped)} lines left out:\n" + "\n".join(skipped[:SHOWN]) + more, style="yellow"))
    return Group(*parts)


def _completion_drawn(done: dict[str, Any]) -> RenderableType:
    """How many runs were completed, and why others were not."""
    last, because = done["last"], done["because"]
    parts = (
        f"{done['reached']:,} work orders reached {last} and ended",
        f"{done['completed']:,} completed as of then",
        f"{done['already']:,} were complete",
        *(f"{number:,} left: {code}" for code, number in sorted(done["reasons"].items())),
    )
    more = f". The others could not be completed. {because}" if because else "."
    return Text(", ".join(parts) + more, style="yellow" if done["left"] or because else "green")
