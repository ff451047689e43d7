"""HTTP as all services speak it: problem documents, permissions, idempotency keys, trace context.

Errors are RFC 9457 problem documents with ``code``, ``obstacle``, ``resolve`` and ``traceparent``.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as AsgiMessage

from shared.kernel import Actor, RefusalKind, Refused
from shared.messaging.messages import Ask
from shared.messaging.road import Answer, Road, command, fingerprint_of
from shared.messaging.walk import Allows, Outcome
from shared.runtime.docs import serve_docs
from shared.runtime.identity import Caller, Identity, TokenRefused
from shared.runtime.ids import new_id
from shared.runtime.problems import PROBLEM, PROBLEMS
from shared.runtime.saying_no import Forbidden, Limited, problem_of, say_no
from shared.runtime.slashes import Slashes
from shared.runtime.telemetry import request_span

PERMISSION = "x-permission"
"""The member of a route's OpenAPI that names the permission it needs; ``public`` for none."""

BEARER = HTTPBearer(
    scheme_name="token",
    bearerFormat="JWT",
    description="A token of the plant's identity provider; of the embedded plant, `asbuilt token --role lead`.",
    auto_error=False,  # `_caller` says no, in a problem document
)
"""What the page of an API asks for before it calls anything."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Who may do what, for one service."""

    identity: Identity
    allows: Allows


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

    async def permit(
        request: Request, _token: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]
    ) -> None:
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
        docs_url=None,  # `serve_docs` has one
        redoc_url=None,
        telemetry={"tracing": False, "operation_spans": False, "logs": False},  # `Traced` has one span a request
    )
    app.state.guard = guard
    app.add_middleware(Slashes)
    app.add_middleware(Limited)
    app.add_middleware(Traced)
    say_no(app)
    serve_docs(app)
    return app


def check_permissions(app: FastAPI) -> None:
    """Every route says what it needs.

    :raises LookupError: naming a route that does not.
    """
    for route in iter_route_contexts(app.routes):  # included routers are looked into; app.routes alone shows none
        if isinstance(route.original_route, APIRoute) and PERMISSION not in (route.openapi_extra or {}):
            raise LookupError(f"{route.path} names no permission")


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
