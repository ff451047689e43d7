"""The issue service, joined: the only place where its objects are built."""

from fastapi import FastAPI

import services.issue as service
from services.issue.adapters.http import router
from services.issue.adapters.queries import IssueQueries
from services.issue.adapters.store import IssueStore
from services.issue.announcements import announce
from services.issue.domain.commands import AnyCommand
from services.issue.domain.decide import Events, decide
from services.issue.domain.evolve import evolve
from services.issue.handlers import HANDLERS
from shared.contracts.catalog import RUNS
from shared.messaging.service import Known, Service
from shared.messaging.watch import Watch
from shared.runtime.parts import PARTS
from shared.runtime.program import join, serve_http
from shared.runtime.settings import Settings


def _decide(known: Known, command: AnyCommand) -> Events:
    return decide(known.get(command.issue_id), command)


SERVICE = Service(
    name="issue",
    topics=(RUNS.name,),
    decide=_decide,
    evolve=evolve,
    subject_of=lambda event: event.issue_id,
    announce=announce,
    handlers=HANDLERS,
)


def build(settings: Settings, *, parts: frozenset[str] = PARTS, watch: Watch | None = None) -> FastAPI:
    """The issue service's application, ready to be served."""
    program = join(SERVICE, settings, IssueStore(settings.remembered_aggregates), parts=parts, watch=watch)
    return serve_http(program, service.__doc__ or "", [router], queries=IssueQueries(program.engine))
