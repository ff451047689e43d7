"""A completion record as B2MML V0700 operations performance (ANSI/ISA-95, IEC 62264), for ERP systems that speak it.

One OperationsResponse for the run; in it one SegmentResponse for the run, with what was produced and consumed, and in
that one for each step, with its values and its people.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

Document = Mapping[str, Any]

NAMESPACE = "http://www.mesa.org/xml/B2MML"
LEVELS = (("plant", "Site"), ("line", "ProductionLine"), ("work_center", "WorkCell"))
"""Where a run's place is in the role-based equipment hierarchy."""
STATES = {"complete": "Completed", "canceled": "Aborted", "hold": "Held"}
"""A step in another state has none here: nothing was done on it."""
SCRAPPED = "Scrapped"
"""The standard has no use of a material for this, and leaves room for others."""

_CONTROLS = (*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF)
_NOT_XML = dict.fromkeys(_CONTROLS, "\N{REPLACEMENT CHARACTER}")
"""Characters that XML 1.0 has no form for."""


def operations_performance(record: Document) -> bytes:
    """The document of one completion record, UTF-8."""
    root = Element("OperationsPerformance", xmlns=NAMESPACE)
    _add(root, "ID", f"{record['run_id']}/{record['number']}")
    _add(root, "Description", record.get("note"))
    _add(root, "PublishedDate", record["completed_at"])
    _times(root, "StartTime", record.get("started_at"), "Endtime", record["completed_at"])
    _scope(root, record.get("place") or {})
    _add(root, "OperationsType", "Production")
    _add(root, "PerformanceState", "Completed")
    _response(root, record)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def _response(parent: Element, record: Document) -> None:
    procedure = record["procedure"]
    response = SubElement(parent, "OperationsResponse")
    _add(response, "ID", record["run_id"])
    _times(response, "StartTime", record.get("started_at"), "EndTime", record["completed_at"])
    _add(response, "OperationsType", "Production")
    _add(response, "OperationsRequestID", record.get("work_order"))
    _add(response, "OperationsDefinitionID", f"{procedure['name']} {procedure['version']}")
    _add(response, "ResponseState", "Completed")
    times = record.get("started_at"), record["completed_at"]
    segment = _segment(response, "SegmentResponse", record["run_id"], None, *times)
    _add(segment, "SegmentState", "Completed")
    for one in record.get("labour", ()):
        _person(segment, one["person"], one["labour_s"])
    _produced(segment, record)
    for one in record.get("installations", ()):
        _material(segment, one, "Consumed", one["quantity"])
    for step in record.get("steps") or ():
        _step(segment, step)


def _produced(parent: Element, record: Document) -> None:
    """What is good of the quantity; and apart from it what is not, if any."""
    scrapped = Decimal(record.get("scrapped_quantity") or 0)
    if good := Decimal(record["quantity"]) - scrapped:
        _material(parent, record, "Produced", str(good))
    if scrapped:
        _material(parent, record, SCRAPPED, str(scrapped))


def _step(parent: Element, step: Document) -> None:
    times = step.get("started_at"), step.get("signed_at")
    segment = _segment(parent, "SegmentResponseChild", step["step_id"], step["name"], *times)
    _add(segment, "SegmentState", STATES.get(step["state"]))
    for value in step.get("values", ()):
        _value(segment, value)
    labour = {one["person"]: one["labour_s"] for one in step.get("labour", ())}
    signer = (step.get("signed_by") or {}).get("person")
    for person in dict.fromkeys([*([signer] if signer else []), *labour]):
        _person(segment, person, labour.get(person))


def _segment(
    parent: Element, element: str, id_: str, name: str | None, started_at: str | None, ended_at: str | None
) -> Element:
    segment = SubElement(parent, element)
    _add(segment, "ID", id_)
    _add(segment, "Description", name)
    _times(segment, "ActualStartTime", started_at, "ActualEndTime", ended_at)
    _add(segment, "OperationsType", "Production")
    _add(segment, "ProcessSegmentID", id_)
    return segment


def _value(parent: Element, value: Document) -> None:
    data = SubElement(parent, "SegmentData")
    _add(data, "ID", value["field_id"])
    _add(data, "Description", value["name"])
    is_number = value.get("unit") is not None or value.get("verdict") is not None
    for text, kind in _texts(value["value"], is_number=is_number):
        one = SubElement(data, "Value")
        SubElement(one, "ValueString").text = text.translate(_NOT_XML)
        _add(one, "DataType", kind)
        _add(one, "UnitOfMeasure", value.get("unit"))


def _texts(value: Any, *, is_number: bool) -> Iterator[tuple[str, str]]:
    if isinstance(value, bool):
        yield ("true" if value else "false"), "boolean"
    elif isinstance(value, list | tuple):
        yield from ((str(one), "string") for one in value)
    else:
        yield str(value), "decimal" if is_number else "string"


def _person(parent: Element, person: str, labour_s: str | None) -> None:
    actual = SubElement(parent, "PersonnelActual")
    _add(actual, "ID", person)
    _add(actual, "PersonID", person)
    if labour_s is not None:
        _quantity(actual, labour_s, "s")


def _material(parent: Element, one: Document, use: str, quantity: str) -> None:
    """A serial is a sublot: the one piece of its lot, or of no lot."""
    actual = SubElement(parent, "MaterialActual")
    _add(actual, "ID", one["unit_id"])
    _add(actual, "MaterialDefinitionID", f"{one['part_number']} {one.get('revision') or ''}".strip())
    _add(actual, "MaterialLotID", one.get("lot"))
    _add(actual, "MaterialSubLotID", one.get("serial"))
    _add(actual, "Description", one.get("designator"))
    if use == SCRAPPED:
        SubElement(actual, "MaterialUse", OtherValue=SCRAPPED).text = "Other"
    else:
        _add(actual, "MaterialUse", use)
    _quantity(actual, quantity, one.get("unit_of_measure"))


def _quantity(parent: Element, quantity: str, unit_of_measure: str | None) -> None:
    one = SubElement(parent, "Quantity")
    _add(one, "QuantityString", quantity)
    _add(one, "DataType", "decimal")
    _add(one, "UnitOfMeasure", unit_of_measure)


def _scope(parent: Element, place: Document) -> None:
    """The widest is the scope; each narrower one is the child of the one before."""
    element = "HierarchyScope"
    for name, level in LEVELS:
        if place.get(name):
            parent, element = SubElement(parent, element), "HierarchyScopeChild"
            _add(parent, "EquipmentID", place[name])
            _add(parent, "EquipmentLevel", level)


def _times(parent: Element, first: str, started_at: str | None, last: str, ended_at: str | None) -> None:
    _add(parent, first, started_at)
    _add(parent, last, ended_at)


def _add(parent: Element, name: str, text: str | None) -> None:
    """An element with a text; none where there is none."""
    if text:
        SubElement(parent, name).text = text.translate(_NOT_XML)
