"""A service's parts, joined: HTTP, consumer, relay and housekeeping on one event loop.

Each service's `app.py` calls this once with what is its own.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from fastapi import APIRouter, FastAPI
from faststream.kafka import KafkaBroker
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512
from opentelemetry.sdk.trace import TracerProvider
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.messaging.consumer import Consumer
from shared.messaging.housekeeping import Housekeeping
from shared.messaging.patience import Patience
from shared.messaging.postgres import PostgresUnitOfWork, Store
from shared.messaging.relay import Relay
from shared.messaging.road import Heeded, Road
from shared.messaging.service import Service
from shared.messaging.watch import Watch
from shared.runtime import health, parked
from shared.runtime.database import is_waiting, make_engine
from shared.runtime.http import Guard, check_permissions, make_app
from shared.runtime.identity import Identity
from shared.runtime.parts import PARTS
from shared.runtime.permissions import allowing, permissions_of
from shared.runtime.reach import because
from shared.runtime.settings import SaslMechanism, SecurityProtocol, Settings, kafka_arguments
from shared.runtime.telemetry import Telemetry, start_tracing, stop_tracing

_log = structlog.get_logger(__name__)

STUCK_S = 120.0
"""A batch that takes longer, with nothing away, means that the process hangs."""
STOP_WITHIN_S = 2.5
"""For what runs besides the consumer; with HTTP's and the consumer's time, a process ends within 10 s."""


@dataclass(frozen=True)
class Extra:
    """What a service runs besides: `run` goes on until `stop` is called. `close`, where given, is awaited at the very
    end, also in a process that did not run it.
    """

    name: str
    run: Callable[[], Awaitable[None]]
    stop: Callable[[], None]
    close: Callable[[], Awaitable[None]] | None = None


Extras = Callable[[AsyncEngine, Patience, Road], Sequence[Extra]]
"""Makes them from what they share with the rest."""


@dataclass
class Program:
    """One process of a service; ``consumer`` is None where it listens to nothing, or another process does."""

    service: Service
    settings: Settings
    engine: AsyncEngine
    road: Road
    consumer: Consumer | None
    relay: Relay
    housekeeping: Housekeeping
    patience: Patience
    watch: Watch
    parts: frozenset[str]
    tracing: TracerProvider
    extras: Sequence[Extra] = ()
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @asynccontextmanager
    async def running(self, _app: FastAPI) -> AsyncIterator[None]:
        """Everything runs while HTTP does; stops in order: consumer, housekeeping, relay, database."""
        if self.consumer is not None:
            self._go("consumer", self._consume(self.consumer))
        if self.parts & {"consumer", "relay"}:
            self._go("housekeeping", self.housekeeping.rounds.run())
        if "relay" in self.parts:
            self._go("relay", self.relay.run())
            for extra in self.extras:
                self._go(extra.name, extra.run())
        try:
            yield
        finally:
            await self._stop()

    async def live(self) -> str | None:
        """The consumer polls, or waits for what is away."""
        since = self.consumer.batch_since if self.consumer else None
        if self.consumer is not None and self.consumer.has_stalled:
            return "the consumer polls no more"
        if since is not None and monotonic() - since > STUCK_S and not self.patience.is_waiting:
            return f"the batch in hand has taken {monotonic() - since:.0f} s"
        dead = [task.get_name() for task in self.tasks if task.done() and not task.cancelled() and task.exception()]
        return f"ended unexpectedly: {', '.join(dead)}" if dead else None

    async def database_answers(self) -> str | None:
        """The database answers."""
        async with self.engine.connect() as connection:
            await connection.execute(text("select 1"))
        return None

    async def consumer_has_work(self) -> str | None:
        """The consumer is a member of its group: it has partitions, or others have them all; or there is none."""
        is_fine = self.consumer is None or self.consumer.has_joined
        return None if is_fine else "it has not joined its group yet"

    def _go(self, name: str, work: Awaitable[None]) -> None:
        async def guarded() -> None:
            try:
                await work
            except Exception:
                _log.exception("part failed", part=name)
                raise

        self.tasks.append(asyncio.create_task(guarded(), name=name))

    async def _consume(self, consumer: Consumer) -> None:
        """Start the consumer; Kafka may be away for a while when a plant starts."""
        while not self.patience.is_interrupted:
            try:
                await consumer.start()
            except Exception as error:  # noqa: BLE001 - whatever it is, the consumer is needed
                with suppress(Exception):
                    await consumer.abandon()
                await self.patience.wait("consumer", error)
            else:
                self.patience.relax("consumer")
                return

    async def _stop(self) -> None:
        _log.info("stopping")
        self.patience.interrupt()
        if self.consumer is not None:
            await self.consumer.stop()
        self.housekeeping.rounds.stop()
        for extra in self.extras:
            extra.stop()
        self.relay.stop()
        if self.tasks:
            _, late = await asyncio.wait(self.tasks, timeout=STOP_WITHIN_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self.engine.dispose()
        for extra in self.extras:
            if extra.close is not None:
                await extra.close()
        await stop_tracing(self.tracing)
        _log.info("stopped")


def join(
    service: Service,
    settings: Settings,
    store: Store[Any],
    *,
    parts: frozenset[str] = PARTS,
    watch: Watch | None = None,
    extras: Extras = lambda _engine, _patience, _road: (),
    heeded: Callable[[AsyncEngine], Heeded] | None = None,
) -> Program:
    """Build a service's program from what is its own; ``extras`` run where its relay does, ``heeded`` see `Road`."""
    tracing = start_tracing(service.name, settings.otlp_endpoint)
    watching = watch or Telemetry(service.name)
    engine = make_engine(settings, service.name)
    patience = _patience(settings)
    relay = Relay(
        engine,
        lambda: _producer(settings),
        patience=patience,
        watch=watching,
        poll_interval_s=settings.relay_poll_interval_ms / 1000,
    )
    road = Road(
        service,
        PostgresUnitOfWork(engine, store),
        clock=lambda: datetime.now(UTC),
        early_for=timedelta(seconds=settings.early_deadline_s),
        allows=allowing(permissions_of(settings.permissions)),
        is_waiting=is_waiting,
        watch=watching,
        wake=relay.wake,
        heeded=None if heeded is None else heeded(engine),
    )
    listens = "consumer" in parts and service.topics
    consumer = _consumer(road, settings, patience, watching) if listens else None
    housekeeping = Housekeeping(
        engine,
        road,
        relay,
        consumer,
        patience=patience,
        watch=watching,
        interval_s=settings.sweep_interval_ms / 1000,
        inbox_for=timedelta(days=settings.inbox_retention_days),
    )
    own = extras(engine, patience, road)
    return Program(
        service, settings, engine, road, consumer, relay, housekeeping, patience, watching, parts, tracing, own
    )


