"""Records that inventory takes: receipts, claims, installs, removals and completions."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.inventory.domain.expecting import EXPECTED
from services.inventory.domain.locations import LOCATIONS
from services.inventory.domain.lookup import Wider, label_in, widened
from services.inventory.domain.unit import Unit
from shared.kernel import unit_id_of
from shared.messaging.transaction import Held
from shared.testing.topics import Sent, event
from tests.handlers.bench import BY, Bench

PUMP, ROTOR = "PUMP-1", "ROTOR-1"
PARTS = {"PUMP": "PUMP-100", "SKID": "SKID-9", "ROTOR": "ROTOR-7", "VALVE": "VALVE-3"}


def part(unit_id: str) -> str:
    """The part of a unit follows from its serial."""
    return PARTS[unit_id.split("-", maxsplit=1)[0]]


def received(unit_id: str = ROTOR, **more: Any) -> Sent:
    """The warehouse received a unit."""
    data = {"unit_id": unit_id, "part_number": part(unit_id), "revision": "A", "serial": unit_id}
    return event("plant.unit.received.v1", data, **more)


def created(unit_id: str = PUMP, run_id: str = "", wants: str = "ROTOR", **requirement: Any) -> Sent:
    """A run was created: it builds a unit that wants one other."""
    time = requirement.pop("time", None)
    wanted = {"requirement_id": "r", "part_number": PARTS[wants], "quantity": "1"} | requirement
    run = {
        "run_id": run_id or f"run of {unit_id}",
        "unit_id": unit_id,
        "part_number": part(unit_id),
        "revision": "A",
        "procedure": {"name": "Build", "version": "1"},
        "target": {"serial": unit_id},
        "place": {"line": "Line 2"},
        "steps": [{"step_id": "s", "name": "S"}],
        "requirements": [wanted],
    }
    return event("asbuilt.run.created.v1", BY | run, time=time)


def installed(unit_id: str = ROTOR, parent_id: str = PUMP, **more: Any) -> Sent:
    """A scanner says that a component was put into a unit."""
    data = {"parent_unit_id": parent_id, "unit_id": unit_id, "requirement_id": "r", "operator": "olga"}
    names = {name: more.pop(name) for name in ("designator", "quantity", "requirement_id") if name in more}
    return event("plant.unit.installed.v1", data | names, **more)


def removed(unit_id: str = ROTOR, parent_id: str = PUMP, **more: Any) -> Sent:
    """A scanner says that a component was taken out."""
    data = {"parent_unit_id": parent_id, "unit_id": unit_id, "reason": "worn", "operator": "olga"}
    names = {name: more.pop(name) for name in ("designator", "quantity", "requirement_id", "scrapped") if name in more}
    return event("plant.unit.removed.v1", data | names, **more)


def completed(bench: Bench, unit_id: str = PUMP, number: int = 1) -> Sent:
    """The run of a unit was completed, relying on what is in the unit now."""
    unit = bench.state(unit_id)
    relied_on = [
        {
            "installation_id": one.installation_id,
            "requirement_id": one.requirement_id,
            "unit_id": one.unit_id,
            "part_number": one.part_number,
            "quantity": "1",
        }
        for one in unit.installations.values()
    ]
    wanted = {} if unit.build is None else {name: str(one.quantity) for name, one in unit.build.requirements.items()}
    return _completed(unit_id, number, unit.as_built_version, relied_on, wanted)


def completion(unit_id: str, version: int, *components: str) -> Sent:
    """The run of a unit was completed, relying on a version of its as-built with these components."""
    common = {"requirement_id": "r", "part_number": "any", "quantity": "1"}
    relied_on = [common | {"installation_id": f"i-{one}", "unit_id": one} for one in components]
    return _completed(unit_id, 1, version, relied_on, {"r": "1"})


def _completed(
    unit_id: str, number: int, version: int, relied_on: list[dict[str, Any]], wanted: dict[str, str]
) -> Sent:
    requirements = [
        {"requirement_id": name, "part_number": "any", "required": required, "installed": required, "excepted": "0"}
        for name, required in wanted.items()
    ]
    counted = dict.fromkeys(
        [f"steps_{one}" for one in ("completed", "failed_then_resolved", "total")]
        + [f"requirements_{one}" for one in ("installed", "excepted")]
        + [f"redlines_{one}" for one in ("open", "accepted", "rejected")]
        + [f"issues_{one}" for one in ("open", "dispositioned", "resolved")]
        + [f"gates_{one}" for one in ("satisfied", "required")],
        0,
    )
    record = {
        "run_id": f"run of {unit_id}",
        "number": number,
        "part_number": part(unit_id),
        "revision": "A",
        "procedure": {"name": "Build", "version": "1"},
        "unit_id": unit_id,
        "quantity": "1",
        "unit_of_measure": "each",
        "completed_at": "2026-11-24T12:00:00Z",
        "completed_by": "lena",
        "review_version": "sha256:0",
        "counts": counted | {"requirements": requirements},
        "installations": relied_on,
        "as_built_version": version,
        "content_hash": "sha256:0",
    }
    said = {"run_id": record["run_id"], "unit_id": unit_id, "record": record}
    return event("asbuilt.run.completed.v1", BY | said)


def reopened(unit_id: str, number: int = 1) -> Sent:
    """The run of a unit was reopened."""
    said = {"run_id": f"run of {unit_id}", "unit_id": unit_id, "number": number, "reason": "worn"}
    return event("asbuilt.run.reopened.v1", BY | said)


def and_above(keys: Iterable[str], units: Mapping[str, Held[Any]]) -> set[str]:
    """As the store on PostgreSQL does it: what is named, everything above it, what wider names stand for, the
    locations, and what issues say about units to come.
    """
    wanted: set[str] = {LOCATIONS, EXPECTED}
    found: set[str] = set()
    for key in keys:
        wider = widened(key)
        wanted |= {key} if wider is None else _stood_for(*wider, units)
    while wanted:
        key = wanted.pop()
        found.add(key)
        parent = getattr(units[key].state, "parent_unit_id", None) if key in units else None
        if parent is not None and parent not in found:
            wanted.add(parent)
    return found


def _stood_for(kind: Wider, name: str, units: Mapping[str, Held[Any]]) -> set[str]:
    """The units that a wider name stands for."""
    those = {key: held.state for key, held in units.items() if isinstance(held.state, Unit)}
    if kind is Wider.AT:
        return {key for key, unit in those.items() if unit.identification.location == name}
    if kind is Wider.LABELED:
        parent_id, label = label_in(name)
        inside = {key: unit.identification for key, unit in those.items() if unit.parent_unit_id == parent_id}
        return {key for key, one in inside.items() if unit_id_of(one.part_number, one.serial, one.lot) == label}
    if kind is Wider.AWAITED:
        return {name}
    if kind is Wider.WITHIN:
        direct = {key for key, unit in those.items() if unit.parent_unit_id == name}
    else:
        direct = {key for key, unit in those.items() if unit.identification.origin_unit_id == name}
    return direct.union(*(_stood_for(kind, one, units) for one in direct))


def an_issue(type_: str, unit_id: str | None = ROTOR, **more: Any) -> Sent:
    """An issue stands so."""
    time = more.pop("time", None)
    said = {"issue_id": "i-1", "title": "Rust", "state": "pending", "unit_id": unit_id} | more
    told = BY | {name: one for name, one in said.items() if one is not None}
    return event(f"asbuilt.issue.{type_}.v1", told, time=time)
