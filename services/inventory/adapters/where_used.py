"""Where a unit went: from a serial or a lot, through the parts that were split off it, up to every top unit.

A way up holds together in time: what was taken out of an assembly never was in what that assembly was put into later,
and what was split off an assembly before does not hold what came into it after. What was removed is shown as removed.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import text

from services.inventory.adapters.questions import Question
from shared.kernel import plain


class Reach(StrEnum):
    """How much of the ways up is wanted: all, only their ends, or only the next higher assembly as it stands."""

    ALL = "all"
    TOPS = "tops"
    NEXT = "next"


WHERE_USED = text("""
    with recursive up as (
        select cast(:unit_id as text) as unit_id, 0 as level, '' as trail, cast(null as text) as below,
               cast(null as text) as installation_id, false as is_split, array[cast(:unit_id as text)] as path,
               cast('-infinity' as timestamptz) as since, cast('infinity' as timestamptz) as until,
               cast('infinity' as timestamptz) as ended, 0 as installs, cast(null as numeric) as quantity
        union all
        select e.unit_id, up.level + 1, md5(up.trail || e.edge), up.trail, e.installation_id, e.is_split,
               up.path || e.unit_id, greatest(up.since, e.since),
               case when e.is_split then 'infinity' else least(up.until, e.until) end, e.until,
               up.installs + case when e.is_split then 0 else 1 end,
               case when up.installs = 0 then e.quantity when e.is_split then null else up.quantity end
        from up cross join lateral (
            select i.parent_unit_id as unit_id, i.installation_id as edge, i.installation_id, false as is_split,
                   i.installed_at as since,
                   case when i.removed_at <= coalesce(cast(:as_of as timestamptz), 'infinity')
                             and i.removed_recorded_at <= coalesce(cast(:known_at as timestamptz), 'infinity')
                        then i.removed_at else 'infinity' end as until,
                   i.quantity
            from installation i
            where i.unit_id = up.unit_id
              and i.installed_at <= coalesce(cast(:as_of as timestamptz), 'infinity')
              and i.recorded_at <= coalesce(cast(:known_at as timestamptz), 'infinity')
            union all
            select s.part_unit_id, s.part_unit_id, null, true, s.at, 'infinity', s.quantity
            from split s
            where s.origin_unit_id = up.unit_id
              and s.at <= coalesce(cast(:as_of as timestamptz), 'infinity')
              and s.recorded_at <= coalesce(cast(:known_at as timestamptz), 'infinity')
        ) e
        where up.level < 1000 and e.unit_id <> all(up.path) and (up.installs = 0 or cast(:reach as text) <> 'next')
          and (up.installs = 0
               or greatest(up.since, e.since) < least(up.until, e.until) and (e.since >= up.since or not e.is_split))
    ), held as (
        select distinct below from up where not is_split
    ), wanted as (
        select up.*, held.below is null as is_top
        from up left join held on held.below = up.trail
        where up.level > 0
          and case cast(:reach as text)
                  when 'tops' then held.below is null
                  when 'next' then up.installs = 1 and not up.is_split and up.until = 'infinity'
                  else true end
          and (cast(:level as int) is null
               or (up.level, up.unit_id, up.trail) > (cast(:level as int), cast(:after_unit_id as text),
                                                      cast(:trail as text)))
        order by up.level, up.unit_id, up.trail
        limit cast(:limit as int)
    )
    select wanted.*, nullif(wanted.until, 'infinity') as gone_at, nullif(wanted.ended, 'infinity') as removed_at,
           i.requirement_id, i.designator, i.substitute, i.run_id, i.installed_at, i.installed_by, i.removed_by,
           i.removed_because, s.at as split_at, s.because as split_because, s.split_by,
           u.part_number, u.revision, u.serial, u.lot, u.unit_of_measure, u.status
    from wanted
         left join lateral (select * from installation where installation_id = wanted.installation_id offset 0) i
             on true
         left join lateral (select * from split where wanted.is_split and part_unit_id = wanted.unit_id offset 0) s
             on true
         cross join lateral (select * from unit where unit_id = wanted.unit_id offset 0) u
    order by wanted.level, wanted.unit_id, wanted.trail""")
"""`trail` is the digest of a way up, `below` that of the way one level down: a way that nothing goes on from is at the
top. `quantity` is how much of what was asked about went into the first assembly of the way; how an assembly that was
split afterwards shared it out, nobody knows.
"""


def used_view(row: Mapping[str, Any]) -> dict[str, Any]:
    """One unit that holds, or held, what was asked about, or a part that was split off; and the way to it.

    ``since`` and ``until`` are of the whole way, ``removed_at`` is of its last piece.
    """
    return {
        "level": row["level"],
        "unit_id": row["unit_id"],
        "part_number": row["part_number"],
        "revision": row["revision"],
        "serial": row["serial"],
        "lot": row["lot"],
        "status": row["status"],
        "relation": "split" if row["is_split"] else "installed",
        "from_unit_id": row["path"][-2],
        "path": row["path"],
        "is_top": row["is_top"],
        "in_place": row["gone_at"] is None,
        "since": row["since"].isoformat(),
        "until": row["gone_at"] and row["gone_at"].isoformat(),
        "quantity": None if row["quantity"] is None else plain(row["quantity"]),
        **(_split_off(row) if row["is_split"] else _installed(row)),
    }


def _split_off(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"split_at": row["split_at"].isoformat(), "split_by": row["split_by"], "because": row["split_because"]}


def _installed(row: Mapping[str, Any]) -> dict[str, Any]:
    """What for, who and when; and who took it out again, where that is known."""
    removed_at = row["removed_at"]
    return {
        "requirement_id": row["requirement_id"],
        "designator": row["designator"],
        "substitute": row["substitute"],
        "run_id": row["run_id"],
        "installed_at": row["installed_at"].isoformat(),
        "installed_by": row["installed_by"],
        "removed_at": removed_at and removed_at.isoformat(),
        "removed_by": removed_at and row["removed_by"],
        "because": removed_at and row["removed_because"],
    }


USED = Question(
    statement=WHERE_USED,
    readers={"level": int, "after_unit_id": str, "trail": str},
    position=lambda row: [row[name] for name in ("level", "unit_id", "trail")],
    view=used_view,
    defaults={"reach": Reach.ALL},
    columns=(
        "level",
        "unit_id",
        "part_number",
        "revision",
        "serial",
        "lot",
        "status",
        "relation",
        "from_unit_id",
        "path",
        "is_top",
        "in_place",
        "since",
        "until",
        "quantity",
        "requirement_id",
        "designator",
        "substitute",
        "run_id",
        "installed_at",
        "installed_by",
        "removed_at",
        "removed_by",
        "split_at",
        "split_by",
        "because",
    ),
)
