"""What is published is what the contracts say, and what is said on the topics fits what is published."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from shared.contracts import asyncapi, publish, samples, schemas
from shared.contracts.catalog import CATALOG, TOPICS
from shared.contracts.samples import Sample

PUBLISHED = publish.published()
TOLD = samples.told()


def _document(path: Path) -> Any:
    return json.loads(path.read_text())


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.name)
def test_a_published_file_says_what_the_code_says(path: Path) -> None:
    """A contract that changed without being published again would surprise whoever builds on the file."""
    assert path.read_text() == PUBLISHED[path], "run `make schemas` and look at what changed"


def test_nothing_is_published_that_is_gone() -> None:
    """A file of a type that no longer exists would promise what nobody says."""
    assert publish.left_over() == ()


@pytest.mark.parametrize("type_", CATALOG)
def test_a_schema_is_a_schema(type_: str) -> None:
    """Each is valid JSON Schema 2020-12."""
    Draft202012Validator.check_schema(_document(schemas.FOLDER / f"{type_}.json"))


@pytest.mark.parametrize("sample", TOLD, ids=lambda sample: sample.name)
def test_a_sample_fits_its_schema(sample: Sample) -> None:
    """What was released is what the schema describes."""
    _validator(sample.type).validate(json.loads(sample.value))


@pytest.mark.parametrize("sample", TOLD, ids=lambda sample: sample.name)
def test_a_schema_refuses_what_is_not_its_event(sample: Sample) -> None:
    """Another type, no id, or data without its key does not fit."""
    told = json.loads(sample.value)
    without_key = {name: one for name, one in told["data"].items() if name != sample.entry.key}
    for broken in ({**told, "type": "x"}, {**told, "id": None}, {**told, "data": without_key}):
        assert not _validator(sample.type).is_valid(broken)


@pytest.mark.parametrize("owner", asyncapi.OWNERS)
def test_a_document_leads_from_topics_to_schemas(owner: str) -> None:
    """Every reference of an AsyncAPI document leads somewhere, and every payload to a published schema."""
    document = _document(asyncapi.FOLDER / f"{owner}.json")
    for channel in document["channels"].values():
        for reference in channel["messages"].values():
            assert reference["$ref"].removeprefix("#/components/messages/") in document["components"]["messages"]
    for operation in document["operations"].values():
        assert operation["channel"]["$ref"].removeprefix("#/channels/") in document["channels"]
    for name, message in document["components"]["messages"].items():
        file = asyncapi.FOLDER / message["payload"]["schema"]["$ref"]
        assert _document(file)["$id"] == f"urn:asbuilt:schema:{name}"
        assert message["examples"]


def test_the_documents_together_describe_every_topic_and_type() -> None:
    """Nothing is said that is not described, by its owner and by no other."""
    documents = [_document(asyncapi.FOLDER / f"{owner}.json") for owner in asyncapi.OWNERS]
    described = sorted(name for document in documents for name in document["channels"])
    assert described == sorted(topic.name for topic in TOPICS)
    said = sorted(name for document in documents for name in document["components"]["messages"])
    assert said == sorted(CATALOG)


def test_a_completion_is_described_on_both_its_topics() -> None:
    """The topic for ERP systems carries completions and reopenings, and nothing else."""
    channels = _document(asyncapi.FOLDER / "run.json")["channels"]
    both = {"asbuilt.run.completed.v1", "asbuilt.run.reopened.v1"}
    assert set(channels["asbuilt.completions"]["messages"]) == both
    assert both < set(channels["asbuilt.runs"]["messages"])


def _validator(type_: str) -> Draft202012Validator:
    schema = _document(schemas.FOLDER / f"{type_}.json")
    registry: Registry[Any] = Resource.from_contents(schema) @ Registry()
    return Draft202012Validator(schema, registry=registry)
