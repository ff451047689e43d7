"""JSON Schemas (2020-12) of every type: the whole event as it stands on its topic, one file each.

The files are made from the contracts by ``python -m shared.contracts.publish``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.contracts.catalog import Entry
from shared.contracts.envelope import LONGEST

FOLDER = Path(__file__).parent

_SHORT = {"type": "string", "minLength": 1, "maxLength": LONGEST}
_MOMENT = {"type": "string", "format": "date-time"}
_ATTRIBUTES: Mapping[str, Mapping[str, Any]] = {
    "id": {**_SHORT, "description": "Unique for the source; an event that comes twice is handled once."},
    "source": {**_SHORT, "description": "Who says it."},
    "subject": {**_SHORT, "description": "What it is about: the record's key."},
    "time": {**_MOMENT, "description": "When it happened, with its zone; the record's time if absent."},
    "recordedtime": {**_MOMENT, "description": "When it was recorded."},
    "partitionkey": {**_SHORT, "description": "The record's key."},
    "sequence": {"type": "string", "pattern": "^[1-9][0-9]*$", "description": "1, 2, … for its subject, no gaps."},
    "correlationid": {**_SHORT, "description": "What everything that follows from one cause has in common."},
    "causationid": {**_SHORT, "description": "Id of the event or request that it follows from."},
    "traceparent": {**_SHORT, "description": "W3C Trace Context, handed on."},
    "datacontenttype": {"const": "application/json"},
}
_NEEDED_IN = ("specversion", "type", "id", "source", "data")
_NEEDED_OUT = (*_NEEDED_IN, "subject", "time", "recordedtime", "partitionkey", "correlationid", "causationid")
_PLANT_LACKS = ("recordedtime", "sequence", "causationid")


def schema_of(entry: Entry) -> dict[str, Any]:
    """The JSON Schema of one type's events.

    What a plant sends may carry exact numbers as numbers or as text; what Asbuilt says carries them as text.
    Further attributes are allowed everywhere, because a type grows by optional ones.
    """
    is_plant = entry.owner == "plant"
    data = entry.contract.model_json_schema(mode="validation" if is_plant else "serialization")
    definitions = data.pop("$defs", {})
    head = {"specversion": {"const": "1.0"}, "type": {"const": entry.type}}
    attributes = {name: what for name, what in _ATTRIBUTES.items() if _has(entry, name)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:asbuilt:schema:{entry.type}",
        "title": entry.type,
        "description": data.pop("description", ""),
        "type": "object",
        "required": [*(_NEEDED_IN if is_plant else _NEEDED_OUT), *(["sequence"] if entry.is_fact else [])],
        "properties": {**head, **attributes, "data": data},
        **({"$defs": definitions} if definitions else {}),
    }


def _has(entry: Entry, attribute: str) -> bool:
    if entry.owner == "plant":
        return attribute not in _PLANT_LACKS
    return entry.is_fact or attribute != "sequence"
