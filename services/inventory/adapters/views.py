"""Units as HTTP shows them: plain documents, exact numbers as text."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from services.inventory.domain.requirements import free_designators, installed_for, is_satisfied, quantity_of
from services.inventory.domain.status import standing
from services.inventory.domain.unit import Unit
from shared.kernel import document, plain
from shared.messaging.transaction import Held


def unit_view(held: Held[Unit]) -> dict[str, Any]:
    """A unit: what it is, where it stands and why, what builds it, what is in it."""
    unit = held.state
    now = standing(unit)
    return {
        **document(asdict(unit.identification)),
        "version": held.version,
        "status": now.status.value,
        "status_row": now.row,
        "status_reason": now.reason,
        "status_changes_when": now.changes_when,
        "withheld_by": [name for name, one in unit.issues.items() if one.withholds],
        "scrapped_quantity": plain(unit.scrapped_quantity),
        "returned_quantity": plain(unit.returned_quantity),
        "parent_unit_id": unit.parent_unit_id,
        "consumed_by": unit.consumed_by,
        "build": document(asdict(unit.build)) if unit.build else None,
        "as_built_version": unit.as_built_version,
        "installations": [document(asdict(one)) for one in unit.installations.values()],
    }


def requirement_view(unit: Unit, requirement_id: str) -> dict[str, Any]:
    """A requirement of the run that builds a unit: what it asks for, what it has, and which designators have room."""
    assert unit.build is not None  # noqa: S101 - the caller looked
    requirement = unit.build.requirements[requirement_id]
    installed = installed_for(unit, unit.build.run_id, requirement_id)
    return {
        **document(asdict(requirement)),
        "quantity_installed": plain(quantity_of(installed)),
        "is_satisfied": is_satisfied(requirement, installed),
        "free_designators": free_designators(requirement, installed),
        "installations": [document(asdict(one)) for one in installed],
    }


def requirement_views(unit: Unit) -> list[dict[str, Any]]:
    """Every requirement of the run that builds a unit, or built it last."""
    return [] if unit.build is None else [requirement_view(unit, one) for one in unit.build.requirements]


def installation_view(row: Mapping[str, Any]) -> dict[str, Any]:
    """An installation with both its ends; the second is empty while it lasts."""
    return {
        "installation_id": row["installation_id"],
        "unit_id": row["unit_id"],
        "part_number": row["part_number"],
        "revision": row["revision"],
        "serial": row["serial"],
        "lot": row["lot"],
        "requirement_id": row["requirement_id"],
        "run_id": row["run_id"],
        "origin_unit_id": row["origin_unit_id"],
        "quantity": plain(row["quantity"]),
        "unit_of_measure": row["unit_of_measure"],
        "designator": row["designator"],
        "substitute": row["substitute"],
        "installed_at": row["installed_at"].isoformat(),
        "installed_by": row["installed_by"],
        "removed_at": row["removed_at"] and row["removed_at"].isoformat(),
        "removed_by": row["removed_by"],
        "removed_because": row["removed_because"],
    }


def root_view(held: Held[Unit]) -> dict[str, Any]:
    """The unit at the root of its tree."""
    unit = held.state
    what = unit.identification
    return {
        "unit_id": unit.unit_id,
        "part_number": what.part_number,
        "revision": what.revision,
        "serial": what.serial,
        "lot": what.lot,
        "quantity": plain(what.quantity),
        "unit_of_measure": what.unit_of_measure,
        "status": standing(unit).status.value,
        "as_built_version": unit.as_built_version,
    }
