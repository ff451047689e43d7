"""`asbuilt topics apply`: make the topics of the catalog on a Kafka cluster."""

import asyncio

import typer
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from shared.runtime import topics
from shared.runtime.command import shown
from shared.runtime.command.errors import CommandFailed, ExitCode
from shared.runtime.command.saying import AsJson, say
from shared.runtime.settings import Settings

commands = typer.Typer(no_args_is_help=True, help="Manage the Kafka topics.")

WITHOUT_DATABASE = "postgresql+asyncpg:///not-needed"
SETTINGS_HELP = "The settings ASBUILT_KAFKA_… say where Kafka is and how to speak to it."


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
        obstacle = f"Kafka at {settings.kafka_bootstrap_servers}: {error or type(error).__name__}"
        raise CommandFailed(ExitCode.AWAY, "kafka-away", obstacle, SETTINGS_HELP) from None
    say(done, shown.topics, as_json=as_json)


def kafka_settings() -> Settings:
    """The settings that concern Kafka; no database is needed.

    :raises CommandFailed: naming every variable that is wrong.
    """
    try:
        return Settings(database_url=WITHOUT_DATABASE)
    except ValidationError as error:
        wrong = "; ".join(f"ASBUILT_{str(one['loc'][0]).upper()}: {one['msg']}" for one in error.errors())
        raise CommandFailed(ExitCode.USAGE, "settings-wrong", wrong, "Correct the variables.") from None
