"""`/units/{unit_id}/requirements`: what must be installed into a target, how far that is, and editing it while its run
is open.
"""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import Field

from services.inventory.adapters.calls import Queries, UnitId
from services.inventory.adapters.views import requirement_view, requirement_views
from services.inventory.domain import commands
from services.inventory.domain.requirements import ANY_REVISION
from services.inventory.domain.unit import Requirement
from shared.contracts.base import Exact, Id, Name, Text
from shared.messaging.messages import Ask
from shared.messaging.walk import Outcome
from shared.runtime.bodies import RequestBody
from shared.runtime.http import Calling, needs

router = APIRouter(tags=["requirements"])

MOST_DESIGNATORS = 10_000
MOST_NAMED = 100

RequirementId = Annotated[Id, Path(examples=["motor"])]
Reason = Annotated[Text, Field(min_length=1, examples=["The seal of the motor leaks; it gets a second one."])]
Designators = Annotated[tuple[Name, ...], Field(max_length=MOST_DESIGNATORS, examples=[["front", "rear"]])]
Names = Annotated[tuple[Name, ...], Field(max_length=MOST_NAMED)]


class NewRequirement(RequestBody):
    """What the run needs installed besides; its quantity is that of one assembly."""

    requirement_id: Id = Field(examples=["seal"])
    part_number: Name = Field(examples=["SEAL-8"])
    revision: Name | None = Field(None, examples=["B"], description="any revision if absent")
    interchangeable_revisions: Names = Field((), examples=[["A"]], description="revisions that do in place of it")
    quantity: Exact = Field(examples=["2"], description="per assembly")
    unit_of_measure: Name = "each"
    designators: Designators = ()
    substitutes: Names = Field((), examples=[["SEAL-9"]], description="part numbers approved in its place")
    step_id: Id | None = Field(None, description="the step at which it is installed")
    reason: Reason


class RequirementEdit(RequestBody):
    """What becomes different; the rest stays as it is."""

    quantity: Annotated[Exact | None, Field(examples=["1"], description="per assembly")] = None
    designators: Annotated[tuple[Name, ...] | None, Field(max_length=MOST_DESIGNATORS)] = None
    substitutes: Annotated[tuple[Name, ...] | None, Field(max_length=MOST_NAMED, examples=[["MTR-41"]])] = None
    revision: Annotated[Name | None, Field(description=f"`{ANY_REVISION}`: any revision will do")] = None
    interchangeable_revisions: Annotated[tuple[Name, ...] | None, Field(max_length=MOST_NAMED)] = None
    reason: Reason


class RequirementRemoval(RequestBody):
    """Why it is not needed any more."""

    reason: Reason


@router.get("/units/{unit_id}/requirements", **needs("read"))
async def list_requirements(unit_id: UnitId, queries: Queries) -> dict[str, Any]:
    """What the run that builds the unit needs, how much of it is installed, and which designators are free."""
    return {"items": requirement_views((await queries.unit(unit_id)).state)}


@router.post("/units/{unit_id}/requirements", status_code=201, **needs("requirement:edit"))
async def add_requirement(unit_id: UnitId, given: NewRequirement, call: Calling) -> Response:
    """Add a requirement to the open run that builds the unit."""
    requirement = Requirement(
        given.requirement_id,
        given.part_number,
        given.quantity,
        given.revision,
        given.designators,
        given.substitutes,
        given.interchangeable_revisions,
        given.unit_of_measure,
        given.step_id,
    )
    command = commands.AddRequirement(unit_id, call.by, call.at, requirement, given.reason)
    return await call.do(Ask((unit_id,), command), _shown(given.requirement_id), status=201)


@router.patch("/units/{unit_id}/requirements/{requirement_id}", **needs("requirement:edit"))
async def change_requirement(
    unit_id: UnitId, requirement_id: RequirementId, given: RequirementEdit, call: Calling
) -> Response:
    """Change quantity, designators, substitutes or revisions. What is installed must still have its place."""
    command = commands.ChangeRequirement(
        unit_id,
        call.by,
        call.at,
        requirement_id,
        given.reason,
        given.quantity,
        given.designators,
        given.substitutes,
        given.revision,
        given.interchangeable_revisions,
    )
    return await call.do(Ask((unit_id,), command), _shown(requirement_id))


@router.post("/units/{unit_id}/requirements/{requirement_id}/remove", **needs("requirement:edit"))
async def remove_requirement(
    unit_id: UnitId, requirement_id: RequirementId, given: RequirementRemoval, call: Calling
) -> Response:
    """Take a requirement away for which nothing is installed; the answer is what the run needs still."""
    command = commands.RemoveRequirement(unit_id, call.by, call.at, requirement_id, given.reason)
    return await call.do(Ask((unit_id,), command), _left)


def _shown(requirement_id: str) -> Callable[[Outcome], dict[str, Any]]:
    """The requirement as it is after the call; of a refused one, nothing besides the refusal."""

    def answer(outcome: Outcome) -> dict[str, Any]:
        return {} if outcome.refusal is not None else requirement_view(outcome.state, requirement_id)

    return answer


def _left(outcome: Outcome) -> dict[str, Any]:
    return {} if outcome.refusal is not None else {"items": requirement_views(outcome.state)}
