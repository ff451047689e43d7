"""A unit's life in the words of GS1: an EPCIS 2.0 document (JSON-LD), of ObjectEvents, AggregationEvents and
TransformationEvents.

| what happened | event |
| --- | --- |
| it was received, or a run began to build it | ObjectEvent, `ADD`, `receiving` or `commissioning` |
| it was moved | ObjectEvent, `OBSERVE`, `storing` |
| a serial unit was put in or taken out | AggregationEvent, `ADD` `assembling`, or `DELETE` `disassembling` |
| a run that was completed used a lot quantity up | TransformationEvent, `assembling` |
| it, or some of it, was scrapped, or returned to its supplier | ObjectEvent, `DELETE`, `destroying` or `shipping` |

Serials and lots are the plant's own, so identifiers are URIs under a base of its own (`Ids`).
The same event has the same id in whichever unit's life it is told.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from services.inventory.adapters.epcis_ids import Ids

Row = Mapping[str, Any]
Document = dict[str, Any]

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
PERSON, MACHINE = "urn:asbuilt:person", "urn:asbuilt:machine"
"""An event's members of our own: who did it, through what."""

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

STEPS = ("commissioning", "receiving", "storing", "assembling", "disassembling", "destroying", "shipping")
"""In which order what happened in one moment is told."""


def epcis_document(events: Iterable[Document], created_at: datetime) -> Document:
    """The document of some events, in the order in which they happened."""
    return {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": _time(created_at),
        "epcisBody": {"eventList": sorted(events, key=_order)},
    }


def _order(event: Document) -> tuple[str, int, str]:
    return event["eventTime"], STEPS.index(event["bizStep"]), event["eventID"]


def object_event(lived: Row, ids: Ids) -> Document | None:
    """One moment of a unit itself; none where a completion of its run is told by what it used up."""
    if lived["what"] not in OBJECT_EVENTS:
        return None
    action, step, disposition = OBJECT_EVENTS[lived["what"]]
    seed = ids.event("ObjectEvent", lived["unit_id"], lived["what"], str(lived["life_id"]))
    event = _event("ObjectEvent", seed, lived["at"], lived["recorded_at"], lived["done_by"])
    event |= {"action": action, "bizStep": step}
    if disposition is not None:
        event["disposition"] = disposition
    is_lot = lived["serial"] is None
    what = {"quantityList": [_quantity(lived, lived["quantity"], ids)]} if is_lot else {"epcList": [ids.epc(lived)]}
    place = {"bizLocation": {"id": ids.location(lived["location"])}} if lived["location"] else {}
    return event | what | place | _of_run(lived["run_id"], ids)


def aggregation_events(row: Row, ids: Ids) -> Iterator[Document]:
    """A serial unit that was put into another; and taken out again, where it was."""
    both = {"parentID": ids.unit(_parent(row)), "childEPCs": [ids.epc(row)], **_of_run(row["run_id"], ids)}
    seed = ("AggregationEvent", row["installation_id"])
    times = (row["installed_at"], row["recorded_at"])
    into = _event("AggregationEvent", ids.event(*seed, "ADD"), *times, row["installed_by"])
    yield into | {"action": "ADD", "bizStep": "assembling"} | both
    if row["removed_at"] is not None:
        times = (row["removed_at"], row["removed_recorded_at"])
        out = _event("AggregationEvent", ids.event(*seed, "DELETE"), *times, row["removed_by"])
        yield out | {"action": "DELETE", "bizStep": "disassembling"} | both


def transformation_events(unit: Row, releases: Sequence[Row], installed: Sequence[Row], ids: Ids) -> Iterator[Document]:
    """What each completion of a unit's run used up: the lot quantities that stood in it by then and not at the
    completion before. Serial units are aggregated, and stay what they are.
    """
    before: datetime | None = None
    for release in sorted(releases, key=lambda one: (one["at"], one["recorded_at"])):
        used = [one for one in installed if one["run_id"] == release["run_id"] and _stood(one, release["at"], before)]
        before = release["at"]
        if used:
            yield _transformation(unit, release, used, ids)


def _transformation(unit: Row, release: Row, used: Sequence[Row], ids: Ids) -> Document:
    seed = ids.event("TransformationEvent", unit["unit_id"], release["run_id"], _time(release["at"]))
    event = _event("TransformationEvent", seed, release["at"], release["recorded_at"], release["done_by"])
    inputs = {"inputQuantityList": [_quantity(one, quantity, ids) for one, quantity in _by_class(used, ids)]}
    is_lot = unit["serial"] is None
    output = (
        {"outputQuantityList": [_quantity(unit, release["quantity"], ids)]}
        if is_lot
        else {"outputEPCList": [ids.epc(unit)]}
    )
    return event | {"bizStep": "assembling"} | inputs | output | _of_run(release["run_id"], ids)


def _by_class(used: Sequence[Row], ids: Ids) -> Iterable[tuple[Row, Decimal]]:
    """One sum for each lot: so the event stays what it is when part of what stood there is taken out later."""
    sums: dict[tuple[str, str], tuple[Row, Decimal]] = {}
    for one in used:
        name = ids.epc(one), one["unit_of_measure"]
        first, quantity = sums.get(name, (one, Decimal(0)))
        sums[name] = first, quantity + one["quantity"]
    return sums.values()


def _stood(one: Row, at: datetime, before: datetime | None) -> bool:
    is_new = before is None or one["installed_at"] > before
    return is_new and one["installed_at"] <= at and (one["removed_at"] is None or one["removed_at"] > at)


def _parent(row: Row) -> Document:
    return {name.removeprefix("parent_"): value for name, value in row.items() if name.startswith("parent_")}


def _quantity(unit: Row, quantity: Decimal, ids: Ids) -> Document:
    element: Document = {"epcClass": ids.epc(unit)}
    if unit["unit_of_measure"] in UNITS_OF_MEASURE:
        element["quantity"] = int(quantity) if quantity == int(quantity) else float(quantity)
        if code := UNITS_OF_MEASURE[unit["unit_of_measure"]]:
            element["uom"] = code
    return element


def _event(type_: str, event_id: str, at: datetime, recorded_at: datetime, by: Row | None) -> Document:
    event: Document = {
        "type": type_,
        "eventID": event_id,
        "eventTime": _time(at),
        "eventTimeZoneOffset": "+00:00",
        "recordTime": _time(recorded_at),
    }
    who = by or {}
    return event | {member: who[name] for member, name in ((PERSON, "person"), (MACHINE, "machine")) if who.get(name)}


def _of_run(run_id: str | None, ids: Ids) -> Document:
    if run_id is None:
        return {}
    return {"bizTransactionList": [{"type": "prodorder", "bizTransaction": ids.run(run_id)}]}


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
