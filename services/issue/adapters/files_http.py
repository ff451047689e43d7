"""`/issues/{issue_id}/files`: photos, reports, what the supplier wrote."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import Response, StreamingResponse
from starlette.requests import ClientDisconnect

from services.issue.adapters.calls import IssueId, Queries
from services.issue.adapters.views import file_view
from services.issue.domain import commands
from services.issue.domain.decide import decide
from shared.contracts.base import Name
from shared.messaging.messages import Ask
from shared.messaging.walk import Outcome
from shared.runtime.file_routes import UNKNOWN_CONTENT, download, store_of, uploads
from shared.runtime.file_types import media_type_of
from shared.runtime.http import Call, IdempotencyKey, NotFound, call_of, needs
from shared.runtime.objects import Kept

router = APIRouter(tags=["files"])

HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$", examples=[HELLO], description="SHA-256 of the file's content")]


@router.post("/issues/{issue_id}/files", status_code=201, **uploads("issue:open"))
async def attach_issue_file(
    issue_id: IssueId,
    request: Request,
    queries: Queries,
    name: Annotated[Name, Query(examples=["bag.jpg"], description="its name, without folders")],
    said_bytes: Annotated[int | None, Header(alias="content-length", include_in_schema=False)] = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Upload a file and attach it to the issue, whatever became of that.

    It streams into the store with its SHA-256 computed on the way. What is refused is not kept.
    """
    store = store_of(request)
    issue = (await queries.issue(issue_id)).state
    media_type = media_type_of(request.headers.get("content-type"))
    before = call_of(request, None, "")
    decide(issue, _attach(issue_id, before, Kept(UNKNOWN_CONTENT, 1), name, media_type))  # refused before it comes
    try:
        kept = await store.keep(request.stream(), media_type, said_bytes or 0)
    except ClientDisconnect:
        return Response(status_code=400)  # to nobody
    call = call_of(request, idempotency_key, f"{request.url.query} {kept.sha256}")
    command = _attach(issue_id, call, kept, name, media_type)
    return await call.do(Ask((issue_id,), command), lambda outcome: _shown(outcome, command), status=201)


@router.get("/issues/{issue_id}/files", **needs("read"))
async def list_issue_files(issue_id: IssueId, queries: Queries) -> dict[str, Any]:
    """Every file of the issue."""
    return {"items": [file_view(one) for one in (await queries.issue(issue_id)).state.files]}


@router.get("/issues/{issue_id}/files/{sha256}", response_class=StreamingResponse, **needs("read"))
async def download_issue_file(
    issue_id: IssueId,
    sha256: Digest,
    request: Request,
    queries: Queries,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The content of a file of the issue. It never changes: its ETag is its SHA-256."""
    issue = (await queries.issue(issue_id)).state
    file = next((one for one in issue.files if one.sha256 == sha256), None)
    if file is None:
        raise NotFound(what="file", which=sha256)
    return await download(request, sha256, file.name, file.media_type, if_none_match)


def _attach(issue_id: str, call: Call, kept: Kept, name: str, media_type: str) -> commands.AttachToIssue:
    return commands.AttachToIssue(issue_id, call.by, call.at, kept.sha256, name, media_type, kept.size_bytes)


def _shown(outcome: Outcome, command: commands.AttachToIssue) -> dict[str, Any]:
    """The file as it is attached now; of a refused one, nothing besides the refusal."""
    if outcome.refusal is not None:
        return {}
    wanted = (command.sha256, command.name)
    return next(file_view(one) for one in outcome.state.files if (one.sha256, one.name) == wanted)
