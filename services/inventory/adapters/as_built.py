"""What is in a unit, to any depth: one statement, whatever the depth.

What stands is what was installed by then, as far as it was known, and not removed by then, as far as that was known.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from services.inventory.adapters.questions import Question
from services.inventory.domain.differences import Placed
from shared.kernel import plain

AS_BUILT = text("""
    with recursive down as (
        select i.installation_id, i.parent_unit_id, i.unit_id, i.requirement_id, i.designator, 1 as level
        from installation i
        where i.parent_unit_id = :unit_id
          and i.installed_at <= coalesce(cast(:as_of as timestamptz), 'infinity')
          and i.recorded_at <= coalesce(cast(:known_at as timestamptz), 'infinity')
          and (i.removed_at is null or i.removed_at > coalesce(cast(:as_of as timestamptz), 'infinity')
               or i.removed_recorded_at > coalesce(cast(:known_at as timestamptz), 'infinity'))
        union
        select i.installation_id, i.parent_unit_id, i.unit_id, i.requirement_id, i.designator, down.level + 1
        from down join installation i on i.parent_unit_id = down.unit_id
        where i.installed_at <= coalesce(cast(:as_of as timestamptz), 'infinity')
          and i.recorded_at <= coalesce(cast(:known_at as timestamptz), 'infinity')
          and (i.removed_at is null or i.removed_at > coalesce(cast(:as_of as timestamptz), 'infinity')
               or i.removed_recorded_at > coalesce(cast(:known_at as timestamptz), 'infinity'))
          and down.level < coalesce(cast(:depth as int), 1000)
    ), wanted as (
        select * from down
        where cast(:level as int) is null
           or (level, parent_unit_id, requirement_id, coalesce(designator, ''), installation_id)
              > (cast(:level as int), cast(:parent_unit_id as text), cast(:requirement_id as text),
                 cast(:designator as text), cast(:installation_id as text))
        order by level, parent_unit_id, requirement_id, coalesce(designator, ''), installation_id
        limit cast(:limit as int)
    )
    select wanted.*, i.run_id, i.quantity, i.substitute, i.installed_at, i.installed_by, i.recorded_at,
           u.part_number, u.revision, u.serial, u.lot, u.origin_unit_id, u.unit_of_measure, u.status
    from wanted
         cross join lateral (select * from installation where installation_id = wanted.installation_id offset 0) i
         cross join lateral (select * from unit where unit_id = wanted.unit_id offset 0) u
    order by wanted.level, wanted.parent_unit_id, wanted.requirement_id, coalesce(wanted.designator, ''),
             wanted.installation_id""")
"""Parents before children, level by level; a thousand levels are more than any product has, and end the climb where
clocks that contradict each other show a unit in itself. `offset 0` makes PostgreSQL look rows up by their keys: it
cannot know how many a climb finds, and would read whole tables to be safe.
"""

PLACE = {"level": int, "parent_unit_id": str, "requirement_id": str, "designator": str, "installation_id": str}


def placed_view(row: Mapping[str, Any]) -> dict[str, Any]:
    """One installation of a tree: what is in what, for which requirement, who put it there and when."""
    return {
        "level": row["level"],
        "parent_unit_id": row["parent_unit_id"],
        "unit_id": row["unit_id"],
        "part_number": row["part_number"],
        "revision": row["revision"],
        "serial": row["serial"],
        "lot": row["lot"],
        "origin_unit_id": row["origin_unit_id"],
        "status": row["status"],
        "quantity": plain(row["quantity"]),
        "unit_of_measure": row["unit_of_measure"],
        "requirement_id": row["requirement_id"],
        "designator": row["designator"],
        "substitute": row["substitute"],
        "installation_id": row["installation_id"],
        "run_id": row["run_id"],
        "installed_at": row["installed_at"].isoformat(),
        "installed_by": row["installed_by"],
        "recorded_at": row["recorded_at"].isoformat(),
    }


PLACED = Question(
    statement=AS_BUILT,
    readers=PLACE,
    position=lambda row: [row[name] or "" for name in PLACE],
    view=placed_view,
    defaults={"depth": None},
    columns=(
        "level",
        "parent_unit_id",
        "unit_id",
        "part_number",
        "revision",
        "serial",
        "lot",
        "origin_unit_id",
        "quantity",
        "unit_of_measure",
        "requirement_id",
        "designator",
        "substitute",
        "run_id",
        "installed_at",
        "installed_by",
        "recorded_at",
        "status",
    ),
)


def tree_of(root: dict[str, Any], placed: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The installations of a tree, parents before children, as one document: each node holds what is in it."""
    top = root | {"children": []}
    nodes = {top["unit_id"]: top}
    for one in placed:
        node = {name: value for name, value in one.items() if name not in {"level", "parent_unit_id"}}
        node["children"] = []
        nodes[one["parent_unit_id"]]["children"].append(node)
        nodes[one["unit_id"]] = node
    return top


def placed_of(view: Mapping[str, Any]) -> Placed:
    """One installation, as the rules compare it."""
    return Placed(
        view["parent_unit_id"],
        view["unit_id"],
        view["part_number"],
        view["revision"],
        view["serial"],
        view["lot"],
        Decimal(view["quantity"]),
        view["requirement_id"],
        view["designator"],
        view["substitute"],
    )
