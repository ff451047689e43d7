"""What the routes of runs have in common: how a path names things, what may be asked, and the usual answer."""

from typing import Annotated, Any

from fastapi import Depends, Path, Request
from pydantic import BaseModel, Field

from services.run.adapters.queries import RunQueries
from services.run.adapters.views import run_view
from shared.contracts.base import Id, Text
from shared.messaging.transaction import Held
from shared.messaging.walk import Outcome

RunId = Annotated[Id, Path()]
PartId = Annotated[Id, Path()]
"""The id of a step, a field or a gate of the run."""


class Reason(BaseModel):
    """Why."""

    reason: Annotated[Text, Field(min_length=1)]


def _queries(request: Request) -> RunQueries:
    queries: RunQueries = request.app.state.queries
    return queries


Queries = Annotated[RunQueries, Depends(_queries)]


def run_answer(outcome: Outcome) -> dict[str, Any]:
    """The run as it is after the call; of a refused one, nothing besides the refusal."""
    if outcome.refusal is not None or outcome.state is None:
        return {}
    return run_view(Held(outcome.version, outcome.state))
