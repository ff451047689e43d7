"""The golden samples as records, in the order of their story: what every service is fed with in the tests.

A new sample, or a new service, is taken up unasked.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import groupby
from time import time
from typing import Any

from shared.contracts import samples
from shared.contracts.base import Contract
from shared.contracts.catalog import ASBUILT_TOPICS
from shared.contracts.samples import Sample
from shared.messaging.service import Service
from shared.testing.databases import SERVICES_FOLDER
from shared.testing.topics import Sent

BEGIN_MS = int(time() * 1000) - 3_600_000
"""The time of the first record (ms since 1970), the same for all runs of one test session: ids follow from it."""

CONTENT_TYPE = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)


@dataclass(frozen=True)
class Wave:
    """Consecutive records of one topic; what is in another topic has no order towards them. Facts of one wave have
    one key besides: two issues, or two units, may be about the same run, and have no order towards each other.
    """

    topic: str
    records: tuple[Sent, ...]


def services() -> list[str]:
    """The names of all services there are."""
    return sorted(path.parent.name for path in SERVICES_FOLDER.glob("*/app.py"))


def listening() -> list[str]:
    """The names of those that listen to topics."""
    return [name for name in services() if service(name).topics]


def service(name: str) -> Service:
    """A service's handlers and rules."""
    app: Any = import_module(f"services.{name}.app")
    found: Service = app.SERVICE
    return found


def contracts_told() -> set[type[Contract]]:
    """The contracts of which there is a sample."""
    return {sample.entry.contract for sample in samples.told()}


def own_topics(name: str) -> list[str]:
    """The topics that a service writes to."""
    return sorted(service(name).own_topics)


def waves_for(name: str) -> Sequence[Wave]:
    """What a service is fed with: the samples on the topics that it listens to."""
    return waves(service(name).topics)


def waves(topics: Collection[str]) -> Sequence[Wave]:
    """The samples on these topics."""
    records = [
        _record(sample, topic.name, BEGIN_MS + number)
        for number, sample in enumerate(samples.told())
        for topic in sample.entry.topics
        if topic.name in topics
    ]
    return [Wave(topic, tuple(together)) for (topic, _), together in groupby(records, _ordered_by)]


def _ordered_by(record: Sent) -> tuple[str, bytes | None]:
    return record.topic, record.key if record.topic in {topic.name for topic in ASBUILT_TOPICS} else None


def _record(sample: Sample, topic: str, timestamp_ms: int) -> Sent:
    return Sent(topic, sample.key.encode(), sample.value, CONTENT_TYPE, timestamp_ms)
