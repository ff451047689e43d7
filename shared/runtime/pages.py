"""Cursor pages: `{items, next}`; a cursor says after which row the next page begins, whatever was added since."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query

from shared.kernel import RefusalKind, Refused


class CursorInvalid(Refused):
    """The cursor {cursor} is none of ours."""

    code = "cursor-invalid"
    kind = RefusalKind.INVALID
    resolve = "Use `next` of the page before as it is, or leave the cursor out."


@dataclass(frozen=True, slots=True)
class Page:
    """Which page is wanted: at most ``limit`` rows after the position ``after``."""

    limit: int
    after: list[Any] | None

    def begins_after(self, *readers: Callable[[str], Any]) -> list[Any]:
        """The parts of the position, each read by its reader; all None on the first page.

        :raises CursorInvalid: when they do not fit.
        """
        if self.after is None:
            return [None] * len(readers)
        try:
            return [reader(part) for reader, part in zip(readers, self.after, strict=True)]
        except (ValueError, TypeError, OverflowError):
            raise CursorInvalid(cursor=_cursor(self.after)[:80]) from None

    def of(
        self,
        rows: Sequence[Any],
        position: Callable[[Any], list[Any]],
        item: Callable[[Any], Any],
        last_seen: Any = None,
    ) -> dict[str, Any]:
        """The page of rows that were asked for with ``limit + 1``, so that the last page is known. ``last_seen`` is the
        row, shown or not, after which nobody looked on, where these are fewer because of that.
        """
        shown = rows[: self.limit]
        last = shown[-1] if len(rows) > self.limit else last_seen
        return {"items": [item(row) for row in shown], "next": None if last is None else _cursor(position(last))}


def page_of(
    limit: Annotated[int, Query(ge=1, le=500, description="items on a page")] = 50,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Page:
    """The page that a query asks for.

    :raises CursorInvalid: when its cursor is none of ours.
    """
    return Page(limit, None if cursor is None else _position(cursor))


Paging = Annotated[Page, Depends(page_of)]
"""The parameter type of a route that lists."""


def _cursor(position: list[Any]) -> str:
    return urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def _position(cursor: str) -> list[Any]:
    try:
        position = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        raise CursorInvalid(cursor=cursor[:80]) from None
    if not isinstance(position, list):
        raise CursorInvalid(cursor=cursor[:80])
    return position
