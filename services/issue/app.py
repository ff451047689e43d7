"""The issue service, joined: the only place where its objects are built."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

import services.issue as service
from services.issue.adapters.http import router
from services.issue.adapters.queries import IssueQueries
from services.issue.adapters.recalculating import Recalculator
from services.issue.adapters.store import IssueStore
from services.issue.announcements import announce
from services.issue.domain.commands import AnyCommand
from services.issue.domain.decide import decide
from services.issue.domain.disposition_types import (
    DISPOSITION_TYPES,
    NO_TYPES,
    ConfigureDispositionType,
    DispositionConfigured,
    DispositionTypes,
    configure,
    configured,
)
from services.issue.domain.events import AnyEvent
from services.issue.domain.evolve import evolve
from services.issue.domain.issue import Issue
from services.issue.handlers import HANDLERS
from shared.contracts.catalog import INVENTORY, RUNS
from shared.messaging.patience import Patience
from shared.messaging.road import Road
from shared.messaging.service import Known, Service
from shared.messaging.watch import Watch
from shared.runtime.objects import objects_of
from shared.runtime.parts import PARTS
from shared.runtime.program import Extra, join, serve_http
from shared.runtime.settings import Settings


def _decide(known: Known, command: AnyCommand | ConfigureDispositionType) -> Sequence[AnyEvent]:
    """The disposition types of the moment are there with every decision."""
    types = known.get(DISPOSITION_TYPES, NO_TYPES)
    if isinstance(command, ConfigureDispositionType):
        return configure(types, command)
    issue = known.get(command.issue_id)
    return decide(issue if isinstance(issue, Issue) else None, command, types)


def _evolve(state: Any, event: AnyEvent) -> Issue | DispositionTypes:
    if isinstance(event, DispositionConfigured):
        return configured(state or NO_TYPES, event)
    return evolve(state, event)


def _subject_of(event: AnyEvent) -> str:
    return DISPOSITION_TYPES if isinstance(event, DispositionConfigured) else event.issue_id


SERVICE = Service(
    name="issue",
    topics=(RUNS.name, INVENTORY.name),
    decide=_decide,
    evolve=_evolve,
    subject_of=_subject_of,
    announce=announce,
    handlers=HANDLERS,
)


def build(settings: Settings, *, parts: frozenset[str] = PARTS, watch: Watch | None = None) -> FastAPI:
    """The issue service's application, ready to be served."""
    objects = objects_of(settings)

    def extras(engine: AsyncEngine, patience: Patience, road: Road) -> list[Extra]:
        recalculator = Recalculator(engine, road, patience, interval_s=settings.sweep_interval_ms / 1000)
        own = [Extra("recalculator", recalculator.rounds.run, recalculator.rounds.stop)]
        if objects is not None:
            own.append(Extra("files", objects.run, objects.stop, objects.close))
        return own

    store = IssueStore(settings.remembered_aggregates)
    program = join(SERVICE, settings, store, parts=parts, watch=watch, extras=extras)
    queries = IssueQueries(program.engine)
    return serve_http(program, service.__doc__ or "", [router], queries=queries, objects=objects)
