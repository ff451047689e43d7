"""`/endpoints` and `/deliveries`: where webhooks go, what was sent, and how each attempt went."""

from base64 import b64encode
from datetime import timedelta
from secrets import token_bytes
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from pydantic import Field, SecretStr

from services.notification.adapters.queries import EndpointQueries
from services.notification.adapters.views import answered, answered_with_secret, endpoint_view
from services.notification.domain import commands
from services.notification.domain.decide import SECRET_PREFIX
from services.notification.domain.target import TargetPolicy
from services.notification.handlers import OFFERED
from shared.contracts.base import Id, Name, Text
from shared.messaging.messages import Ask
from shared.messaging.walk import Outcome
from shared.runtime.bodies import RequestBody
from shared.runtime.http import Calling, needs
from shared.runtime.ids import new_id
from shared.runtime.pages import Paging

router = APIRouter(tags=["webhooks"])

SECRET_BYTES = 32

Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2_000,
        examples=["https://erp.example.com/asbuilt"],
        description="where deliveries are posted to",
    ),
]
Patterns = Annotated[
    list[Name],
    Field(
        min_length=1,
        max_length=100,
        examples=[["run.completed", "run.reopened"]],
        description="types without `asbuilt.` and version, `*` for any characters: `run.completed`, `run.*`, `*`",
    ),
]
Key = Annotated[
    SecretStr, Field(max_length=200, description="`whsec_` and 24 to 64 bytes in base64; made when left out")
]
EndpointId = Annotated[Id, Path(examples=["019be2c4-a1b0-7d55-9c1e-0f4b8a7e2d61"])]
DeliveryId = Annotated[Id, Path(examples=["019be2c4-b3c1-7e66-8d2f-1a5c9b8f3e72"])]
State = Literal["waiting", "delivered", "given_up", "skipped"]


class Registration(RequestBody):
    """A new endpoint."""

    url: Url
    description: Annotated[Text, Field(examples=["the ERP"])] = ""
    events: Patterns
    secret: Key | None = None


class Change(RequestBody):
    """What is to change; the rest stays."""

    url: Url | None = None
    description: Text | None = None
    events: Patterns | None = None


class Rotation(RequestBody):
    """A new secret; the one before signs beside it for a while."""

    secret: Key | None = None
    old_for_s: int = Field(
        86_400, examples=[3600], ge=0, le=2_592_000, description="how long the secret before signs too (s)"
    )


class Disabling(RequestBody):
    """Why nothing is to be sent any more."""

    reason: Annotated[Text, Field(min_length=1, examples=["The ERP is being replaced."])]


class Enabling(RequestBody):
    """What of that which waited is sent."""

    recover: bool = Field(
        default=True, examples=[True], description="send what waited; else only what comes from now on"
    )


def _queries(request: Request) -> EndpointQueries:
    queries: EndpointQueries = request.app.state.queries
    return queries


def _policy(request: Request) -> TargetPolicy:
    policy: TargetPolicy = request.app.state.target_policy
    return policy


Queries = Annotated[EndpointQueries, Depends(_queries)]
Policy = Annotated[TargetPolicy, Depends(_policy)]


@router.post("/endpoints", status_code=201, **needs("webhook:manage"))
async def register_endpoint(given: Registration, call: Calling, policy: Policy) -> Response:
    """Register an endpoint. The answer shows its secret, once."""
    endpoint_id = new_id()
    command = commands.RegisterEndpoint(
        call.by,
        call.at,
        endpoint_id,
        given.url,
        given.description,
        tuple(given.events),
        _secret(given.secret),
        OFFERED,
        policy,
    )
    return await call.do(Ask((endpoint_id,), command), answered_with_secret, status=201)


