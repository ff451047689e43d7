"""HTTP as all services speak it: problem documents, permissions, idempotency keys, trace context.

Errors are RFC 9457 problem documents with ``code``, ``obstacle``, ``resolve`` and ``traceparent``.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import structlog
from asyncpg.exceptions import PostgresError
from fastapi import Depends, FastAPI, Header, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute, iter_route_contexts
from rfc9457 import Problem
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as AsgiMessage

from shared.contracts.envelope import MAX_EVENT_BYTES
from shared.kernel import Actor, RefusalKind, Refused
from shared.messaging.messages import Ask
from shared.messaging.road import Answer, Road, command, fingerprint_of
from shared.messaging.transaction import Conflict
from shared.messaging.walk import Allows, Outcome
from shared.runtime.database import is_waiting
from shared.runtime.identity import Caller, Identity, KeysAway, TokenRefused
from shared.runtime.ids import new_id
from shared.runtime.problems import PROBLEM, PROBLEMS
from shared.runtime.slashes import Slashes
from shared.runtime.telemetry import request_span

PERMISSION = "x-permission"
"""The member of a route's OpenAPI that names the permission it needs; ``public`` for none."""

STATUS = {
    RefusalKind.CONFLICT: 409,
    RefusalKind.FORBIDDEN: 403,
    RefusalKind.UNKNOWN: 404,
    RefusalKind.INVALID: 422,
    RefusalKind.TOO_LARGE: 413,
    RefusalKind.UNSUPPORTED: 415,
}

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Guard:
    """Who may do what, for one service."""

    identity: Identity
    allows: Allows


class Away(Exception):
    """Something besides the database that this service needs does not answer."""

    what = "Something that this service needs"


class NotFound(Refused):
    """There is no {what} {which}."""

    code = "not-found"
    kind = RefusalKind.UNKNOWN
    resolve = "Check the id."


class UnknownParameter(Refused):
    """There is no parameter {name} here."""

    code = "unknown-parameter"
    kind = RefusalKind.INVALID
    resolve = "Use one of its parameters: {known}."


def needs(permission: str) -> dict[str, Any]:
    """The keyword arguments of a route that needs a permission: ``@router.get(path, **needs("read"))``."""

    async def permit(request: Request) -> None:
        guard: Guard = request.app.state.guard
        caller = await _caller(request, guard)
        if not guard.allows(caller.roles, permission):
            raise Forbidden(permission)
        request.state.caller = caller
        check_parameters(request)

    return {"dependencies": [Depends(permit)], "openapi_extra": {PERMISSION: permission}, "responses": {**PROBLEMS}}


def check_parameters(request: Request) -> None:
    """A filter that is misspelled would be left out, and everything listed.

    :raises UnknownParameter: naming those that the route knows.
    """
    if request.query_params:
        route: APIRoute = request.scope["route"]
        known = set(_parameters(route.dependant))
        for name in request.query_params:
            if name not in known:
                raise UnknownParameter(name=name, known=", ".join(sorted(known)) or "it has none")


def _parameters(dependant: Dependant) -> Iterator[str]:
    """The names of the query parameters of a route, and of what it depends on."""
    yield from (one.alias for one in dependant.query_params)
    for other in dependant.dependencies:
        yield from _parameters(other)


def public() -> dict[str, Any]:
    """The keyword arguments of a route that anybody may call: health, metrics."""
    return {"openapi_extra": {PERMISSION: "public"}}


