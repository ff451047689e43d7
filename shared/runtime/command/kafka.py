"""Which Kafka the command speaks to and how, as the settings ASBUILT_KAFKA_… say, and how it fails when it cannot."""

import asyncio

from shared.runtime import settings
from shared.runtime.command.errors import CommandFailed, ExitCode
from shared.runtime.reach import why_not_kafka
from shared.runtime.settings import WITHOUT_DATABASE, Settings, SettingsWrong

SETTINGS_HELP = "The settings ASBUILT_KAFKA_… say where Kafka is and how to speak to it."


def kafka_settings() -> Settings:
    """The settings that concern Kafka; no database is needed.

    :raises CommandFailed: naming every variable that is wrong.
    """
    try:
        return settings.load(database_url=WITHOUT_DATABASE)
    except SettingsWrong as wrong:
        said = "; ".join(str(wrong).splitlines())
        raise CommandFailed(ExitCode.USAGE, "settings-wrong", said, "Correct the variables.") from None


def kafka_failed(at: Settings, error: Exception) -> CommandFailed:
    """How a command ends that could not speak to Kafka: away, or never to be reached with these settings."""
    reason = asyncio.run(why_not_kafka(at, error))
    if reason.is_settled:
        return CommandFailed(ExitCode.USAGE, "kafka-unreachable", reason.said, SETTINGS_HELP)
    return CommandFailed(ExitCode.AWAY, "kafka-away", reason.said, SETTINGS_HELP)
