"""An endpoint that somebody else runs, and a notification service that delivers to it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from shared.testing.conditions import eventually
from shared.testing.databases import Databases
from shared.testing.kafka import Kafka
from shared.testing.plant import PlantUnderTest
from shared.testing.topics import Publisher, Sent, event

WITHIN_S = 20.0


@dataclass(frozen=True)
class Received:
    """A request that arrived: ``number`` says how often its `webhook-id` has, from 1."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    number: int

    @property
    def webhook_id(self) -> str:
        """Which delivery it is."""
        return self.headers["webhook-id"]


@dataclass
class Said:
    """What the endpoint answers; ``after`` holds the answer back until it is set."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    after: Event | None = None


class Receiver:
    """An HTTP server on a loopback port. `answer` may be replaced at any time."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answer: Callable[[Received], Said] = lambda _: Said()
        self._lock = Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Where webhooks may be posted to."""
        return f"http://127.0.0.1:{self.port}/hooks"

    @property
    def bodies(self) -> list[bytes]:
        """What arrived, in order."""
        return [one.body for one in self.received]

    def wait(self, count: int) -> list[Received]:
        """Wait until so many requests arrived."""
        eventually(lambda: len(self.received) >= count, WITHIN_S, f"{count} requests arrive")
        return list(self.received)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> Said:
        """A request arrived."""
        with self._lock:
            number = 1 + sum(one.webhook_id == headers["webhook-id"] for one in self.received)
            one = Received(path, headers, body, number)
            self.received.append(one)
        return self.answer(one)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                said = receiver.take(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                if said.after is not None:
                    said.after.wait(WITHIN_S * 3)
                self.send_response(said.status)
                for name, value in said.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(said.body)))
                self.end_headers()
                self.wfile.write(said.body)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


@dataclass
class Webhooks:
    """A notification service, and what an admin and the other services do with it."""

    plant: PlantUnderTest
    registered: list[str] = field(default_factory=list)

    def client(self) -> httpx.Client:
        """HTTP as an admin."""
        return self.plant.client("notification", "admin", person="w.admin")

    def post(self, path: str, document: Mapping[str, Any] | None = None, status: int = 200) -> dict[str, Any]:
        """The answer to a command, which must have this status."""
        with self.client() as client:
            answer = client.post(path, json=document or {})
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    def get(self, path: str) -> dict[str, Any]:
        """A document."""
        with self.client() as client:
            answer = client.get(path)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def register(self, url: str, *patterns: str) -> dict[str, Any]:
        """A registered endpoint, with its secret."""
        endpoint = self.post("/endpoints", {"url": url, "events": list(patterns) or ["*"]}, 201)
        self.registered.append(endpoint["endpoint_id"])
        return endpoint

    def retire(self) -> None:
        """Disable every endpoint that was registered."""
        while self.registered:
            self.post(f"/endpoints/{self.registered.pop()}/disable", {"reason": "The test is over."})

    def deliveries(self, endpoint_id: str) -> list[dict[str, Any]]:
        """What is queued for an endpoint or was sent to it, the newest first."""
        items: list[dict[str, Any]] = self.get(f"/endpoints/{endpoint_id}/deliveries?limit=500")["items"]
        return items

    def delivery(self, delivery_id: str) -> dict[str, Any]:
        """A delivery with its attempts."""
        return self.get(f"/deliveries/{delivery_id}")

    def wait_state(self, delivery_id: str, state: str) -> dict[str, Any]:
        """Wait until a delivery is in this state."""
        eventually(lambda: self.delivery(delivery_id)["state"] == state, WITHIN_S, f"{delivery_id} is {state}")
        return self.delivery(delivery_id)

    def announce(self, *keys: str) -> list[Sent]:
        """Other services announce one event for each key (a unit), in this order."""
        by = {"machine": "urn:asbuilt:inventory"}
        sent = [
            event("asbuilt.unit.freed.v1", {"by": by, "unit_id": key, "run_id": f"R-{number}"})
            for number, key in enumerate(keys)
        ]
        self.plant.publish.all(sent)
        return sent


def verified(received: Received, secret: str) -> Any:
    """The event in a request, whose signature must be good."""
    return Webhook(secret).verify(received.body, dict(received.headers))


@pytest.fixture
def make_receiver() -> Iterator[Callable[[], Receiver]]:
    """A factory of endpoints."""
    made: list[Receiver] = []

    def make() -> Receiver:
        made.append(Receiver())
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def receiver(make_receiver: Callable[[], Receiver]) -> Receiver:
    """One endpoint."""
    return make_receiver()


@pytest.fixture
def verify() -> Callable[[Received, str], Any]:
    """The event in a request whose signature is good for a secret."""
    return verified


@pytest.fixture
def said() -> type[Said]:
    """How an endpoint answers."""
    return Said


SETTINGS = {
    "ASBUILT_WEBHOOK_ALLOW_HTTP": "true",
    "ASBUILT_WEBHOOK_ALLOWED_NETWORKS": '["127.0.0.0/8"]',
    "ASBUILT_WEBHOOK_RETRY_INITIAL_MS": "50",
    "ASBUILT_WEBHOOK_RETRY_MAX_MS": "200",
    "ASBUILT_WEBHOOK_TIMEOUT_MS": "60000",
}
"""Loopback may be reached, and pauses are short; an endpoint that hangs does so for longer than any test."""


@pytest.fixture(scope="module")
def served(directory: Path, kafka: Kafka, databases: Databases, publish: Publisher) -> Iterator[Webhooks]:
    """One service for all tests that leave it as it is. Endpoints have ids of their own, so another may run beside."""
    plant = PlantUnderTest(directory / "deliveries", kafka.address, databases, publish, is_alone=False)
    plant.settings |= SETTINGS
    plant.serve("notification")
    yield Webhooks(plant)
    plant.stop()


@pytest.fixture
def webhooks(served: Webhooks) -> Iterator[Webhooks]:
    """The service; endpoints that a test registers are disabled after it."""
    yield served
    served.retire()


@pytest.fixture
def own(plant: PlantUnderTest) -> Webhooks:
    """A service of the test's own, not started yet: `own.plant.serve("notification", …)`."""
    plant.settings |= SETTINGS
    plant.is_alone = False
    return Webhooks(plant)
