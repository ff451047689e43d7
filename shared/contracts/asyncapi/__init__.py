"""AsyncAPI 3 documents: what each owner says on which topic, one file each.

They are made from the catalog, the schemas and the golden samples by ``python -m shared.contracts.publish``.
FastStream's own generator sees one subscriber of raw batches: it names the topics read, and for each an empty
payload; what is announced it does not see at all.
"""

import json
from pathlib import Path
from typing import Any

from shared.contracts import samples
from shared.contracts.catalog import CATALOG, FOR_EVER, TOPICS, Entry, Topic
from shared.contracts.envelope import CONTENT_TYPE
from shared.contracts.schemas import schema_of

FOLDER = Path(__file__).parent
OWNERS = tuple(dict.fromkeys(topic.owner for topic in TOPICS))

_BINDING = "0.5.0"
_ABOUT = {
    "plant": "What planning, the warehouse and plant systems send to Asbuilt.",
    "run": "What the run service announces. asbuilt.completions carries completions and reopenings only, with the "
    "same ids, and is kept for ever.",
    "inventory": "What the inventory service announces.",
    "issue": "What the issue service announces.",
    "audit": "What the audit service announces.",
    "notification": "What the notification service announces.",
}


def document_of(owner: str) -> dict[str, Any]:
    """The AsyncAPI document of one owner: a service, or ``plant``."""
    topics = [topic for topic in TOPICS if topic.owner == owner]
    entries = [entry for entry in CATALOG.values() if entry.owner == owner]
    return {
        "asyncapi": "3.0.0",
        "id": f"urn:asbuilt:{owner}",
        "info": {
            "title": f"Asbuilt: {owner}",
            "version": "1",
            "description": f"{_ABOUT[owner]} Events are CloudEvents 1.0 in structured mode; binary mode is understood "
            "too. An event that comes twice is told by its source and id.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": CONTENT_TYPE.decode(),
        "channels": {topic.name: _channel(topic, entries) for topic in topics},
        "operations": {f"send.{topic.name}": _send(topic) for topic in topics},
        "components": {"messages": {entry.type: _message(entry) for entry in entries}},
    }


def _channel(topic: Topic, entries: list[Entry]) -> dict[str, Any]:
    said = [entry.type for entry in entries if topic in entry.topics]
    kept = "for ever" if topic.retention_ms == FOR_EVER else f"for {topic.retention_ms // 86_400_000} days"
    return {
        "address": topic.name,
        "description": f"Written by {topic.owner}, kept {kept}. Records of one key keep their order.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in said},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "retention.ms": topic.retention_ms,
                    "max.message.bytes": topic.max_message_bytes,
                },
                "bindingVersion": _BINDING,
            }
        },
    }


def _send(topic: Topic) -> dict[str, Any]:
    return {"action": "send", "channel": {"$ref": f"#/channels/{topic.name}"}}


def _message(entry: Entry) -> dict[str, Any]:
    schema = schema_of(entry)
    return {
        "name": entry.type,
        "title": entry.type,
        "summary": schema["description"],
        "contentType": CONTENT_TYPE.decode(),
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": f"../schemas/{entry.type}.json"},
        },
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": f"data.{entry.key}"},
                "bindingVersion": _BINDING,
            }
        },
        "examples": [
            {"name": sample.name.rsplit(".", 2)[1], "payload": json.loads(sample.value)}
            for sample in samples.told()
            if sample.type == entry.type
        ][:2],
    }
