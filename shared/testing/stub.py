"""A service's place taken by canned answers, and the `asbuilt` command run against it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Stub:
    """A service that gives canned answers, and remembers what it was asked."""

    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    asked: list[tuple[str, Any, dict[str, str]]] = field(default_factory=list)
    queries: list[dict[str, list[str]]] = field(default_factory=list)
    port: int = 0

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        what = f"{handler.command} {handler.path.split('?')[0]}"
        body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.queries.append(parse_qs(urlsplit(handler.path).query))
        self.asked.append((what, json.loads(body) if body else None, headers))
        status, document = self.answers[what]
        handler.send_response(status)
        handler.end_headers()
        handler.wfile.write(document if isinstance(document, bytes) else json.dumps(document).encode())


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]
"""Runs the command with some arguments."""


@contextmanager
def standing_in() -> Iterator[Stub]:
    """A stub on a loopback port of its own."""
    one = Stub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            one.answer(self)

        def do_POST(self) -> None:
            one.answer(self)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    one.port = server.server_port
    Thread(target=server.serve_forever, daemon=True).start()
    yield one
    server.shutdown()
    server.server_close()
