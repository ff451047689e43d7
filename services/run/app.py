"""The run service, joined: the only place where its objects are built."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

import services.run as service
from services.run.adapters.evidence import Evidence
from services.run.adapters.http import router
from services.run.adapters.idle import IdleSessions
from services.run.adapters.lists import RunLists
from services.run.adapters.queries import RunQueries
from services.run.adapters.reassessing import Reassessor
from services.run.adapters.report_pdf import Press
from services.run.adapters.store import RunStore
from services.run.announcements import announce
from services.run.completing_handlers import note_evidence
from services.run.domain.commands import AnyCommand
from services.run.domain.decide import decide
from services.run.domain.events import AnyEvent, IssueNoted
from services.run.domain.evolve import evolve
from services.run.domain.policies import (
    NO_POLICIES,
    POLICIES,
    ConfigurePolicies,
    Policies,
    PolicyConfigured,
    configure,
    configured,
)
from services.run.domain.ranges import awaited_on
from services.run.domain.run import Run
from services.run.handlers import HANDLERS
from shared.contracts.catalog import INVENTORY, ISSUES, NOTIFICATIONS, PLANT_ORDERS, PLANT_STEPS
from shared.messaging.patience import Patience
from shared.messaging.road import Road
from shared.messaging.service import Known, Service
from shared.messaging.watch import Watch
from shared.runtime.objects import objects_of
from shared.runtime.parts import PARTS
from shared.runtime.program import Extra, join, serve_http
from shared.runtime.settings import Settings


def _decide(known: Known, command: AnyCommand | ConfigurePolicies) -> Sequence[AnyEvent | PolicyConfigured]:
    """The policies of the moment are there with every decision."""
    policies = known.get(POLICIES, NO_POLICIES)
    if isinstance(command, ConfigurePolicies):
        return configure(policies, command)
    run = known.get(command.run_id)
    return decide(run if isinstance(run, Run) else None, command, policies)


def _evolve(state: Any, event: AnyEvent | PolicyConfigured) -> Run | Policies:
    if isinstance(event, PolicyConfigured):
        return configured(state or NO_POLICIES, event)
    return evolve(state, event)


def _subject_of(event: AnyEvent | PolicyConfigured) -> str:
    return POLICIES if isinstance(event, PolicyConfigured) else event.run_id


def _appeared(event: AnyEvent | PolicyConfigured) -> str | None:
    """A sign-off may wait for the issue that is being opened on a value of its step."""
    if isinstance(event, IssueNoted) and event.issue.step_id is not None:
        return awaited_on(event.run_id, event.issue.step_id)
    return None


SERVICE = Service(
    name="run",
    topics=tuple(topic.name for topic in (PLANT_ORDERS, PLANT_STEPS, INVENTORY, ISSUES, NOTIFICATIONS)),
    decide=_decide,
    evolve=_evolve,
    subject_of=_subject_of,
    announce=announce,
    handlers=HANDLERS,
    appeared=_appeared,
    noted=note_evidence,
)


def build(settings: Settings, *, parts: frozenset[str] = PARTS, watch: Watch | None = None) -> FastAPI:
    """The run service's application, ready to be served."""
    objects = objects_of(settings)

    def extras(engine: AsyncEngine, patience: Patience, road: Road) -> list[Extra]:
        reassessor = Reassessor(engine, road, patience, interval_s=settings.sweep_interval_ms / 1000)
        own = [Extra("reassessor", reassessor.rounds.run, reassessor.rounds.stop)]
        if settings.session_idle_s:
            idle = IdleSessions(engine, road, patience, idle=timedelta(seconds=settings.session_idle_s))
            own.append(Extra("idle sessions", idle.rounds.run, idle.rounds.stop))
        if objects is not None:
            own.append(Extra("files", objects.run, objects.stop, objects.close))
        return own

    store = RunStore(settings.remembered_aggregates)
    program = join(SERVICE, settings, store, parts=parts, watch=watch, extras=extras)
    reads = {"queries": RunQueries(program.engine), "lists": RunLists(program.engine)}
    reads |= {"evidence": Evidence(program.engine), "press": Press(settings.report_fonts)}
    return serve_http(program, service.__doc__ or "", [router], **reads, objects=objects)
