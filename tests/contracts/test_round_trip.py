"""Whatever a contract can hold survives the wire, in both modes, and newer senders are understood."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import AwareDatetime

from shared.contracts import envelope, samples
from shared.contracts.base import Contract, Exact, Id, Name, Text
from shared.contracts.catalog import CATALOG, Entry
from shared.contracts.samples import Sample

FEW = settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # an order has hundreds of values; shrinking takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
ZONES = [UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))]
HEAD = {"id": "1", "source": "urn:test", "time": "2026-11-23T07:04:00Z"}
TOLD = samples.told()

_PRINTED = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
_ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
_MEASURED = st.builds(
    lambda digits, places: Decimal(digits).scaleb(-places), st.integers(-(10**20), 10**20), st.integers(0, 12)
)
_EXACT = _MEASURED | st.sampled_from([Decimal("1.230"), Decimal("0.00"), Decimal("1E+3")])
_JSON = st.recursive(st.none() | st.booleans() | st.integers() | _ANY, st.lists, max_leaves=5)
_NEWER = st.dictionaries(_PRINTED.map(lambda name: f"newer {name}"), _JSON, min_size=1, max_size=3)

_MOMENT = st.datetimes(timezones=st.sampled_from(ZONES))
_SIMPLE = {
    AwareDatetime: _MOMENT,
    datetime: _MOMENT,
    int: st.integers(0, 2**53),
    bool: st.booleans(),
    type(None): st.none(),
}


def _values(hint: Any) -> st.SearchStrategy[Any]:
    """What an attribute of this type may hold."""
    if hint in (Id, Name):
        return _PRINTED
    if hint in (Text, str):
        return _ANY
    if hint == Exact:
        return _EXACT
    if isinstance(hint, type) and issubclass(hint, Contract):
        return _instances(hint)
    return _composed(hint)


def _composed(hint: Any) -> st.SearchStrategy[Any]:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, UnionType):
        return st.one_of(*map(_values, arguments))
    if origin is tuple:
        return st.lists(_values(arguments[0]), max_size=2).map(tuple)
    if origin is not None:  # Annotated, otherwise than above
        return _values(arguments[0])
    return _SIMPLE[hint]


def _instances(contract: type[Contract]) -> st.SearchStrategy[Contract]:
    hints = get_type_hints(contract, include_extras=True)
    return st.builds(contract, **{name: _values(hints[name]) for name in contract.model_fields})


def _binary(value: bytes) -> tuple[bytes, list[tuple[str, bytes | None]]]:
    """The same event in binary mode, made without our own code: attributes as headers, data as body."""
    told = json.loads(value, parse_float=lambda digits: f"\0{digits}\0")
    body = json.dumps(told.pop("data")).replace('"\\u0000', "").replace('\\u0000"', "")
    content_type = told.pop("datacontenttype", "application/json")
    headers: list[tuple[str, bytes | None]] = [(f"ce_{name}", str(text).encode()) for name, text in told.items()]
    return body.encode(), [*headers, ("content-type", content_type.encode())]


@pytest.mark.parametrize("entry", CATALOG.values(), ids=lambda entry: entry.type)
@FEW
@given(data=st.data())
def test_what_is_written_is_read(entry: Entry, data: st.DataObject) -> None:
    """Written, read and written again, an event is the same, byte for byte: nothing is lost, no digit changes."""
    contract = data.draw(_instances(entry.contract))
    value = envelope.write(entry, contract, HEAD)
    read_as, read = envelope.contract_of(envelope.read(value, ()))
    assert read_as is entry
    assert envelope.write(entry, read, HEAD) == value


@pytest.mark.parametrize("sample", TOLD, ids=lambda sample: sample.name)
def test_both_modes_say_the_same(sample: Sample) -> None:
    """An event in headers and body is the event that stands in one body."""
    body, headers = _binary(sample.value)
    assert envelope.read(body, headers) == envelope.read(sample.value, ())


@pytest.mark.parametrize("sample", TOLD, ids=lambda sample: sample.name)
@FEW
@given(newer=_NEWER)
def test_what_a_newer_sender_adds_is_no_obstacle(sample: Sample, newer: dict[str, Any]) -> None:
    """Attributes that we do not know, in the envelope and in every part of the data, change nothing."""
    told = json.loads(sample.value, parse_float=str)
    before = envelope.contract_of(envelope.read(json.dumps(told).encode(), ()))
    after = envelope.contract_of(envelope.read(json.dumps(_grown(told, newer)).encode(), ()))
    assert after == before


@given(digits=_EXACT)
def test_an_exact_number_keeps_its_digits(digits: Decimal) -> None:
    """A quantity goes out as text and comes in as text or number, with the digits that were recorded."""
    text = format(digits, "f")
    for written in (f'"{text}"', text):
        value = (
            b'{"specversion": "1.0", "type": "plant.unit.received.v1", "id": "1", "source": "s", "data": {"unit_id":'
            b'"U", "part_number": "P", "revision": "1", "serial": "U", "quantity": ' + written.encode() + b"}}"
        )
        entry, read = envelope.contract_of(envelope.read(value, ()))
        assert json.loads(envelope.write(entry, read, HEAD))["data"]["quantity"] == text


def _grown(part: Any, newer: dict[str, Any]) -> Any:
    match part:
        case dict():
            return {**{name: _grown(one, newer) for name, one in part.items()}, **newer}
        case list():
            return [_grown(one, newer) for one in part]
        case _:
            return part
