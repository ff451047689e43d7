"""Health: live while the loop turns and the consumer polls, whatever is away; ready while work can be done."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.runtime.http import public

Check = Callable[[], Awaitable[str | None]]
"""Says what is wrong, or None when all is well."""

CHECK_WITHIN_S = 3.0


def router(live: Mapping[str, Check], ready: Mapping[str, Check]) -> APIRouter:
    """`/healthz/live`, `/healthz/ready` and `/metrics`."""
    routes = APIRouter(tags=["operations"])

    @routes.get("/healthz/live", **public())
    async def is_live() -> Response:
        """Whether the process should go on living."""
        return await _answer(live)

    @routes.get("/healthz/ready", **public())
    async def is_ready() -> Response:
        """Whether the process can do its work now."""
        return await _answer(ready)

    @routes.get("/metrics", **public())
    async def metrics() -> Response:
        """What Prometheus reads."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return routes


async def _answer(checks: Mapping[str, Check]) -> JSONResponse:
    started = monotonic()
    found: dict[str, Any] = {name: await _checked(check) for name, check in checks.items()}
    wrong = {name: reason for name, reason in found.items() if reason is not None}
    document = {
        "status": "unavailable" if wrong else "ok",
        "checks": {name: reason or "ok" for name, reason in found.items()},
        "took_ms": round((monotonic() - started) * 1000, 1),
    }
    return JSONResponse(document, 503 if wrong else 200)


async def _checked(check: Check) -> str | None:
    try:
        return await asyncio.wait_for(check(), timeout=CHECK_WITHIN_S)
    except TimeoutError:
        return f"no answer within {CHECK_WITHIN_S} s"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is wrong
        return f"{type(error).__name__}: {error}"[:300]
