"""Logging: one JSON object a line, or colours on a terminal; trace id in every line; secrets masked."""

import logging
import sys
from collections.abc import Callable, MutableMapping
from time import monotonic
from typing import Any

import structlog
from opentelemetry import trace

from shared.runtime.settings import LogFormat

SECRET_WORDS = ("authorization", "password", "secret", "token", "signature")

SELDOM_S = 10.0
"""The same complaint of Kafka's client is heard again after so long."""
REMEMBERED = 1_000
"""Complaints, at most."""


class Seldom(logging.Filter):
    """Lets a library repeat itself every `SELDOM_S` only: aiokafka complains 75 times a second of an outage."""

    def __init__(self, library: str, now: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._library = library
        self._now = now
        self._again_at: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is to be heard."""
        if record.name.partition(".")[0] != self._library:
            return True
        complaint, now = (record.name, str(record.msg)), self._now()
        if now < self._again_at.get(complaint, now):
            return False
        if len(self._again_at) >= REMEMBERED:
            self._again_at.clear()
        self._again_at[complaint] = now + SELDOM_S
        return True


def configure(service: str, level: str, form: LogFormat) -> None:
    """Send everything, libraries included, through one formatter to standard error.

    A trace says where it was and not what the variables held: their values may be secret, and to set them out by `rich`
    takes seconds in which the service does nothing else.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _named(service),
        _traced,
        _masked,
    ]
    is_json = form is LogFormat.JSON or (form is LogFormat.AUTO and not sys.stderr.isatty())
    last: list[Any] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if is_json
        else [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]  # see `configure`
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(Seldom("aiokafka"))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    _quieten()


def _quieten() -> None:
    """Libraries speak when something is wrong; request lines and group chatter are telemetry's business."""
    for name in ("aiokafka", "faststream", "uvicorn.access", "httpx", "httpcore", "alembic.runtime.plugins"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


def _named(service: str) -> Any:
    def add(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["service"] = service
        return event

    return add


def _traced(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = f"{context.trace_id:032x}"
    return event


def _masked(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in event:
        if any(word in name.lower() for word in SECRET_WORDS):
            event[name] = "***"
    return event
