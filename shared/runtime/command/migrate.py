"""`asbuilt migrate`: bring the services' databases to the newest version."""

import os
import subprocess
import sys
from typing import Annotated

import typer
from rich.console import RenderableType

from shared.runtime.command.connection import where
from shared.runtime.command.errors import CommandFailed, ExitCode
from shared.runtime.command.pasted import asbuilt
from shared.runtime.command.saying import AsJson, say
from shared.runtime.command.shown import table
from shared.runtime.embedded.described import SERVICES

VARIABLE = "ASBUILT_MIGRATION_DATABASE_URL"
WITHIN_S = 300


def migrate(
    context: typer.Context,
    service: Annotated[list[str] | None, typer.Argument(metavar="SERVICE", help="These only.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Bring the services' databases to the newest version. Safe to repeat, and to start twice at once.

    With ASBUILT_MIGRATION_DATABASE_URL set, for the one service that is named; else for the plant that runs here.
    """
    done = {name: _migrate(name, url) for name, url in _databases(context, service or []).items()}
    say(done, _drawn, as_json=as_json)


def _databases(context: typer.Context, names: list[str]) -> dict[str, str]:
    if unknown := [name for name in names if name not in SERVICES]:
        raise typer.BadParameter(f"{', '.join(unknown)}: services are {', '.join(SERVICES)}", param_hint="SERVICE")
    given = os.environ.get(VARIABLE) or os.environ.get("ASBUILT_DATABASE_URL")
    if given is None:
        known = where(context).described().migrations
        return {name: url for name, url in known.items() if not names or name in names}
    if len(names) != 1:
        obstacle = f"{VARIABLE} names one database, so name the one service that it belongs to."
        raise CommandFailed(ExitCode.USAGE, "service-missing", obstacle, f"For example: {asbuilt('migrate', 'run')}")
    return {names[0]: given}


def _migrate(name: str, url: str) -> str:
    environment = {**os.environ, VARIABLE: url, "ASBUILT_DATABASE_URL": url}
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", f"services.{name}", "migrate"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        resolve = "Check that the database is there, and that the URL is its owner role's."
        raise CommandFailed(ExitCode.REFUSED, "migration-failed", f"{name}: {last}", resolve)
    return done.stdout.strip().splitlines()[-1].removeprefix(f"{name}: ")


def _drawn(done: dict[str, str]) -> RenderableType:
    drawn = table("Service", "Database")
    for name, said in done.items():
        drawn.add_row(name, said)
    return drawn
