"""Where a unit went: from a serial or a lot, through the parts that were split off it, up to every top unit.

A way up holds together in time: what was taken out of an assembly never was in what that assembly was put into later,
and what was split off an assembly before does not hold what came into it after. What was removed is shown as removed.
"""

from dataclasses import replace
from enum import StrEnum

from sqlalchemy import text

from services.inventory.adapters.questions import DEEPEST, LEADS_TO, ON_PAGE, STATUS_THEN, Question, nearest


class Reach(StrEnum):
    """How much of the ways up is wanted: all, only their ends, or only the next higher assembly as it stands."""

    ALL = "all"
    TOPS = "tops"
    NEXT = "next"


_BEGINS = f"(cast(:parts as text[]))[case when {LEADS_TO.format('up.trail')} then up.level + 1 end]"
"""Where a page begins among what goes on from one way, if that leads to it; of all others, with the first. What was
installed comes before what was split off.
"""

_NEAREST = (
    f"cross join lateral (select {_BEGINS} as at) begun",
    """and installation_id collate "C" >= case left(begun.at, 1) when '0' then substr(begun.at, 2)
                                                              when '1' then U&'\\+10FFFF' else '' end""",
    'order by installation_id collate "C" limit cast(:limit as int) + 1',
    """and part_unit_id collate "C" >= case left(begun.at, 1) when '1' then substr(begun.at, 2) else '' end""",
    'order by part_unit_id collate "C" limit cast(:limit as int) + 1',
)

_ALL = "", "", "", "", ""

_INSTALLED = """
                select *, case when removed_at <= coalesce(cast(:as_of as timestamptz), 'infinity')
                                    and removed_recorded_at <= coalesce(cast(:known_at as timestamptz), 'infinity')
                               then removed_at else 'infinity' end as out_at
                from installation
                where unit_id = up.unit_id
                  and installed_at <= coalesce(cast(:as_of as timestamptz), 'infinity')
                  and recorded_at <= coalesce(cast(:known_at as timestamptz), 'infinity')"""

_SPLIT_OFF = """
                select * from split
                where origin_unit_id = up.unit_id and up.serial is null {}
                  and at <= coalesce(cast(:as_of as timestamptz), 'infinity')
                  and recorded_at <= coalesce(cast(:known_at as timestamptz), 'infinity')
                order by part_unit_id collate "C" offset 0"""
"""The order has PostgreSQL use its index, also where one lot has most of all splits and a unit may seem to have as
many. `offset 0` makes it look rows up by their keys: it cannot know how many a climb finds, and would read whole
tables to be safe.
"""

_GOES_ON = """parent_unit_id <> all(up.path)
                  and (up.installs = 0 or greatest(up.since, installed_at) < least(up.until, out_at))"""
"""Whether a way goes on with an installation: both must hold at one time."""


def _step(begun: str, installs_begin: str, installs_bound: str, splits_begin: str, splits_bound: str) -> str:
    """From the ends of ways to where they go on."""
    return f"""
        select e.unit_id, up.level + 1 as level, concat(up.trail, e.edge, chr(1)) as trail,
               up.path || e.unit_id as path,
               greatest(up.since, e.at) as since,
               case when e.is_split then 'infinity' else least(up.until, e.removed_at) end as until,
               up.installs + case when e.is_split then 0 else 1 end as installs,
               case when up.installs = 0 then e.quantity when e.is_split then null else up.quantity end as quantity,
               e.is_split, e.requirement_id, e.designator, e.substitute, e.run_id, e.at, e.done_by, e.removed_at,
               e.removed_by, e.because, u.part_number, u.revision, u.serial, u.lot, u.status, up.unit_of_measure
        from up {begun} cross join lateral (
            (select parent_unit_id as unit_id, '0' || installation_id as edge, false as is_split, quantity,
                    requirement_id, designator, substitute, run_id, installed_at as at, installed_by as done_by,
                    out_at as removed_at, removed_by, removed_because as because
             from ({_INSTALLED} {installs_begin}) i
             where {_GOES_ON} {installs_bound})
            union all
            (select part_unit_id, '1' || part_unit_id, true, quantity, null, null, null, null, at, split_by,
                    'infinity', null, because
             from ({_SPLIT_OFF.format(splits_begin)}) s
             where part_unit_id <> all(up.path) and (up.installs = 0 or at >= up.since and at < up.until)
             {splits_bound})
            offset 0
        ) e cross join lateral (select * from unit where unit_id = e.unit_id offset 0) u
        where up.level < {DEEPEST} and (up.installs = 0 or cast(:reach as text) <> 'next')"""  # noqa: S608 - nothing in it is given


