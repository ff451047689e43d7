"""OpenTelemetry: traces over OTLP where a collector is set, metrics for Prometheus on `/metrics`."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from secrets import token_hex
from threading import Thread

from opentelemetry import trace
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, TraceFlags

from shared.messaging.watch import Seam

LAST_SPANS_S = 0.7
"""How long the end of a process waits for its last spans to leave."""

MOST_LINKS = 128
"""A batch span links to so many traces at most; the specification's own default bound."""


def start_tracing(service: str, otlp_endpoint: str | None) -> TracerProvider:
    """Trace this process; spans leave it only when a collector is set. `stop_tracing` sends the last ones."""
    provider = TracerProvider(resource=_resource(service), shutdown_on_exit=False)
    if otlp_endpoint:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - 0.1 s

        exporter = OTLPSpanExporter(endpoint=f"{otlp_endpoint.rstrip('/')}/v1/traces")
        provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return provider


def _resource(service: str) -> Resource:
    """Whose traces and metrics these are."""
    return Resource.create({"service.name": f"asbuilt-{service}"})


async def stop_tracing(provider: TracerProvider) -> None:
    """Send the last spans, if the collector takes them at once: one that hangs would keep the process for as long."""
    sending = Thread(target=provider.shutdown, name="last-spans", daemon=True)
    sending.start()
    await asyncio.to_thread(sending.join, LAST_SPANS_S)


def span_context(traceparent: str | None) -> SpanContext | None:
    """The W3C trace context in a `traceparent`; None where it is not one."""
    parts = (traceparent or "").split("-")
    if len(parts) < 4 or len(parts[1]) != 32 or len(parts[2]) != 16:  # noqa: PLR2004 - the W3C's numbers
        return None
    try:
        trace_id, span_id, flags = int(parts[1], 16), int(parts[2], 16), int(parts[3], 16)
    except ValueError:
        return None
    return SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))


def traceparent_of(context: SpanContext) -> str:
    """A span as W3C trace context."""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


@contextmanager
def request_span(name: str, traceparent: str | None) -> Iterator[str]:
    """A span for one request that goes on with the caller's trace; gives its `traceparent`."""
    remote = span_context(traceparent)
    parent = trace.set_span_in_context(NonRecordingSpan(remote)) if remote else None
    tracer = trace.get_tracer("asbuilt")
    with tracer.start_as_current_span(name, context=parent, kind=SpanKind.SERVER) as span:
        context = span.get_span_context()
        yield traceparent_of(context) if context.is_valid else f"00-{token_hex(16)}-{token_hex(8)}-00"


class Telemetry:
    """Listens to the road (`shared.messaging.watch.Watch`) and turns what it hears into spans and metrics."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._tracer = trace.get_tracer("asbuilt")
        self._provider = MeterProvider(metric_readers=[PrometheusMetricReader()], resource=_resource(service))
        meter = self._provider.get_meter("asbuilt")
        self._events = meter.create_counter("asbuilt_events", description="messages by ending")
        self._refusals = meter.create_counter("asbuilt_refusals", description="refusals by code")
        self._sizes = meter.create_histogram("asbuilt_batch_size", description="messages in a batch")
        self._durations = meter.create_histogram("asbuilt_batch_duration_ms", description="time a batch took (ms)")
        self._lag: Mapping[tuple[str, int], int] = {}
        self._outbox = (0, 0.0)
        self._parked: Mapping[str, int] = {}
        meter.create_observable_gauge("asbuilt_consumer_lag", [self._observe_lag], description="records still to read")
        meter.create_observable_gauge(
            "asbuilt_outbox_depth", [self._observe_depth], description="announcements waiting"
        )
        meter.create_observable_gauge("asbuilt_outbox_age_s", [self._observe_age], description="age of the oldest (s)")
        meter.create_observable_gauge("asbuilt_parked", [self._observe_parked], description="records that stand aside")

    def close(self) -> None:
        """Tell Prometheus nothing more."""
        self._provider.shutdown()

    def passed(self, seam: Seam) -> None:
        """See `Watch.passed`; telemetry looks at whole batches only."""

    @contextmanager
    def batch(self, traceparents: Sequence[str]) -> Iterator[None]:
        """See `Watch.batch`: one span, linked to the traces of its messages."""
        contexts = (span_context(one) for one in dict.fromkeys(traceparents))
        links = [Link(context) for context, _ in zip((c for c in contexts if c), range(MOST_LINKS), strict=False)]
        with self._tracer.start_as_current_span(f"{self._service} batch", kind=SpanKind.CONSUMER, links=links):
            yield

    def took(self, size: int, duration_ms: float, endings: Mapping[str, int]) -> None:
        """See `Watch.took`."""
        self._sizes.record(size)
        self._durations.record(duration_ms)
        for ending, count in endings.items():
            if count:
                self._events.add(count, {"service": self._service, "ending": ending})

    def refused(self, code: str) -> None:
        """See `Watch.refused`."""
        self._refusals.add(1, {"service": self._service, "code": code})

    def lag(self, records_by_partition: Mapping[tuple[str, int], int]) -> None:
        """See `Watch.lag`; a partition that is not in it is another process's now, which tells of it."""
        self._lag = records_by_partition

    def outbox(self, depth: int, age_s: float) -> None:
        """See `Watch.outbox`."""
        self._outbox = (depth, age_s)

    def parked(self, count_by_reason: Mapping[str, int]) -> None:
        """See `Watch.parked`."""
        self._parked = count_by_reason

    def _observe_lag(self, _options: CallbackOptions) -> list[Observation]:
        return [Observation(n, {"topic": t, "partition": str(p)}) for (t, p), n in self._lag.items()]

    def _observe_depth(self, _options: CallbackOptions) -> list[Observation]:
        return [Observation(self._outbox[0], {"service": self._service})]

    def _observe_age(self, _options: CallbackOptions) -> list[Observation]:
        return [Observation(self._outbox[1], {"service": self._service})]

    def _observe_parked(self, _options: CallbackOptions) -> list[Observation]:
        return [Observation(n, {"service": self._service, "reason": r}) for r, n in self._parked.items()]
