"""Reading records: what is understood, and what is said about every record that is not."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.contracts import envelope, plant
from shared.contracts.envelope import MAX_EVENT_BYTES, Unreadable

Headers = Sequence[tuple[str, bytes | None]]

EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "type": "plant.step.value-recorded.v1",
    "id": "torque-2-1",
    "source": "urn:graz:line-2/torque-2",
    "time": "2026-11-23T07:04:00+01:00",
    "data": {"run_id": "WO-1", "step_id": "OP10", "field_id": "torque", "value": 1.23},
}
GOOD = json.dumps(EVENT).encode()
BINARY: Headers = (
    ("ce_specversion", b"1.0"),
    ("ce_type", b"plant.step.value-recorded.v1"),
    ("ce_id", b"torque-2-1"),
    ("ce_source", b"urn:graz:line-2/torque-2"),
    ("content-type", b"application/json"),
)
DATA = json.dumps(EVENT["data"]).encode()


def changed(**attributes: Any) -> bytes:
    """The good event with other attributes; one that is given as ``...`` is missing."""
    return json.dumps({name: one for name, one in (EVENT | attributes).items() if one is not ...}).encode()


def data(**members: Any) -> bytes:
    """The good event with other data; a member that is given as ``...`` is missing."""
    return changed(data={name: one for name, one in (EVENT["data"] | members).items() if one is not ...})


def with_header(name: str, value: bytes | None) -> Headers:
    """The good headers of binary mode, one of them another."""
    return (*(one for one in BINARY if one[0] != name), (name, value))


@dataclass(frozen=True)
class Bad:
    """A record that cannot be understood: the reason, and what the detail must name."""

    what: str
    value: bytes | None
    reason: str
    naming: str
    headers: Headers = ()


BAD = [
    Bad("a tombstone", None, "tombstone", "no body"),
    Bad("an empty body", b"", "empty-body", "empty"),
    Bad("white space", b" \r\n", "empty-body", "empty"),
    Bad("a byte order mark", b"\xef\xbb\xbf" + GOOD, "not-json", "byte order mark"),
    Bad("truncated JSON", GOOD[:-20], "not-json", "column"),
    Bad("no JSON", b"torque=1.23", "not-json", "line 1 column"),
    Bad("JSON with NaN", b'{"value": NaN}', "not-json", "line 1 column 11"),
    Bad("JSON nested without end", b"[" * 100_000, "not-json", "recursion limit"),
    Bad("a member twice", b'{"id": "1", "id": "2"}', "not-json", "Detected duplicate key"),
    Bad("half a surrogate pair", changed(subject="?").replace(b"?", rb"\ud800"), "not-json", "line 1 column"),
    Bad("two events in one body", GOOD + GOOD, "not-json", "trailing characters"),
    Bad("a number without end", GOOD.replace(b"1.23", b"1e99999999999999999999"), "not-json", "line 1 column"),
    Bad("UTF-16", GOOD.decode().encode("utf-16"), "not-utf8", "byte 0"),
    Bad("invalid UTF-8", b'{"id": "\xff"}', "not-utf8", "byte 8"),
    Bad("a body that is too large", b"x" * (MAX_EVENT_BYTES + 1), "too-large", f"{MAX_EVENT_BYTES + 1} bytes"),
    Bad("a list", b"[]", "not-cloudevent", "not an object"),
    Bad("a text", b'"step started"', "not-cloudevent", "not an object"),
    Bad("null", b"null", "not-cloudevent", "not an object"),
    Bad("data without an envelope", DATA, "not-cloudevent", "id is missing"),
    Bad("no id", changed(id=...), "not-cloudevent", "id is missing"),
    Bad("no source", changed(source=...), "not-cloudevent", "source is missing"),
    Bad("no type", changed(type=...), "not-cloudevent", "type is missing"),
    Bad("no specversion", changed(specversion=...), "not-cloudevent", "specversion"),
    Bad("an older CloudEvent", changed(specversion="0.3"), "not-cloudevent", "specversion"),
    Bad("an empty id", changed(id=""), "not-cloudevent", "id is not a text"),
    Bad("a number as id", changed(id=7), "not-cloudevent", "id is not a text"),
    Bad("an object as type", changed(type={}), "not-cloudevent", "type is not a text"),
    Bad("a line break in the source", changed(source="a\nb"), "not-cloudevent", "source is not a text"),
    Bad("an endless id", changed(id="x" * 501), "not-cloudevent", "id is not a text"),
    Bad("a time without a zone", changed(time="2026-11-23T07:04:00"), "not-cloudevent", "no zone"),
    Bad("a time that is none", changed(time="yesterday"), "not-cloudevent", "'yesterday'"),
    Bad("a number as time", changed(time=1795417440), "not-cloudevent", "1795417440"),
    Bad("a list as traceparent", changed(traceparent=[]), "not-cloudevent", "traceparent"),
    Bad("an unknown type", changed(type="plant.robot.greeted.v1"), "unknown-type", "plant.robot.greeted.v1"),
    Bad("an unknown version", changed(type="plant.step.started.v9"), "unknown-version", "plant.step.started.v1"),
    Bad("no data", changed(data=...), "data-invalid", "data"),
    Bad("data that is a text", changed(data="torque"), "data-invalid", "data"),
    Bad("no run", data(run_id=...), "data-invalid", "data.run_id"),
    Bad("an empty run", data(run_id=""), "data-invalid", "data.run_id"),
    Bad("a number as run", data(run_id=7), "data-invalid", "data.run_id"),
    Bad("a control character", data(step_id="OP\x0010"), "data-invalid", "data.step_id"),
    Bad("an object as value", data(value={"torque": 1}), "data-invalid", "data.value"),
    Bad("no value", data(value=None), "data-invalid", "data.value: Input should be a valid string, or: "),
    Bad("a number longer than any", GOOD.replace(b"1.23", b"1e61"), "data-invalid", "data.value"),
    Bad("a zero longer than any", GOOD.replace(b"1.23", b"0e-999999999"), "data-invalid", "data.value"),
    Bad("a null header", DATA, "header-unreadable", "ce_id has no value", with_header("ce_id", None)),
    Bad("a binary header", DATA, "header-unreadable", "ce_source is not UTF-8", with_header("ce_source", b"\xff\xfe")),
    Bad("data that is XML", b"<step/>", "not-json", "application/xml", with_header("content-type", b"application/xml")),
    Bad("binary mode with truncated data", DATA[:-3], "not-json", "data is not JSON", BINARY),
    Bad("binary mode without data", b"", "empty-body", "empty", BINARY),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.what)
def test_what_cannot_be_understood_is_explained(bad: Bad) -> None:
    """The reason is stable for a machine; the detail tells whoever programmed the sender what is wrong and where."""
    with pytest.raises(Unreadable) as caught:
        envelope.contract_of(envelope.read(bad.value, bad.headers))
    assert caught.value.reason == bad.reason
    assert bad.naming in caught.value.detail
    assert len(caught.value.detail) < 2000


def test_what_is_wrong_with_data_is_told_with_the_event_it_is_in() -> None:
    """Where the envelope could be read, the sender is told the id of the event."""
    with pytest.raises(Unreadable) as caught:
        envelope.contract_of(envelope.read(data(run_id=...), ()))
    assert caught.value.envelope is not None
    assert caught.value.envelope.id == "torque-2-1"


def test_of_many_mistakes_the_first_are_named() -> None:
    """A message with a hundred mistakes does not become a page."""
    order = {
        "run_id": "R",
        "part_number": "P",
        "revision": "1",
        "procedure": {"name": "N", "version": "1"},
        "target": {},
    }
    body = changed(type="plant.run.ordered.v1", data=order | {"steps": [{}] * 100})
    with pytest.raises(Unreadable) as caught:
        envelope.contract_of(envelope.read(body, ()))
    assert "data.steps.0.step_id" in caught.value.detail
    assert "more)" in caught.value.detail


def test_a_good_event_is_read() -> None:
    """The table above changes one thing of an event that is understood."""
    for value, headers in ((GOOD, ()), (DATA, BINARY)):
        _, read = envelope.contract_of(envelope.read(value, headers))
        assert read == plant.ValueRecorded(run_id="WO-1", step_id="OP10", field_id="torque", value=Decimal("1.23"))


@pytest.mark.parametrize("headers", [(("x-strange", b"\xff"),), (("x-null", None),), (("trace", b""),)])
def test_headers_that_say_nothing_about_the_event_do_not_matter(headers: Headers) -> None:
    """A gateway may add headers of its own, whatever is in them."""
    assert envelope.read(GOOD, headers).id == "torque-2-1"
    assert envelope.read(DATA, (*BINARY, *headers)).id == "torque-2-1"


def test_header_names_are_read_in_any_case() -> None:
    """Some clients write `CE_Id`."""
    headers = [(name.title(), value) for name, value in BINARY]
    assert envelope.read(DATA, headers).type == "plant.step.value-recorded.v1"


@pytest.mark.parametrize("content_type", [b"application/json", b"application/json; charset=utf-8", b"text/json", None])
def test_data_in_json_is_read_whatever_it_is_called(content_type: bytes | None) -> None:
    """A content type with a charset, or none at all, is what clients send."""
    headers = tuple(one for one in BINARY if one[0] != "content-type")
    given = headers if content_type is None else (*headers, ("content-type", content_type))
    assert envelope.read(DATA, given).data["run_id"] == "WO-1"


@pytest.mark.parametrize("digits", ["1.230", "0.1", "1e2", "100000000000000000000.000000000000000000001", "-0.50"])
def test_a_measured_number_never_passes_through_a_float(digits: str) -> None:
    """The digits that the tool sent are those that are kept, as a JSON number and as a text."""
    for written in (digits, f'"{digits}"'):
        body = GOOD.replace(b"1.23", written.encode())
        _, read = envelope.contract_of(envelope.read(body, ()))
        assert isinstance(read, plant.ValueRecorded)
        assert str(read.value) == str(Decimal(digits)) or read.value == digits


def test_a_yes_is_not_a_one() -> None:
    """True stays a yes, 1 stays a number, and neither becomes the other."""
    for written, value in (("true", True), ("1", Decimal(1)), ('"1"', "1"), ('["a"]', ("a",))):
        body = GOOD.replace(b"1.23", written.encode())
        _, read = envelope.contract_of(envelope.read(body, ()))
        assert isinstance(read, plant.ValueRecorded)
        assert read.value == value
        assert type(read.value) is type(value)


@pytest.mark.parametrize("given", ["no trace", "00-" + "g" * 32 + "-" + "b" * 16 + "-01", 7])
def test_a_trace_that_is_none_goes_no_further(given: object) -> None:
    """The event is good; a trace of its own is begun for it."""
    assert envelope.read(changed(traceparent=given), ()).traceparent is None


def test_a_time_may_be_written_in_small_letters() -> None:
    """RFC 3339 allows it, and some clients do."""
    read = envelope.read(changed(time="2026-11-23t07:04:00z"), ())
    assert read.time == datetime(2026, 11, 23, 7, 4, tzinfo=UTC)
