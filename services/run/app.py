"""The run service, joined: the only place where its objects are built."""

from fastapi import FastAPI

import services.run as service
from services.run.adapters.http import router
from services.run.adapters.lists import RunLists
from services.run.adapters.queries import RunQueries
from services.run.adapters.store import RunStore
from services.run.announcements import announce
from services.run.domain.commands import AnyCommand
from services.run.domain.decide import Events, decide
from services.run.domain.events import AnyEvent, IssueNoted
from services.run.domain.evolve import evolve
from services.run.domain.ranges import awaited_on
from services.run.handlers import HANDLERS
from shared.contracts.catalog import INVENTORY, ISSUES, PLANT_ORDERS, PLANT_STEPS
from shared.messaging.service import Known, Service
from shared.messaging.watch import Watch
from shared.runtime.parts import PARTS
from shared.runtime.program import join, serve_http
from shared.runtime.settings import Settings


def _decide(known: Known, command: AnyCommand) -> Events:
    return decide(known.get(command.run_id), command)


def _appeared(event: AnyEvent) -> str | None:
    """A sign-off may wait for the issue that is being opened on a value of its step."""
    if isinstance(event, IssueNoted) and event.issue.step_id is not None:
        return awaited_on(event.run_id, event.issue.step_id)
    return None


SERVICE = Service(
    name="run",
    topics=tuple(topic.name for topic in (PLANT_ORDERS, PLANT_STEPS, INVENTORY, ISSUES)),
    decide=_decide,
    evolve=evolve,
    subject_of=lambda event: event.run_id,
    announce=announce,
    handlers=HANDLERS,
    appeared=_appeared,
)


def build(settings: Settings, *, parts: frozenset[str] = PARTS, watch: Watch | None = None) -> FastAPI:
    """The run service's application, ready to be served."""
    program = join(SERVICE, settings, RunStore(settings.remembered_aggregates), parts=parts, watch=watch)
    engine = program.engine
    return serve_http(program, service.__doc__ or "", [router], queries=RunQueries(engine), lists=RunLists(engine))
