"""How a question about the genealogy is answered: on pages that stand still, or row by row for the whole of it."""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.inventory.adapters.moments import Moment, pinned, settled
from shared.kernel import RefusalKind, Refused
from shared.runtime.http import NotFound
from shared.runtime.pages import Page

Row = Mapping[str, Any]
Document = dict[str, Any]

IS_THERE = text("select set_config('work_mem', '32MB', true) from unit where unit_id = :unit_id")
"""Whether there is such a unit; and a large answer is sorted in memory, in this transaction."""

AT_ONCE = 1_000
"""Rows that a stream holds in memory."""


class AnswerTooLarge(Refused):
    """The answer has more than {at_most} rows, which is too much for one document."""

    code = "answer-too-large"
    kind = RefusalKind.TOO_LARGE
    resolve = "Ask for it in pages, or take the export, which is streamed."


@dataclass(frozen=True, slots=True)
class Question:
    """A statement with `:unit_id`, `:as_of`, `:known_at` and `:limit`, whose rows have a `document` as JSON text.

    PostgreSQL writes the documents, since large answers are many: a row costs a fifth of what it costs here.

    ``readers`` name the members of a row's place in the order of the answer, which are parameters too, all null for
    the beginning; ``position`` takes them from a row. ``defaults`` are what else the statement asks for.
    """

    statement: TextClause
    readers: Mapping[str, Callable[[str], Any]]
    position: Callable[[Row], list[Any]]
    columns: Sequence[str]
    defaults: Mapping[str, Any] = field(default_factory=dict)

    @property
    def documents(self) -> TextClause:
        """The statement without the places of its rows, which only pages need."""
        return text(f"select document from ({self.statement.text}) answer")  # noqa: S608 - nothing in it is given


class Questions:
    """Asks PostgreSQL; each answer, page or stream is one statement."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def page(self, question: Question, unit_id: str, moment: Moment, page: Page, **more: Any) -> Document:
        """One page. The cursor of the next one carries the moment of knowledge that the first one had.

        :raises NotFound: when there is no such unit.
        """
        as_of, known_at, *after = page.begins_after(_moment, _moment, *question.readers.values())
        values = dict(zip(question.readers, after, strict=True)) | more
        async with self._engine.connect() as connection:
            await _check_there(connection, unit_id)
            if page.after is None:
                as_of, known_at = moment.as_of, await pinned(connection, moment.known_at)
            pin = Moment(as_of, known_at)
            found = await _rows(connection, question, unit_id, pin, page.limit + 1, values)
            if page.after is None and len(found) > page.limit:  # only who goes on reading has to wait for it
                await settled(connection, known_at)
                found = await _rows(connection, question, unit_id, pin, page.limit + 1, values)
        answer = page.of(found, lambda row: [*pin.document.values(), *question.position(row)], _document)
        return {"unit_id": unit_id, **pin.document, **answer}

    async def whole(
        self, question: Question, unit_id: str, moment: Moment, at_most: int, **more: Any
    ) -> list[Document]:
        """All of a small answer.

        :raises NotFound: when there is no such unit.
        :raises AnswerTooLarge: when there is more.
        """
        async with self._engine.connect() as connection:
            await _check_there(connection, unit_id)
            values = dict.fromkeys(question.readers) | more
            found = await _rows(connection, question, unit_id, moment, at_most + 1, values)
        if len(found) > at_most:
            raise AnswerTooLarge(at_most=f"{at_most:,}")
        return [_document(row) for row in found]

    async def stream(self, question: Question, unit_id: str, moment: Moment, **more: Any) -> AsyncIterator[list[str]]:
        """The whole answer, each row as JSON text, a bounded number of rows at a time.

        :raises NotFound: when there is no such unit.
        """
        async with self._engine.connect() as connection:
            await _check_there(connection, unit_id)
            place = dict.fromkeys(question.readers) | {"limit": None}
            values = {"unit_id": unit_id, **moment.parameters, **place, **question.defaults, **more}
            options = {"yield_per": AT_ONCE}
            async with connection.stream(question.documents, values, execution_options=options) as result:
                async for rows in result.partitions():
                    yield [row.document for row in rows]


def _document(row: Row) -> Document:
    document: Document = json.loads(row["document"])
    return document


async def _check_there(connection: AsyncConnection, unit_id: str) -> None:
    if (await connection.execute(IS_THERE, {"unit_id": unit_id})).first() is None:
        raise NotFound(what="unit", which=unit_id)


async def _rows(
    connection: AsyncConnection, question: Question, unit_id: str, moment: Moment, limit: int, values: Row
) -> Sequence[Row]:
    parameters = {"unit_id": unit_id, **moment.parameters, "limit": limit, **question.defaults, **values}
    found = (await connection.execute(question.statement, parameters)).mappings().all()
    return cast(Sequence[Row], found)


def _moment(given: Any) -> datetime | None:
    """A moment in a cursor.

    :raises ValueError: for anything else.
    """
    if given is None:
        return None
    moment = datetime.fromisoformat(given)
    if moment.tzinfo is None:
        raise ValueError(given)
    return moment
