"""What the end-of-line report of a completion record says to customers and auditors (domain.md 8), before it is HTML or
PDF.

It is made of the record and of nothing else, so whoever makes it again gets the same; it names the record's content
hash.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Document = Mapping[str, Any]

OUT_OF_RANGE = "out-of-range"
"""The one text that stands out where it is a cell by itself."""


@dataclass(frozen=True, slots=True)
class Heading:
    """Begins a section (2) or a part of it (3)."""

    level: int
    text: str
    kind: Literal["heading"] = "heading"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A sentence or two; ``exact`` where each character counts."""

    text: str
    exact: bool = False
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under a head; without one, each row is a name and what it names."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    kind: Literal["table"] = "table"


Block = Heading | Paragraph | Table


@dataclass(frozen=True, slots=True)
class Report:
    """What stands in a report, from top to bottom."""

    title: str
    content_hash: str
    blocks: tuple[Block, ...]


HOW_TO_CHECK = (
    "The content hash is SHA-256 over the completion record as canonical JSON (RFC 8785), without its content_hash. "
    "Anybody computes it again from the export of the run."
)


def report(record: Document) -> Report:
    """The report of one completion record."""
    title = f"End-of-line report: {record['part_number']} {record.get('serial') or record['unit_id']}"
    return Report(title, record["content_hash"], (*_head(record), *_sections(record), *_proof(record)))


def _head(record: Document) -> Iterator[Block]:
    procedure, place = record["procedure"], record.get("place") or {}
    yield _pairs(
        ("Part", f"{record['part_number']} revision {record['revision']}"),
        ("Serial", record.get("serial")),
        ("Lot", record.get("lot")),
        ("Quantity", f"{record['quantity']} {record['unit_of_measure']}"),
        ("Good, scrapped", _outcome(record)),
        ("Run", record["run_id"]),
        ("Procedure", f"{procedure['name']}, version {procedure['version']}"),
        ("Work order", record.get("work_order")),
        ("Built at", _listed(*(place.get(name) for name in ("plant", "line", "work_center")))),
        ("Ordered", record.get("ordered_at")),
        ("Order taken in afterwards", _imported(record.get("order_imported"))),
        ("Started", record.get("started_at")),
        ("Completed", f"{record['completed_at']} by {record['completed_by']}"),
        ("Taken in afterwards", _imported(record.get("imported"))),
        ("Completion record", str(record["number"])),
        ("First completed", record.get("first_completed_at")),
        ("Note", record.get("note")),
        ("Cycle time", _seconds(record.get("cycle_time_s"))),
        ("Cycle time of the first completion", _seconds(record.get("first_cycle_time_s"))),
        ("Labour", _seconds(record.get("labour_s"))),
        ("Operators", _listed(*record.get("operators", ()))),
    )


def _sections(record: Document) -> Iterator[Block]:
    yield from _steps(record)
    yield from _requirements(record)
    yield from _installations(record)
    yield from _gates(record)
    yield from _redlines(record)
    yield from _issues(record)
    yield from _acknowledged(record)
    yield from _files("Files of the run", record.get("files"))


def _steps(record: Document) -> Iterator[Block]:
    counts = record["counts"]
    yield Heading(2, "Steps")
    resolved = f", {counts['steps_failed_then_resolved']} of them failed and resolved"
    yield Paragraph(f"{counts['steps_completed']} of {counts['steps_total']} completed{resolved}.")
    for step in record.get("steps") or ():
        yield from _step(step)


def _step(step: Document) -> Iterator[Block]:
    yield Heading(3, f"{step['name']} ({step['step_id']})")
    failure = step.get("failure") or {}
    yield _pairs(
        ("State", step["state"] if step["required"] else f"{step['state']}, optional"),
        ("Started", step.get("started_at")),
        ("Signed off", _did(step.get("signed_at"), step.get("signed_by"))),
        ("Taken in afterwards", _imported(step.get("imported"))),
        ("Reason", step.get("because")),
        ("Failed", _failed(failure)),
        ("Covered by", failure.get("acknowledged_issue")),
        ("Attempt", step.get("attempt") and str(step["attempt"])),
        ("Step time", _seconds(step.get("step_time_s"))),
        ("Labour", _seconds(step.get("labour_s"))),
    )
    values = [_value(one) for one in step.get("values") or ()]
    yield from _table("", ("Field", "Value", "Verdict", "Recorded"), values)
    yield from _files("", step.get("files"))


def _failed(failure: Document) -> str:
    return f"{_did(failure['failed_at'], failure['failed_by'])}: {failure['reason']}" if failure else ""


