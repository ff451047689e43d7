"""Golden samples: every type has some, they are never changed, and today's code understands each of them."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256
from types import UnionType
from typing import Any, Union, get_args, get_origin

import pytest
import rfc8785

from shared.contracts import envelope, samples
from shared.contracts.base import Contract
from shared.contracts.catalog import CATALOG, Entry
from shared.contracts.samples import FOLDER, Sample

TOLD = samples.told()
NEVER = "A released sample never changes: old events stay in topics and histories. Make a new sample beside it."

NO_ATTRIBUTES = {"specversion", "type", "datacontenttype", "data"}
"""What an event holds besides the attributes that its writer gives."""

_EXCEPTIONS = {"/exceptions/requirement_id", "/exceptions/quantity"}
_APPROVALS = {
    "/approvals/role",
    "/approvals/approved_at",
    "/approvals/approved_by",
    "/approvals/approved_by/person",
    "/approvals/approved_by/machine",
}
_QUARANTINED = {
    "/quarantined/unit_id",
    "/quarantined/of_unit_id",
    "/quarantined/quantity",
    "/quarantined/state",
}

NEVER_SAID = {
    # every issue event has one shape; a fresh issue has no disposition yet, and excepts nothing before all approve
    "asbuilt.issue.opened.v1": {"/disposition", "/availability", "/part_numbers"}
    | _EXCEPTIONS
    | _APPROVALS
    | _QUARANTINED,
    "asbuilt.issue.disposition-chosen.v1": _EXCEPTIONS | _APPROVALS,
    "asbuilt.issue.approved.v1": _EXCEPTIONS,
    "asbuilt.issue.reopened.v1": _EXCEPTIONS | _APPROVALS,
    # nobody delivers but the notification service
    "asbuilt.delivery.delivered.v1": {"/by/person"},
}


def _plain(value: bytes) -> Any:
    return json.loads(value, parse_float=Decimal)


@pytest.mark.parametrize("sample", TOLD, ids=lambda sample: sample.name)
def test_a_released_sample_is_what_it_was(sample: Sample) -> None:
    """The bytes of a sample have the digest that was noted when it was released."""
    assert sha256(sample.value).hexdigest() == samples.released()[sample.name], NEVER


def test_the_list_of_samples_only_grows() -> None:
    """Every line that the list of a release held stands in today's, in the same order."""
    lines = samples.DIGESTS.read_text().splitlines()
    for before in _released_lists():
        assert [line for line in lines if line in set(before)] == before, NEVER


def test_every_sample_is_released() -> None:
    """A sample that is not listed protects nothing."""
    assert samples.unreleased() == (), "run `make schemas`, which lists new samples"


def test_every_type_has_a_sample() -> None:
    """A type without a sample could change unseen."""
    assert {sample.type for sample in TOLD} == set(CATALOG)


def test_no_two_samples_are_the_same_event() -> None:
    """Samples are delivered together, and an event that comes twice is one."""
    counted = Counter((told["source"], told["id"]) for told in (_plain(sample.value) for sample in TOLD))
    assert set(counted.values()) == {1}


@pytest.mark.parametrize("sample", TOLD, ids=lambda sample: sample.name)
def test_a_sample_is_understood(sample: Sample) -> None:
    """What was released once can be read today, and it names the key of its record."""
    entry, contract = envelope.contract_of(envelope.read(sample.value, ()))
    assert entry.type == sample.type
    assert getattr(contract, entry.key) == sample.key
    assert _plain(sample.value).get("partitionkey", sample.key) == sample.key


@pytest.mark.parametrize("sample", TOLD, ids=lambda sample: sample.name)
def test_a_sample_is_written_as_it_was_read(sample: Sample) -> None:
    """Everything a sample says comes out again, digit by digit; what it left out appears as its default."""
    told = _plain(sample.value)
    entry, contract = envelope.contract_of(envelope.read(sample.value, ()))
    attributes = {name: text for name, text in told.items() if name not in NO_ATTRIBUTES}
    written = _plain(envelope.write(entry, contract, attributes))
    assert _missing(told, written) == []


@pytest.mark.parametrize("entry", CATALOG.values(), ids=lambda entry: entry.type)
def test_the_samples_of_a_type_use_every_attribute(entry: Entry) -> None:
    """An attribute that no sample carries could change unseen, so each is set in one of them."""
    said = {path for data in _said(entry) for path, is_set in _attributes(entry.contract, data) if is_set}
    unused = {path for path, _ in _attributes(entry.contract, None)} - said
    assert unused == NEVER_SAID.get(entry.type, set())


@pytest.mark.parametrize("entry", CATALOG.values(), ids=lambda entry: entry.type)
def test_the_samples_of_a_type_leave_out_what_may_be_left_out(entry: Entry) -> None:
    """A sender that leaves an optional attribute out is understood, so each is absent in one of them."""
    optional = {name for name, field in entry.contract.model_fields.items() if not field.is_required()}
    assert optional - {name for data in _said(entry) for name in optional - set(data)} == set()


@pytest.mark.parametrize(
    "sample", [sample for sample in TOLD if sample.type == "asbuilt.run.completed.v1"], ids=lambda sample: sample.name
)
def test_a_completion_record_proves_itself(sample: Sample) -> None:
    """Anybody with an RFC 8785 library finds the record's content hash again."""
    record = json.loads(sample.value)["data"]["record"]
    noted = record.pop("content_hash")
    assert noted == "sha256:" + sha256(rfc8785.dumps(record)).hexdigest()


def _released_lists() -> Iterator[list[str]]:
    """The list as each release (a tag) left it; none where there is no history at hand."""
    path = samples.DIGESTS.relative_to(FOLDER.parents[2]).as_posix()
    git = ["git", "-C", str(FOLDER.parents[2])]
    tags = subprocess.run([*git, "tag", "--list", "v*"], capture_output=True, text=True, check=False)
    for tag in tags.stdout.split():
        shown = subprocess.run([*git, "show", f"{tag}:{path}"], capture_output=True, text=True, check=False)
        yield shown.stdout.splitlines()


def _missing(told: Any, written: Any, path: str = "") -> list[str]:
    """Where ``written`` does not say what ``told`` says; an exact number may have become a text."""
    match told:
        case dict():
            return [one for name, part in told.items() for one in _missing(part, written.get(name), f"{path}/{name}")]
        case list():
            pairs = zip(told, written, strict=True)
            return [one for number, (a, b) in enumerate(pairs) for one in _missing(a, b, f"{path}/{number}")]
        case Decimal():
            return [] if str(told) == written else [path]
        case _:
            return [] if told == written and type(told) is type(written) else [path]


def _said(entry: Entry) -> list[Any]:
    return [_plain(sample.value)["data"] for sample in TOLD if sample.type == entry.type]


def _attributes(contract: type[Contract], data: Any, path: str = "") -> Iterator[tuple[str, bool]]:
    """Each attribute's path, parts' too, and whether it is set in ``data``; without data, all that there are."""
    for name, field in contract.model_fields.items():
        here, told = f"{path}/{name}", (data or {}).get(name)
        yield here, told is not None
        for part in _parts(field.annotation):
            for one in [None] if data is None else told if isinstance(told, list) else [told]:
                if data is None or isinstance(one, dict):
                    yield from _attributes(part, one, here)


def _parts(annotation: Any) -> Iterator[type[Contract]]:
    if isinstance(annotation, type) and issubclass(annotation, Contract):
        yield annotation
    elif get_origin(annotation) in {tuple, Union, UnionType}:
        for argument in get_args(annotation):
            yield from _parts(argument)
