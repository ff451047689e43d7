"""What the routes of units have in common: how units are named, and who reads them."""

from typing import Annotated, Any

from fastapi import Depends, Path, Request

from services.inventory.adapters.queries import UnitQueries
from services.inventory.adapters.views import unit_view
from shared.contracts.base import Id
from shared.messaging.transaction import Held
from shared.messaging.walk import Outcome

UnitId = Annotated[Id, Path(examples=["HP-200-0417"])]


def _queries(request: Request) -> UnitQueries:
    queries: UnitQueries = request.app.state.queries
    return queries


Queries = Annotated[UnitQueries, Depends(_queries)]


def the_unit(outcome: Outcome) -> dict[str, Any]:
    """The unit as it is after a call; of a refused one, nothing besides the refusal."""
    if outcome.refusal is not None or outcome.state is None:
        return {}
    return unit_view(Held(outcome.version, outcome.state))
