"""The notification service, joined: the only place where its objects are built."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

import services.notification as service
from services.notification.adapters.courier import Courier
from services.notification.adapters.desk import Due
from services.notification.adapters.http import router
from services.notification.adapters.queries import EndpointQueries
from services.notification.adapters.sender import Disable, Sender
from services.notification.adapters.store import EndpointStore
from services.notification.adapters.subscribed import subscribed
from services.notification.announcements import announce
from services.notification.domain.commands import DisableEndpoint
from services.notification.domain.decide import decide
from services.notification.domain.evolve import evolve
from services.notification.domain.retry import RetryPolicy
from services.notification.domain.target import TargetPolicy
from services.notification.handlers import HANDLERS, OUTBOUND
from shared.kernel import Actor
from shared.messaging.messages import Ask
from shared.messaging.patience import Patience
from shared.messaging.road import Answer, Road, command
from shared.messaging.service import Service
from shared.messaging.watch import Watch
from shared.runtime.ids import new_id
from shared.runtime.parts import PARTS
from shared.runtime.program import Extra, join, serve_http
from shared.runtime.settings import Settings

SERVICE = Service(
    name="notification",
    topics=tuple(topic.name for topic in OUTBOUND),
    decide=decide,
    evolve=evolve,
    subject_of=lambda event: event.subject,
    announce=announce,
    handlers=HANDLERS,
)

ITSELF = Actor(machine=SERVICE.source)


def build(settings: Settings, *, parts: frozenset[str] = PARTS, watch: Watch | None = None) -> FastAPI:
    """The notification service's application, ready to be served."""
    policy = TargetPolicy(settings.webhook_allow_http, tuple(settings.webhook_allowed_networks))

    def extras(engine: AsyncEngine, patience: Patience, road: Road) -> tuple[Extra]:
        sender = _sender(settings, policy, engine, patience, road)
        return (Extra("sender", sender.run, sender.stop),)

    program = join(SERVICE, settings, EndpointStore(), parts=parts, watch=watch, extras=extras, heeded=subscribed)
    queries = EndpointQueries(program.engine)
    return serve_http(program, service.__doc__ or "", [router], queries=queries, target_policy=policy)


def _sender(settings: Settings, policy: TargetPolicy, engine: AsyncEngine, patience: Patience, road: Road) -> Sender:
    courier = Courier(
        policy,
        timeout_s=settings.webhook_timeout_ms / 1000,
        connect_timeout_s=settings.webhook_connect_timeout_ms / 1000,
        concurrency=settings.webhook_concurrency,
    )
    retry = RetryPolicy(
        settings.webhook_retry_initial_ms,
        settings.webhook_retry_max_ms,
        settings.webhook_give_up_after_s * 1000,
    )
    return Sender(
        engine,
        courier,
        retry,
        disable=_disabling(road),
        patience=patience,
        concurrency=settings.webhook_concurrency,
        poll_interval_s=settings.webhook_poll_interval_ms / 1000,
        keep=timedelta(days=settings.webhook_retention_days),
    )


def _disabling(road: Road) -> Disable:
    """Disables an endpoint the way everybody does: through the road, announced."""

    async def disable(due: Due, reason: str) -> None:
        now = datetime.now(UTC)
        ask = Ask((due.endpoint.endpoint_id,), DisableEndpoint(ITSELF, now, due.endpoint.endpoint_id, reason))
        message = command("DisableEndpoint", ask, by=ITSELF, roles=frozenset(), at=now, request_id=new_id())
        message = replace(message, source=SERVICE.source, traceparent=due.delivery.traceparent)
        await road.command(message, None, lambda _: Answer(200, {}))

    return disable
