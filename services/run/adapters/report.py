"""The end-of-line report of a completion record: one HTML document for customers and auditors (domain.md 8).

It is made of the record and of nothing else, so whoever makes it again gets the same bytes; it names the record's
content hash. It needs nothing from anywhere, and prints on A4.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

Document = Mapping[str, Any]

STYLE = """
@page { size: A4; margin: 18mm }
body { font: 10pt/1.4 sans-serif; color: #111; max-width: 60em; margin: 1em auto }
h1 { font-size: 16pt } h2 { font-size: 12pt; border-bottom: 1px solid #999 } h3 { font-size: 10.5pt; margin-bottom: 0 }
table { border-collapse: collapse; width: 100%; margin: .3em 0 } tr { break-inside: avoid } thead { display: table-header-group }
th, td { text-align: left; vertical-align: top; padding: .15em .6em .15em 0; border-bottom: 1px solid #ddd; overflow-wrap: anywhere }
h2, h3 { break-after: avoid } .out { font-weight: bold } .hash { font-family: monospace; overflow-wrap: anywhere }
"""  # noqa: E501 - a rule is read as a line

HOW_TO_CHECK = (
    "The content hash is SHA-256 over the completion record as canonical JSON (RFC 8785), without its content_hash. "
    "Anybody computes it again from the export of the run."
)


def report(record: Document) -> bytes:
    """The report of one completion record, UTF-8."""
    title = escape(f"End-of-line report: {record['part_number']} {record.get('serial') or record['unit_id']}")
    parts = "\n".join((f"<h1>{title}</h1>", *_head(record), *_sections(record), *_proof(record)))
    head = f'<meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n{parts}\n</body></html>\n'.encode()


def _head(record: Document) -> Iterator[str]:
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


def _sections(record: Document) -> Iterator[str]:
    yield from _steps(record)
    yield from _requirements(record)
    yield from _installations(record)
    yield from _gates(record)
    yield from _redlines(record)
    yield from _issues(record)
    yield from _acknowledged(record)
    yield from _files("Files of the run", record.get("files"))


def _steps(record: Document) -> Iterator[str]:
    counts = record["counts"]
    yield _h2("Steps")
    resolved = f", {counts['steps_failed_then_resolved']} of them failed and resolved"
    yield _p(f"{counts['steps_completed']} of {counts['steps_total']} completed{resolved}.")
    for step in record.get("steps") or ():
        yield from _step(step)


def _step(step: Document) -> Iterator[str]:
    yield f"<h3>{escape(step['name'])} ({escape(step['step_id'])})</h3>"
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


def _requirements(record: Document) -> Iterator[str]:
    lines = record["counts"]["requirements"]
    names = ("requirement_id", "part_number", "required", "installed", "excepted")
    rows = [[one[name] for name in names] for one in lines]
    yield from _table("Build requirements", ("Requirement", "Part", "Required", "Installed", "Excepted"), rows)


def _installations(record: Document) -> Iterator[str]:
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


def _gates(record: Document) -> Iterator[str]:
    rows = [
        (one["name"], one["role"], _did(one.get("approved_at"), one.get("approved_by")) or "closed without an approval")
        for one in record.get("gates") or ()
    ]
    yield from _table("Approvals", ("Gate", "Role", "Approved"), rows)


def _redlines(record: Document) -> Iterator[str]:
    head = ("Redline", "State", "Reason", "Author", "Steps", "Applied", "Accepted for", "Issue")
    yield from _table("Redlines", head, [_redline(one) for one in record.get("redlines") or ()])


def _redline(one: Document) -> Sequence[str]:
    applied = _did(one.get("applied_at"), one.get("applied_by"))
    of_many = (_listed(*one["steps"]), applied, _listed(*one.get("accepted_for", ())), one.get("issue_id") or "")
    return one["redline_id"], one["state"], one["reason"], _by(one["author"]), *of_many


def _issues(record: Document) -> Iterator[str]:
    names = ("issue_id", "title", "state", "disposition")
    rows = [[one.get(name) or "" for name in names] for one in record.get("issues") or ()]
    yield from _table("Issues", ("Issue", "Title", "State", "Disposition"), rows)


def _acknowledged(record: Document) -> Iterator[str]:
    rows = [(one["code"], one["subject"]) for one in record.get("acknowledged") or ()]
    yield from _table("Acknowledged warnings", ("Warning", "Subject"), rows)


def _files(title: str, files: Iterable[Document] | None) -> Iterator[str]:
    rows = [
        (one["name"], one["media_type"], f"{one['size_bytes']} bytes", one["sha256"], one.get("uri") or "")
        for one in files or ()
    ]
    yield from _table(title, ("File", "Type", "Size", "SHA-256", "Kept elsewhere"), rows)


def _proof(record: Document) -> Iterator[str]:
    yield _h2("Proof")
    yield f'<p class="hash">{escape(record["content_hash"])}</p>'
    yield _p(HOW_TO_CHECK)


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Nothing, where there are no rows."""
    if rows:
        if title:
            yield _h2(title)
        body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
        names = "".join(f"<th>{escape(name)}</th>" for name in head)
        yield f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"


def _cell(text: str) -> str:
    mark = ' class="out"' if text == "out-of-range" else ""
    return f"<td{mark}>{escape(text)}</td>"


def _pairs(*pairs: tuple[str, str | None]) -> str:
    """A table of what there is."""
    told = ((name, text) for name, text in pairs if text)
    rows = "".join(f"<tr><th>{name}</th><td>{escape(text)}</td></tr>" for name, text in told)
    return f"<table>{rows}</table>"


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


def _h2(text: str) -> str:
    return f"<h2>{escape(text)}</h2>"


def _p(text: str) -> str:
    return f"<p>{escape(text)}</p>"
