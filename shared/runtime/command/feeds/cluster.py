"""Which Kafka a feed goes to."""

import os
from typing import Annotated

import typer

from shared.runtime.command.connection import where
from shared.runtime.command.kafka import kafka_settings
from shared.runtime.settings import Settings

VARIABLE = "ASBUILT_KAFKA_BOOTSTRAP_SERVERS"

Bootstrap = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT",
        help=f"Kafka's bootstrap servers. Else {VARIABLE}, else the plant that runs.",
    ),
]
Patience = Annotated[
    float, typer.Option(min=0, metavar="SECONDS", help="Stop waiting when Asbuilt answers nothing for so long.")
]
PATIENCE_S = 30.0


def settings_for(context: typer.Context, bootstrap: str | None) -> Settings:
    """The settings to reach Kafka.

    :raises CommandFailed: when no plant runs and nothing else names it.
    """
    settings = kafka_settings()
    if bootstrap is None and VARIABLE not in os.environ:
        bootstrap = where(context).described().kafka
    return settings if bootstrap is None else settings.model_copy(update={"kafka_bootstrap_servers": bootstrap})