_MORE_ABOVE = f"exists (select from ({_INSTALLED} offset 0) i where {_GOES_ON})"

_MORE_AFTER = "lead(level) over ways > level and not lead(is_split) over ways"
"""The same, seen from what comes next in the whole answer."""

_ORDERED = 'window ways as (order by trail collate "C")'

_WANTED = """level > 0 and case cast(:reach as text) when 'tops' then is_top
                                   when 'next' then installs = 1 and not is_split and until = 'infinity'
                                   else true end"""

_IN_NOW = "w.installs = 1 and not w.is_split and w.until = 'infinity'"
"""Whether a way is the one to the next higher assembly; whatever else leads there, or led, is passed by."""

_MEMBERS = f"""
               w.level, w.unit_id, w.part_number, w.revision, w.serial, w.lot, {STATUS_THEN.format("w")} as status,
               case when w.is_split then 'split' else 'installed' end as relation, w.path[w.level] as from_unit_id,
               w.path, w.is_top, w.until = 'infinity' as in_place, w.since, nullif(w.until, 'infinity') as until,
               cast(w.quantity as text) as quantity, w.unit_of_measure, w.requirement_id, w.designator, w.substitute,
               w.run_id, w.at, w.done_by as by, nullif(w.removed_at, 'infinity') as removed_at,
               case when w.removed_at < 'infinity' then w.removed_by end as removed_by,
               case when w.is_split or w.removed_at < 'infinity' then w.because end as because"""


def _statement(step: str, more: str, ordered: str, on_page: str, wanted: str = _WANTED, shown: str = "true") -> str:
    return f"""
    with recursive up as (
        select unit_id, 0 as level, '' as trail, array[unit_id] as path,
               cast('-infinity' as timestamptz) as since, cast('infinity' as timestamptz) as until,
               0 as installs, cast(null as numeric) as quantity, false as is_split,
               cast(null as text) as requirement_id, cast(null as text) as designator,
               cast(null as boolean) as substitute, cast(null as text) as run_id, cast(null as timestamptz) as at,
               cast(null as jsonb) as done_by, cast('infinity' as timestamptz) as removed_at,
               cast(null as jsonb) as removed_by, cast(null as text) as because,
               part_number, revision, serial, lot, status, unit_of_measure
        from unit where unit_id = :unit_id
        union all {step}
    ), ends as (
        select up.*, not coalesce({more}, false) as is_top from up where level > 0 {ordered}
    ), wanted as (
        select * from ends where {wanted} {on_page}
    )
    select w.trail, case when {shown} then cast(row_to_json(document) as text) end as document
    from wanted w cross join lateral (select {_MEMBERS}) as document
    order by w.trail collate "C" """  # noqa: S608 - nothing in it is given


_WHOLE = _statement(_step(*_ALL), _MORE_AFTER, _ORDERED, "")
"""Each row is a unit that holds, or held, what was asked about, or a part that was split off; and the way to it.
`since` and `until` are of the whole way, `at` and `removed_at` of its last piece. `trail` is the way, piece by piece;
each way is followed by those that go on from it. A way that no installation goes on from is at the top. `quantity` is
how much of what was asked about went into the first assembly of the way; how an assembly that was split later shared
it out, nobody knows.
"""

_PAGE = _statement(nearest(_step(*_NEAREST)), _MORE_ABOVE, "", ON_PAGE)


USED = Question(
    name="where-used",
    of_page=text(_PAGE),
    of_whole=text(_WHOLE),
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

NEXT = replace(
    USED,
    name="next-higher-assembly",
    of_page=text(_statement(nearest(_step(*_NEAREST)), _MORE_ABOVE, "", ON_PAGE, wanted="level > 0", shown=_IN_NOW)),
    defaults={"reach": Reach.NEXT},
    walks_at_least=200,
)
"""Of a lot, each part that was split off is passed by, and of what was taken out its installation too."""
