"""`/units/{unit_id}/tree`, `/as-built`, `/where-used` and the like: what is in a unit, and what a unit is in."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response, StreamingResponse

from services.inventory.adapters.as_built import PLACED, tree_text
from services.inventory.adapters.calls import Queries, UnitId
from services.inventory.adapters.exporting import Format, exported
from services.inventory.adapters.life_of import Lives
from services.inventory.adapters.moments import Asked
from services.inventory.adapters.questions import Questions
from services.inventory.adapters.views import root_view
from services.inventory.adapters.where_used import NEXT, USED, Reach
from shared.contracts.base import Id
from shared.runtime.http import needs
from shared.runtime.pages import Paging

router = APIRouter(tags=["genealogy"])

TREE_AT_MOST = 10_000
"""Nodes of one document; a larger tree comes in pages or as an export."""

ComponentId = Annotated[Id, Path(examples=["MTR-40-0091"])]
Form = Annotated[Format, Query(alias="format", examples=["csv"])]
Tops = Annotated[bool, Query(alias="tops", examples=[True], description="only the ends of the ways up")]


def questions_of(request: Request) -> Questions:
    """What answers here."""
    questions: Questions = request.app.state.questions
    return questions


def _reach(only_tops: bool) -> Reach:
    return Reach.TOPS if only_tops else Reach.ALL


Asking = Annotated[Questions, Depends(questions_of)]


@router.get("/units/{unit_id}/tree", **needs("read"))
async def show_tree(unit_id: UnitId, queries: Queries, questions: Asking, moment: Asked) -> Response:
    """The as-built tree of a unit, to any depth, as one document: now, as of a time and as known at a time.

    Statuses are those of that moment, and so are `quantity` and `as_built_version` of the unit itself; none where
    nothing had been said of a unit by then.
    """
    now, then = await queries.unit(unit_id), await questions.then(unit_id, moment)
    root = root_view(now) | then | moment.document
    placed = await questions.whole(PLACED, unit_id, moment, TREE_AT_MOST)
    return Response(tree_text(root, placed), media_type="application/json")


@router.get("/units/{unit_id}/as-built", **needs("read"))
async def list_as_built(unit_id: UnitId, questions: Asking, moment: Asked, page: Paging) -> dict[str, Any]:
    """The same tree in pages, each unit followed by what is in it; the pages stand still, whatever is recorded
    meanwhile.
    """
    return await questions.page(PLACED, unit_id, moment, page)


@router.get("/units/{unit_id}/as-built/export", response_class=StreamingResponse, **needs("read"))
async def export_as_built(unit_id: UnitId, questions: Asking, moment: Asked, form: Form = Format.JSONL) -> Response:
    """The same tree, all of it, as JSON Lines or CSV."""
    copy = partial(questions.copy, PLACED, unit_id, moment)
    return await exported(copy, PLACED.columns, form, f"{unit_id} as built")


@router.get("/units/{unit_id}/where-used", **needs("read"))
async def list_where_used(
    unit_id: ComponentId, questions: Asking, moment: Asked, page: Paging, only_tops: Tops = False
) -> dict[str, Any]:
    """Where a unit went, or a lot with all that was split off it: every unit above it up to the top, with path,
    quantity, interval and status; what was removed is shown as removed. In pages that stand still.
    """
    return await questions.page(USED, unit_id, moment, page, reach=_reach(only_tops))


@router.get("/units/{unit_id}/where-used/export", response_class=StreamingResponse, **needs("read"))
async def export_where_used(
    unit_id: ComponentId,
    questions: Asking,
    moment: Asked,
    only_tops: Tops = False,
    form: Form = Format.JSONL,
) -> Response:
    """The same, all of it, as JSON Lines or CSV."""
    copy = partial(questions.copy, USED, unit_id, moment, reach=_reach(only_tops))
    return await exported(copy, USED.columns, form, f"{unit_id} where used")


@router.get("/units/{unit_id}/next-higher-assembly", **needs("read"))
async def list_next_higher_assembly(
    unit_id: ComponentId, questions: Asking, moment: Asked, page: Paging
) -> dict[str, Any]:
    """What a unit is installed in, for what and since when; of a lot, what each part split off it is installed in. In
    pages that stand still; where most parts were taken out again a page may have fewer items than `limit`, or none, and
    `next` goes on.
    """
    return await questions.page(NEXT, unit_id, moment, page)


@router.get("/units/{unit_id}/epcis", **needs("read"))
async def show_epcis(unit_id: UnitId, request: Request) -> dict[str, Any]:
    """The life of a unit as an EPCIS 2.0 document (JSON-LD): received or commissioned, moved, put in and taken out,
    used up by a completed run, scrapped.
    """
    lives: Lives = request.app.state.lives
    return await lives.epcis(unit_id)
