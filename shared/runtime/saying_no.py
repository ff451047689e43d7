"""How HTTP says no: every error is a problem document (RFC 9457), whoever refuses."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from asyncpg.exceptions import InterfaceError, PostgresError
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from rfc9457 import Problem
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as AsgiMessage

from shared.contracts.envelope import MAX_EVENT_BYTES
from shared.kernel import RefusalKind, Refused
from shared.messaging.transaction import Conflict
from shared.runtime.database import is_waiting
from shared.runtime.failures import Away, Failure
from shared.runtime.identity import KeysAway, TokenRefused
from shared.runtime.problems import PROBLEM

STATUS = {
    RefusalKind.CONFLICT: 409,
    RefusalKind.FORBIDDEN: 403,
    RefusalKind.UNKNOWN: 404,
    RefusalKind.INVALID: 422,
    RefusalKind.TOO_LARGE: 413,
    RefusalKind.UNSUPPORTED: 415,
}

HTTP_ERRORS = {
    400: ("request-invalid", "Send one JSON document in UTF-8."),
    404: ("not-found", "See /docs for what there is."),
    405: ("method-not-allowed", "See /docs for what there is."),
    413: (
        "request-too-large",
        f"A body has {MAX_EVENT_BYTES:,} bytes at most: split it, or attach large things as files.",
    ),
}
"""The code of what HTTP itself refuses, and what resolves it."""

_log = structlog.get_logger(__name__)


class Forbidden(Exception):
    """The caller lacks a permission."""

    def __init__(self, permission: str) -> None:
        self.permission = permission
        super().__init__(permission)


def say_no(app: FastAPI) -> None:
    """Whatever an application refuses or fails at is answered with a problem document."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(TokenRefused, _token_refused)
    app.add_exception_handler(KeysAway, _keys_away)
    app.add_exception_handler(Away, _something_away)
    app.add_exception_handler(Failure, _failed)
    app.add_exception_handler(Forbidden, _forbidden)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    for away in (DBAPIError, PoolTimeout, PostgresError, InterfaceError, OSError, Conflict):
        app.add_exception_handler(away, _away)
    app.add_exception_handler(Exception, _unexpected)


def problem_of(refused: Refused, traceparent: str) -> dict[str, Any]:
    """A refusal as a problem document."""
    return _problem(STATUS[refused.kind], refused.code, refused.obstacle, refused.resolution, traceparent)


class Limited:
    """Refuses a body that is too large with a problem document, where Starlette has a line of plain text for it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = RequestBodyLimitMiddleware(app, MAX_EVENT_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        is_said = False

        async def send_problem(message: AsgiMessage) -> None:
            nonlocal is_said
            if _is_in_plain_text(message):
                is_said = True
                response = await _http_error(Request(scope), HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE))
                await response(scope, receive, send)
            elif not is_said:
                await send(message)

        await self._app(scope, receive, send_problem)


def _is_in_plain_text(message: AsgiMessage) -> bool:
    return (
        message["type"] == "http.response.start"
        and message["status"] == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        and (b"content-type", b"text/plain; charset=utf-8") in message["headers"]
    )


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
    obstacle = "; ".join(f"{'.'.join(map(str, one['loc']))}: {_wrong(one)}" for one in error.errors()[:10])
    return _respond(request, 422, "request-invalid", obstacle, "Correct what is named and send it again.")


def _wrong(error: Mapping[str, Any]) -> str:
    return "not known here" if error["type"] == "extra_forbidden" else error["msg"].removeprefix("Value error, ")


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    code, resolve = HTTP_ERRORS.get(error.status_code, ("http-error", "See /docs for what there is."))
    return _respond(request, error.status_code, code, str(error.detail), resolve)


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


async def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, Failure)  # noqa: S101 - registered for it
    _log.error(error.code, path=request.url.path, because=str(error)[:2000])
    return _respond(request, 500, error.code, error.obstacle, error.resolve)


async def _unexpected(request: Request, error: Exception) -> Response:
    traceparent = getattr(request.state, "traceparent", "")
    _log.error("unexpected", path=request.url.path, traceparent=traceparent, exc_info=error)
    return _respond(request, 500, "unexpected", "Something went wrong on our side.", "Report the traceparent.")
