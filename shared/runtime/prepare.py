"""What a plant in containers needs before its services start, one step at a time:
`python -m shared.runtime.prepare keys JWKS PRIVATE_KEY | databases SERVICE…`. Topics come from `asbuilt topics apply`.

A step may be run again at any time: it makes what is missing and leaves the rest as it is.
"""

import argparse
import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from asyncpg.exceptions import CannotConnectNowError, PostgresConnectionError
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from shared.runtime import settings
from shared.runtime.embedded import databases
from shared.runtime.identity import make_embedded_keys

AWAY = (CannotConnectNowError, PostgresConnectionError, OSError)

ADMIN_URL = "ASBUILT_ADMIN_DATABASE_URL"
"""Variable with an administrator's URL, `postgresql://…`."""
PASSWORD = "ASBUILT_DATABASE_PASSWORD"  # noqa: S105 - the variable's name
"""Variable with the password that new roles get."""


def make_keys(jwks_file: Path, private_key_file: Path) -> str:
    """Make the key pair of a trial, where there is none: services check tokens with one file, the other signs them."""
    if jwks_file.exists() and private_key_file.exists():
        return "keys: are there"
    make_embedded_keys(jwks_file, private_key_file)
    return "keys: made"


@retry(retry=retry_if_exception_type(AWAY), stop=stop_after_delay(60), wait=wait_fixed(1), reraise=True)
async def make_databases(services: Sequence[str]) -> str:
    """Make each service's database and its two roles; waits a minute for a PostgreSQL that is still starting."""
    tls = settings.database_tls(settings.load(database_url=settings.WITHOUT_DATABASE))
    for service in services:
        await databases.create(os.environ[ADMIN_URL], service, service, os.environ[PASSWORD], tls)
    return f"databases: {', '.join(services)}"


def main() -> None:
    """Take one step and say what was done."""
    arguments = _arguments()
    if arguments.step == "keys":
        done = make_keys(arguments.jwks, arguments.private_key)
    else:
        done = asyncio.run(make_databases(arguments.services))
    print(done)  # noqa: T201 - the answer of a command


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="shared.runtime.prepare")
    step = parser.add_subparsers(dest="step", required=True)
    keys = step.add_parser("keys", help="the key pair of a trial")
    keys.add_argument("jwks", type=Path)
    keys.add_argument("private_key", type=Path)
    each = step.add_parser("databases", help="a database and two roles for each service")
    each.add_argument("services", nargs="+")
    return parser.parse_args()


if __name__ == "__main__":
    main()
