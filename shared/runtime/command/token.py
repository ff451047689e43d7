"""`asbuilt token`: a bearer token for an embedded plant."""

import getpass
import re
from datetime import timedelta
from typing import Annotated

import typer

from shared.runtime.command.connection import where
from shared.runtime.command.errors import CommandFailed, ExitCode
from shared.runtime.command.saying import AsJson, say
from shared.runtime.identity import mint
from shared.runtime.permissions import ROLES

UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
LONGEST = timedelta(days=365)


def token(
    context: typer.Context,
    role: Annotated[
        list[str], typer.Option(help=f"A role: {', '.join(ROLES)}, or a name of your site's; may be repeated.")
    ],
    person: Annotated[str | None, typer.Option(help="In whose name; you, if left out.")] = None,
    expires: Annotated[str, typer.Option(metavar="TIME", help="How long it is good: 30m, 8h, 7d.")] = "8h",
    *,
    as_json: AsJson = False,
) -> None:
    """Make a token for the embedded plant that runs here. No other plant accepts it.

    For example: curl -H "Authorization: Bearer $(asbuilt token --role lead)" …
    """
    key = where(context).described().private_key_file
    if key is None or not key.exists():
        obstacle = "The plant's tokens come from elsewhere; its private key is not here."
        raise CommandFailed(ExitCode.USAGE, "no-private-key", obstacle, "Ask the issuer of its tokens.")
    valid_for = duration(expires)
    made = {"token": mint(key, person or getpass.getuser(), role, valid_for), "roles": role}
    if as_json:
        say(
            made | {"person": person or getpass.getuser(), "expires_in_s": int(valid_for.total_seconds())},
            str,
            as_json=True,
        )
    else:
        print(made["token"])


def duration(text: str) -> timedelta:
    """`90s`, `30m`, `8h` or `7d`.

    :raises BadParameter: for anything else, or more than a year.
    """
    found = re.fullmatch(r"([1-9]\d{0,8})([smhd])", text)
    wanted = timedelta(seconds=int(found[1]) * UNITS_S[found[2]]) if found else None
    if wanted is None or wanted > LONGEST:
        raise typer.BadParameter(f"{text} is not a time like 30m, 8h or 7d, at most 365d", param_hint="--expires")
    return wanted
