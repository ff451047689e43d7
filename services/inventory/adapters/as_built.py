"""What is in a unit, to any depth: one statement, whatever the depth. Each has what is in it right after it.

What stands is what was installed by then, as far as it was known, and not removed by then, as far as that was known.
"""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from services.inventory.adapters.questions import DEEPEST, LEADS_TO, ON_PAGE, STATUS_THEN, Question, nearest
from services.inventory.domain.differences import Placed

_ORDER = """requirement_id collate "C", coalesce(designator, '') collate "C", installation_id collate "C" """

_LEADS = LEADS_TO.format("down.trail")
_BEGINS = ", ".join(
    f"coalesce((cast(:parts as text[]))[case when {_LEADS} then 3 * down.level + {part} end], '')" for part in (1, 2, 3)
)
"""Where a page begins among what is in one unit, if that leads to it; of all others, with the first."""

_NEAREST = f"and ({_ORDER}) >= ({_BEGINS})", f"order by {_ORDER} limit cast(:limit as int) + 1"

_ALL = "", "offset 0"
"""`offset 0` makes PostgreSQL look rows up by their keys: it cannot know how many a climb finds, and would read whole
tables to be safe.
"""


def _step(begins: str, bound: str) -> str:
    """From units to what was in them; where clocks that contradict each other show a unit in itself, it ends."""
    return f"""
        select down.level + 1 as level, i.unit_id, i.parent_unit_id, i.requirement_id, i.designator, i.installation_id,
               i.run_id, i.quantity, i.substitute, i.installed_at, i.installed_by, i.recorded_at,
               concat(down.trail, i.requirement_id, chr(1), i.designator, chr(1), i.installation_id, chr(1)) as trail,
               down.path || i.unit_id as path, i.unit_id = any(down.path) as is_again
        from down cross join lateral (
            select * from installation
            where parent_unit_id = down.unit_id {begins}
              and installed_at <= coalesce(cast(:as_of as timestamptz), 'infinity')
              and recorded_at <= coalesce(cast(:known_at as timestamptz), 'infinity')
              and (removed_at is null or removed_at > coalesce(cast(:as_of as timestamptz), 'infinity')
                   or removed_recorded_at > coalesce(cast(:known_at as timestamptz), 'infinity'))
            {bound}
        ) i
        where not down.is_again and down.level < coalesce(cast(:depth as int), {DEEPEST})"""  # noqa: S608 - nothing in it is given


_MEMBERS = f"""
               w.level, w.parent_unit_id, w.unit_id, u.part_number, u.revision, u.serial, u.lot, u.origin_unit_id,
               {STATUS_THEN.format("u")} as status, cast(w.quantity as text) as quantity, u.unit_of_measure,
               w.requirement_id, w.designator, w.substitute, w.installation_id, w.run_id, w.installed_at,
               w.installed_by, w.recorded_at"""


def _statement(step: str, on_page: str) -> str:
    return f"""
    with recursive down as (
        select 0 as level, cast(:unit_id as text) as unit_id, cast(null as text) as parent_unit_id,
               cast(null as text) as requirement_id, cast(null as text) as designator,
               cast(null as text) as installation_id, cast(null as text) as run_id, cast(null as numeric) as quantity,
               cast(null as boolean) as substitute, cast(null as timestamptz) as installed_at,
               cast(null as jsonb) as installed_by, cast(null as timestamptz) as recorded_at,
               '' as trail, array[cast(:unit_id as text)] as path, false as is_again
        union all {step}
    ), wanted as (
        select * from down where level > 0 {on_page}
    )
    select w.trail, cast(row_to_json(document) as text) as document
    from wanted w cross join lateral (select * from unit where unit_id = w.unit_id offset 0) u
    cross join lateral (select {_MEMBERS}) as document
    order by w.trail collate "C" """  # noqa: S608 - nothing in it is given


PLACED = Question(
    name="as-built",
    of_page=text(_statement(nearest(_step(*_NEAREST)), ON_PAGE)),
    of_whole=text(_statement(_step(*_ALL), "")),
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


def tree_text(root: Mapping[str, Any], placed: Iterable[Mapping[str, Any]]) -> str:
    """The installations of a tree as one JSON document: each node holds what is in it, which comes right after it. Any
    depth is written, where an encoder that calls itself would give up.
    """
    parts = [_opened(root)]
    level = 0
    for one in placed:
        parts += ("" if one["level"] > level else "]}" * (level - one["level"] + 1) + ",", _opened(one))
        level = one["level"]
    parts.append("]}" * (level + 1))
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
