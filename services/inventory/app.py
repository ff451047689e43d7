"""The inventory service, joined: the only place where its objects are built."""

from typing import Any

from fastapi import FastAPI

import services.inventory as service
from services.inventory.adapters import (
    differences_http,
    genealogy_http,
    http,
    installing_http,
    locations_http,
    requirements_http,
    stock_http,
    stock_reading_http,
)
from services.inventory.adapters.epcis_ids import Ids
from services.inventory.adapters.life_of import Lives
from services.inventory.adapters.plans import Plans
from services.inventory.adapters.queries import UnitQueries
from services.inventory.adapters.questions import Questions
from services.inventory.adapters.stock_reading import Stock
from services.inventory.adapters.store import UnitStore
from services.inventory.announcements import announce
from services.inventory.domain.decide import decide_any
from services.inventory.domain.events import AnyEvent, UnitClaimed
from services.inventory.domain.evolve import evolve
from services.inventory.domain.expecting import EXPECTED, Expected, IssueExpected, expected_after
from services.inventory.domain.locations import LOCATIONS, LocationConfigured, Locations, configured
from services.inventory.domain.unit import Unit
from services.inventory.handlers import HANDLERS
from shared.contracts.catalog import ISSUES, PLANT_INSTALLS, PLANT_UNITS, RUNS
from shared.messaging.service import Service
from shared.messaging.watch import Watch
from shared.runtime.parts import PARTS
from shared.runtime.program import join, serve_http
from shared.runtime.settings import Settings


def _evolve(state: Any, event: AnyEvent | LocationConfigured | IssueExpected) -> Unit | Locations | Expected:
    match event:
        case LocationConfigured():
            return configured(state, event)
        case IssueExpected():
            return expected_after(state, event)
        case _:
            return evolve(state, event)


def _subject_of(event: AnyEvent | LocationConfigured | IssueExpected) -> str:
    match event:
        case LocationConfigured():
            return LOCATIONS
        case IssueExpected():
            return EXPECTED
        case _:
            return event.unit_id


SERVICE = Service(
    name="inventory",
    topics=tuple(topic.name for topic in (PLANT_UNITS, PLANT_INSTALLS, RUNS, ISSUES)),
    decide=decide_any,
    evolve=_evolve,
    subject_of=_subject_of,
    announce=announce,
    handlers=HANDLERS,
    appeared=lambda event: event.unit_id if isinstance(event, UnitClaimed) else None,
)


ROUTERS = (
    http.router,
    requirements_http.router,
    installing_http.router,
    stock_http.router,
    locations_http.router,
    genealogy_http.router,
    differences_http.router,
    stock_reading_http.router,
)


def build(settings: Settings, *, parts: frozenset[str] = PARTS, watch: Watch | None = None) -> FastAPI:
    """The inventory service's application, ready to be served."""
    program = join(SERVICE, settings, UnitStore(settings.remembered_aggregates), parts=parts, watch=watch)
    engine = program.engine
    reads = {
        "queries": UnitQueries(engine),
        "questions": Questions(engine),
        "plans": Plans(engine),
        "lives": Lives(engine, Ids(settings.epcis_id_base)),
        "stock": Stock(engine),
    }
    return serve_http(program, service.__doc__ or "", ROUTERS, **reads)
