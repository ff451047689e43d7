"""`asbuilt parked list | show | retry | discard`: the records that a service set aside."""

import json
from base64 import b64decode
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from shared.runtime.command import shown
from shared.runtime.command.connection import Services, where
from shared.runtime.command.errors import CommandFailed, ExitCode
from shared.runtime.command.saying import AsJson, say
from shared.runtime.embedded.described import SERVICES

commands = typer.Typer(no_args_is_help=True, help="Deal with records that a service set aside.")

Record = Annotated[str, typer.Argument(metavar="SERVICE:NUMBER", help="The record as `asbuilt parked list` names it.")]

ADVICE = {
    "early": "It is about something that is not known yet. It is taken up by itself when that appears, "
    "and refused when its time is up.",
    "behind": "It waits behind an earlier record of its key. Deal with that one; this one follows by itself.",
    "defect": "It broke our code. Report it with what is wrong; retry it after an upgrade.",
    "unknown-type": "Nothing here knows its type. Correct the sender, or retry it after an upgrade; else discard it.",
}
UNREADABLE = "It cannot be understood as it is. Have its sender correct it and send it again, then discard this one."
BYTES_SHOWN = 4096


@commands.command("list")
def list_(
    context: typer.Context,
    service: Annotated[list[str] | None, typer.Option(help="Only of this service; may be repeated.")] = None,
    at_most: Annotated[int, typer.Option(min=1, max=100_000, help="Records of each service at most.")] = 500,
    *,
    settled: Annotated[bool, typer.Option("--settled", help="Also those that were dealt with.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the records that stand aside, and why."""
    services = Services(where(context))
    items = [
        {"record": f"{name}:{one['parked_id']}", "service": name, **one}
        for name in service or SERVICES
        for one in services.items(name, "/parked", at_most, settled=settled)
    ]
    say({"items": items}, lambda document: shown.parked(document["items"]), as_json=as_json)


@commands.command()
def show(context: typer.Context, record: Record, *, as_json: AsJson = False) -> None:
    """Show one record as it came: bytes, headers, what is wrong with it, and what to do."""
    name, number = _named(context, record)
    found = Services(where(context)).get(name, f"/parked/{number}")
    say({"record": record, "service": name, **found, "advice": advice(found)}, _drawn, as_json=as_json)


@commands.command()
def retry(context: typer.Context, record: Record, *, as_json: AsJson = False) -> None:
    """Try a record again, and what waits behind it. Needs the permission parked:manage.

    Exit code 1 when it still stands aside.
    """
    _settle(context, record, "retry", as_json=as_json)


@commands.command()
def discard(context: typer.Context, record: Record, *, as_json: AsJson = False) -> None:
    """Give a record up for good; its bytes are kept. Needs the permission parked:manage."""
    _settle(context, record, "discard", as_json=as_json)


def advice(found: dict[str, Any]) -> str:
    """What to do about a record that stands aside."""
    if found["settled_at"] is not None:
        return "Nothing: it was dealt with."
    return ADVICE.get(found["reason"], UNREADABLE)


def body(found: dict[str, Any]) -> str:
    """A record's bytes for a person: JSON laid out, text as text, anything else in hexadecimal."""
    if found["value_base64"] is None:
        return "(no body)"
    raw = b64decode(found["value_base64"])
    try:
        text = json.dumps(json.loads(raw), indent=2, ensure_ascii=False)
    except ValueError:
        text = _text(raw)
    return text if len(text) <= BYTES_SHOWN else f"{text[:BYTES_SHOWN]}\n… {len(raw)} bytes in all"


def _text(raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return raw[:BYTES_SHOWN].hex(" ")
    return text if text.isprintable() or "\n" in text else raw[:BYTES_SHOWN].hex(" ")


def _settle(context: typer.Context, record: str, what: str, *, as_json: bool) -> None:
    name, number = _named(context, record)
    found = Services(where(context)).post(name, f"/parked/{number}/{what}")
    say(
        {"record": record, "service": name, **found},
        lambda done: f"{shown.OK if done['settled_as'] else shown.NOT_OK} {record}: {ending(done)}",
        as_json=as_json,
    )
    if found["settled_as"] is None:
        raise typer.Exit(ExitCode.REFUSED)


def ending(done: dict[str, Any]) -> str:
    """How a record stands after it was dealt with."""
    if done["settled_as"] is not None:
        return str(done["settled_as"])
    return f"still stands aside: {done['detail']}"


def _named(context: typer.Context, record: str) -> tuple[str, int]:
    name, _, number = record.partition(":")
    if name not in SERVICES or not number.isdecimal():
        services = ", ".join(SERVICES)
        obstacle = f"{record} is not SERVICE:NUMBER; services are {services}."
        resolve = f"Take it from `{where(context).pasted('parked', 'list')}`."
        raise CommandFailed(ExitCode.USAGE, "record-invalid", obstacle, resolve)
    return name, int(number)


def _drawn(found: dict[str, Any]) -> RenderableType:
    facts = Table.grid(padding=(0, 2))
    place = f"{found['topic']} partition {found['partition']} offset {found['record_offset']}"
    rows = {
        "Record": f"{found['record']}, set aside {shown.moment(found['parked_at'])} UTC",
        "Came on": place,
        "Key": found["key"] or "(none)",
        "Event": " ".join(filter(None, (found["event_type"], found["event_id"]))) or "(could not be read)",
        "Reason": found["reason"],
        "What is wrong": found["detail"],
        "Waits for": found["waits_for"] or "",
        "Dealt with": found["settled_as"] or "",
        "What to do": found["advice"],
    }
    for name, text in rows.items():
        if text:
            facts.add_row(Text(name, style="bold"), Text(text))
    for name, value, *_exact_name in found["headers"] or ():
        shown_value = "(no value)" if value is None else _text(b64decode(value))
        facts.add_row(Text("Header", style="bold"), Text(f"{name} = {shown_value}"))
    return Group(facts, Text("\nBody", style="bold"), Text(body(found)))
