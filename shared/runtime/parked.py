"""`/parked`: the records that a service set aside, and what an administrator does about them."""

from base64 import b64encode
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.runtime.http import NotFound, needs
from shared.runtime.pages import Paging

router = APIRouter(tags=["parked"])

LIST = text("""
    select parked_id, topic, partition, record_offset, key, parking, reason, detail, event_id, event_type,
           waits_for, deadline, parked_at, settled_at, settled_as
    from parked where (cast(:settled as boolean) or settled_at is null) and parked_id > :after
    order by parked_id limit :limit""")
SHOW = text("select * from parked where parked_id = :parked_id")
RETRY = text("""
    update parked set parking = 'retry' where parked_id = :parked_id and settled_at is null returning parked_id""")
DISCARD = text("""
    update parked set settled_at = now(), settled_as = :settled_as
    where parked_id = :parked_id and settled_at is null returning parked_id""")


def _engine(request: Request) -> AsyncEngine:
    engine: AsyncEngine = request.app.state.engine
    return engine


Engine = Annotated[AsyncEngine, Depends(_engine)]


@router.get("/parked", **needs("read"))
async def list_parked(
    engine: Engine,
    page: Paging,
    settled: Annotated[bool, Query(description="those that were dealt with, too")] = False,
) -> dict[str, Any]:
    """The records that stand aside, in the order in which they came."""
    after = page.after[0] if page.after else 0
    async with engine.connect() as connection:
        values = {"settled": settled, "after": after, "limit": page.limit + 1}
        rows = (await connection.execute(LIST, values)).all()
    return page.of(rows, lambda row: [row.parked_id], lambda row: dict(row._mapping))  # noqa: SLF001


@router.get("/parked/{parked_id}", **needs("read"))
async def show_parked(engine: Engine, parked_id: int) -> dict[str, Any]:
    """One record as it came: its bytes in base64, and as text where they are text."""
    async with engine.connect() as connection:
        row = (await connection.execute(SHOW, {"parked_id": parked_id})).mappings().first()
    if row is None:
        raise NotFound(what="parked record", which=parked_id)
    shown = dict(row)
    raw_key, value = shown.pop("raw_key"), shown.pop("value")
    return {
        **shown,
        "key_base64": None if raw_key is None else b64encode(raw_key).decode(),
        "value_base64": None if value is None else b64encode(value).decode(),
        "value_text": None if value is None else value.decode(errors="replace"),
    }


@router.post("/parked/{parked_id}/retry", status_code=202, **needs("parked:manage"))
async def retry_parked(request: Request, engine: Engine, parked_id: int) -> dict[str, Any]:
    """Try it again, now, and what waits behind it."""
    await _change(engine, RETRY, {"parked_id": parked_id}, parked_id)
    await request.app.state.road.take_up()
    return await show_parked(engine, parked_id)


@router.post("/parked/{parked_id}/discard", status_code=202, **needs("parked:manage"))
async def discard_parked(request: Request, engine: Engine, parked_id: int) -> dict[str, Any]:
    """Give it up for good; its bytes are kept, and what waits behind it goes on."""
    person = request.state.caller.person
    await _change(engine, DISCARD, {"parked_id": parked_id, "settled_as": f"discarded by {person}"}, parked_id)
    await request.app.state.road.take_up()
    return await show_parked(engine, parked_id)


async def _change(engine: AsyncEngine, statement: Any, values: dict[str, Any], parked_id: int) -> Response | None:
    async with engine.begin() as connection:
        if (await connection.execute(statement, values)).first() is None:
            raise NotFound(what="record that stands aside with the number", which=parked_id)
    return None