class Forbidden(Exception):
    """The caller lacks a permission."""

    def __init__(self, permission: str) -> None:
        self.permission = permission
        super().__init__(permission)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a known person: everything that a command needs besides its own words."""

    caller: Caller
    allows: Allows
    road: Road
    at: datetime
    request_id: str
    fingerprint: str | None
    """What tells its words from others; None where it has no idempotency key, and so cannot be repeated."""
    traceparent: str

    @property
    def by(self) -> Actor:
        """The caller as the domain names people, and machines."""
        return self.caller.actor

    @property
    def roles(self) -> frozenset[str]:
        """What the caller holds."""
        return self.caller.roles

    def permit(self, permission: str) -> None:
        """Go on only with one permission more than the route's.

        :raises Forbidden: naming it.
        """
        if not self.allows(self.roles, permission):
            raise Forbidden(permission)

    async def do(self, ask: Ask[Any], answer: Callable[[Outcome], Mapping[str, Any]], status: int = 200) -> Response:
        """Take the command down the road and say how it ended.

        ``answer`` gives the document of a yes; of a no it gives what the problem document carries besides.
        """

        def said(outcome: Outcome) -> Answer:
            document = answer(outcome)
            if outcome.refusal is None:
                return Answer(status, document)
            refusal = problem_of(outcome.refusal, self.traceparent)
            return Answer(refusal["status"], {**refusal, **document})

        message = command(
            type(ask.command).__name__,
            ask,
            by=self.by,
            roles=self.roles,
            at=self.at,
            request_id=self.request_id,
            traceparent=self.traceparent,
        )
        given = await self.road.command(message, self.fingerprint, said)
        headers = {"idempotent-replay": "true"} if given.is_repeated else {}
        media_type = PROBLEM if given.status >= 400 else "application/json"  # noqa: PLR2004 - HTTP's errors
        return JSONResponse(given.document, given.status, headers, media_type)


IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Repeat a call with the same key and it is done once; the answer is the first one.",
    ),
]


async def _call(request: Request, idempotency_key: IdempotencyKey = None) -> Call:
    return call_of(request, idempotency_key, _canonical(await request.body()))


def call_of(request: Request, idempotency_key: str | None, body: str) -> Call:
    """The call of a request, of which ``body`` tells one from another: its document, or the digest of a file."""
    words = (request.method, request.url.path, body)
    return Call(
        caller=request.state.caller,
        allows=request.app.state.guard.allows,
        road=request.app.state.road,
        at=datetime.now(UTC),
        request_id=idempotency_key or new_id(),
        fingerprint=None if idempotency_key is None else fingerprint_of(*words),
        traceparent=request.state.traceparent,
    )


Calling = Annotated[Call, Depends(_call)]
"""The parameter type of a route that changes something."""


def make_app(
    title: str,
    description: str,
    guard: Guard,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]],
) -> FastAPI:
    """A service's HTTP application, with its conventions; routes are added by the service."""
    app = FastAPI(
        title=title,
        description=description,
        lifespan=lifespan,
        redoc_url=None,
        max_body_size=MAX_EVENT_BYTES,
        telemetry={"tracing": False, "operation_spans": False, "logs": False},  # `Traced` has one span a request
    )
    app.state.guard = guard
    app.add_middleware(Slashes)
    app.add_middleware(Traced)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(TokenRefused, _token_refused)
    app.add_exception_handler(KeysAway, _keys_away)
    app.add_exception_handler(Away, _something_away)
    app.add_exception_handler(Forbidden, _forbidden)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    for away in (DBAPIError, PoolTimeout, PostgresError, OSError, Conflict):
        app.add_exception_handler(away, _away)
    app.add_exception_handler(Exception, _unexpected)
    return app


def check_permissions(app: FastAPI) -> None:
    """Every route says what it needs.

    :raises LookupError: naming a route that does not.
    """
    for route in iter_route_contexts(app.routes):  # included routers are looked into; app.routes alone shows none
        if isinstance(route.original_route, APIRoute) and PERMISSION not in (route.openapi_extra or {}):
            raise LookupError(f"{route.path} names no permission")


def problem_of(refused: Refused, traceparent: str) -> dict[str, Any]:
    """A refusal as a problem document."""
    return _problem(STATUS[refused.kind], refused.code, refused.obstacle, refused.resolution, traceparent)


