"""Units as HTTP shows them: plain documents, exact numbers as text."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

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
        "status_reason": now.reason,
        "status_changes_when": now.changes_when,
        "parent_unit_id": unit.parent_unit_id,
        "consumed_by": unit.consumed_by,
        "build": document(asdict(unit.build)) if unit.build else None,
        "as_built_version": unit.as_built_version,
        "installations": [document(asdict(one)) for one in unit.installations.values()],
    }


def tree_view(held: Held[Unit], rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The as-built tree of a unit: each node with what it was installed for, by whom and when."""
    unit = held.state
    root: dict[str, Any] = {
        "unit_id": unit.unit_id,
        "part_number": unit.identification.part_number,
        "revision": unit.identification.revision,
        "serial": unit.identification.serial,
        "lot": unit.identification.lot,
        "status": standing(unit).status.value,
        "as_built_version": unit.as_built_version,
        "children": [],
    }
    nodes = {unit.unit_id: root}
    for row in rows:
        node = _node(row)
        nodes[row["unit_id"]] = node
        nodes[row["parent_unit_id"]]["children"].append(node)
    return root


def _node(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "unit_id": row["unit_id"],
        "part_number": row["part_number"],
        "revision": row["revision"],
        "serial": row["serial"],
        "lot": row["lot"],
        "status": row["status"],
        "quantity": plain(row["quantity"]),
        "requirement_id": row["requirement_id"],
        "designator": row["designator"],
        "substitute": row["substitute"],
        "installation_id": row["installation_id"],
        "run_id": row["run_id"],
        "installed_at": row["installed_at"].isoformat(),
        "installed_by": row["installed_by"],
        "children": [],
    }
