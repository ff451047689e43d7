"""The inventory service's tables and the statements on them; each has a name and a reason."""

from sqlalchemy import text

TABLES_V1 = """
create table locations (
    is_one boolean primary key default true check (is_one),
    version bigint not null,
    body jsonb not null
);
insert into locations (version, body) values (0, '{}');

create table expected (
    is_one boolean primary key default true check (is_one),
    version bigint not null,
    body jsonb not null
);
insert into expected (version, body) values (0, '{}');

create table unit (
    unit_id text primary key,
    version bigint not null,
    part_number text not null,
    revision text not null,
    serial text,
    lot text,
    origin_unit_id text,
    quantity numeric not null,
    unit_of_measure text not null,
    location text,
    status text not null,
    parent_unit_id text,
    run_id text,
    received_at timestamptz not null,
    recorded_at timestamptz not null default now(),
    body json not null
);
create index unit_by_part on unit (part_number, unit_id);
create index unit_by_status on unit (status, unit_id);
create index unit_by_lot on unit (lot, unit_id) where lot is not null;
create index unit_by_serial on unit (serial, unit_id) where serial is not null;
create index unit_by_run on unit (run_id, unit_id) where run_id is not null;
create index unit_by_parent on unit (parent_unit_id) where parent_unit_id is not null;
create index unit_by_origin on unit (origin_unit_id, unit_id) where origin_unit_id is not null;
create index unit_by_location on unit (location, unit_id) where location is not null;

create table withheld (
    issue_id text not null,
    unit_id text not null,
    primary key (issue_id, unit_id)
);

create table installation (
    installation_id text primary key,
    parent_unit_id text not null,
    unit_id text not null,
    requirement_id text not null,
    run_id text not null,
    quantity numeric not null,
    designator text,
    substitute boolean not null,
    installed_at timestamptz not null,
    installed_by jsonb not null,
    recorded_at timestamptz not null default now(),
    removed_at timestamptz,
    removed_by jsonb,
    removed_because text,
    removed_recorded_at timestamptz
);
create index installation_by_parent on installation
    (parent_unit_id, requirement_id collate "C", coalesce(designator, '') collate "C", installation_id collate "C");
create index installation_by_unit on installation (unit_id, installation_id collate "C");

create table split (
    part_unit_id text primary key,
    origin_unit_id text not null,
    quantity numeric not null,
    because text not null,
    at timestamptz not null,
    split_by jsonb not null,
    recorded_at timestamptz not null default now()
);
create index split_by_origin on split (origin_unit_id, part_unit_id collate "C");

create table status_change (
    unit_id text not null,
    change_id bigint generated always as identity,
    status text not null,
    at timestamptz not null,
    recorded_at timestamptz not null default now(),
    primary key (unit_id, change_id)
);

create table amount (
    unit_id text not null,
    amount_id bigint generated always as identity,
    quantity numeric,
    as_built_version bigint,
    at timestamptz not null,
    recorded_at timestamptz not null default now(),
    primary key (unit_id, amount_id)
);

create table plan (
    unit_id text not null,
    plan_id bigint generated always as identity,
    run_id text,
    requirements jsonb,
    at timestamptz not null,
    recorded_at timestamptz not null default now(),
    primary key (unit_id, plan_id)
);

create table life (
    life_id bigint generated always as identity primary key,
    unit_id text not null,
    what text not null,
    quantity numeric,
    location text,
    run_id text,
    at timestamptz not null,
    done_by jsonb not null,
    recorded_at timestamptz not null default now()
);
create index life_by_unit on life (unit_id, at);
"""
"""``…_at`` says when it happened, ``…recorded_at`` when it was recorded, by the database's clock: what is asked as of a
time looks at the first, what was known at a time at the second. Of the changes of a status, an amount or a plan that
had happened by then, the one that was recorded last counts.

Installations and splits are indexed in the order in which trees and traces are told, so that a page begins anywhere.
"""

CLIMB = text("""
    with recursive up as (
        select u.unit_id, u.parent_unit_id, 0 as level from unnest(cast(:ids as text[])) as named (unit_id)
        cross join lateral (select * from unit where unit_id = named.unit_id offset 0) u
        union
        select u.unit_id, u.parent_unit_id, up.level + 1 from up
        cross join lateral (select * from unit where unit_id = up.parent_unit_id offset 0) u
        where up.level < 1000
    ), down as (
        select u.unit_id from unnest(cast(:within as text[])) as named (unit_id)
        cross join lateral (select * from unit where parent_unit_id = named.unit_id offset 0) u
        union
        select u.unit_id from down
        cross join lateral (select * from unit where parent_unit_id = down.unit_id offset 0) u
    ), parts as (
        select u.unit_id from unnest(cast(:split_from as text[])) as named (unit_id)
        cross join lateral (select * from unit where origin_unit_id = named.unit_id offset 0) u
        union
        select u.unit_id from parts
        cross join lateral (select * from unit where origin_unit_id = parts.unit_id offset 0) u
    )
    select unit_id from up union select unit_id from down union select unit_id from parts
    union select u.unit_id from unnest(cast(:at as text[])) as named (location)
          cross join lateral (select * from unit where location = named.location offset 0) u
    union select u.unit_id
          from unnest(cast(:labeled_in as text[]), cast(:labels as text[])) as named (parent_unit_id, label)
          cross join lateral (select * from unit where parent_unit_id = named.parent_unit_id offset 0) u
          where u.serial is null and u.part_number || ':' || coalesce(u.lot, 'untracked') = named.label""")
"""The units and all that is above them (a cycle shows at the top), and what other names stand for: everything within a
unit, everything that was split off from it, every unit at a location, what is in a unit and has the label of a lot.

Name by name, each by its index: of ``unit_id = any(…)`` the planner estimates every name by itself, which takes several
times as long as finding them, and again for every batch.
"""

