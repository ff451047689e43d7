"""`/units/{unit_id}/as-built/compare` and `/against-plan`: in what as-builts differ, in words of the domain."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from services.inventory.adapters.as_built import PLACED, placed_of
from services.inventory.adapters.calls import UnitId
from services.inventory.adapters.genealogy_http import Asking
from services.inventory.adapters.moments import Asked, Moment
from services.inventory.adapters.plans import Plans
from services.inventory.adapters.questions import Questions
from services.inventory.domain.differences import AsBuilt, Difference, Stands, against_plan, as_built, compare
from shared.contracts.base import Id
from shared.kernel import plain
from shared.runtime.http import needs
from shared.runtime.times import When


def plans_of(request: Request) -> Plans:
    """What knows the plans here."""
    plans: Plans = request.app.state.plans
    return plans


Planned = Annotated[Plans, Depends(plans_of)]

router = APIRouter(tags=["genealogy"])

COMPARED_AT_MOST = 10_000
"""Installations on one side; while they are compared, nobody else is answered."""

With = Annotated[
    Id | None, Query(alias="with", examples=["HP-200-0417"], description="the other unit; by default the same one")
]
WithAsOf = Annotated[When | None, Query(description="of the other side: as of when; by default now")]
WithKnownAt = Annotated[When | None, Query(description="of the other side: as known at; by default now")]


@router.get("/units/{unit_id}/as-built/compare", **needs("read"))
async def compare_as_built(
    unit_id: UnitId,
    questions: Asking,
    moment: Asked,
    with_: With = None,
    with_as_of: WithAsOf = None,
    with_known_at: WithKnownAt = None,
) -> dict[str, Any]:
    """In what the as-built of another unit, or of the same one at another time, differs from this one: added, removed,
    substituted, quantity, designator. Of one unit, serials and lots count; of two, parts and revisions.
    """
    other, then = with_ or unit_id, Moment(with_as_of, with_known_at)
    was = await _as_built(questions, unit_id, moment)
    now = await _as_built(questions, other, then)
    found = compare(was, now, unit_id, other)
    sides = {"unit_id": unit_id, **moment.document, "with": {"unit_id": other, **then.document}}
    return {**sides, "items": [difference_view(one) for one in found]}


@router.get("/units/{unit_id}/as-built/against-plan", **needs("read"))
async def compare_against_plan(unit_id: UnitId, plans: Planned, questions: Asking, moment: Asked) -> dict[str, Any]:
    """In what the as-built of a unit differs from the requirements of the run that builds it, or built it last: from
    those of now, or as they were at that moment.
    """
    placed = await questions.whole(PLACED, unit_id, moment, COMPARED_AT_MOST, depth=1)
    plan = await plans.then(unit_id, moment)
    if plan is None:
        return {"unit_id": unit_id, **moment.document, "run_id": None, "items": []}
    found = against_plan(plan.requirements, [placed_of(one) for one in placed if one["run_id"] == plan.run_id])
    return {
        "unit_id": unit_id,
        **moment.document,
        "run_id": plan.run_id,
        "items": [difference_view(one) for one in found],
    }


async def _as_built(questions: Questions, unit_id: str, moment: Moment) -> AsBuilt:
    placed = await questions.whole(PLACED, unit_id, moment, COMPARED_AT_MOST)
    return as_built(placed_of(one) for one in placed)


def difference_view(one: Difference) -> dict[str, Any]:
    """A difference: where, what was there, what is; and as a sentence."""
    return {
        "change": one.change.value,
        "place": one.place,
        "was": one.was and _stands_view(one.was),
        "now": one.now and _stands_view(one.now),
        "sentence": one.sentence,
    }


def _stands_view(stands: Stands) -> dict[str, Any]:
    return {
        "part_number": stands.part_number,
        "revision": stands.revision,
        "quantity": plain(stands.quantity),
        "serials": stands.serials,
        "lots": stands.lots,
        "designators": stands.designators,
        "substitute": stands.substitute,
    }
