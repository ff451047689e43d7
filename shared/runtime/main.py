"""The command line of a service process: `serve [--only http|consumer|relay]` and `migrate`."""

import argparse
import asyncio
import gc
import os
import sys
from importlib import import_module

import structlog

from shared.runtime import logs, settings
from shared.runtime.parts import PARTS
from shared.runtime.settings import Settings

_log = structlog.get_logger(__name__)


def main(package: str) -> None:
    """Run the service that calls, by the name of its own package, as its arguments and settings say.

    Exit code 2 for a wrong setting, 3 for a database that cannot be reached to be migrated. Each command loads only
    what it needs: migrating needs half the time so, and serving a tenth less memory.
    """
    name = package.rpartition(".")[2]
    arguments = _arguments(name)
    try:
        loaded = settings.load()
        logs.configure(name, loaded.log_level, loaded.log_format)
        for said in settings.misspelled(os.environ):
            _log.warning("setting-ignored", because=said)
        if arguments.what == "migrate":
            print(f"{name}: {_migrate(package, loaded)}")  # noqa: T201 - the answer of a command
        else:
            _serve(package, loaded, frozenset(arguments.only or PARTS))
    except settings.SettingsWrong as wrong:
        print(wrong, file=sys.stderr)  # noqa: T201 - whoever starts it reads it at once
        raise SystemExit(2) from None


def _migrate(package: str, loaded: Settings) -> str:
    from shared.runtime.migrations import folder_of, migrate  # noqa: PLC0415 - see main

    url = (loaded.migration_database_url or loaded.database_url).get_secret_value()
    try:
        return asyncio.run(migrate(url, folder_of(package), settings.database_tls(loaded)))
    except Exception as error:
        if (reason := _away(loaded, error)) is None:
            raise
        print(f"{package}: {reason}", file=sys.stderr)  # noqa: T201 - as above
        raise SystemExit(3) from None


def _away(loaded: Settings, error: Exception) -> str | None:
    """Why the database cannot be reached; None for any other failure, which is ours to be seen with its trace."""
    from shared.runtime.database import is_waiting  # noqa: PLC0415 - see main
    from shared.runtime.reach import because  # noqa: PLC0415

    return asyncio.run(because(loaded, error)) if is_waiting(error) else None


def _serve(package: str, loaded: Settings, parts: frozenset[str]) -> None:
    gc.disable()  # what is loaded stays: to look for what could go takes a tenth of a start, and finds nothing
    settings.check_to_serve(loaded)
    from shared.runtime import server  # noqa: PLC0415 - see main

    server.run(import_module(f"{package}.app").build(loaded, parts=parts), loaded.http_host, loaded.http_port)


def _arguments(name: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"services.{name}")
    what = parser.add_subparsers(dest="what", required=True)
    serve = what.add_parser("serve", help="run the service until SIGTERM")
    serve.add_argument("--only", action="append", choices=sorted(PARTS), help="run just this part; may be repeated")
    what.add_parser("migrate", help="bring the database to the newest version")
    return parser.parse_args()