def serve_http(program: Program, description: str, routers: Sequence[APIRouter], **state: object) -> FastAPI:
    """The HTTP application of a program; ``state`` is what its routes ask the app for."""
    settings = program.settings
    guard = Guard(Identity(settings), allowing(permissions_of(settings.permissions)))
    app = make_app(f"Asbuilt {program.service.name}", description, guard, program.running)
    app.state.road = program.road
    app.state.engine = program.engine
    for name, one in state.items():
        setattr(app.state, name, one)
    ready = {"database": program.database_answers, "consumer": program.consumer_has_work}
    app.include_router(health.router({"loop": program.live}, ready))
    if "http" in program.parts:
        for router in (*routers, parked.router):
            app.include_router(router)
    check_permissions(app)
    return app


def _patience(settings: Settings) -> Patience:
    return Patience(
        initial_s=settings.retry_initial_ms / 1000,
        max_s=settings.retry_max_ms / 1000,
        because=lambda error: because(settings, error),
    )


def _consumer(road: Road, settings: Settings, patience: Patience, watch: Watch) -> Consumer:
    return Consumer(
        _broker(settings),
        group=f"{settings.kafka_group_prefix}-{road.service.name}",
        topics=road.service.topics,
        read=road.read,
        take=road.take_heard,
        is_waiting=is_waiting,
        patience=patience,
        watch=watch,
        max_records=settings.batch_max_records,
        commit_every_s=settings.offsets_interval_ms / 1000,
    )


def _producer(settings: Settings) -> AIOKafkaProducer:
    return AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap_servers.split(","),
        client_id="asbuilt-relay",
        acks="all",
        enable_idempotence=True,
        max_batch_size=1_000_000,
        max_request_size=4_000_000,
        linger_ms=0,
        request_timeout_ms=10_000,
        **kafka_arguments(settings),
    )


def _broker(settings: Settings) -> KafkaBroker:
    return KafkaBroker(
        settings.kafka_bootstrap_servers.split(","),
        client_id="asbuilt",
        security=_security(settings),
        allow_auto_create_topics=False,
        graceful_timeout=8.0,
        logger=None,
        apply_types=False,
    )


def _security(settings: Settings) -> BaseSecurity | None:
    """FastStream's own form of the same arguments."""
    given = kafka_arguments(settings)
    protocol = settings.kafka_security_protocol
    tls = given.get("ssl_context")
    if protocol is SecurityProtocol.PLAINTEXT:
        return None
    if protocol is SecurityProtocol.SSL:
        return BaseSecurity(ssl_context=tls, use_ssl=True)
    form = {
        SaslMechanism.PLAIN: SASLPlaintext,
        SaslMechanism.SCRAM_SHA_256: SASLScram256,
        SaslMechanism.SCRAM_SHA_512: SASLScram512,
    }[settings.kafka_sasl_mechanism]
    username, password = given["sasl_plain_username"] or "", given["sasl_plain_password"] or ""
    return form(username=username, password=password, ssl_context=tls, use_ssl=tls is not None)
