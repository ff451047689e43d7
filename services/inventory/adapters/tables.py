"""The inventory service's tables and the statements on them; each has a name and a reason."""

from sqlalchemy import text

TABLES_V1 = """
create table unit (
    unit_id text primary key,
    version bigint not null,
    part_number text not null,
    revision text not null,
    serial text,
    lot text,
    status text not null,
    parent_unit_id text,
    run_id text,
    received_at timestamptz not null,
    body jsonb not null
);
create index unit_by_part on unit (part_number, unit_id);
create index unit_by_lot on unit (lot) where lot is not null;
create index unit_by_parent on unit (parent_unit_id) where parent_unit_id is not null;

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
    removed_at timestamptz,
    removed_by jsonb,
    removed_because text
);
create index installation_by_parent on installation (parent_unit_id, installed_at);
create index installation_by_unit on installation (unit_id, installed_at);
"""

CLIMB = text("""
    with recursive up as (
        select unit_id, parent_unit_id, 0 as level from unit where unit_id = any(cast(:ids as text[]))
        union
        select u.unit_id, u.parent_unit_id, up.level + 1 from unit u join up on u.unit_id = up.parent_unit_id
        where up.level < 1000
    )
    select distinct unit_id from up""")
"""The units and all that is above them: a cycle shows at the top."""

LOCK = text("""
    select unit_id, version from unit where unit_id = any(cast(:ids as text[])) order by unit_id for update""")

LOAD = text("select unit_id, version, body from unit where unit_id = any(cast(:ids as text[]))")

CREATE = text("""
    insert into unit (unit_id, version, part_number, revision, serial, lot, status, parent_unit_id, run_id,
                      received_at, body)
    select * from unnest(cast(:unit_id as text[]), cast(:version as bigint[]), cast(:part_number as text[]),
                         cast(:revision as text[]), cast(:serial as text[]), cast(:lot as text[]),
                         cast(:status as text[]), cast(:parent_unit_id as text[]), cast(:run_id as text[]),
                         cast(:received_at as timestamptz[]), cast(:body as jsonb[]))
    on conflict (unit_id) do nothing""")

UPDATE = text("""
    update unit set version = new.version, status = new.status, parent_unit_id = new.parent_unit_id,
                    run_id = new.run_id, body = new.body
    from unnest(cast(:unit_id as text[]), cast(:version as bigint[]), cast(:status as text[]),
                cast(:parent_unit_id as text[]), cast(:run_id as text[]), cast(:body as jsonb[]))
        as new (unit_id, version, status, parent_unit_id, run_id, body)
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
                            removed_because = gone.removed_because
    from unnest(cast(:installation_id as text[]), cast(:removed_at as timestamptz[]),
                cast(:removed_by as jsonb[]), cast(:removed_because as text[]))
        as gone (installation_id, removed_at, removed_by, removed_because)
    where installation.installation_id = gone.installation_id""")
