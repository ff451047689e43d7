"""`asbuilt demo`: a plant of its own, the story, and the plant stays up to look around in."""

from functools import partial
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer
from rich.console import Console
from rich.panel import Panel

from shared.runtime.command.connection import where
from shared.runtime.command.demo.plan import Shift, new_shift
from shared.runtime.command.demo.receiver import Receiver
from shared.runtime.command.demo.stage import stage
from shared.runtime.command.demo.story import leave, play
from shared.runtime.command.demo.teller import Teller
from shared.runtime.command.errors import CommandFailed, ExitCode
from shared.runtime.command.pasted import asbuilt
from shared.runtime.command.saying import console
from shared.runtime.command.standing import Kafka, standing, stay, tell_addresses, tell_commands
from shared.runtime.embedded.described import HOME, Claim, Described, PlantTaken, claim_next

NAME = "demo"

INTRODUCTION = """[bold]Asbuilt[/]: the locked, traceable, delivered record of what a plant built.
Five services, each with its own database, talk over Kafka. Watch a shift build three pumps."""


def demo(
    context: typer.Context,
    kafka: Kafka = "memory",
    directory: Annotated[Path, typer.Option(help="Below it each demo makes a directory of its own.")] = HOME,
    *,
    once: Annotated[bool, typer.Option("--once", envvar="ONCE", help="End after the story.")] = False,
) -> None:
    """Watch a shift build three pumps: one is blocked, one is reworked, one is reopened; each is completed.

    Starts a plant of its own, tells the story, and stays until Ctrl-C. With `asbuilt --plant DIRECTORY demo` the
    story is played in a plant that runs already. Every sentence with a tick was checked; exit code 1 when something
    did not happen.
    """
    told = console()
    told.print(Panel(INTRODUCTION, border_style="dim", padding=(0, 1)))
    given = where(context)
    if given.plant is not None:
        described = given.described()
        with Receiver(described.webhook_host) as receiver:
            _play(told, described, given.plant, receiver, is_guest=True)
    else:
        _play_in_own_plant(told, directory, kafka, once=once)


def _play_in_own_plant(told: Console, home: Path, kafka: str, *, once: bool) -> None:
    own_groups = {"ASBUILT_KAFKA_GROUP_PREFIX": f"asbuilt-{new_shift().mark}"} if ":" in kafka else {}
    with _claimed(home) as claimed:
        with standing(told, claimed, kafka, **own_groups) as plant, Receiver() as receiver:
            described = plant.describe()
            shift = _play(told, described, claimed.directory, receiver, is_guest=False)
            if not once:
                tell_addresses(told, described, claimed.directory)
                tell_commands(told, _next(shift, claimed.directory))
                stay(told, plant)
        if once:
            claimed.clear()


def _play(told: Console, described: Described, plant: Path, receiver: Receiver, *, is_guest: bool) -> Shift:
    began, tell = monotonic(), Teller(told)
    on = stage(described, plant, new_shift(), receiver, tell)
    play(on)
    if is_guest:
        leave(on)
    told.print()
    told.rule(
        f"[bold green]All {tell.checked} checks passed[/] in {monotonic() - began:.1f} s", align="left", style="dim"
    )
    return on.shift


def _claimed(home: Path) -> Claim:
    try:
        return claim_next(home, NAME)
    except PlantTaken as error:
        raise CommandFailed(ExitCode.USAGE, "plant-taken", str(error), "Stop some of them.") from None


def _next(shift: Shift, directory: Path) -> dict[str, str]:
    first, second, third = shift.plans
    there = partial(asbuilt, plant=directory)
    return {
        there("review", first.run_id): "why it takes no completion any more",
        there("history", second.run_id): "the failed step, the redline, who did what",
        there("summary", third.run_id, "--completion", "1"): "the record that was superseded",
        there("tree", first.serial): "what is in the pump",
        there("export", first.run_id, "-o", f"{first.run_id}.json"): "everything, to take along",
        there("parked", "list"): "the gateway's rubbish",
    }
