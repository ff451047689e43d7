"""What the routes of runs have in common: how a path names things, what may be asked, and the usual answer."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Path, Request
from pydantic import AfterValidator, AwareDatetime, Field

from services.run.adapters import examples
from services.run.adapters.queries import RunQueries
from services.run.adapters.views import run_view
from services.run.domain.run import Imported
from shared.contracts.base import Id, Text
from shared.messaging.transaction import Held
from shared.messaging.walk import Outcome
from shared.runtime.bodies import RequestBody
from shared.runtime.http import Call

RunId = Annotated[Id, Path(examples=[examples.RUN])]
StepId = Annotated[Id, Path(examples=[examples.STEP])]
OptionalStepId = Annotated[Id, Path(examples=[examples.OPTIONAL_STEP])]
FieldId = Annotated[Id, Path(examples=[examples.FIELD])]
GateId = Annotated[Id, Path(examples=[examples.GATE])]
EvidenceId = Annotated[Id, Path(examples=[examples.EVIDENCE])]
RedlineId = Annotated[Id, Path(examples=[examples.REDLINE])]


class Reason(RequestBody):
    """Why."""

    reason: Annotated[Text, Field(min_length=1, examples=["The thread is stripped."])]


def _queries(request: Request) -> RunQueries:
    queries: RunQueries = request.app.state.queries
    return queries


Queries = Annotated[RunQueries, Depends(_queries)]


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("its time lies beyond the calendar") from None


HappenedAt = Annotated[
    Annotated[AwareDatetime, AfterValidator(_in_utc)] | None,
    Field(
        description="for history that is taken in afterwards: when it happened, which is 2019-03-04T07:30:00Z, say. "
        "Needs the permission history:import"
    ),
]


def happened(call: Call, occurred_at: datetime | None) -> tuple[datetime, Imported | None]:
    """When it happened: now, unless the call tells of the past.

    :raises Forbidden: when the caller may not take history in.
    """
    if occurred_at is None:
        return call.at, None
    call.permit("history:import")
    return occurred_at, Imported(call.by, call.at)


def run_answer(outcome: Outcome) -> dict[str, Any]:
    """The run as it is after the call; of a refused one, nothing besides the refusal."""
    if outcome.refusal is not None or outcome.state is None:
        return {}
    return run_view(Held(outcome.version, outcome.state))
