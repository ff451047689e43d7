"""`/runs/{run_id}/files`: what belongs to a run or a step and is no value. It streams in and out, whatever its size."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import Response, StreamingResponse
from starlette.requests import ClientDisconnect

from services.run.adapters.calls import Queries, RunId
from services.run.adapters.examples import FILE, STEP
from services.run.adapters.views import file_view
from services.run.domain import commands
from services.run.domain.decide import decide
from services.run.domain.lookup import files_of
from services.run.domain.run import AttachedFile, Run
from shared.contracts.base import Id, Name
from shared.kernel import RefusalKind, Refused
from shared.messaging.messages import Ask
from shared.messaging.walk import Outcome
from shared.runtime.file_routes import UNKNOWN_CONTENT, download, store_of, uploads
from shared.runtime.file_types import media_type_of
from shared.runtime.http import Call, IdempotencyKey, NotFound, call_of, needs
from shared.runtime.objects import Kept

router = APIRouter(tags=["files"])

Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$", examples=[FILE], description="SHA-256 of the file's content")]


class FileElsewhere(Refused):
    """The file {name} is not kept here."""

    code = "file-elsewhere"
    kind = RefusalKind.UNKNOWN
    resolve = "Fetch it from {uri}; its SHA-256 tells whether it is the same."


@router.post("/runs/{run_id}/files", status_code=201, **uploads("step:work"))
async def attach_file(
    run_id: RunId,
    request: Request,
    queries: Queries,
    name: Annotated[Name, Query(examples=["curve.txt"], description="its name, without folders")],
    step_id: Annotated[Id | None, Query(examples=[STEP])] = None,
    field_id: Annotated[Id | None, Query()] = None,
    said_bytes: Annotated[int | None, Header(alias="content-length", include_in_schema=False)] = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Upload a file and attach it to the run, a step or a field; to a file field it is recorded as its value.

    It streams into the store with its SHA-256 computed on the way. What is refused is not kept.
    """
    store = store_of(request)
    run = (await queries.run(run_id)).state
    media_type = media_type_of(request.headers.get("content-type"))
    described = (name, media_type, step_id, field_id)
    before = call_of(request, None, "")
    decide(run, _attach(run_id, before, Kept(UNKNOWN_CONTENT, 1), *described))  # refused before it comes, if at all
    try:
        kept = await store.keep(request.stream(), media_type, said_bytes or 0)
    except ClientDisconnect:
        return Response(status_code=400)  # to nobody
    call = call_of(request, idempotency_key, f"{request.url.query} {kept.sha256}")
    command = _attach(run_id, call, kept, *described)
    return await call.do(Ask((run_id,), command), lambda outcome: _shown(outcome, command), status=201)


@router.get("/runs/{run_id}/files", **needs("read"))
async def list_files(run_id: RunId, queries: Queries) -> dict[str, Any]:
    """Every file of the run and its steps."""
    run = (await queries.run(run_id)).state
    return {"items": [file_view(one, step_id) for step_id, one in files_of(run)]}


@router.get("/runs/{run_id}/files/{sha256}", response_class=StreamingResponse, **needs("read"))
async def download_file(
    run_id: RunId,
    sha256: Digest,
    request: Request,
    queries: Queries,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The content of a file of the run. It never changes: its ETag is its SHA-256."""
    file = _file((await queries.run(run_id)).state, sha256)
    return await download(request, sha256, file.name, file.media_type, if_none_match)


def _attach(
    run_id: str, call: Call, kept: Kept, name: str, media_type: str, step_id: str | None, field_id: str | None
) -> commands.AttachFile:
    return commands.AttachFile(
        run_id, call.by, call.at, kept.sha256, name, media_type, kept.size_bytes, step_id, field_id
    )


def _file(run: Run, sha256: str) -> AttachedFile:
    """The file of that content; one that is kept here, where there are several."""
    found = [one for _, one in files_of(run) if one.sha256 == sha256]
    if not found:
        raise NotFound(what="file", which=sha256)
    here = next((one for one in found if one.uri is None), None)
    if here is None:
        raise FileElsewhere(name=found[0].name, uri=found[0].uri)
    return here


def _shown(outcome: Outcome, command: commands.AttachFile) -> dict[str, Any]:
    """The file as it is attached now; of a refused one, nothing besides the refusal."""
    if outcome.refusal is not None:
        return {}
    wanted = (command.step_id, command.sha256, command.name, command.field_id)
    return next(
        file_view(one, step_id)
        for step_id, one in files_of(outcome.state)
        if (step_id, one.sha256, one.name, one.field_id) == wanted
    )