def _value(one: Document) -> Sequence[str]:
    value = one["value"]
    told = _listed(*value) if isinstance(value, list | tuple) else _plain(value)
    measured = f"{told} {one['unit']}" if one.get("unit") else told
    return (
        f"{one['name']} ({one['field_id']})",
        measured,
        one.get("verdict") or "",
        _did(one["recorded_at"], one["recorded_by"]),
    )


def _requirements(record: Document) -> Iterator[Block]:
    lines = record["counts"]["requirements"]
    names = ("requirement_id", "part_number", "required", "installed", "excepted")
    rows = [[one[name] for name in names] for one in lines]
    yield from _table("Build requirements", ("Requirement", "Part", "Required", "Installed", "Excepted"), rows)


def _installations(record: Document) -> Iterator[Block]:
    rows = [_installation(one) for one in record.get("installations") or ()]
    head = ("Requirement", "Part", "Unit", "Serial or lot", "Quantity", "Installed")
    yield from _table(f"Installed (as-built version {record['as_built_version']})", head, rows)


def _installation(one: Document) -> Sequence[str]:
    place = f"{one['requirement_id']}, {one['designator']}" if one.get("designator") else one["requirement_id"]
    part = f"{one['part_number']} revision {one['revision']}" if one.get("revision") else one["part_number"]
    substitute = ", a substitute" if one.get("substitute") else ""
    unit = f"{one['unit_id']}, off {one['origin_unit_id']}" if one.get("origin_unit_id") else one["unit_id"]
    label = _listed(one.get("serial"), one.get("lot"))
    quantity = f"{one['quantity']} {one.get('unit_of_measure') or ''}".strip()
    return place, part + substitute, unit, label, quantity, _did(one.get("installed_at"), one.get("installed_by"))


def _gates(record: Document) -> Iterator[Block]:
    rows = [
        (one["name"], one["role"], _did(one.get("approved_at"), one.get("approved_by")) or "closed without an approval")
        for one in record.get("gates") or ()
    ]
    yield from _table("Approvals", ("Gate", "Role", "Approved"), rows)


def _redlines(record: Document) -> Iterator[Block]:
    head = ("Redline", "State", "Reason", "Author", "Steps", "Applied", "Accepted for", "Issue")
    yield from _table("Redlines", head, [_redline(one) for one in record.get("redlines") or ()])


def _redline(one: Document) -> Sequence[str]:
    applied = _did(one.get("applied_at"), one.get("applied_by"))
    of_many = (_listed(*one["steps"]), applied, _listed(*one.get("accepted_for", ())), one.get("issue_id") or "")
    return one["redline_id"], one["state"], one["reason"], _by(one["author"]), *of_many


def _issues(record: Document) -> Iterator[Block]:
    names = ("issue_id", "title", "state", "disposition")
    rows = [[one.get(name) or "" for name in names] for one in record.get("issues") or ()]
    yield from _table("Issues", ("Issue", "Title", "State", "Disposition"), rows)


def _acknowledged(record: Document) -> Iterator[Block]:
    rows = [(one["code"], one["subject"]) for one in record.get("acknowledged") or ()]
    yield from _table("Acknowledged warnings", ("Warning", "Subject"), rows)


def _files(title: str, files: Iterable[Document] | None) -> Iterator[Block]:
    rows = [
        (one["name"], one["media_type"], f"{one['size_bytes']} bytes", one["sha256"], one.get("uri") or "")
        for one in files or ()
    ]
    yield from _table(title, ("File", "Type", "Size", "SHA-256", "Kept elsewhere"), rows)


def _proof(record: Document) -> Iterator[Block]:
    yield Heading(2, "Proof")
    yield Paragraph(record["content_hash"], exact=True)
    yield Paragraph(HOW_TO_CHECK)


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Block]:
    """Nothing, where there are no rows."""
    if rows:
        if title:
            yield Heading(2, title)
        yield Table(tuple(head), tuple(map(tuple, rows)))


def _pairs(*pairs: tuple[str, str | None]) -> Table:
    """A table of what there is."""
    return Table((), tuple((name, text) for name, text in pairs if text))


def _listed(*texts: str | None) -> str:
    return ", ".join(text for text in texts if text)


def _outcome(record: Document) -> str:
    scrapped = record.get("scrapped_quantity")
    return f"{record['good_quantity']}, {scrapped}" if scrapped else ""


def _imported(imported: Document | None) -> str:
    return f"{imported['at']} by {imported['by']}" if imported else ""


def _did(at: str | None, by: Document | None) -> str:
    return " by ".join(part for part in (at, _by(by)) if part)


def _by(by: Document | None) -> str:
    return " at ".join(part for part in ((by or {}).get("person"), (by or {}).get("machine")) if part)


def _plain(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _seconds(seconds: str | None) -> str:
    return f"{seconds} s" if seconds else ""
