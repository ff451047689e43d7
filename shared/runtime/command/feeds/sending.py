"""One record on its way to a plant topic."""

from dataclasses import dataclass
from datetime import datetime

from shared.contracts.base import PlantEvent
from shared.contracts.catalog import BY_CONTRACT
from shared.contracts.envelope import rfc3339, write


@dataclass(frozen=True, slots=True)
class Sending:
    """A record, when it is due (seconds after the feed begins), and by which id its answer is known."""

    due_s: float
    kind: str
    id: str
    topic: str
    key: str
    value: bytes


def sending(data: PlantEvent, *, event_id: str, source: str, at: datetime, due_s: float) -> Sending:
    """A plant event as the record that its station would publish."""
    entry = BY_CONTRACT[type(data)]
    key = getattr(data, entry.key)
    attributes = {"id": event_id, "source": source, "subject": key, "time": rfc3339(at)}
    body = write(entry, data, attributes)
    return Sending(due_s, kind_of(entry.type), event_id, entry.topics[0].name, key, body)


def kind_of(type_name: str) -> str:
    """`step signed-off` for `plant.step.signed-off.v1`."""
    return type_name.removeprefix("plant.").rsplit(".v", 1)[0].replace(".", " ")
