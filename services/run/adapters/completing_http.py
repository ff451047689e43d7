"""`/runs/{run_id}`: the completion review, confirming it, the records of completions, and reopening."""

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field

from services.run.adapters.calls import EvidenceId, HappenedAt, Queries, Reason, RunId, happened, run_answer
from services.run.adapters.examples import ISSUE
from services.run.adapters.impact import impact_view
from services.run.adapters.views import completion_view, review_view
from services.run.domain import commands
from services.run.domain.comparing import compare
from services.run.domain.events import RunCompleted
from services.run.domain.review import Review, review
from shared.contracts.base import Exact, Id, Name, Text
from shared.messaging.messages import Ask
from shared.messaging.walk import Outcome
from shared.runtime.bodies import RequestBody
from shared.runtime.http import Calling, NotFound, needs

router = APIRouter(tags=["completion"])

Number = Annotated[int, Field(ge=1, le=1_000_000)] | None
"""Of a completion record."""
From = Annotated[
    Number, Query(alias="from", examples=[1], description="a completion record; by default the last but one")
]
To = Annotated[Number, Query(alias="to", examples=[1], description="another; by default the last one")]


class WarningAcknowledged(RequestBody):
    """A warning of the review, named by its code and subject."""

    code: Name = Field(examples=["issue-open"])
    subject: Id = Field(examples=[ISSUE])


NOTHING = Decimal(0)


class Confirmation(RequestBody):
    """The confirmation of a completion review."""

    review_version: Text = Field(examples=["sha256:7d2c…"], description="`version` of the review that was looked at")
    acknowledged: list[WarningAcknowledged] = Field(default_factory=list, description="every warning of that review")
    note: Annotated[Text, Field(examples=["First of its lot."])] = ""
    occurred_at: HappenedAt = None
    scrapped_quantity: Annotated[Exact, Field(description="of its quantity, what is no good; the rest is")] = NOTHING


@router.get("/runs/{run_id}/review", **needs("read"))
async def show_review(run_id: RunId, queries: Queries) -> dict[str, Any]:
    """The completion review: what blocks the run, what it warns of, the counts, and its version."""
    held = await queries.run(run_id)
    return review_view(review(held.state, await queries.policies()))


@router.get("/runs/{run_id}/completions", **needs("read"))
async def list_completions(run_id: RunId, queries: Queries) -> dict[str, Any]:
    """Every completion record, superseded ones too, each with the issues that changed since it was confirmed."""
    run = (await queries.run(run_id)).state
    return {"items": [completion_view(run, one) for one in await queries.completions(run_id)]}


@router.get("/runs/{run_id}/completions/compare", **needs("read"))
async def compare_completions(run_id: RunId, queries: Queries, before: From = None, after: To = None) -> dict[str, Any]:
    """What changed from one completion record to another: steps, values, installations, issues, and what else."""
    await queries.run(run_id)
    records = {one["number"]: one["record"] for one in await queries.completions(run_id)}
    last = max(records, default=0)
    was, now = (_numbered(records, number) for number in (before or max(last - 1, 1), after or last))
    differences = [one._asdict() for one in compare(was, now)]
    return {"run_id": run_id, "from": _confirmed(was), "to": _confirmed(now), "differences": differences}


@router.post("/runs/{run_id}/complete", **needs("run:complete"))
async def complete_run(run_id: RunId, confirmation: Confirmation, call: Calling) -> Response:
    """Confirm the completion review. A stale version is refused with the new review."""
    acknowledged = frozenset((one.code, one.subject) for one in confirmation.acknowledged)
    at, imported = happened(call, confirmation.occurred_at)
    command = commands.CompleteRun(
        run_id,
        call.by,
        at,
        confirmation.review_version,
        acknowledged,
        confirmation.note,
        imported,
        confirmation.scrapped_quantity,
    )
    return await call.do(Ask((run_id,), command), _completion_answer)


@router.get("/runs/{run_id}/reopen-impact", **needs("read"))
async def show_reopen_impact(run_id: RunId, queries: Queries) -> dict[str, Any]:
    """What reopening would touch: what the unit is installed in, which runs would warn, which records went out and
    which webhooks took them; and what cannot be known here.
    """
    return impact_view(await queries.impact((await queries.run(run_id)).state))


@router.post("/runs/{run_id}/reopen", **needs("run:reopen"))
async def reopen_run(run_id: RunId, given: Reason, call: Calling) -> Response:
    """Open a completed run again; its completion record stays, marked superseded."""
    return await call.do(Ask((run_id,), commands.ReopenRun(run_id, call.by, call.at, given.reason)), run_answer)


@router.get("/runs/{run_id}/refused-evidence", **needs("read"))
async def list_refused_evidence(run_id: RunId, queries: Queries) -> dict[str, Any]:
    """Events of plant systems for this run that were not taken, and that nobody has dealt with."""
    kept = (await queries.run(run_id)).state.refused_evidence.values()
    return {"items": [asdict(one) for one in kept]}


@router.post("/runs/{run_id}/refused-evidence/{evidence_id}/settle", **needs("run:complete"))
async def settle_evidence(run_id: RunId, evidence_id: EvidenceId, given: Reason, call: Calling) -> Response:
    """Say how an event that was not taken was dealt with; the review does not warn of it any more."""
    command = commands.SettleEvidence(run_id, call.by, call.at, evidence_id, given.reason)
    return await call.do(Ask((run_id,), command), run_answer)


def _numbered(records: Mapping[int, Mapping[str, Any]], number: int) -> Mapping[str, Any]:
    if number not in records:
        raise NotFound(what="completion record", which=number)
    return records[number]


def _confirmed(record: Mapping[str, Any]) -> dict[str, Any]:
    """Which record it is, and who confirmed it."""
    return {name: record[name] for name in ("number", "completed_at", "completed_by", "note", "content_hash")}


def _completion_answer(outcome: Outcome) -> dict[str, Any]:
    """The completion record, or with a refusal the review as it is now."""
    if outcome.refusal is not None:
        shown = outcome.refusal.facts.get("review")
        return {"review": review_view(shown)} if isinstance(shown, Review) else {}
    completed = next(event for event in outcome.events if isinstance(event, RunCompleted))
    return dict(completed.record)
