"""How a question about the genealogy is answered: on pages that stand still, or as lines for the whole of it."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, cast

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.inventory.adapters.moments import Moment, pinned, settled
from shared.kernel import RefusalKind, Refused, plain
from shared.messaging.driver import driver_of
from shared.runtime.http import NotFound
from shared.runtime.pages import Page

Row = Mapping[str, Any]
Document = dict[str, Any]

IS_THERE = text("""
    select set_config('work_mem', '32MB', true), set_config('plan_cache_mode', 'force_custom_plan', true)
    from unit where unit_id = :unit_id""")
"""Whether there is such a unit. In this transaction a large answer is sorted in memory, and a question is planned for
what it asks: the plan for whatever may be asked reads whole tables.
"""

Sink = Callable[[bytes], Awaitable[None]]

AS_IT_IS = {"format": "csv", "quote": "\x01", "delimiter": "\x02"}
"""A copy's line is the JSON text, since no JSON text has these characters, nor a line's end."""

BETWEEN = "\x01"
"""Ends each part of a trail; it is in no name, and before all that is."""

PRESENT = Moment()

MOST_WALKS = 20
"""Statements of one page of a question that passes rows by: a page that found little in these is a short one."""

DEEPEST = 1_000
"""Levels of a tree, or pieces of a way: more than any product has."""

LEADS_TO = "starts_with(cast(:after as text), {})"
"""Whether a trail is the beginning of the one that a page begins after, or that one itself."""

ON_PAGE = """and trail collate "C" > cast(:after as text) order by trail collate "C" limit cast(:limit as int)"""

STATUS_THEN = """case when cast(:as_of as timestamptz) is null and cast(:known_at as timestamptz) is null
                    then {0}.status
                    else (select status from status_change
                          where unit_id = {0}.unit_id and at <= coalesce(cast(:as_of as timestamptz), 'infinity')
                            and recorded_at <= coalesce(cast(:known_at as timestamptz), 'infinity')
                          order by change_id desc limit 1) end"""
"""The last status that is recorded of what happened by then, as far as it was known; none where nothing was."""


_AMOUNT_THEN = """(select {0} from amount
                     where unit_id = u.unit_id and {0} is not null
                       and at <= coalesce(cast(:as_of as timestamptz), 'infinity')
                       and recorded_at <= coalesce(cast(:known_at as timestamptz), 'infinity')
                     order by amount_id desc limit 1) as {0}"""

THEN = text(f"""
    select {STATUS_THEN.format("u")} as status, {_AMOUNT_THEN.format("quantity")},
           {_AMOUNT_THEN.format("as_built_version")}
    from unit u where unit_id = :unit_id""")  # noqa: S608 - nothing in it is given
"""The like of a unit's quantity and as-built version."""


def nearest(step: str) -> str:
    """Of a step from all rows of one level to those of the next: what may stand on the page.

    That is no more rows of each level than the page has, in the order of the answer, since each row stands there itself
    or leads to one that does; and besides those the one that leads to where the page begins.
    """
    leads_to = LEADS_TO.format("trail")
    after = f'trail collate "C" > cast(:after as text) or {leads_to}'
    return f"""
        select * from (
            select * from ({step}) step where {after} order by trail collate "C" limit cast(:limit as int) + 1
        ) nearest"""  # noqa: S608 - nothing in it is given


class AnswerTooLarge(Refused):
    """The answer has more than {at_most} rows, which is too much for one document."""

    code = "answer-too-large"
    kind = RefusalKind.TOO_LARGE
    resolve = "Ask for it in pages, or take the export, which is streamed."


@dataclass(frozen=True, slots=True)
class Question:
    """Statements with `:unit_id`, `:as_of` and `:known_at`, whose rows have a `document` as JSON text and a `trail`:
    the row's place in the order of the answer, made of its parts. That of a page has `:limit`, `:after` (a trail) and
    `:parts` (of that trail).

    PostgreSQL writes the documents, since large answers are many: a row costs a fifth of what it costs here.
    ``defaults`` are what else the statements ask for. A row of a page without a document is passed by: the answer goes
    through it and does not show it. Where there may be many such, a statement looks at ``walks_at_least`` rows.
    """

    name: str
    of_page: TextClause
    of_whole: TextClause
    columns: Sequence[str]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    walks_at_least: int = 0


