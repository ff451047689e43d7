"""Where a unit went: from a serial or a lot, through the parts that were split off it, up to every top unit.

A way up holds together in time: what was taken out of an assembly never was in what that assembly was put into later,
and what was split off an assembly before does not hold what came into it after. What was removed is shown as removed.
"""

from enum import StrEnum

from sqlalchemy import text

from services.inventory.adapters.questions import Question


class Reach(StrEnum):
    """How much of the ways up is wanted: all, only their ends, or only the next higher assembly as it stands."""

    ALL = "all"
    TOPS = "tops"
    NEXT = "next"


WHERE_USED = text("""
    with recursive up as (
        select cast(:unit_id as text) as unit_id, 0 as level, '' as trail,
               array[cast(:unit_id as text)] as path,
               cast('-infinity' as timestamptz) as since, cast('infinity' as timestamptz) as until,
               0 as installs, cast(null as numeric) as quantity, false as is_split,
               cast(null as text) as requirement_id, cast(null as text) as designator,
               cast(null as boolean) as substitute, cast(null as text) as run_id, cast(null as timestamptz) as at,
               cast(null as jsonb) as done_by, cast('infinity' as timestamptz) as removed_at,
               cast(null as jsonb) as removed_by, cast(null as text) as because
        union all
        select e.unit_id, up.level + 1, md5(up.trail || e.edge), up.path || e.unit_id,
               greatest(up.since, e.at), case when e.is_split then 'infinity' else least(up.until, e.removed_at) end,
               up.installs + case when e.is_split then 0 else 1 end,
               case when up.installs = 0 then e.quantity when e.is_split then null else up.quantity end, e.is_split,
               e.requirement_id, e.designator, e.substitute, e.run_id, e.at, e.done_by, e.removed_at, e.removed_by,
               e.because
        from up cross join lateral (
            select parent_unit_id as unit_id, installation_id as edge, false as is_split, quantity, requirement_id,
                   designator, substitute, run_id, installed_at as at, installed_by as done_by,
                   case when removed_at <= coalesce(cast(:as_of as timestamptz), 'infinity')
                             and removed_recorded_at <= coalesce(cast(:known_at as timestamptz), 'infinity')
                        then removed_at else 'infinity' end as removed_at,
                   removed_by, removed_because as because
            from installation
            where unit_id = up.unit_id
              and installed_at <= coalesce(cast(:as_of as timestamptz), 'infinity')
              and recorded_at <= coalesce(cast(:known_at as timestamptz), 'infinity')
            union all
            (select part_unit_id, part_unit_id, true, quantity, null, null, null, null, at, split_by, 'infinity', null,
                    because
             from split
             where origin_unit_id = up.unit_id
               and at <= coalesce(cast(:as_of as timestamptz), 'infinity')
               and recorded_at <= coalesce(cast(:known_at as timestamptz), 'infinity')
             order by at)
            offset 0
        ) e
        where up.level < 1000 and e.unit_id <> all(up.path) and (up.installs = 0 or cast(:reach as text) <> 'next')
          and (up.installs = 0
               or greatest(up.since, e.at) < least(up.until, e.removed_at) and (e.at >= up.since or not e.is_split))
    ), wanted as (
        select up.*, not above.there as is_top
        from up cross join lateral (
            select exists (
                select from installation
                where unit_id = up.unit_id
                  and installed_at <= coalesce(cast(:as_of as timestamptz), 'infinity')
                  and recorded_at <= coalesce(cast(:known_at as timestamptz), 'infinity')
                  and (up.installs = 0
                       or installed_at < up.until
                          and (removed_at is null or removed_at > up.since
                               or removed_at > coalesce(cast(:as_of as timestamptz), 'infinity')
                               or removed_recorded_at > coalesce(cast(:known_at as timestamptz), 'infinity')))
                offset 0
            ) as there
        ) above
        where up.level > 0
          and case cast(:reach as text)
                  when 'tops' then not above.there
                  when 'next' then up.installs = 1 and not up.is_split and up.until = 'infinity'
                  else true end
          and (cast(:level as int) is null
               or (up.level, up.unit_id collate "C", up.trail collate "C")
                  > (cast(:level as int), cast(:after_unit_id as text), cast(:trail as text)))
        order by up.level, up.unit_id collate "C", up.trail collate "C"
        limit cast(:limit as int)
    )
    select w.level, w.unit_id, w.trail, cast(json_build_object(
               'level', w.level, 'unit_id', w.unit_id, 'part_number', u.part_number, 'revision', u.revision,
               'serial', u.serial, 'lot', u.lot, 'status', u.status,
               'relation', case when w.is_split then 'split' else 'installed' end,
               'from_unit_id', w.path[w.level], 'path', w.path, 'is_top', w.is_top,
               'in_place', w.until = 'infinity', 'since', w.since, 'until', nullif(w.until, 'infinity'),
               'quantity', cast(w.quantity as text), 'unit_of_measure', asked.unit_of_measure,
               'requirement_id', w.requirement_id, 'designator', w.designator,
               'substitute', w.substitute, 'run_id', w.run_id, 'at', w.at, 'by', w.done_by,
               'removed_at', nullif(w.removed_at, 'infinity'),
               'removed_by', case when w.removed_at < 'infinity' then w.removed_by end,
               'because', case when w.is_split or w.removed_at < 'infinity' then w.because end) as text) as document
    from wanted w
         cross join lateral (select * from unit where unit_id = w.unit_id offset 0) u
         cross join (select unit_of_measure from unit where unit_id = :unit_id) asked
    order by w.level, w.unit_id collate "C", w.trail collate "C" """)
"""Each row is a unit that holds, or held, what was asked about, or a part that was split off; and the way to it.
`since` and `until` are of the whole way, `at` and `removed_at` of its last piece. `trail` is the digest of a way. A way
that no other goes on from is at the top. `order by at` has PostgreSQL use its index, also where one lot has most of
all splits and a unit may seem to have as many. `quantity` is how much of what
was asked about went into the first assembly of the way; how an assembly that was split later shared it out, nobody
knows.
"""

USED = Question(
    statement=WHERE_USED,
    readers={"level": int, "after_unit_id": str, "trail": str},
    position=lambda row: [row[name] for name in ("level", "unit_id", "trail")],
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
        "unit_of_measure",
        "requirement_id",
        "designator",
        "substitute",
        "run_id",
        "at",
        "by",
        "removed_at",
        "removed_by",
        "because",
    ),
)
