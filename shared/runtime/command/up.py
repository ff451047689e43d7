"""`asbuilt up`: an embedded plant that stays until Ctrl-C."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType

from shared.runtime.command.errors import CommandFailed, ExitCode
from shared.runtime.command.saying import console
from shared.runtime.command.standing import Kafka, addresses, commands, standing, stay
from shared.runtime.embedded.described import HOME, UP, PlantTaken, claim

DIRECTORY = HOME / UP


def up(
    kafka: Kafka = "memory",
    directory: Annotated[Path, typer.Option(help="Where its data, logs and plant.json go.")] = DIRECTORY,
) -> None:
    """Start a whole plant on this machine, and stay until Ctrl-C.

    That is PostgreSQL, a broker and the five services, each a process of its own. For trying out, not for production.
    """
    told = console()
    try:
        claimed = claim(directory)
    except PlantTaken as error:
        resolve = "Use that one, stop it, or name another --directory."
        raise CommandFailed(ExitCode.USAGE, "plant-taken", str(error), resolve) from None
    with claimed:
        if kafka == "memory":
            claimed.clear()
        with standing(told, claimed, kafka) as plant:
            told.print(addresses(plant.describe(), str(directory)))
            told.print(_next(directory))
            stay(told, plant)


def _next(directory: Path) -> RenderableType:
    return commands(
        {
            f"asbuilt --plant {directory} demo": "watch a shift build three pumps in this plant",
            "asbuilt simulate": "a plant floor that orders, builds and measures gearboxes",
            "asbuilt review RUN": "what is in a run's way; then complete, summary, history, export",
            "asbuilt tree UNIT": "what is in a unit",
            "asbuilt parked list": "records that stand aside, and why",
        }
    )