LOCK_AT_ONCE = text("""
    select unit_id, version from unit where unit_id = any(cast(:ids as text[])) order by unit_id
    for update skip locked""")
"""What somebody else has locked is left out, instead of waiting for it."""

LOCK = text("""
    with locked as (
        select unit_id, version from unit where unit_id = any(cast(:ids as text[])) order by unit_id for update
    )
    select unit_id, version, null as expected from locked
    union all select null, l.version, e.version from locations l cross join expected e""")
"""The versions of the locations and of what issues say about units to come come along: every decision is made under
those of the moment.
"""

LOAD = text("""
    select unit_id, version, cast(body as text) as body from unit where unit_id = any(cast(:ids as text[]))""")

CREATE = text("""
    insert into unit (unit_id, version, part_number, revision, serial, lot, origin_unit_id, quantity,
                      unit_of_measure, location, status, parent_unit_id, run_id, received_at, body)
    select * from unnest(cast(:unit_id as text[]), cast(:version as bigint[]), cast(:part_number as text[]),
                         cast(:revision as text[]), cast(:serial as text[]), cast(:lot as text[]),
                         cast(:origin_unit_id as text[]), cast(:quantity as numeric[]),
                         cast(:unit_of_measure as text[]), cast(:location as text[]),
                         cast(:status as text[]), cast(:parent_unit_id as text[]), cast(:run_id as text[]),
                         cast(:received_at as timestamptz[]), cast(:body as json[]))
    on conflict (unit_id) do nothing""")

UPDATE = text("""
    update unit set version = new.version, quantity = new.quantity, location = new.location, status = new.status,
                    parent_unit_id = new.parent_unit_id, run_id = new.run_id, body = new.body
    from unnest(cast(:unit_id as text[]), cast(:version as bigint[]), cast(:quantity as numeric[]),
                cast(:location as text[]), cast(:status as text[]), cast(:parent_unit_id as text[]),
                cast(:run_id as text[]), cast(:body as json[]))
        as new (unit_id, version, quantity, location, status, parent_unit_id, run_id, body)
    where unit.unit_id = new.unit_id""")

INSTALL = text("""
    insert into installation (installation_id, parent_unit_id, unit_id, requirement_id, run_id, quantity, designator,
                              substitute, installed_at, installed_by)
    select * from unnest(cast(:installation_id as text[]), cast(:parent_unit_id as text[]),
                         cast(:unit_id as text[]), cast(:requirement_id as text[]), cast(:run_id as text[]),
                         cast(:quantity as numeric[]), cast(:designator as text[]), cast(:substitute as boolean[]),
                         cast(:installed_at as timestamptz[]), cast(:installed_by as jsonb[]))""")

REMOVE = text("""
    update installation set removed_at = gone.removed_at, removed_by = gone.removed_by,
                            removed_because = gone.removed_because, removed_recorded_at = now()
    from unnest(cast(:installation_id as text[]), cast(:removed_at as timestamptz[]),
                cast(:removed_by as jsonb[]), cast(:removed_because as text[]))
        as gone (installation_id, removed_at, removed_by, removed_because)
    where installation.installation_id = gone.installation_id""")

REMOVE_PART = text("""
    with parts as (
        select * from unnest(cast(:installation_id as text[]), cast(:unit_id as text[]),
                             cast(:quantity as numeric[]), cast(:rest_id as text[]))
            as part (installation_id, unit_id, quantity, rest_id)
    ), fewer as (
        update installation set quantity = installation.quantity - taken.quantity
        from (select rest_id, sum(quantity) as quantity from parts group by rest_id) taken
        where installation.installation_id = taken.rest_id
    )
    insert into installation (installation_id, parent_unit_id, unit_id, requirement_id, run_id, quantity, designator,
                              substitute, installed_at, installed_by, recorded_at)
    select parts.installation_id, i.parent_unit_id, parts.unit_id, i.requirement_id, i.run_id, parts.quantity,
           i.designator, i.substitute, i.installed_at, i.installed_by, i.recorded_at
    from parts join installation i on i.installation_id = parts.rest_id""")
"""What is taken out of an installed part was in there as long as the rest: so the past has the same quantities as
before, as of any time and as known at any time. Its end is written as every end is.
"""

SPLIT_INSIDE = text("""
    with parts as (
        select unit_id, installed_at, recorded_at from installation
        where installation_id = any(cast(:installation_ids as text[]))
    ), there as (
        insert into status_change (unit_id, status, at, recorded_at)
        select unit_id, 'installed', installed_at, recorded_at from parts
    ), amounts as (
        update amount set at = there.installed_at, recorded_at = there.recorded_at
        from unnest(cast(:installation_ids as text[]), cast(:rest_ids as text[])) as pair (part_id, rest_id)
        join installation gone on gone.installation_id = pair.part_id
        join installation there on there.installation_id in (pair.part_id, pair.rest_id)
        where amount.unit_id = there.unit_id and amount.at = gone.removed_at and amount.recorded_at = now()
    )
    update split set at = parts.installed_at, recorded_at = parts.recorded_at
    from parts where split.part_unit_id = parts.unit_id""")
"""So ways through the part begin where those through the rest do, it was installed since then, and both had the
quantities since then that they have now: the past is told with the part beside the rest.
"""

SPLIT = text("""
    insert into split (part_unit_id, origin_unit_id, quantity, because, at, split_by)
    select * from unnest(cast(:part_unit_id as text[]), cast(:origin_unit_id as text[]),
                         cast(:quantity as numeric[]), cast(:because as text[]), cast(:at as timestamptz[]),
                         cast(:split_by as jsonb[]))""")
