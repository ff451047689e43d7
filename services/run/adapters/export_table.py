"""The export of a run as one table: a row for each fact, the same columns for all.

| section | a row is | besides |
| --- | --- | --- |
| `run` | a member of the summary | `id` names it, `value` |
| `count` | a count of the review | `id` names it, `value` |
| `operator` | who worked on the run | `person`, `value` (s of labour) |
| `requirement` | what was to be installed | `id`, `name` (part), `value` required, `detail` installed and excepted |
| `installation` | what was installed | `id` (requirement), `step_id`, `name` (part), `value` (quantity), units |
| `issue` | an issue of the run | `id`, `step_id`, `name` (title), `state`, `detail` (disposition) |
| `redline` | a redline | `id`, `state`, `person` (author), `at` (applied), `detail` (reason) |
| `gate` | a gate | `id`, `name`, `state` (approved, open, or closed with its run), `person`, `at` |
| `completion` | a completion record | `number`, `at`, `value` (content hash), `superseded` |
| `step` | a step, in the order of execution | `name`, `state`, `person`, `machine`, `at` (signed), `number` (attempt) |
| `value` | a recorded value, earlier too | `step_id`, `id` (field), `value`, `unit`, `state` (verdict), `number` |
| `session` | a person on a step | `step_id`, `person`, `at` (check-in), `detail` (check-out), `value` (s) |
| `file` | an attached file | `step_id`, `id` (SHA-256), `name`, `person`, `at` |
| `comment` | what somebody said | `step_id`, `id`, `value`, `person`, `machine`, `at` |

A text that a spreadsheet would take for a formula has an apostrophe before it; numbers stay numbers.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shared.runtime import sheets

COLUMNS = (
    "section",
    "step_id",
    "id",
    "name",
    "value",
    "unit",
    "state",
    "person",
    "machine",
    "at",
    "number",
    "superseded",
    "unit_id",
    "serial",
    "lot",
    "designator",
    "detail",
)
HEADER: "Row" = dict(zip(COLUMNS, COLUMNS, strict=True))

Row = Mapping[str, Any]
Document = Mapping[str, Any]

OF_THE_RUN = (
    "run_id",
    "status",
    "completion",
    "part_number",
    "revision",
    "work_order",
    "unit_id",
    "serial",
    "lot",
    "quantity",
    "unit_of_measure",
    "ordered_at",
    "started_at",
    "completed_at",
    "completed_by",
    "cycle_time_s",
    "first_completed_at",
    "first_cycle_time_s",
    "labour_s",
    "content_hash",
)


def written(rows: Iterable[Row]) -> bytes:
    """Rows as CSV (RFC 4180), UTF-8."""
    return sheets.written([row.get(name) for name in COLUMNS] for row in rows)


def rows_of_head(head: Document) -> Iterator[Row]:
    """What does not grow with the work."""
    summary = head["summary"]
    for name in OF_THE_RUN:
        yield {"section": "run", "id": name, "value": summary[name]}
    yield {"section": "run", "id": "procedure", "value": summary["procedure"]["name"]}
    yield {"section": "run", "id": "procedure_version", "value": summary["procedure"]["version"]}
    record = head["record"] or {}
    for name in ("note", "review_version"):
        yield {"section": "run", "id": name, "value": record.get(name)}
    yield from _counts(summary)
    for one in summary["operators"]:
        yield {"section": "operator", "person": one["person"], "value": one["labour_s"], "unit": "s"}
    for part in summary["requirements"]["parts"]:
        yield _requirement(part)
    for one in summary["issues"]["items"]:
        yield {**_named("issue", one, "issue_id", "title"), "state": one["state"], "detail": one["disposition"]}
    for one in head["redlines"]:
        yield _redline(one)
    for one in head["gates"]:
        yield {**_named("gate", one, "gate_id", "name"), "state": one["state"], **_did(one, "approved")}
    for one in head["completions"]:
        yield _completion(one)
    yield from map(_installation, head["installs_of_no_step"])
    yield from map(_file, head["files"])


def rows_of_step(step: Document) -> Iterator[Row]:
    """A step, and everything on it but what was said about it."""
    step_id = step["step_id"]
    signed = _did(step, "signed")
    yield {
        "section": "step",
        "step_id": step_id,
        "name": step["name"],
        "state": step["state"],
        **signed,
        "number": step["attempt"],
        "detail": step["because"],
    }
    on_step = (*_values(step), *map(_installation, step["installs"]), *_sessions(step), *map(_file, step["files"]))
    yield from ({**one, "step_id": step_id} for one in on_step)


def row_of_comment(comment: Document) -> Row:
    """What somebody said, about a step or about the run."""
    return {
        "section": "comment",
        "step_id": comment["step_id"],
        "id": comment["comment_id"],
        "value": comment["text"],
        **comment["by"],
        "at": comment["at"],
    }


def _counts(summary: Document) -> Iterator[Row]:
    for what in ("steps", "requirements", "issues", "redlines"):
        for name, number in summary[what].items():
            if isinstance(number, int):
                yield {"section": "count", "id": f"{what}_{name}", "value": number}


def _requirement(part: Document) -> Row:
    met = f"installed {part['installed']}, excepted {part['excepted']}"
    return {**_named("requirement", part, "requirement_id", "part_number"), "value": part["required"], "detail": met}


def _installation(one: Document) -> Row:
    names = ("unit_id", "serial", "lot", "designator")
    return {
        **_named("installation", one, "requirement_id", "part_number"),
        "value": one["quantity"],
        **{name: one[name] for name in names},
        "at": one["installed_at"],
        **(one["installed_by"] or {}),
        "detail": "substitute" if one["substitute"] else None,
    }


def _redline(one: Document) -> Row:
    return {
        **_named("redline", one, "redline_id", "redline_id"),
        "name": None,
        "state": one["state"],
        **one["author"],
        "at": one["applied_at"],
        "detail": one["reason"],
    }


def _completion(one: Document) -> Row:
    return {
        "section": "completion",
        "number": one["number"],
        "at": one["completed_at"],
        "value": one["content_hash"],
        "superseded": one["superseded_at"] is not None,
        "detail": one["superseded_because"],
    }


def _values(step: Document) -> Iterator[Row]:
    for field in (*step["fields"], *step["former_fields"]):
        for earlier in field["earlier"]:
            yield {**_value(field, earlier), "superseded": True}
        if field.get("value") is not None:
            yield {**_value(field, field), "superseded": False}


def _value(field: Document, recorded: Document) -> Row:
    return {
        "section": "value",
        "id": field["field_id"],
        "name": field.get("name"),
        "value": recorded["value"],
        "unit": recorded["unit"],
        "state": recorded["verdict"],
        **_did(recorded, "recorded"),
        "number": recorded["recording"],
    }


def _sessions(step: Document) -> Iterator[Row]:
    for one in step["sessions"]:
        yield {
            "section": "session",
            "person": one["person"],
            "at": one["started_at"],
            "number": one["session"],
            "value": one["labour_s"],
            "unit": "s",
            "detail": one["ended_at"],
        }


def _file(one: Document) -> Row:
    return {**_named("file", one, "sha256", "name"), **_did(one, "attached")}


def _named(section: str, one: Document, identity: str, name: str) -> dict[str, Any]:
    return {"section": section, "id": one[identity], "name": one[name], "step_id": one.get("step_id")}


def _did(one: Document, what: str) -> dict[str, Any]:
    """Who did it, and when."""
    return {**(one[f"{what}_by"] or {}), "at": one[f"{what}_at"]}
