"""A webhook receiver as an ERP would have one: checks each delivery's signature with the `standardwebhooks` library."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self

from standardwebhooks import Webhook, WebhookVerificationError

LONGEST_BODY = 4_194_304


class Receiver:
    """Listens on a free port, and keeps what came with a good signature."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        """``host``: this machine's name as the notification service sees it."""
        self.verified: list[dict[str, Any]] = []
        self.refused: list[str] = []
        self.secret: str | None = None
        self.endpoint_id: str | None = None
        listen_on = "127.0.0.1" if host == "127.0.0.1" else "0.0.0.0"  # noqa: S104 - a container comes from outside
        self._server = ThreadingHTTPServer((listen_on, 0), _handler(self))
        self.url = f"http://{host}:{self._server.server_port}/erp"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, name="receiver", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, body: bytes, headers: dict[str, str]) -> int:
        """Check one delivery; the HTTP status to answer."""
        try:
            Webhook(self.secret or "").verify(body, headers)
        except (WebhookVerificationError, ValueError) as error:
            self.refused.append(str(error))
            return 401
        event = json.loads(body)
        self.verified.append({"webhook-id": headers["webhook-id"], **event})
        return 204


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = min(int(self.headers.get("content-length", 0)), LONGEST_BODY)
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(receiver.take(self.rfile.read(length), headers))
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing: the demo tells."""

    return Handler
