"""What the routes of issues have in common: how a path names things, and the usual answer."""

from typing import Annotated, Any

from fastapi import Depends, Path, Request
from pydantic import Field

from services.issue.adapters.queries import IssueQueries
from services.issue.adapters.views import issue_view
from shared.contracts.base import Id, Text
from shared.messaging.transaction import Held
from shared.messaging.walk import Outcome
from shared.runtime.bodies import RequestBody

IssueId = Annotated[Id, Path(examples=["019be2c4-9f02-7a41-8c6d-51b7e3d20f18"])]


class Reason(RequestBody):
    """Why."""

    reason: Annotated[Text, Field(min_length=1, examples=["The customer took the deviation back."])]


def _queries(request: Request) -> IssueQueries:
    queries: IssueQueries = request.app.state.queries
    return queries


Queries = Annotated[IssueQueries, Depends(_queries)]


def issue_answer(outcome: Outcome) -> dict[str, Any]:
    """The issue as it stands now; of a refusal, nothing besides it."""
    if outcome.refusal is not None or outcome.state is None:
        return {}
    return issue_view(Held(outcome.version, outcome.state))
