"""`asbuilt summary | export`: a run for those who review it, and for those who take it along."""

import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from shared.runtime.command import shown
from shared.runtime.command.connection import Services, where
from shared.runtime.command.errors import CommandFailed, ExitCode
from shared.runtime.command.runs import RunId
from shared.runtime.command.saying import AsJson, say
from shared.runtime.command.shown import Document

Completion = Annotated[
    int | None,
    typer.Option(min=1, metavar="NUMBER", help="Of this completion record; else of the run as it stands."),
]
MINUTE_S, HOUR_S = 60, 3_600


class Form(StrEnum):
    """What an export is written in."""

    JSON = "json"
    CSV = "csv"


def summary(context: typer.Context, run: RunId, completion: Completion = None, *, as_json: AsJson = False) -> None:
    """Show a run's headline figures: steps, cycle time, people, issues, redlines, requirements with their parts."""
    path = f"/runs/{quote(run, safe='')}/summary"
    say(Services(where(context)).get("run", path, completion=completion), summary_drawn, as_json=as_json)


def export(
    context: typer.Context,
    run: RunId,
    form: Annotated[Form, typer.Option("--format", help="One JSON document, or one table.")] = Form.JSON,
    completion: Completion = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Else to stdout.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Take everything along that is kept of a run: its completion record as it was confirmed, and every step with every
    value, session, install, file and comment.

    From the JSON anybody computes the content hash again: SHA-256 over the RFC 8785 form of `record` without its
    `content_hash`.
    """
    path = f"/runs/{quote(run, safe='')}/export"
    parts = Services(where(context)).parts("run", path, format=form.value, completion=completion)
    if output is None:
        for part in parts:
            sys.stdout.buffer.write(part)
        sys.stdout.flush()
    else:
        written = {"run_id": run, "file": str(output), "bytes": _write(output, parts)}
        say(written, lambda one: f"{shown.OK} {escape(one['file'])}: {one['bytes']:,} bytes", as_json=as_json)


def _write(output: Path, parts: Iterable[bytes]) -> int:
    """Under another name until it is whole, so that nobody takes half of it for all."""
    half = output.with_name(f".{output.name}.part")
    try:
        with half.open("wb") as file:
            size = sum(file.write(part) for part in parts)
        half.replace(output)
    except OSError as error:
        obstacle = f"{output} cannot be written: {error.strerror}."
        raise CommandFailed(ExitCode.USAGE, "file-not-written", obstacle, "Name another --output.") from None
    finally:
        half.unlink(missing_ok=True)
    return size


def summary_drawn(document: Document) -> RenderableType:
    """The headline figures of a run."""
    facts = Table.grid(padding=(0, 2))
    for name, text in _facts(document).items():
        facts.add_row(f"[dim]{name}[/]", text)
    parts: list[RenderableType] = [_title(document), facts]
    if document["requirements"]["parts"]:
        parts.append(_parts(document["requirements"]["parts"]))
    if document["issues"]["items"]:
        parts.append(_listed("Issue", "State", "Disposition", document["issues"]["items"], "title"))
    if document["redlines"]["items"]:
        parts.append(_listed("Redline", "State", "", document["redlines"]["items"], "reason"))
    return Group(*parts)


def _title(document: Document) -> Text:
    of = "" if document["is_live"] else f", completion record {document['completion']}"
    style = shown.STATUS_STYLE.get(document["status"], "yellow")
    return Text.assemble((f"Summary of run {document['run_id']}{of} ", "bold"), (document["status"], style))


def _facts(document: Document) -> dict[str, str]:
    steps, issues, redlines, needs = (document[name] for name in ("steps", "issues", "redlines", "requirements"))
    failed = f", {steps['failed_then_resolved']} failed and resolved" if steps["failed_then_resolved"] else ""
    unit = document["serial"] or f"{document['quantity']} {document['unit_of_measure']} of lot {document['lot']}"
    people = ", ".join(_person(one) for one in document["operators"])
    return {
        "unit": escape(f"{unit}, {document['part_number']} rev {document['revision']}"),
        "steps": f"{steps['completed']} of {steps['total']} completed{failed}",
        "cycle time": took(document["cycle_time_s"]) or "not complete",
        "labour": took(document["labour_s"]) or "none",
        "people": escape(people) or "nobody yet",
        "issues": f"{issues['total']}: {issues['open']} open, {issues['dispositioned']} dispositioned, "
        f"{issues['resolved']} resolved",
        "redlines": f"{redlines['applied']} applied, {redlines['open']} open, {redlines['rejected']} rejected",
        "requirements": f"{needs['installed']} of {needs['total']} installed, {needs['excepted']} excepted",
        "record": document["content_hash"] or "none" if not document["is_live"] else _record(document),
    }


def _record(document: Document) -> str:
    return "none that stands" if document["completion"] is None else f"number {document['completion']}"


def _person(one: Document) -> str:
    labour = took(one["labour_s"])
    return f"{one['person']} ({labour})" if labour else str(one["person"])


def _parts(parts: list[Document]) -> RenderableType:
    listed = shown.table("Part", "Required", "Installed", "Excepted", "Units")
    for one in parts:
        units = ", ".join(_unit(unit) for unit in one["units"])
        listed.add_row(
            *(escape(str(one[name])) for name in ("part_number", "required", "installed", "excepted")), units
        )
    return listed


def _unit(unit: Document) -> str:
    place = f" in {unit['designator']}" if unit["designator"] else ""
    return escape(f"{unit['serial'] or unit['lot'] or unit['unit_id']}{place}")


def _listed(what: str, state: str, decision: str, items: list[Document], name: str) -> RenderableType:
    listed = shown.table(what, state, decision)
    for one in items:
        listed.add_row(*(escape(str(text or "")) for text in (one[name], one["state"], one.get("disposition"))))
    return listed


def took(seconds: Any) -> str:
    """`2 h 05 min`, `3 min 20 s`, `12.5 s`; nothing where no time is known."""
    if seconds is None or not float(seconds):
        return ""
    whole = int(float(seconds))
    if whole >= HOUR_S:
        return f"{whole // HOUR_S:,} h {whole % HOUR_S // MINUTE_S:02} min"
    if whole >= MINUTE_S:
        return f"{whole // MINUTE_S} min {whole % MINUTE_S:02} s"
    return f"{float(seconds):.3g} s"
