"""A unit's life in the words of GS1: an EPCIS 2.0 document (JSON-LD), of ObjectEvents, AggregationEvents and
TransformationEvents.

| what happened | event |
| --- | --- |
| it was received, or a run began to build it | ObjectEvent, `ADD`, `receiving` or `commissioning` |
| it was moved | ObjectEvent, `OBSERVE`, `storing` |
| a serial unit was put in or taken out | AggregationEvent, `ADD` `assembling`, or `DELETE` `disassembling` |
| a run that was completed used a lot quantity up | TransformationEvent, `assembling` |
| it, or some of it, was scrapped, or returned to its supplier | ObjectEvent, `DELETE`, `destroying` or `shipping` |

Serials and lots are the plant's own, so identifiers are URIs of its own: `urn:asbuilt:unit:…` of a serial unit,
`urn:asbuilt:lot:PART:LOT` of a lot (a class, with a quantity), `urn:asbuilt:run:…`, `urn:asbuilt:location:…`.
The same event has the same id in whichever unit's life it is told.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

Row = Mapping[str, Any]
Document = dict[str, Any]

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
BY = "urn:asbuilt:by"
"""An event's member of our own: who did it."""

UNITS_OF_MEASURE = {
    "each": None,
    "g": "GRM",
    "kg": "KGM",
    "mm": "MMT",
    "cm": "CMT",
    "m": "MTR",
    "m2": "MTK",
    "m3": "MTQ",
    "ml": "MLT",
    "l": "LTR",
}
"""UN/CEFACT codes, as EPCIS demands them; a count has none. In another unit no quantity is told, rather than a wrong
one.
"""

OBJECT_EVENTS = {
    "received": ("ADD", "receiving", "active"),
    "commissioned": ("ADD", "commissioning", "in_progress"),
    "moved": ("OBSERVE", "storing", None),
    "scrapped": ("DELETE", "destroying", "destroyed"),
    "returned": ("DELETE", "shipping", "returned"),
}


def epcis_document(events: Iterable[Document], created_at: datetime) -> Document:
    """The document of some events, in the order in which they happened."""
    return {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": _time(created_at),
        "epcisBody": {"eventList": sorted(events, key=lambda one: (one["eventTime"], one["eventID"]))},
    }


def object_event(unit: Row, lived: Row) -> Document | None:
    """One moment of a unit itself; none where a completion of its run is told by what it used up."""
    if lived["what"] not in OBJECT_EVENTS:
        return None
    action, step, disposition = OBJECT_EVENTS[lived["what"]]
    seed = (unit["unit_id"], lived["what"], _time(lived["at"]), str(lived["quantity"]))
    event = _event("ObjectEvent", seed, lived["at"], lived["recorded_at"], lived["done_by"])
    event |= {"action": action, "bizStep": step}
    if disposition is not None:
        event["disposition"] = disposition
    quantity = unit["quantity"] if lived["quantity"] is None else lived["quantity"]
    what = {"epcList": [epc(unit)]} if unit["serial"] else {"quantityList": [_quantity(unit, quantity)]}
    place = {"bizLocation": {"id": _uri("location", lived["location"])}} if lived["location"] else {}
    return event | what | place | _of_run(lived["run_id"])


def aggregation_events(row: Row) -> Iterator[Document]:
    """A serial unit that was put into another; and taken out again, where it was."""
    both = {"parentID": epc(_parent(row)), "childEPCs": [epc(row)], **_of_run(row["run_id"])}
    seed = (row["installation_id"],)
    into = _event("AggregationEvent", (*seed, "ADD"), row["installed_at"], row["recorded_at"], row["installed_by"])
    yield into | {"action": "ADD", "bizStep": "assembling"} | both
    if row["removed_at"] is not None:
        times = (row["removed_at"], row["removed_recorded_at"])
        out = _event("AggregationEvent", (*seed, "DELETE"), *times, row["removed_by"])
        yield out | {"action": "DELETE", "bizStep": "disassembling"} | both


def transformation_events(unit: Row, releases: Sequence[Row], installed: Sequence[Row]) -> Iterator[Document]:
    """What each completion of a unit's run used up: the lot quantities that stood in it by then and not at the
    completion before. Serial units are aggregated, and stay what they are.
    """
    before: datetime | None = None
    for release in sorted(releases, key=lambda one: (one["at"], one["recorded_at"])):
        used = [one for one in installed if one["run_id"] == release["run_id"] and _stood(one, release["at"], before)]
        before = release["at"]
        if used:
            yield _transformation(unit, release, used)


def _transformation(unit: Row, release: Row, used: Sequence[Row]) -> Document:
    seed = (unit["unit_id"], release["run_id"], _time(release["at"]))
    event = _event("TransformationEvent", seed, release["at"], release["recorded_at"], release["done_by"])
    inputs = {"inputQuantityList": [_quantity(one, one["quantity"]) for one in used]}
    is_lot = unit["serial"] is None
    output = {"outputQuantityList": [_quantity(unit, unit["quantity"])]} if is_lot else {"outputEPCList": [epc(unit)]}
    return event | {"bizStep": "assembling"} | inputs | output | _of_run(release["run_id"])


def _stood(one: Row, at: datetime, before: datetime | None) -> bool:
    is_new = before is None or one["installed_at"] > before
    return is_new and one["installed_at"] <= at and (one["removed_at"] is None or one["removed_at"] > at)


def epc(unit: Row) -> str:
    """The URI of a serial unit; of a lot, that of its class."""
    if unit["serial"] is not None:
        return _uri("unit", unit["unit_id"])
    return f"urn:asbuilt:lot:{quote(unit['part_number'], safe='')}:{quote(unit['lot'] or 'untracked', safe='')}"


def _parent(row: Row) -> Document:
    return {name.removeprefix("parent_"): value for name, value in row.items() if name.startswith("parent_")}


def _quantity(unit: Row, quantity: Decimal) -> Document:
    element: Document = {"epcClass": epc(unit)}
    if unit["unit_of_measure"] in UNITS_OF_MEASURE:
        element["quantity"] = int(quantity) if quantity == int(quantity) else float(quantity)
        if code := UNITS_OF_MEASURE[unit["unit_of_measure"]]:
            element["uom"] = code
    return element


def _event(type_: str, seed: Sequence[str], at: datetime, recorded_at: datetime, by: Row | None) -> Document:
    event: Document = {
        "type": type_,
        "eventID": f"urn:uuid:{uuid5(NAMESPACE_URL, _uri('event', ' '.join((type_, *seed))))}",
        "eventTime": _time(at),
        "eventTimeZoneOffset": "+00:00",
        "recordTime": _time(recorded_at),
    }
    if by is not None:
        event[BY] = {name: one for name, one in by.items() if one is not None}
    return event


def _of_run(run_id: str | None) -> Document:
    if run_id is None:
        return {}
    return {"bizTransactionList": [{"type": "prodorder", "bizTransaction": _uri("run", run_id)}]}


def _uri(kind: str, name: str) -> str:
    return f"urn:asbuilt:{kind}:{quote(name, safe='')}"


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
