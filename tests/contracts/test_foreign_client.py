"""A client that knows CloudEvents and nothing of ours is understood: the CloudEvents SDK, in both its modes."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_structured, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from shared.contracts import envelope, plant, samples
from shared.contracts.samples import Sample

Mode = Callable[..., KafkaMessage]
MODES = pytest.mark.parametrize("mode", [to_binary, to_structured], ids=["binary", "structured"])
PLANT = [sample for sample in samples.told() if sample.entry.owner == "plant"]


def _sent(mode: Mode, event: CloudEvent) -> envelope.Envelope:
    message = mode(event, JSONFormat())
    return envelope.read(message.value, list(message.headers.items()))


@MODES
def test_an_event_of_the_sdk_is_understood(mode: Mode) -> None:
    """With nothing but the SDK's defaults, every attribute arrives."""
    attributes = {
        "type": "plant.step.signed-off.v1",
        "source": "urn:graz:line-2/scanner-4",
        "time": datetime(2026, 11, 23, 7, 4, tzinfo=UTC),
        "datacontenttype": "application/json",
        "partitionkey": "WO-88213-1",
        "traceparent": "00-dd6ba294d5af40c04ab02e65ad0c2c31-69af1570d6066727-01",
    }
    sent = CloudEvent(attributes, {"run_id": "WO-88213-1", "step_id": "OP10", "operator": "a.huber"})
    read = _sent(mode, sent)
    assert read.id == sent.get_id()
    assert read.source == "urn:graz:line-2/scanner-4"
    assert read.time == datetime(2026, 11, 23, 7, 4, tzinfo=UTC)
    assert read.traceparent == attributes["traceparent"]
    _, data = envelope.contract_of(read)
    assert data == plant.StepSignedOff(run_id="WO-88213-1", step_id="OP10", operator="a.huber")


@MODES
def test_an_event_without_content_type_is_understood(mode: Mode) -> None:
    """The SDK leaves the content type out where nobody named one; JSON is meant."""
    attributes = {"type": "plant.step.started.v1", "source": "urn:graz:line-2/scanner-4"}
    _, data = envelope.contract_of(_sent(mode, CloudEvent(attributes, {"run_id": "WO-1", "step_id": "OP10"})))
    assert data == plant.StepStarted(run_id="WO-1", step_id="OP10")


@MODES
def test_names_in_any_script_arrive(mode: Mode) -> None:
    """A station called Prüfstand and an operator called 山田 are who they are."""
    attributes = {
        "type": "plant.step.started.v1",
        "source": "urn:graz:Prüfstand-1",
        "datacontenttype": "application/json",
    }
    read = _sent(mode, CloudEvent(attributes, {"run_id": "WO-1", "step_id": "OP10", "operator": "山田"}))
    assert read.source == "urn:graz:Prüfstand-1"
    assert read.data["operator"] == "山田"


@MODES
@pytest.mark.parametrize("sample", PLANT, ids=lambda sample: sample.name)
def test_everything_a_plant_says_can_be_said_with_the_sdk(mode: Mode, sample: Sample) -> None:
    """Every sample of a plant, sent by the SDK, is the event that the sample is; the SDK adds the time."""
    told: dict[str, Any] = json.loads(sample.value, parse_float=str)
    data = told.pop("data")
    if "time" in told:
        told["time"] = datetime.fromisoformat(told["time"])
    sent = _sent(mode, CloudEvent(told, data))
    own = envelope.read(json.dumps(json.loads(sample.value, parse_float=str)).encode(), ())
    assert sent.time is not None
    assert replace(sent, time=own.time and sent.time) == own


@pytest.mark.parametrize("sample", samples.told(), ids=lambda sample: sample.name)
def test_everything_asbuilt_says_can_be_read_with_the_sdk(sample: Sample) -> None:
    """A subscriber needs no code of ours: the SDK accepts each event and finds its attributes and data."""
    message = KafkaMessage({"content-type": envelope.CONTENT_TYPE}, sample.key, sample.value)
    read = from_structured(message, JSONFormat())
    told = json.loads(sample.value)
    assert (read.get_id(), read.get_source(), read.get_type()) == (told["id"], told["source"], told["type"])
    assert read.get_data() == told["data"]
    assert read.get_extension("correlationid") == told.get("correlationid")
