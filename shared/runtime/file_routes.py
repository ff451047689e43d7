"""What routes have in common whose body or answer is a file: it streams in and out, whatever its size."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import Response, StreamingResponse

from shared.runtime.http import needs
from shared.runtime.objects import Objects, StoreMissing

LARGEST_BYTES = 5_000_000_000
"""Of any upload; the settings say what is taken."""
UNKNOWN_CONTENT = "0" * 64
"""Of a file that has not come yet."""


def store_of(request: Request) -> Objects:
    """Where this service keeps files.

    :raises StoreMissing: when it keeps none.
    """
    objects: Objects | None = request.app.state.objects
    if objects is None:
        raise StoreMissing
    return objects


def uploads(permission: str) -> dict[str, Any]:
    """The keyword arguments of a route whose body is a file, with a limit of its own."""
    given = needs(permission)
    content = {"*/*": {"schema": {"type": "string", "format": "binary"}, "example": "hello"}}
    body = {"description": "the file itself; its type in the header content-type", "required": True, "content": content}
    return {**given, "openapi_extra": {**given["openapi_extra"], "requestBody": body}, "max_body_size": LARGEST_BYTES}


async def download(request: Request, sha256: str, name: str, media_type: str, if_none_match: str | None) -> Response:
    """The content that has this SHA-256, which is its ETag. Always a file to save: nothing that somebody attached is
    ever shown or run as a page of ours.
    """
    headers = {"etag": f'"{sha256}"', "cache-control": "private, max-age=31536000, immutable"}
    if if_none_match is not None and headers["etag"] in if_none_match:
        return Response(status_code=304, headers=headers)
    content = await store_of(request).content(sha256)
    return _saved(content.parts, name, media_type, {**headers, "content-length": str(content.size_bytes)})


def _saved(parts: AsyncIterator[bytes], name: str, media_type: str, headers: dict[str, str]) -> StreamingResponse:
    safe = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
    }
    return StreamingResponse(parts, headers={**headers, **safe}, media_type=media_type)
