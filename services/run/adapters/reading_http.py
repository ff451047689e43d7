"""`/runs/{run_id}/summary`, `/steps` and `/export`: a run for those who review it, and for those who take it along."""

from collections.abc import AsyncIterator, Callable
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from services.run.adapters.b2mml import operations_performance
from services.run.adapters.calls import Queries, RunId
from services.run.adapters.evidence import Evidence, installed_elsewhere
from services.run.adapters.exporting import Export, Exports
from services.run.adapters.report import report
from services.run.adapters.report_html import html
from services.run.adapters.report_pdf import Press
from services.run.adapters.summary import live_summary, record_summary
from services.run.domain.run import Completed
from shared.runtime.http import NotFound, needs
from shared.runtime.pages import Paging

router = APIRouter()

Number = Annotated[
    int | None,
    Query(
        alias="completion",
        examples=[1],
        ge=1,
        le=1_000_000,
        description="of a completion record: 1, 2, … after reopenings",
    ),
]

NOT_SNIFFED = {"x-content-type-options": "nosniff"}
REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""A report needs nothing from anywhere, and runs nothing."""

RecordNumber = Annotated[int, Path(ge=1, le=1_000_000, examples=[1])]


class ReportFormat(StrEnum):
    """What a report is written in."""

    HTML = "html"
    PDF = "pdf"


class Format(StrEnum):
    """What an export is written in."""

    JSON = "json"
    CSV = "csv"


def _evidence(request: Request) -> Evidence:
    evidence: Evidence = request.app.state.evidence
    return evidence


EvidenceOf = Annotated[Evidence, Depends(_evidence)]


@router.get("/runs/{run_id}/summary", **needs("read"))
async def show_summary(run_id: RunId, queries: Queries, number: Number = None) -> dict[str, Any]:
    """Headline figures: steps completed, cycle time, operators, issues with dispositions, redlines applied, and
    requirements installed, with counts and parts. Of the run as it stands, or of one of its completion records.
    """
    run = (await queries.run(run_id)).state
    if number is None:
        return live_summary(run)
    return record_summary(_numbered(await queries.completions(run_id), number)["record"])


@router.get("/runs/{run_id}/steps", **needs("read"))
async def show_steps(run_id: RunId, queries: Queries, evidence: EvidenceOf, page: Paging) -> dict[str, Any]:
    """The steps in the order of their execution: signer and time, values with verdict and every earlier value, files,
    installs with serials and lots, comments. Installs for requirements that no step asks for stand beside them.
    """
    run = (await queries.run(run_id)).state
    return {**await evidence.page(run, page), "installs_of_no_step": installed_elsewhere(run)}


@router.get("/runs/{run_id}/export", response_class=StreamingResponse, **needs("read"))
async def export_run(
    run_id: RunId,
    queries: Queries,
    evidence: EvidenceOf,
    form: Annotated[Format, Query(alias="format", examples=["csv"])] = Format.JSON,
    number: Number = None,
) -> Response:
    """Everything that is kept of a run, streamed: the completion record asked for (else the one that stands) as it was
    confirmed, and every step with every value, session, install, file and comment.

    The content hash is SHA-256 over the RFC 8785 form of the JSON's `record` without its `content_hash`.
    """
    run = (await queries.run(run_id)).state
    completions = await queries.completions(run_id)
    stands = run.decision.number if isinstance(run.decision, Completed) else None
    wanted = number or stands
    record = None if wanted is None else _numbered(completions, wanted)
    parts: Callable[[Export], AsyncIterator[bytes]]
    exports = Exports(queries, evidence)
    parts, media_type = {
        Format.JSON: (exports.json, "application/json"),
        Format.CSV: (exports.csv, "text/csv; charset=utf-8; header=present"),
    }[form]
    name = quote(f"{run_id}-{wanted}.{form}" if wanted else f"{run_id}.{form}", safe="")
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{name}", **NOT_SNIFFED}
    return StreamingResponse(parts(Export(run, record, completions)), headers=headers, media_type=media_type)


@router.get("/runs/{run_id}/completions/{number}/b2mml", response_class=Response, **needs("read"))
async def show_b2mml(run_id: RunId, number: RecordNumber, queries: Queries) -> Response:
    """A completion record as B2MML V0700 operations performance (XML): what was produced and consumed, when, by whom,
    and each step with its values.
    """
    await queries.run(run_id)
    record = _numbered(await queries.completions(run_id), number)["record"]
    return Response(operations_performance(record), media_type="application/xml")


@router.get(
    "/runs/{run_id}/completions/{number}/report",
    response_class=HTMLResponse,
    **needs("read"),
)
async def show_report(
    request: Request,
    run_id: RunId,
    number: RecordNumber,
    queries: Queries,
    form: Annotated[ReportFormat, Query(alias="format", description="one document either way, A4")] = ReportFormat.HTML,
) -> Response:
    """The end-of-line report of a completion record: what was built, each step with its signer and values, what was
    installed with serials and lots, approvals, redlines, issues, the content hash.

    It is made of the record alone: made again, it is the same, byte by byte.
    """
    await queries.run(run_id)
    told = report(_numbered(await queries.completions(run_id), number)["record"])
    headers = {"etag": f'"{told.content_hash}-{form}"', "content-security-policy": REPORT_POLICY, **NOT_SNIFFED}
    if form is ReportFormat.HTML:
        return HTMLResponse(html(told), headers=headers)
    headers["content-disposition"] = f'inline; filename="report-{number}.pdf"'
    press: Press = request.app.state.press
    return Response(await press.pdf(told), media_type="application/pdf", headers=headers)


def _numbered(completions: list[dict[str, Any]], number: int) -> dict[str, Any]:
    found = next((one for one in completions if one["number"] == number), None)
    if found is None:
        raise NotFound(what="completion record", which=number)
    return found