class Traced:
    """Gives every request a span, goes on with the caller's trace, and names it in the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"traceparent", b"").decode("latin-1")
        with request_span(f"{scope['method']} {scope['path']}", given or None) as traceparent:
            scope.setdefault("state", {})["traceparent"] = traceparent

            async def send_traced(message: AsgiMessage) -> None:
                if message["type"] == "http.response.start":
                    message["headers"] = [*message["headers"], (b"traceparent", traceparent.encode())]
                await send(message)

            await self._app(scope, receive, send_traced)


async def _caller(request: Request, guard: Guard) -> Caller:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise TokenRefused("A bearer token is needed: Authorization: Bearer …")
    return await guard.identity.caller(token.strip())


def _canonical(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body), sort_keys=True)
    except ValueError:
        return body.hex()


def _problem(status: int, code: str, obstacle: str, resolve: str, traceparent: str, **more: Any) -> dict[str, Any]:
    problem = Problem(
        title=code.replace("-", " ").capitalize(),
        type_=f"urn:asbuilt:problem:{code}",
        detail=obstacle,
        status=status,
        code=code,
        obstacle=obstacle,
        resolve=resolve,
        traceparent=traceparent,
        **more,
    )
    return problem.marshal()


def _respond(request: Request, status: int, code: str, obstacle: str, resolve: str, **more: Any) -> JSONResponse:
    traceparent = getattr(request.state, "traceparent", "")
    document = _problem(status, code, obstacle, resolve, traceparent, **more)
    return JSONResponse(document, status, media_type=PROBLEM)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101 - registered for it
    document = problem_of(error, request.state.traceparent)
    return JSONResponse(document, document["status"], media_type=PROBLEM)


async def _token_refused(request: Request, error: Exception) -> Response:
    resolve = "Send a valid token of the configured issuer."
    response = _respond(request, 401, "token-refused", str(error), resolve)
    response.headers["www-authenticate"] = "Bearer"
    return response


async def _keys_away(request: Request, error: Exception) -> Response:
    _log.warning("keys away", because=str(error))
    obstacle = "The identity provider's keys cannot be had, so no token can be checked."
    response = _respond(request, 503, "try-again", obstacle, "Try again in a moment.")
    response.headers["retry-after"] = "5"
    return response


async def _forbidden(request: Request, error: Exception) -> Response:
    assert isinstance(error, Forbidden)  # noqa: S101 - registered for it
    obstacle = f"This needs the permission {error.permission}, which none of your roles has."
    resolve = f"Ask someone whose role has {error.permission}."
    return _respond(request, 403, "permission-missing", obstacle, resolve, permission=error.permission)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    wrong = [f"{'.'.join(map(str, one['loc']))}: {one['msg'].removeprefix('Value error, ')}" for one in error.errors()]
    obstacle = "; ".join(wrong[:10])
    return _respond(request, 422, "request-invalid", obstacle, "Correct what is named and send it again.")


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    code = {404: "not-found", 405: "method-not-allowed", 413: "request-too-large"}.get(error.status_code, "http-error")
    return _respond(request, error.status_code, code, str(error.detail), "See /docs for what there is.")


async def _away(request: Request, error: Exception) -> Response:
    if not is_waiting(error):
        raise error
    _log.warning("try again", path=request.url.path, because=f"{type(error).__name__}: {error}"[:500])
    response = _respond(request, 503, "try-again", "The database is away.", "Try again in a moment.")
    response.headers["retry-after"] = "2"
    return response


async def _something_away(request: Request, error: Exception) -> Response:
    assert isinstance(error, Away)  # noqa: S101 - registered for it
    _log.warning("try again", path=request.url.path, because=str(error)[:500])
    response = _respond(request, 503, "try-again", f"{error.what} is away.", "Try again in a moment.")
    response.headers["retry-after"] = "2"
    return response


async def _unexpected(request: Request, error: Exception) -> Response:
    traceparent = getattr(request.state, "traceparent", "")
    _log.error("unexpected", path=request.url.path, traceparent=traceparent, exc_info=error)
    return _respond(request, 500, "unexpected", "Something went wrong on our side.", "Report the traceparent.")
