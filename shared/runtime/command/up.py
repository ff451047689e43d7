"""`asbuilt up`: an embedded plant that stays until Ctrl-C."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from shared.runtime.command.errors import CommandFailed, ExitCode
from shared.runtime.command.pasted import asbuilt
from shared.runtime.command.saying import console
from shared.runtime.command.standing import Kafka, standing, stay, tell_addresses, tell_commands
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
            tell_addresses(told, plant.describe(), directory)
            tell_commands(told, next_commands(directory))
            stay(told, plant)


def next_commands(directory: Path) -> dict[str, str]:
    """What to try in the plant that lives in a directory, each with what it is good for."""
    there = partial(asbuilt, plant=directory)
    return {
        asbuilt("--plant", str(directory), "demo"): "watch a shift build three pumps in this plant",
        there("simulate"): "a plant floor that orders, builds and measures gearboxes",
        there("review", "RUN"): "what is in a run's way; then complete, summary, history, export",
        there("tree", "UNIT"): "what is in a unit",
        there("parked", "list"): "records that stand aside, and why",
    }
