"""What changed from one completion record of a run to another, in words of the domain.

Over the records as they were confirmed, so that the answer is the same for ever. What every completion has anew (its
number, time, completer, review, hash) is no difference.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

Record = Mapping[str, Any]
Standing = Callable[[Record], str]
"""How a thing of a record stands, in words."""


class Difference(NamedTuple):
    """One thing that is otherwise: what it is about, which one, and how it was and is; ``None`` where it was not."""

    about: str
    subject: str
    was: str | None
    now: str | None
    sentence: str


def compare(before: Record, after: Record) -> tuple[Difference, ...]:
    """Every difference between two completion records of one run, what was built first."""
    return (
        *_steps(before, after),
        *_values(before, after),
        *_installations(before, after),
        *_requirements(before, after),
        *_named("issue", "issues", "issue_id", before, after, lambda one: one.get("disposition") or one["state"]),
        *_named("redline", "redlines", "redline_id", before, after, lambda one: one["state"]),
        *_files(before, after),
        *_named("gate", "gates", "gate_id", before, after, _approved),
        *_listed("operator", "operators", before, after, "an operator of the run"),
        *_warnings(before, after),
        *_words(before, after),
    )


def _difference(about: str, subject: str, was: str | None, now: str | None, what: str = "") -> Difference:
    name = what or f"{about.capitalize()} {subject}"
    if was is None:
        sentence = f"{name} is new: {now}."
    elif now is None:
        sentence = f"{name} is gone; it was {was}."
    else:
        sentence = f"{name} was {was} and is {now}."
    return Difference(about, subject, was, now, sentence)


def _said(one: Record | None, standing: Standing) -> str | None:
    return None if one is None else standing(one)


def _pairs(
    before: Iterable[Record], after: Iterable[Record], key: str
) -> Iterator[tuple[str, Record | None, Record | None]]:
    """Things of the same id before and after, in the order in which they come."""
    were, are = ({one[key]: one for one in some} for some in (before, after))
    for name in {**were, **are}:
        yield name, were.get(name), are.get(name)


def _steps(before: Record, after: Record) -> Iterator[Difference]:
    for step_id, was, now in _pairs(before.get("steps") or (), after.get("steps") or (), "step_id"):
        if (then := _said(was, _standing)) != (since := _said(now, _standing)):
            yield _difference("step", step_id, then, since)


def _standing(step: Record) -> str:
    """Its state, and of a signed one by whom and when; without the name, another signature would not show."""
    signed = step.get("signed_by")
    if signed is None:
        return str(step["state"])
    return f"{step['state']}, signed by {_who(signed)} at {step['signed_at']}"


def _approved(gate: Record) -> str:
    by = gate.get("approved_by")
    return "closed without an approval" if by is None else f"approved by {_who(by)} at {gate['approved_at']}"


def _who(by: Record) -> str:
    return " at ".join(by[part] for part in ("person", "machine") if by.get(part))


def _values(before: Record, after: Record) -> Iterator[Difference]:
    were, are = _recorded(before), _recorded(after)
    for subject in {**were, **are}:
        was, now = were.get(subject), are.get(subject)
        if (then := _said(was, _measured)) != (since := _said(now, _measured)):
            name = (now or was or {})["name"]
            yield _difference("value", subject, then, since, f"{name} ({subject})")


def _recorded(record: Record) -> dict[str, Record]:
    """Every value of a record by step and field."""
    steps = record.get("steps") or ()
    return {f"{step['step_id']}/{one['field_id']}": one for step in steps for one in step.get("values", ())}


def _measured(recorded: Record) -> str:
    """The value with its unit and verdict, and which recording of its field it is."""
    value = recorded["value"]
    text = ", ".join(value) if isinstance(value, list | tuple) else str(value)
    parts = [f"{text} {recorded['unit']}" if recorded.get("unit") else text]
    if recorded.get("verdict"):
        parts.append(str(recorded["verdict"]))
    return f"{', '.join(parts)} (recording {recorded['recording']})"


def _installations(before: Record, after: Record) -> Iterator[Difference]:
    """By requirement and designator: what was exchanged there, put in or taken out."""
    were, are = _by_place(before), _by_place(after)
    for place in {**were, **are}:
        gone = [one for one in were.get(place, ()) if one not in are.get(place, ())]
        came = [one for one in are.get(place, ()) if one not in were.get(place, ())]
        for number in range(max(len(gone), len(came))):
            was = gone[number] if number < len(gone) else None
            now = came[number] if number < len(came) else None
            yield _difference("installation", place, was, now)


def _by_place(record: Record) -> dict[str, list[str]]:
    places: dict[str, list[str]] = defaultdict(list)
    for one in record.get("installations", ()):
        designator = one.get("designator")
        place = f"{one['requirement_id']}/{designator}" if designator else str(one["requirement_id"])
        substitute = ", a substitute" if one.get("substitute") else ""
        places[place].append(f"{one['quantity']} of {one['part_number']}, unit {one['unit_id']}{substitute}")
    return places


def _requirements(before: Record, after: Record) -> Iterator[Difference]:
    lines, since = before["counts"]["requirements"], after["counts"]["requirements"]
    for requirement_id, was, now in _pairs(lines, since, "requirement_id"):
        if _said(was, _asked) != _said(now, _asked):
            yield _difference("requirement", requirement_id, _said(was, _asked), _said(now, _asked))


def _asked(line: Record) -> str:
    return f"{line['required']} required, {line['excepted']} excepted"


def _named(
    about: str, member: str, key: str, before: Record, after: Record, standing: Standing
) -> Iterator[Difference]:
    for name, was, now in _pairs(before.get(member) or (), after.get(member) or (), key):
        if (then := _said(was, standing)) != (since := _said(now, standing)):
            yield _difference(about, name, then, since)


def _files(before: Record, after: Record) -> Iterator[Difference]:
    were, are = _attached(before), _attached(after)
    for place in {**were, **are}:
        if (was := were.get(place)) != (now := are.get(place)):
            yield _difference("file", place, was, now)


def _attached(record: Record) -> dict[str, str]:
    """Every file by where it is attached and its name, with its digest."""
    steps = record.get("steps") or ()
    on_steps = ((f"{step['step_id']}/{one['name']}", one) for step in steps for one in step.get("files") or ())
    on_run = ((str(one["name"]), one) for one in record.get("files") or ())
    return {place: f"sha256:{one['sha256']}" for some in (on_run, on_steps) for place, one in some}


def _listed(about: str, member: str, before: Record, after: Record, what: str) -> Iterator[Difference]:
    were, are = before.get(member, ()), after.get(member, ())
    for name in dict.fromkeys((*were, *are)):
        if (name in were) is not (name in are):
            yield _difference(about, name, what if name in were else None, what if name in are else None)


def _warnings(before: Record, after: Record) -> Iterator[Difference]:
    were, are = ({(one["code"], one["subject"]) for one in record["acknowledged"]} for record in (before, after))
    for code, subject in sorted(were ^ are):
        said = "acknowledged"
        is_gone = (code, subject) in were
        yield _difference("warning", f"{code} {subject}", said if is_gone else None, None if is_gone else said)


def _words(before: Record, after: Record) -> Iterator[Difference]:
    """What a record says of the run as a whole."""
    for member, name in WHOLE.items():
        was, now = (str(record.get(member) or "") or None for record in (before, after))
        if was != now:
            yield _difference(name.removesuffix(" in seconds"), str(after["run_id"]), was, now, f"The {name}")


WHOLE = {
    "note": "note",
    "quantity": "quantity",
    "good_quantity": "good quantity",
    "scrapped_quantity": "scrapped quantity",
    "started_at": "start of the run",
    "as_built_version": "version of the as-built",
    "cycle_time_s": "cycle time in seconds",
    "labour_s": "labour in seconds",
}
