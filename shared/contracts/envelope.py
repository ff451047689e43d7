"""The CloudEvents 1.0 envelope: structured and binary mode in, structured mode out.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jiter
from pydantic import ValidationError
from pydantic_core import to_json

from shared.contracts.base import Contract
from shared.contracts.catalog import CATALOG, Entry

CONTENT_TYPE = b"application/cloudevents+json"
SHOWN = 5
LONGEST = 500
"""Characters of an attribute, at most."""

MAX_EVENT_BYTES = 1_048_576
"""A larger event of a plant system is set aside unread: a measured value or a sign-off is a few hundred bytes."""

MAX_FACT_BYTES = 3_500_000
"""What the services may tell at once: a completion record holds all the evidence of its run. The broker takes 4 MB."""

_BEGINNINGS = {
    name: to_json({"specversion": "1.0", "type": name, "datacontenttype": "application/json"})[:-1] + b","
    for name in CATALOG
}
"""What every event of a type begins with, written once."""

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
"""https://www.w3.org/TR/trace-context/#traceparent-header"""

_BEFORE_TYPE = b'{"specversion":"1.0","type":"'

Headers = Iterable[tuple[str, bytes | None]]


class Unreadable(Exception):
    """A record that cannot be understood: ``reason`` is stable, ``detail`` says what is wrong and where."""

    def __init__(self, reason: str, detail: str, envelope: "Envelope | None" = None) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.envelope = envelope


@dataclass(slots=True)
class Envelope:
    """The attributes of one event. ``time`` is when it happened, in UTC; ``data`` is not yet checked.

    Never changed once made; not frozen, because a frozen one takes three times as long to make.
    """

    id: str
    source: str
    type: str
    time: datetime | None
    data: Any
    traceparent: str | None = None
    correlationid: str | None = None


def read(value: bytes | None, headers: Headers, most_bytes: int = MAX_EVENT_BYTES) -> Envelope:
    """The envelope of a record's value and headers.

    :raises Unreadable: naming what is wrong, in words for the person who programmed the sender.
    """
    if value is None:
        raise Unreadable("tombstone", "The record has no body. Nothing is ever deleted here.")
    if len(value) > most_bytes:
        raise Unreadable("too-large", f"The body has {len(value)} bytes; at most {most_bytes} are read.")
    if headers:
        attributes = {name.lower(): text for name, text in headers}
        for name in attributes:
            if not name.isascii():
                _check_name(name)
        if "ce_specversion" in attributes or "ce_id" in attributes or "ce_type" in attributes:
            return _binary(value, attributes)
    return _structured(value)


def type_at_once(value: bytes | None, headers: Headers) -> bytes | None:
    """The type of an event that begins as `write` lets it begin, without reading any further; None of another one."""
    if value is None or not value.startswith(_BEFORE_TYPE) or any(name[:3].lower() == "ce_" for name, _ in headers):
        return None
    return value[len(_BEFORE_TYPE) : value.find(b'"', len(_BEFORE_TYPE), len(_BEFORE_TYPE) + LONGEST)]


def contract_of(envelope: Envelope) -> tuple[Entry, Contract]:
    """The contract that the event's type names, checked for shape.

    :raises Unreadable: for an unknown type, an unknown version, or data that does not fit.
    """
    entry = CATALOG.get(envelope.type)
    if entry is None:
        raise _unknown(envelope)
    try:
        return entry, entry.contract.__pydantic_validator__.validate_python(envelope.data)
    except ValidationError as error:
        raise Unreadable("data-invalid", _said(error, envelope.data), envelope) from None


def write(entry: Entry, contract: Contract, attributes: Mapping[str, str | datetime]) -> bytes:
    """One event in structured mode; ``attributes`` are the envelope's besides type and data, times in UTC."""
    head = to_json(attributes)[1:-1]
    data = contract.__pydantic_serializer__.to_json(contract, exclude_none=True)
    return b"".join((_BEGINNINGS[entry.type], head, b',"data":', data, b"}"))


def name_bytes(name: str) -> bytes:
    """A header's name as it came. Where it was no UTF-8, each strange byte is a lone surrogate in the text."""
    return name.encode("utf-8", "surrogateescape")


def shown_name(name: str) -> str:
    r"""A header's name for a person, and for whoever takes no lone surrogates: each strange byte as ``\xff``."""
    return name_bytes(name).decode("utf-8", "backslashreplace")