@router.patch("/endpoints/{endpoint_id}", **needs("webhook:manage"))
async def change_endpoint(endpoint_id: EndpointId, given: Change, call: Calling, policy: Policy) -> Response:
    """Change where an endpoint is, or what it subscribes to."""
    events = None if given.events is None else tuple(given.events)
    command = commands.ChangeEndpoint(
        call.by,
        call.at,
        endpoint_id,
        given.url,
        given.description,
        events,
        OFFERED,
        policy,
    )
    return await call.do(Ask((endpoint_id,), command), answered)


@router.post("/endpoints/{endpoint_id}/secret", **needs("webhook:manage"))
async def rotate_secret(endpoint_id: EndpointId, given: Rotation, call: Calling) -> Response:
    """Sign with a new secret, shown once; for a while both sign, so that the receiver can change over."""
    old_until = call.at + timedelta(seconds=given.old_for_s)
    command = commands.RotateSecret(call.by, call.at, endpoint_id, _secret(given.secret), old_until)
    return await call.do(Ask((endpoint_id,), command), answered_with_secret)


@router.post("/endpoints/{endpoint_id}/disable", **needs("webhook:manage"))
async def disable_endpoint(endpoint_id: EndpointId, given: Disabling, call: Calling) -> Response:
    """Send nothing more to an endpoint. What comes waits until it is enabled, or is forgotten after some weeks."""
    command = commands.DisableEndpoint(call.by, call.at, endpoint_id, given.reason)
    return await call.do(Ask((endpoint_id,), command), answered)


@router.post("/endpoints/{endpoint_id}/enable", **needs("webhook:manage"))
async def enable_endpoint(endpoint_id: EndpointId, given: Enabling, call: Calling) -> Response:
    """Send to an endpoint again."""
    command = commands.EnableEndpoint(call.by, call.at, endpoint_id, given.recover)
    return await call.do(Ask((endpoint_id,), command), answered)


@router.get("/endpoints", **needs("read"))
async def list_endpoints(queries: Queries, page: Paging) -> dict[str, Any]:
    """Endpoints in the order in which they were registered."""
    found = await queries.endpoints(page)
    return page.of(found, lambda row: [row[0]], lambda row: endpoint_view(row[1]))


@router.get("/endpoints/{endpoint_id}", **needs("read"))
async def show_endpoint(endpoint_id: EndpointId, queries: Queries) -> dict[str, Any]:
    """One endpoint, and how much waits for it."""
    return {**endpoint_view(await queries.endpoint(endpoint_id)), **await queries.waiting(endpoint_id)}


@router.get("/endpoints/{endpoint_id}/deliveries", **needs("read"))
async def list_deliveries(
    endpoint_id: EndpointId,
    queries: Queries,
    page: Paging,
    state: Annotated[State | None, Query(examples=["waiting"])] = None,
) -> dict[str, Any]:
    """The deliveries of an endpoint, the newest first."""
    await queries.endpoint(endpoint_id)
    return await queries.deliveries(endpoint_id, page, state)


@router.get("/deliveries/{delivery_id}", **needs("read"))
async def show_delivery(delivery_id: DeliveryId, queries: Queries) -> dict[str, Any]:
    """One delivery, by its `webhook-id`, with every attempt."""
    return await queries.delivery(delivery_id)


@router.post("/deliveries/{delivery_id}/resend", status_code=202, **needs("webhook:manage"))
async def resend_delivery(delivery_id: DeliveryId, call: Calling) -> Response:
    """Send a delivery once more, under the same `webhook-id`; later ones of its key wait for it."""

    def said(outcome: Outcome) -> dict[str, Any]:
        return {} if outcome.refusal is not None else {"delivery_id": delivery_id, "state": "waiting"}

    return await call.do(Ask((delivery_id,), commands.Resend(call.by, call.at, delivery_id)), said, status=202)


def _secret(given: SecretStr | None) -> str:
    if given is not None:
        return given.get_secret_value()
    return SECRET_PREFIX + b64encode(token_bytes(SECRET_BYTES)).decode()
