"""`/disposition-types`: what may be decided about an issue at this site, and what follows from that."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import Field

from services.issue.adapters.calls import Queries
from services.issue.adapters.views import types_view
from services.issue.domain.disposition_types import (
    DISPOSITION_TYPES,
    Availability,
    ConfigureDispositionType,
    DispositionType,
)
from shared.contracts.base import Name, Text
from shared.messaging.messages import Ask
from shared.messaging.walk import Outcome
from shared.runtime.bodies import RequestBody
from shared.runtime.http import Calling, needs
from shared.runtime.pages import Paging

router = APIRouter(tags=["disposition types"])

MOST_ROLES = 20
TypeName = Annotated[Name, Path(examples=["use-as-is"])]
Roles = Annotated[list[Name], Field(max_length=MOST_ROLES)]


class TypeWanted(RequestBody):
    """What a disposition type is to be."""

    version: int = Field(
        examples=[0], description="of the types that were looked at: nobody overwrites what he has not seen"
    )
    availability: Availability = Field(examples=["immediate"], description="whether the unit of an issue may be used")
    auto_resolve: bool = Field(False, description="an issue is resolved as soon as its disposition is approved")
    approver_roles: Roles = Field(
        default_factory=list, examples=[["Quality"]], description="each must approve; without any, choosing approves"
    )
    closer_roles: Roles = Field(
        default_factory=list, description="one of them closes; without any, whoever may disposition"
    )
    retired: bool = Field(False, description="it cannot be chosen any more")
    affects: int | None = Field(
        None, description="where the availability changes: how many issues its impact showed to be recalculated"
    )
    reason: Annotated[Text, Field(min_length=1, examples=["Audit finding 7."])]


@router.get("/disposition-types", **needs("read"))
async def show_disposition_types(queries: Queries) -> dict[str, Any]:
    """Every type there is, built in or the site's own, with who configured it, when and why."""
    return types_view(await queries.types())


@router.get("/disposition-types/{name}/impact", **needs("read"))
async def show_impact(
    name: TypeName,
    availability: Annotated[Availability, Query(examples=["permanently-unavailable"])],
    queries: Queries,
    page: Paging,
) -> dict[str, Any]:
    """What another availability of the type would touch, before anybody configures it: how many issues are recalculated
    and announced again, of how many the unit would be withheld or released by that, and which those are. What quantity
    of stock that is, the inventory service says: `/stock/withheld`.
    """
    return await queries.impact(name, availability, page)


@router.put("/disposition-types/{name}", **needs("issue:configure"))
async def configure_disposition_type(name: TypeName, wanted: TypeWanted, call: Calling) -> Response:
    """From now on the type is this. Dispositions that were chosen before keep their roles; another availability goes
    for them too: each such issue is announced again within seconds.
    """
    roles = (tuple(wanted.approver_roles), tuple(wanted.closer_roles))
    type_ = DispositionType(name, wanted.availability, wanted.auto_resolve, *roles, wanted.retired)
    command = ConfigureDispositionType(call.by, call.at, wanted.version, type_, wanted.reason, wanted.affects)
    return await call.do(Ask((DISPOSITION_TYPES,), command), _answer)


def _answer(outcome: Outcome) -> dict[str, Any]:
    return types_view(outcome.state) if outcome.refusal is None else {}
