"""`/parked`: the records that a service set aside, and what an administrator does about them."""

from base64 import b64encode
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.base import By, RecordSettled, Text
from shared.contracts.catalog import SETTLINGS
from shared.messaging.announcing import announcements_of, subject_of
from shared.messaging.messages import Ask, Message
from shared.messaging.road import Road, Tell, command
from shared.messaging.service import Dealt, Service, by
from shared.messaging.transaction import Announcement
from shared.runtime.bodies import RequestBody
from shared.runtime.http import NotFound, needs
from shared.runtime.identity import Caller
from shared.runtime.ids import new_id
from shared.runtime.pages import Paging

router = APIRouter(tags=["parked"])

LIST = text("""
    select parked_id, topic, partition, record_offset, key, parking, reason, detail, event_id, event_type,
           waits_for, deadline, parked_at, settled_at, settled_as
    from parked where (cast(:settled as boolean) or settled_at is null) and parked_id > :after
    order by parked_id limit :limit""")
SHOW = text("select * from parked where parked_id = :parked_id")


def _engine(request: Request) -> AsyncEngine:
    engine: AsyncEngine = request.app.state.engine
    return engine


Engine = Annotated[AsyncEngine, Depends(_engine)]
ParkedId = Annotated[int, Path(examples=[1])]
Decision = Literal["discarded", "retried"]


class Discarding(RequestBody):
    """Why a record is given up; it goes into the history with the decision."""

    reason: Annotated[Text | None, Field(examples=["Sent again by the tool."])] = None


@router.get("/parked", **needs("read"))
async def list_parked(
    engine: Engine,
    page: Paging,
    settled: Annotated[bool, Query(description="those that were dealt with, too")] = False,
) -> dict[str, Any]:
    """The records that stand aside, in the order in which they came."""
    (after,) = page.begins_after(int)
    async with engine.connect() as connection:
        values = {"settled": settled, "after": after or 0, "limit": page.limit + 1}
        rows = (await connection.execute(LIST, values)).all()
    return page.of(rows, lambda row: [row.parked_id], lambda row: dict(row._mapping))  # noqa: SLF001


@router.get("/parked/{parked_id}", **needs("read"))
async def show_parked(engine: Engine, parked_id: ParkedId) -> dict[str, Any]:
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
async def retry_parked(request: Request, engine: Engine, parked_id: ParkedId) -> dict[str, Any]:
    """Try it again, now, and what waits behind it."""
    road = _road(request)
    _check(parked_id, found=await road.retry_parked(parked_id, _telling(request, "retried")))
    await road.take_up()
    return await show_parked(engine, parked_id)


@router.post("/parked/{parked_id}/discard", status_code=202, **needs("parked:manage"))
async def discard_parked(
    request: Request, engine: Engine, parked_id: ParkedId, discarding: Discarding | None = None
) -> dict[str, Any]:
    """Give it up for good; its bytes are kept, and what waits behind it goes on."""
    road, reason = _road(request), None if discarding is None else discarding.reason
    dealt = Dealt(_caller(request).actor, reason or "It was given up.")
    found = await road.discard_parked(parked_id, dealt, _telling(request, "discarded", reason))
    _check(parked_id, found=found)
    await road.take_up()
    return await show_parked(engine, parked_id)


def _road(request: Request) -> Road:
    road: Road = request.app.state.road
    return road


def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


def _check(parked_id: int, *, found: bool) -> None:
    """The decision was carried out.

    :raises NotFound: when no such record stands aside; nothing is told then.
    """
    if not found:
        raise NotFound(what="record that stands aside with the number", which=parked_id)


def _telling(request: Request, decision: Decision, reason: str | None = None) -> Tell:
    """The decision as the history keeps it: who, about which record, and why."""
    service, caller, now = _road(request).service, _caller(request), datetime.now(UTC)

    def tell(message: Message) -> list[Announcement]:
        told = _told(message, by(caller.actor), decision, reason, service)
        cause = command(
            "SettleParked",
            Ask((), told),
            by=caller.actor,
            roles=caller.roles,
            at=now,
            request_id=new_id(),
            traceparent=request.state.traceparent,
        )
        return announcements_of(told, cause, decision, source=service.source, at=now, now=now)

    return tell


def _told(message: Message, by: By, decision: Decision, reason: str | None, service: Service) -> RecordSettled:
    record = message.record
    assert record is not None  # noqa: S101 - only records stand aside
    is_unread = message.unreadable is not None and message.unreadable.envelope is None
    return SETTLINGS[service.name](
        by=by,
        subject_id=subject_of(message.key, service),
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        decision=decision,
        reason=reason,
        parked_id=None if is_unread else message.id,
        parked_type=None if is_unread else message.type,
    )
