"""The command line of a service process: `serve [--only http|consumer|relay]` and `migrate`."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI

from shared.runtime import logs, server, settings
from shared.runtime.program import PARTS

Build = Callable[..., FastAPI]


def main(name: str, build: Build, migrations: Path) -> None:
    """Run a service as its arguments and settings say; exit code 2 for a wrong setting."""
    arguments = _arguments(name)
    try:
        loaded = settings.load()
    except settings.SettingsWrong as wrong:
        print(wrong, file=sys.stderr)  # noqa: T201 - before there is a log
        raise SystemExit(2) from None
    logs.configure(name, loaded.log_level, loaded.log_format)
    if arguments.what == "migrate":
        from shared.runtime.migrations import migrate  # noqa: PLC0415 - a tenth of the memory that serving needs

        url = loaded.migration_database_url or loaded.database_url
        done = asyncio.run(migrate(url.get_secret_value(), migrations))
        print(f"{name}: {done}")  # noqa: T201 - the answer of a command
        return
    parts = frozenset(arguments.only) if arguments.only else PARTS
    server.run(build(loaded, parts=parts), loaded.http_host, loaded.http_port)


def _arguments(name: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"services.{name}")
    what = parser.add_subparsers(dest="what", required=True)
    serve = what.add_parser("serve", help="run the service until SIGTERM")
    serve.add_argument("--only", action="append", choices=sorted(PARTS), help="run just this part; may be repeated")
    what.add_parser("migrate", help="bring the database to the newest version")
    return parser.parse_args()
