"""The history as HTTP shows it."""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

LISTED = (
    "position",
    "happened_at",
    "recorded_at",
    "event_type",
    "person",
    "machine",
    "run_id",
    "step_id",
    "unit_id",
    "parent_unit_id",
    "issue_id",
    "event_id",
    "event_source",
    "trace_id",
    "topic",
    "partition",
    "record_offset",
    "unreadable",
    "detail",
)
"""What a list shows of an entry, besides what the event says."""

STRUCTURED = ("specversion", "data")
"""What a body has that is a whole CloudEvent, not only its data."""


def entry_view(row: Mapping[str, Any]) -> dict[str, Any]:
    """An entry: when, who, what, about what, where it came from; ``data`` is what the event says, None where that
    is no JSON or too large for a list.
    """
    shown = {name: row[name] for name in LISTED}
    shown["type"] = shown.pop("event_type")
    shown["offset"] = shown.pop("record_offset")
    return {**shown, "data": _data(row["value"]), "size_bytes": row["size_bytes"]}


def record_view(row: Mapping[str, Any]) -> dict[str, Any]:
    """A record as it came: key, body and headers in base64, the body as text too."""
    key, value = row["key"], row["value"]
    return {
        **entry_view({**row, "size_bytes": None if value is None else len(value)}),
        "timestamp_ms": row["record_timestamp"],
        "key_base64": _base64(key),
        "value_base64": _base64(value),
        "value_text": None if value is None else value.decode(errors="replace"),
        "headers": [_header(*one) for one in row["headers"]],
    }


def _header(name: str, value: str | None, exact: str | None = None) -> dict[str, str | None]:
    """A name that is no plain text is told as a person reads it, and in base64 as well."""
    return {"name": name, "value_base64": value} | ({} if exact is None else {"name_base64": exact})


def _data(value: bytes | None) -> Any:
    """Numbers with a fraction as text, so that their digits stay."""
    if value is None:
        return None
    try:
        document = json.loads(value, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    is_whole_event = isinstance(document, dict) and all(name in document for name in STRUCTURED)
    return document["data"] if is_whole_event else document


def _base64(given: bytes | None) -> str | None:
    return None if given is None else b64encode(given).decode()
