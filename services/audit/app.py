"""The audit service, joined: the only place where its objects are built."""

from fastapi import FastAPI

import services.audit as service
from services.audit.adapters.http import router
from services.audit.adapters.queries import HistoryQueries
from services.audit.adapters.store import HistoryStore
from services.audit.handlers import HISTORY, append
from shared.contracts.catalog import TOPICS
from shared.messaging.service import Service
from shared.messaging.watch import Watch
from shared.runtime.parts import PARTS
from shared.runtime.program import join, serve_http
from shared.runtime.settings import Settings

SERVICE = Service(
    name="audit",
    topics=tuple(topic.name for topic in TOPICS),
    decide=lambda _known, entry: (entry,),
    evolve=lambda _state, _entry: None,
    subject_of=lambda _entry: HISTORY,
    announce=lambda _entry: None,
    everything=append,
)


def build(settings: Settings, *, parts: frozenset[str] = PARTS, watch: Watch | None = None) -> FastAPI:
    """The audit service's application, ready to be served."""
    program = join(SERVICE, settings, HistoryStore(), parts=parts, watch=watch)
    return serve_http(program, service.__doc__ or "", [router], queries=HistoryQueries(program.engine))
