"""One attempt: an event posted to an endpoint, signed as Standard Webhooks say, over a guarded connection.

Each endpoint has a client and so a pool of connections of its own. Which address a name leads to is checked when
it is connected to, and the connection goes to just that address (`httpx-secure`).
"""

import asyncio
import ssl
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import perf_counter

import httpx
from httpx_secure import httpx_ssrf_protection
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, SpanKind
from opentelemetry.util.types import AttributeValue
from standardwebhooks import Webhook

from services.notification.adapters.desk import Due
from services.notification.domain.refusals import TargetRefused
from services.notification.domain.retry import Answer
from services.notification.domain.target import TargetPolicy, bare
from shared.runtime.telemetry import span_context, traceparent_of

KEPT_BYTES = 1_024
"""How much of an answer is read and logged."""
MOST_CLIENTS = 500
NAMES_FOR_S = 30.0
"""How long a looked-up name is trusted; its address was checked, and only new connections use it."""
USER_AGENT = "Asbuilt-Webhook/1"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What an attempt got, and its first bytes; ``duration_ms`` is how long it took."""

    answer: Answer
    text: str | None
    started_at: datetime
    duration_ms: float


class Courier:
    """Makes attempts. Never raises for what an endpoint does."""

    def __init__(self, policy: TargetPolicy, *, timeout_s: float, connect_timeout_s: float, concurrency: int) -> None:
        """``concurrency``: requests at once to one endpoint, at most."""
        self._policy = policy
        self._timeout_s = timeout_s
        self._timeouts = httpx.Timeout(timeout_s, connect=connect_timeout_s)
        self._limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
        self._tls = ssl.create_default_context()
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._busy: Counter[str] = Counter()

    async def attempt(self, due: Due) -> Attempt:
        """Post a delivery once. Bounded in time; of the answer only the first bytes are read."""
        started_at, started = datetime.now(UTC), perf_counter()
        endpoint_id = due.endpoint.endpoint_id
        self._busy[endpoint_id] += 1
        try:
            async with asyncio.timeout(self._timeout_s):
                answer, text = await self._post(await self._client(endpoint_id), due, started_at)
        except TimeoutError:
            answer, text = Answer(error=f"No answer within {self._timeout_s:g} s."), None
        except (httpx.HTTPError, httpx.InvalidURL, TargetRefused, OSError, ValueError) as error:
            told = f"{error}".replace(due.endpoint.url, bare(due.endpoint.url))
            answer, text = Answer(error=f"{type(error).__name__}: {told}"[:500]), None
        finally:
            self._busy[endpoint_id] -= 1
        return Attempt(answer, text, started_at, round((perf_counter() - started) * 1000, 3))

    async def close(self) -> None:
        """Close every connection."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.aclose()

    async def _post(self, client: httpx.AsyncClient, due: Due, now: datetime) -> tuple[Answer, str | None]:
        self._policy.check(due.endpoint.url)
        with _span(due) as traceparent:
            headers = {**signed(due, now), "traceparent": traceparent}
            async with client.stream("POST", due.endpoint.url, content=due.delivery.body, headers=headers) as response:
                text = await _first_bytes(response)
                asked_ms = retry_after_ms(response.headers.get("retry-after"), now)
                trace.get_current_span().set_attribute("http.response.status_code", response.status_code)
        return Answer(response.status_code, retry_after_ms=asked_ms), text

    async def _client(self, endpoint_id: str) -> httpx.AsyncClient:
        client = self._clients.pop(endpoint_id, None) or self._make_client()
        self._clients[endpoint_id] = client
        if len(self._clients) > MOST_CLIENTS:
            idle = next((one for one in self._clients if not self._busy[one]), None)
            if idle is not None:
                await self._clients.pop(idle).aclose()
        return client

    def _make_client(self) -> httpx.AsyncClient:
        client = httpx.AsyncClient(
            verify=self._tls,
            timeout=self._timeouts,
            limits=self._limits,
            follow_redirects=False,
            trust_env=False,
        )
        return httpx_ssrf_protection(
            client,
            check_globally_reachable=False,  # the policy decides, because it may list private networks
            custom_validator=lambda _host, address, _port: self._policy.reaches(address),
            dns_cache_ttl=NAMES_FOR_S,
        )


def signed(due: Due, now: datetime) -> Mapping[str, str]:
    """The headers of a delivery: id, time and signatures, one for each secret that is alive."""
    delivery = due.delivery
    body = delivery.body.decode()
    signatures = [Webhook(one).sign(delivery.delivery_id, now, body) for one in due.endpoint.live_secrets(now)]
    return {
        "content-type": "application/cloudevents+json; charset=UTF-8",
        "user-agent": USER_AGENT,
        "accept-encoding": "identity",
        "webhook-id": delivery.delivery_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def retry_after_ms(header: str | None, now: datetime) -> int | None:
    """What an endpoint asks for, in seconds or as a date; None where it asks for nothing that is understood."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return int(header.strip()[:9]) * 1000
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0, int((moment - now).total_seconds() * 1000))


async def _first_bytes(response: httpx.Response) -> str:
    kept = bytearray()
    async for chunk in response.aiter_raw():
        kept += chunk
        if len(kept) >= KEPT_BYTES:
            break
    return bytes(kept[:KEPT_BYTES]).decode(errors="replace").replace("\x00", "\\x00")


@contextmanager
def _span(due: Due) -> Iterator[str]:
    """A span for one attempt that goes on with the event's trace; gives its `traceparent`."""
    delivery = due.delivery
    remote = span_context(delivery.traceparent)
    parent = trace.set_span_in_context(NonRecordingSpan(remote)) if remote else Context()
    attributes: dict[str, AttributeValue] = {
        "messaging.message.id": delivery.event_id,
        "asbuilt.event.type": delivery.event_type,
        "asbuilt.delivery.id": delivery.delivery_id,
        "asbuilt.delivery.attempt": due.attempts + 1,
    }
    tracer = trace.get_tracer("asbuilt")
    with tracer.start_as_current_span("webhook", parent, SpanKind.CLIENT, attributes) as span:
        yield traceparent_of(span.get_span_context())
