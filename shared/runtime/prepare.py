"""What a plant in containers needs before its services start, one step at a time:
`python -m shared.runtime.prepare keys DIRECTORY | databases SERVICE… | topics`.

A step may be run again at any time: it makes what is missing and leaves the rest as it is.
"""

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from aiokafka.errors import KafkaError
from asyncpg.exceptions import PostgresConnectionError
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from shared.runtime import topics
from shared.runtime.embedded import databases
from shared.runtime.identity import make_embedded_keys
from shared.runtime.settings import Settings

AWAY = (KafkaError, PostgresConnectionError, OSError)
PATIENCE_S = 60
PAUSE_S = 1

ADMIN_URL = "ASBUILT_ADMIN_DATABASE_URL"
"""Variable with an administrator's URL, `postgresql://…`; only the step `databases` gets to see it."""
PASSWORD = "ASBUILT_DATABASE_PASSWORD"  # noqa: S105 - the variable's name
"""Variable with the password that new roles get."""


def make_keys(directory: Path) -> str:
    """Make the key pair that signs and checks a trial's tokens, where there is none."""
    private_key_file = directory / "private-key.pem"
    if private_key_file.exists():
        return "keys: are there"
    make_embedded_keys(directory / "jwks.json", private_key_file)
    return "keys: made"


async def make_databases(services: Sequence[str]) -> str:
    """Make each service's database and its two roles."""
    for service in services:
        await databases.create(os.environ[ADMIN_URL], service, service, os.environ[PASSWORD])
    return f"databases: {', '.join(services)}"


async def make_topics() -> str:
    """Make the topics of the catalog, with the Kafka settings of any service."""
    done = await topics.apply(Settings(database_url="postgresql+asyncpg:///not-needed"))
    return "\n".join(f"{name}: {said}" for name, said in done.items())


def main() -> None:
    """Take one step; waits a minute for a Kafka or PostgreSQL that is still starting."""
    arguments = _arguments()
    match arguments.step:
        case "keys":
            print(make_keys(arguments.directory))  # noqa: T201 - the answer of a command
        case "databases":
            print(asyncio.run(_patiently(lambda: make_databases(arguments.services))))  # noqa: T201
        case _:
            print(asyncio.run(_patiently(make_topics)))  # noqa: T201


async def _patiently(step: Callable[[], Awaitable[str]]) -> str:
    stop, wait = stop_after_delay(PATIENCE_S), wait_fixed(PAUSE_S)

    @retry(retry=retry_if_exception_type(AWAY), stop=stop, wait=wait, reraise=True)
    async def taken() -> str:
        return await step()

    return await taken()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="shared.runtime.prepare")
    step = parser.add_subparsers(dest="step", required=True)
    keys = step.add_parser("keys", help="the key pair of a trial")
    keys.add_argument("directory", type=Path)
    each = step.add_parser("databases", help="a database and two roles for each service")
    each.add_argument("services", nargs="+")
    step.add_parser("topics", help="the topics of the catalog")
    return parser.parse_args()


if __name__ == "__main__":
    main()
