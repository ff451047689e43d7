"""EPCIS 2.0 as GS1 publishes it (EPCIS Standard 2.0, JSON Schema of June 2022): the parts that Asbuilt's documents use,
written down; what they do not use is not allowed here.
"""

from typing import Any

URI: dict[str, Any] = {"type": "string", "pattern": r"^[a-zA-Z][a-zA-Z0-9+.-]*:[^\s]+$"}
TIME: dict[str, Any] = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$",
}
EPCS: dict[str, Any] = {"type": "array", "minItems": 1, "uniqueItems": True, "items": URI}
QUANTITIES: dict[str, Any] = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "required": ["epcClass"],
        "additionalProperties": False,
        "properties": {
            "epcClass": URI,
            "quantity": {"type": "number"},
            "uom": {"type": "string", "pattern": "^[A-Z0-9]{2,3}$"},
        },
        "dependentRequired": {"uom": ["quantity"]},
    },
}
STEPS = ["assembling", "commissioning", "destroying", "disassembling", "receiving", "shipping", "storing"]
"""Of the Core Business Vocabulary 2.0."""
DISPOSITIONS = ["active", "destroyed", "in_progress", "returned"]

COMMON: dict[str, Any] = {
    "type": {"type": "string"},
    "eventID": URI,
    "eventTime": TIME,
    "recordTime": TIME,
    "eventTimeZoneOffset": {"type": "string", "pattern": r"^([+]|[-])((0[0-9]|1[0-3]):([0-5][0-9])|14:00)$"},
    "bizStep": {"enum": STEPS},
    "disposition": {"enum": DISPOSITIONS},
    "bizLocation": {"type": "object", "required": ["id"], "properties": {"id": URI}},
    "bizTransactionList": {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["bizTransaction"],
            "additionalProperties": False,
            "properties": {"type": {"enum": ["prodorder"]}, "bizTransaction": URI},
        },
    },
}
ACTION: dict[str, Any] = {"enum": ["OBSERVE", "ADD", "DELETE"]}


def event(*required: str, any_of: list[list[str]], **own: Any) -> dict[str, Any]:
    """A sort of event: members of EPCIS are named plainly, others are URIs."""
    return {
        "type": "object",
        "required": ["type", "eventTime", "eventTimeZoneOffset", *required],
        "properties": COMMON | own,
        "patternProperties": {"^[a-z]+:": {}},
        "additionalProperties": False,
        "allOf": [{"anyOf": [{"required": [name]} for name in names]} for names in any_of],
    }


EVENTS = {
    "ObjectEvent": event(
        "action", any_of=[["epcList", "quantityList"]], action=ACTION, epcList=EPCS, quantityList=QUANTITIES
    ),
    "AggregationEvent": event(
        "action",
        "parentID",
        any_of=[["childEPCs", "childQuantityList"]],
        action=ACTION,
        parentID=URI,
        childEPCs=EPCS,
        childQuantityList=QUANTITIES,
    ),
    "TransformationEvent": event(
        any_of=[["inputEPCList", "inputQuantityList"], ["outputEPCList", "outputQuantityList"]],
        inputEPCList=EPCS,
        inputQuantityList=QUANTITIES,
        outputEPCList=EPCS,
        outputQuantityList=QUANTITIES,
    ),
}

DOCUMENT: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["@context", "type", "schemaVersion", "creationDate", "epcisBody"],
    "additionalProperties": False,
    "properties": {
        "@context": {
            "type": "array",
            "contains": {"const": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"},
        },
        "type": {"const": "EPCISDocument"},
        "schemaVersion": {"const": "2.0"},
        "creationDate": TIME,
        "epcisBody": {
            "type": "object",
            "required": ["eventList"],
            "properties": {
                "eventList": {
                    "type": "array",
                    "items": {
                        "required": ["type"],
                        "properties": {"type": {"enum": [*EVENTS]}},
                        "allOf": [
                            {"if": {"properties": {"type": {"const": name}}}, "then": one}
                            for name, one in EVENTS.items()
                        ],
                    },
                }
            },
        },
    },
}
