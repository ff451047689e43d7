"""A collector of traces: takes what comes over OTLP, HTTP with protobuf, and keeps the spans."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclass(frozen=True)
class Span:
    """What arrived of a span; ids in hexadecimal, as in a `traceparent`."""

    service: str
    name: str
    trace_id: str
    links: tuple[tuple[str, str], ...]
    """Trace and span of each link."""


@dataclass
class Collector:
    """Where it listens, and what has arrived."""

    url: str = ""
    spans: list[Span] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    """Requests that no collector would take."""


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a loopback port of its own."""
    into = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            is_taken = (self.path, self.headers["content-type"]) == ("/v1/traces", "application/x-protobuf")
            if is_taken:
                into.spans += _spans(gzip.decompress(body) if self.headers["content-encoding"] == "gzip" else body)
            else:
                into.odd.append(f"{self.path} {self.headers['content-type']}")
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200 if is_taken else 415)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    into.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield into
    finally:
        server.shutdown()
        server.server_close()


def _spans(body: bytes) -> Iterator[Span]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        attributes = {one.key: one.value.string_value for one in resource.resource.attributes}
        for scope in resource.scope_spans:
            for one in scope.spans:
                links = tuple((link.trace_id.hex(), link.span_id.hex()) for link in one.links)
                yield Span(attributes["service.name"], one.name, one.trace_id.hex(), links)
