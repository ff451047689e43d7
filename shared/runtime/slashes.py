"""Ids with a slash in them, as lots of suppliers often have: `/units/SEAL:12%2F24` is one unit, and not a path.

ASGI has the path decoded, where such a slash is like any other. So it travels as a character that no id has, until the
router has taken the path apart.
"""

import re
from urllib.parse import unquote

from starlette.convertors import StringConvertor, register_url_convertor
from starlette.types import ASGIApp, Receive, Scope, Send

IN_A_NAME = "\x1f"
_ENCODED = re.compile(rb"%2f", re.IGNORECASE)


class Slashes:
    """Keeps the slashes that are written `%2F` apart from those between the parts of a path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        raw = scope.get("raw_path") or b""
        if scope["type"] == "http" and _ENCODED.search(raw):
            scope["path"] = unquote(_ENCODED.sub(b"%1F", raw.partition(b"?")[0]).decode("latin-1"))
        await self._app(scope, receive, send)


class NameConvertor(StringConvertor):
    """One part of a path, as it was named."""

    def convert(self, value: str) -> str:
        """With its own slashes again."""
        return value.replace(IN_A_NAME, "/")


register_url_convertor("str", NameConvertor())
