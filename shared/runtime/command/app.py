"""The `asbuilt` command, joined: options that all commands share, and the commands themselves."""

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from shared.runtime.command import (
    completions,
    genealogy,
    issues,
    migrate,
    parked,
    reading,
    runs,
    token,
    topics,
    units,
    up,
)
from shared.runtime.command.connection import Where, urls_of
from shared.runtime.command.demo.command import demo
from shared.runtime.command.errors import MEANINGS, CommandFailed
from shared.runtime.command.feeds.replay import replay
from shared.runtime.command.feeds.simulate import simulate
from shared.runtime.command.pasted import PLANT_VARIABLE
from shared.runtime.command.saying import say_failure

EXIT_CODES = ". ".join(f"**{code.value}** {meaning}" for code, meaning in MEANINGS.items())

app = typer.Typer(
    name="asbuilt",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    epilog=f"Exit codes: {EXIT_CODES}.",
    context_settings={"help_option_names": ["-h", "--help"]},
)

TRY = "Try it out"
WORK = "Look and decide"
OPERATE = "Operate"


@app.callback()
def asbuilt(
    context: typer.Context,
    plant: Annotated[
        Path | None,
        typer.Option(envvar=PLANT_VARIABLE, help="Directory or plant.json of a plant; else one below ./.asbuilt."),
    ] = None,
    url: Annotated[
        list[str] | None,
        typer.Option(metavar="SERVICE=URL", help="Where a service answers; may be repeated. Or ASBUILT_RUN_URL, …"),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(envvar="ASBUILT_TOKEN", help="Bearer token; in an embedded plant one is made for you."),
    ] = None,
) -> None:
    """Asbuilt: the locked, traceable, delivered record of what a plant built."""
    context.obj = Where(plant, urls_of(url or ()), token)


app.command(rich_help_panel=TRY)(demo)
app.command(rich_help_panel=TRY)(up.up)
app.command(rich_help_panel=TRY)(simulate)
app.command(rich_help_panel=TRY)(replay)
app.command(rich_help_panel=TRY)(token.token)
app.command(rich_help_panel=WORK)(runs.review)
app.command(rich_help_panel=WORK)(runs.complete)
app.command(rich_help_panel=WORK)(completions.completions)
app.command(rich_help_panel=WORK)(reading.summary)
app.command(rich_help_panel=WORK)(runs.history)
app.command(rich_help_panel=WORK)(genealogy.tree)
app.command(rich_help_panel=WORK)(genealogy.where_used)
app.command(rich_help_panel=WORK)(genealogy.compare)
app.command(rich_help_panel=WORK)(reading.export)
app.add_typer(units.commands, name="units", rich_help_panel=WORK)
app.add_typer(issues.commands, name="issues", rich_help_panel=WORK)
app.command(rich_help_panel=OPERATE)(migrate.migrate)
app.add_typer(topics.commands, name="topics", rich_help_panel=OPERATE)
app.add_typer(parked.commands, name="parked", rich_help_panel=OPERATE)


def main() -> None:
    """Run the command; what can be expected to fail ends with a sentence and an exit code, not with a trace."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it would say, the failure says
    try:
        app()
    except CommandFailed as failed:
        say_failure(failed)
        sys.exit(failed.exit_code)
