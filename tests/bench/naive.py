"""What a FastStream user writes first, done honestly: a handler per message, a session, the same writes to the
same tables, publish, and a manual ack after the commit.

`python -m tests.bench.naive SECONDS` works on what is on `plant.steps` for so long and prints how many it did.
"""

import asyncio
import json
import sys
from datetime import datetime
from time import perf_counter
from typing import Any

from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage
from pydantic import BaseModel
from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.runtime.settings import load

OUT = "bench.naive"


class StepData(BaseModel):
    """What a plant system says of a step."""

    run_id: str
    step_id: str
    operator: str
    field_id: str | None = None
    value: str | None = None


class StepEvent(BaseModel):
    """A CloudEvent about a step."""

    id: str
    source: str
    type: str
    time: datetime
    data: StepData


class Base(DeclarativeBase):
    """The run service's own tables."""

    type_annotation_map = {dict[str, Any]: JSONB, datetime: TIMESTAMP(timezone=True)}  # noqa: RUF012 - its form


class Inbox(Base):
    """An event that was seen."""

    __tablename__ = "inbox"
    source: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)


class Run(Base):
    """A run."""

    __tablename__ = "run"
    run_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    started_at: Mapped[datetime | None]
    run_order: Mapped[dict[str, Any]]


class Listed(Base):
    """What lists show of a run."""

    __tablename__ = "run_list"
    run_id: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str]
    started_at: Mapped[datetime | None]


class Step(Base):
    """A step, once something happened to it."""

    __tablename__ = "step"
    run_id: Mapped[str] = mapped_column(ForeignKey("run.run_id"), primary_key=True)
    step_id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    progress: Mapped[dict[str, Any]]


class Recording(Base):
    """One recorded value."""

    __tablename__ = "recording"
    run_id: Mapped[str] = mapped_column(primary_key=True)
    step_id: Mapped[str] = mapped_column(primary_key=True)
    field_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    attempt: Mapped[int]
    value: Mapped[Any] = mapped_column(JSONB)
    unit: Mapped[str | None]
    verdict: Mapped[str | None]
    person: Mapped[str | None]
    machine: Mapped[str | None]
    happened_at: Mapped[datetime]


async def record(session: AsyncSession, event: StepEvent) -> dict[str, Any] | None:
    """The writes of one event; what is to be announced, or ``None`` when it was seen before."""
    if await session.get(Inbox, (event.source, event.id)):
        return None
    session.add(Inbox(source=event.source, id=event.id))
    run = await session.get_one(Run, event.data.run_id, with_for_update=True)
    step = await session.get(Step, (event.data.run_id, event.data.step_id))
    if step is None:
        step = Step(run_id=event.data.run_id, step_id=event.data.step_id, state="todo", progress={"values": {}})
        session.add(step)
    if run.started_at is None:
        run.started_at = event.time
        listed = await session.get_one(Listed, run.run_id)
        listed.status, listed.started_at = "in_progress", event.time
    _apply(session, run, step, event)
    run.version += 1
    return {"sequence": run.version, "causationid": event.id, "data": event.data.model_dump()}


def _apply(session: AsyncSession, run: Run, step: Step, event: StepEvent) -> None:
    step.state = "in_progress"
    match event.type:
        case "plant.step.value-recorded.v1":
            _record(session, run, step, event)
        case "plant.step.signed-off.v1":
            step.state = "complete"
            step.progress = {**step.progress, "signed_at": event.time.isoformat(), "signed_by": event.data.operator}
        case _:
            step.progress = {**step.progress, "started_at": event.time.isoformat()}


def _record(session: AsyncSession, run: Run, step: Step, event: StepEvent) -> None:
    said = event.data
    definition = next(one for one in run.run_order["steps"] if one["step_id"] == said.step_id)
    field = next(one for one in definition["fields"] if one["field_id"] == said.field_id)
    is_in_range = float(field["minimum"]) <= float(said.value or 0) <= float(field["maximum"])
    verdict = "in-range" if is_in_range else "out-of-range"
    values = {**step.progress["values"], said.field_id: {"value": said.value, "verdict": verdict}}
    step.progress = {**step.progress, "values": values}
    session.add(
        Recording(
            run_id=said.run_id,
            step_id=said.step_id,
            field_id=said.field_id,
            number=1,
            attempt=1,
            value=said.value,
            unit=field["unit"],
            verdict=verdict,
            person=said.operator,
            machine=event.source,
            happened_at=event.time,
        )
    )


async def main(seconds: float) -> None:
    """Work for so long, then say how many events were done in which time."""
    settings = load()
    engine = create_async_engine(settings.database_url.get_secret_value())
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    broker = KafkaBroker(settings.kafka_bootstrap_servers, logger=None)
    publisher = broker.publisher(OUT)
    app = FastStream(broker, logger=None)
    times: list[float] = []
    failures: list[Exception] = []

    @broker.subscriber("plant.steps", group_id="bench-naive", auto_offset_reset="earliest", ack_policy=AckPolicy.MANUAL)
    async def handle(event: StepEvent, message: KafkaMessage) -> None:
        if not times:
            times.append(perf_counter())
        try:
            async with sessions() as session:
                announcement = await record(session, event)
                await session.commit()
        except Exception as failure:
            failures.append(failure)
            app.exit()
            raise
        if announcement:
            await publisher.publish(announcement, key=event.data.run_id.encode())
        await message.ack()
        times.append(perf_counter())
        if times[-1] - times[0] > seconds:
            app.exit()

    await app.run()
    if failures:
        raise failures[0]
    done, took_s = len(times) - 1, times[-1] - times[0]
    print(json.dumps({"events": done, "seconds": took_s, "events_per_s": done / took_s}))  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1])))
