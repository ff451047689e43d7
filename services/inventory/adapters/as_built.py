"""What is in a unit, to any depth: one statement, whatever the depth.

What stands is what was installed by then, as far as it was known, and not removed by then, as far as that was known.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from services.inventory.adapters.questions import Question
from services.inventory.domain.differences import Placed

AS_BUILT = text("""
    with recursive down as (
        select 0 as level, cast(:unit_id as text) as unit_id, cast(null as text) as parent_unit_id,
               cast(null as text) as requirement_id, cast(null as text) as designator,
               cast(null as text) as installation_id, cast(null as text) as run_id, cast(null as numeric) as quantity,
               cast(null as boolean) as substitute, cast(null as timestamptz) as installed_at,
               cast(null as jsonb) as installed_by, cast(null as timestamptz) as recorded_at
        union
        select down.level + 1, i.unit_id, i.parent_unit_id, i.requirement_id, i.designator, i.installation_id, i.run_id,
               i.quantity, i.substitute, i.installed_at, i.installed_by, i.recorded_at
        from down cross join lateral (
            select * from installation
            where parent_unit_id = down.unit_id
              and installed_at <= coalesce(cast(:as_of as timestamptz), 'infinity')
              and recorded_at <= coalesce(cast(:known_at as timestamptz), 'infinity')
              and (removed_at is null or removed_at > coalesce(cast(:as_of as timestamptz), 'infinity')
                   or removed_recorded_at > coalesce(cast(:known_at as timestamptz), 'infinity'))
            offset 0
        ) i
        where down.level < coalesce(cast(:depth as int), 1000)
    ), wanted as (
        select * from down
        where level > 0
          and (cast(:level as int) is null
               or (level, parent_unit_id collate "C", requirement_id collate "C", coalesce(designator, '') collate "C",
                   installation_id collate "C")
                  > (cast(:level as int), cast(:parent_unit_id as text), cast(:requirement_id as text),
                     cast(:designator as text), cast(:installation_id as text)))
        order by level, parent_unit_id collate "C", requirement_id collate "C", coalesce(designator, '') collate "C",
                 installation_id collate "C"
        limit cast(:limit as int)
    )
    select w.level, w.parent_unit_id, w.requirement_id, w.designator, w.installation_id,
           cast(json_build_object(
               'level', w.level, 'parent_unit_id', w.parent_unit_id, 'unit_id', w.unit_id,
               'part_number', u.part_number, 'revision', u.revision, 'serial', u.serial, 'lot', u.lot,
               'origin_unit_id', u.origin_unit_id, 'status', u.status, 'quantity', cast(w.quantity as text),
               'unit_of_measure', u.unit_of_measure, 'requirement_id', w.requirement_id,
               'designator', w.designator, 'substitute', w.substitute, 'installation_id', w.installation_id,
               'run_id', w.run_id, 'installed_at', w.installed_at, 'installed_by', w.installed_by,
               'recorded_at', w.recorded_at) as text) as document
    from wanted w cross join lateral (select * from unit where unit_id = w.unit_id offset 0) u
    order by w.level, w.parent_unit_id collate "C", w.requirement_id collate "C",
             coalesce(w.designator, '') collate "C", w.installation_id collate "C" """)
"""Parents before children, level by level; a thousand levels are more than any product has, and end the climb where
clocks that contradict each other show a unit in itself. `offset 0` makes PostgreSQL look rows up by their keys: it
cannot know how many a climb finds, and would read whole tables to be safe.
"""

PLACE = {"level": int, "parent_unit_id": str, "requirement_id": str, "designator": str, "installation_id": str}

PLACED = Question(
    statement=AS_BUILT,
    readers=PLACE,
    position=lambda row: [row[name] or "" for name in PLACE],
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


def tree_text(root: Mapping[str, Any], placed: Sequence[Mapping[str, Any]]) -> str:
    """The installations of a tree as one JSON document: each node holds what is in it. Any depth is written, where an
    encoder that calls itself would give up.
    """
    inside: defaultdict[tuple[int, str], list[Mapping[str, Any]]] = defaultdict(list)
    for one in reversed(placed):
        inside[one["level"] - 1, one["parent_unit_id"]].append(one)
    parts = [_opened(root)]
    open_ = [inside[0, root["unit_id"]]]
    is_first = True
    while open_:
        if not open_[-1]:
            open_.pop()
            parts.append("]}")
            is_first = False
            continue
        node = open_[-1].pop()
        parts += ("" if is_first else ",", _opened(node))
        open_.append(inside[node["level"], node["unit_id"]])
        is_first = True
    return "".join(parts)


def _opened(node: Mapping[str, Any]) -> str:
    return json.dumps(node, ensure_ascii=False, separators=(",", ":"))[:-1] + ',"children":['


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
