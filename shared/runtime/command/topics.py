"""`asbuilt topics apply`: make the topics of the catalog on a Kafka cluster."""

import asyncio

import typer
from aiokafka.errors import KafkaError

from shared.runtime import topics
from shared.runtime.command import shown
from shared.runtime.command.kafka import kafka_failed, kafka_settings
from shared.runtime.command.saying import AsJson, say

commands = typer.Typer(no_args_is_help=True, help="Manage the Kafka topics.")


@commands.callback()
def topics_commands() -> None:
    """Manage the Kafka topics that the services read and write."""


@commands.command()
def apply(*, as_json: AsJson = False) -> None:
    """Create the topics that are missing. Those that are there stay as they are; what differs is said.

    The settings ASBUILT_KAFKA_… say where Kafka is and how to speak to it.
    """
    settings = kafka_settings()
    try:
        done = asyncio.run(topics.apply(settings))
    except (KafkaError, OSError, TimeoutError) as error:
        raise kafka_failed(settings, error) from None
    say(done, shown.topics, as_json=as_json)