class Questions:
    """Asks PostgreSQL; each answer, page or stream is one statement, where no rows are passed by."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def page(self, question: Question, unit_id: str, moment: Moment, page: Page, **more: Any) -> Document:
        """One page. The cursor of the next one carries the moment of knowledge that the first one had. Its cost has a
        bound: where many rows are passed by it has fewer items than it may have, and a next one all the same.

        :raises NotFound: when there is no such unit.
        """
        mine = _just(f"{question.name} {unit_id}")
        _, as_of, known_at, after = page.begins_after(mine, _moment, _moment, _trail)
        async with self._engine.connect() as connection:
            await _check_there(connection, unit_id)
            if page.after is None:
                as_of, known_at = moment.as_of, await pinned(connection, moment.known_at)
            pin = Moment(as_of, known_at)
            walk = partial(_walked, connection, question, unit_id, pin, page.limit, after, more)
            found, last_seen = await walk()
            # only who goes on reading has to wait for it
            if page.after is None and (len(found) > page.limit or last_seen is not None):
                await settled(connection, known_at)
                found, last_seen = await walk()
        answer = page.of(
            found,
            lambda row: [f"{question.name} {unit_id}", *pin.document.values(), row["trail"]],
            _document,
            last_seen,
        )
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
            found = await _rows(connection, question, unit_id, moment, at_most + 1, None, more)
        if len(found) > at_most:
            raise AnswerTooLarge(at_most=f"{at_most:,}")
        return [_document(row) for row in found]

    async def then(self, unit_id: str, moment: Moment) -> Document:
        """The status, quantity and as-built version that a unit had; each None where nothing had been said of it by
        then. Nothing where no past is asked for, or there is no such unit.
        """
        if moment == PRESENT:
            return {}
        async with self._engine.connect() as connection:
            row = (await connection.execute(THEN, {"unit_id": unit_id, **moment.parameters})).mappings().first()
        if row is None:
            return {}
        return {**row, "quantity": None if row["quantity"] is None else plain(row["quantity"])}

    async def copy(self, question: Question, unit_id: str, moment: Moment, sink: Sink, **more: Any) -> None:
        """The whole answer into ``sink``, as JSON Lines, in pieces that need not end where a line does.

        PostgreSQL is read as it writes, by its own protocol for copies, which takes no parameters: the driver writes
        them into the statement.

        :raises NotFound: when there is no such unit.
        """
        documents = text(f"select document from ({question.of_whole.text}) answer")  # noqa: S608 - nothing in it is given
        statement = documents.compile(dialect=self._engine.dialect)
        values = {"unit_id": unit_id, **moment.parameters, **question.defaults, **more}
        async with self._engine.connect() as connection:
            await _check_there(connection, unit_id)
            driver = await driver_of(connection)
            asked = [values[name] for name in statement.positiontup or ()]
            await driver.copy_from_query(str(statement), *asked, output=sink, **AS_IT_IS)


def _document(row: Row) -> Document:
    document: Document = json.loads(row["document"])
    return document


async def _check_there(connection: AsyncConnection, unit_id: str) -> None:
    if (await connection.execute(IS_THERE, {"unit_id": unit_id})).first() is None:
        raise NotFound(what="unit", which=unit_id)


async def _walked(
    connection: AsyncConnection,
    question: Question,
    unit_id: str,
    moment: Moment,
    limit: int,
    after: str | None,
    more: Mapping[str, Any],
) -> tuple[list[Row], Row | None]:
    """More rows with a document than ``limit``, or all that are left; else the row that was looked at last, too."""
    found: list[Row] = []
    at_once = max(limit + 1, question.walks_at_least)
    for _ in range(MOST_WALKS):
        rows = await _rows(connection, question, unit_id, moment, at_once, after, more)
        found += [row for row in rows if row["document"] is not None]
        if len(rows) < at_once or len(found) > limit:
            return found, None
        last, after = rows[-1], rows[-1]["trail"]
    return found, last


async def _rows(
    connection: AsyncConnection,
    question: Question,
    unit_id: str,
    moment: Moment,
    limit: int,
    after: str | None,
    more: Mapping[str, Any],
) -> Sequence[Row]:
    begins = {"after": after or "", "parts": (after or "").split(BETWEEN)[:-1], "limit": limit}
    parameters = {"unit_id": unit_id, **moment.parameters, **begins, **question.defaults, **more}
    found = (await connection.execute(question.of_page, parameters)).mappings().all()
    return cast(Sequence[Row], found)


def _just(mine: str) -> Callable[[Any], str]:
    """Reads whose cursor it is: that of another question, or about another unit, begins nowhere in this answer.

    :raises ValueError: for any other.
    """

    def read(given: Any) -> str:
        if given != mine:
            raise ValueError(given)
        return mine

    return read


def _trail(given: Any) -> str:
    """A trail in a cursor.

    :raises ValueError: for anything else.
    """
    if not isinstance(given, str) or "\0" in given:
        raise ValueError(given)
    given.encode()  # half a character is none
    return given


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