def rfc3339(moment: datetime) -> str:
    """A time as the wire carries it: UTC, RFC 3339, with ``Z``."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _document(value: bytes, what: str) -> Any:
    if not value.strip():
        raise Unreadable("empty-body", "The body is empty.")
    try:
        # Numbers keep the digits they came with: a measured value never passes through a float.
        return jiter.from_json(value, float_mode="decimal", allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError as error:
        raise _not_json(value, what, error) from None


def _not_json(value: bytes, what: str, error: ValueError) -> Unreadable:
    try:
        value.decode()
    except UnicodeDecodeError as wrong:
        return Unreadable("not-utf8", f"The {what} is not UTF-8 at byte {wrong.start}.")
    marked = ", and begins with a byte order mark, which does not show" if value.startswith(BOM_UTF8) else ""
    return Unreadable("not-json", f"The {what} is not JSON{marked}: {error}.")


def _structured(value: bytes) -> Envelope:
    document = _document(value, "body")
    if not isinstance(document, dict):
        raise Unreadable("not-cloudevent", "The body is JSON but not an object; a CloudEvent is expected.")
    return _envelope(document, document.get("data"))


def _binary(value: bytes, headers: Mapping[str, bytes | None]) -> Envelope:
    attributes = {}
    for name, text in headers.items():
        if name.startswith("ce_"):
            attributes[name[3:]] = _header(name, text)
    content_type = _header("content-type", headers.get("content-type") or b"application/json")
    if "json" not in content_type:
        raise Unreadable("not-json", f"The data is {content_type:.100}; application/json is expected.")
    return _envelope(attributes, _document(value, "data"))


def _check_name(name: str) -> None:
    try:
        name_bytes(name).decode()
    except UnicodeDecodeError as error:
        detail = f"The name of the header {shown_name(name):.200} is not UTF-8 at byte {error.start}."
        raise Unreadable("header-unreadable", detail) from None


def _header(name: str, text: bytes | None) -> str:
    if text is None:
        raise Unreadable("header-unreadable", f"The header {name} has no value.")
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        detail = f"The header {name} is not UTF-8 at byte {error.start}."
        raise Unreadable("header-unreadable", detail) from None


def _envelope(document: Mapping[str, Any], data: Any) -> Envelope:
    try:
        envelope = Envelope(
            id=document["id"],
            source=document["source"],
            type=document["type"],
            time=_time(document.get("time")),
            data=data,
            traceparent=_trace(document),
            correlationid=_short(document, "correlationid") if "correlationid" in document else None,
        )
    except KeyError as missing:
        detail = f"The CloudEvents attribute {missing.args[0]} is missing."
        raise Unreadable("not-cloudevent", detail) from None
    if document.get("specversion") != "1.0":
        raise Unreadable("not-cloudevent", "The CloudEvents attribute specversion is missing or not 1.0.")
    for name, attribute in (("id", envelope.id), ("source", envelope.source), ("type", envelope.type)):
        if not isinstance(attribute, str) or not 0 < len(attribute) <= LONGEST or not attribute.isprintable():
            detail = f"The CloudEvents attribute {name} is not a text of 1 to 500 printable characters."
            raise Unreadable("not-cloudevent", detail)
    return envelope


def _short(document: Mapping[str, Any], name: str) -> str | None:
    attribute = document.get(name)
    if attribute is None:
        return None
    if not isinstance(attribute, str | int) or len(str(attribute)) > LONGEST:
        raise Unreadable("not-cloudevent", f"The CloudEvents attribute {name} is not a short text.")
    return str(attribute)


def _trace(document: Mapping[str, Any]) -> str | None:
    """Who cannot read the trace that something came with begins another, as the W3C says: it is no reason to refuse."""
    given = _short(document, "traceparent") if "traceparent" in document else None
    return given if given is not None and _TRACEPARENT.fullmatch(given) else None


def _time(text: Any) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text if text[-1:] != "z" else f"{text[:-1]}Z")
        if moment.tzinfo is not None:
            return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    except OverflowError:
        return moment  # the first or last hours of the calendar, in a zone beyond it
    except (TypeError, ValueError):
        raise Unreadable("not-cloudevent", f"The CloudEvents attribute time is no time: {text!r:.60}.") from None
    raise Unreadable("not-cloudevent", f"The CloudEvents attribute time has no zone: {text}.")


def _unknown(envelope: Envelope) -> Unreadable:
    family = envelope.type.rpartition(".v")[0]
    versions = sorted(name for name in CATALOG if name.rpartition(".v")[0] == family)
    if family and versions:
        detail = f"The version {envelope.type} is unknown; known: {', '.join(versions)}."
        return Unreadable("unknown-version", detail, envelope)
    return Unreadable("unknown-type", f"The type {envelope.type} is unknown.", envelope)


def _said(error: ValidationError, data: Any) -> str:
    places: dict[str, list[str]] = {}
    for problem in error.errors(include_url=False, include_context=False):
        is_missing = problem["type"] == "missing"
        places.setdefault(_place(problem["loc"], data, is_missing=is_missing), []).append(problem["msg"])
    shown = [f"{place}: {', or: '.join(dict.fromkeys(wrong))}" for place, wrong in list(places.items())[:SHOWN]]
    more = f" (and {len(places) - SHOWN} more)" if len(places) > SHOWN else ""
    return "; ".join(shown) + more


def _place(location: tuple[int | str, ...], data: Any, *, is_missing: bool) -> str:
    """Where in the data it is. Of what may be one of several kinds, pydantic names each kind as if it were a member."""
    place = "data"
    for part in location:
        is_member = isinstance(data, Mapping) and (part in data or is_missing)
        is_entry = isinstance(data, list | tuple) and isinstance(part, int)
        if not (is_member or is_entry):
            break
        place, data = f"{place}.{part}", data.get(part) if is_member else data[part]
    return place
