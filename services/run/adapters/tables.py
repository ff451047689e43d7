"""The run service's tables and the statements on them; each has a name and a reason."""

from sqlalchemy import text

TABLES_V1 = """
create table run (
    run_id text primary key,
    version bigint not null,
    status text not null,
    part_number text not null,
    revision text not null,
    procedure text not null,
    procedure_version text not null,
    unit_id text not null,
    work_order text,
    plant text,
    line text,
    work_center text,
    ordered_at timestamptz not null,
    started_at timestamptz,
    completed_at timestamptz,
    run_order jsonb not null,
    progress jsonb not null
);
create index run_by_order on run (ordered_at desc, run_id desc);
create index run_by_status on run (status, ordered_at desc, run_id desc);
create index run_by_unit on run (unit_id);

create table step (
    run_id text not null references run,
    step_id text not null,
    state text not null,
    progress jsonb not null,
    primary key (run_id, step_id)
);

create table recording (
    run_id text not null,
    step_id text not null,
    field_id text not null,
    number int not null,
    value jsonb not null,
    unit text,
    verdict text,
    person text,
    machine text,
    happened_at timestamptz not null,
    primary key (run_id, step_id, field_id, number)
);

create table completion (
    run_id text not null references run,
    number int not null,
    record jsonb not null,
    content_hash text not null,
    completed_at timestamptz not null,
    superseded_at timestamptz,
    superseded_because text,
    primary key (run_id, number)
);
"""

LOCK = text("""
    select run_id, version from run where run_id = any(cast(:ids as text[])) order by run_id for update""")

LOAD_RUNS = text("""
    select run_id, version, cast(run_order as text) as run_order, cast(progress as text) as progress,
           ordered_at, started_at
    from run where run_id = any(cast(:ids as text[]))""")

LOAD_STEPS = text("""
    select run_id, step_id, state, cast(progress as text) as progress
    from step where run_id = any(cast(:ids as text[]))""")

CREATE = text("""
    insert into run (run_id, version, status, part_number, revision, procedure, procedure_version, unit_id,
                     work_order, plant, line, work_center, ordered_at, started_at, completed_at, run_order, progress)
    select run_id, version, status, part_number, revision, procedure, procedure_version, unit_id, work_order,
           plant, line, work_center, ordered_at, started_at, completed_at, run_order, progress
    from unnest(cast(:run_id as text[]), cast(:version as bigint[]), cast(:status as text[]),
                cast(:part_number as text[]), cast(:revision as text[]), cast(:procedure as text[]),
                cast(:procedure_version as text[]), cast(:unit_id as text[]), cast(:work_order as text[]),
                cast(:plant as text[]), cast(:line as text[]), cast(:work_center as text[]),
                cast(:ordered_at as timestamptz[]), cast(:started_at as timestamptz[]),
                cast(:completed_at as timestamptz[]), cast(:run_order as jsonb[]), cast(:progress as jsonb[]))
        as new (run_id, version, status, part_number, revision, procedure, procedure_version, unit_id, work_order,
                plant, line, work_center, ordered_at, started_at, completed_at, run_order, progress)
    on conflict (run_id) do nothing""")

UPDATE = text("""
    update run set version = new.version, status = new.status, started_at = new.started_at,
                   completed_at = new.completed_at, progress = new.progress
    from unnest(cast(:run_id as text[]), cast(:version as bigint[]), cast(:status as text[]),
                cast(:started_at as timestamptz[]), cast(:completed_at as timestamptz[]),
                cast(:progress as jsonb[]))
        as new (run_id, version, status, started_at, completed_at, progress)
    where run.run_id = new.run_id""")

PUT_STEPS = text("""
    insert into step (run_id, step_id, state, progress)
    select * from unnest(cast(:run_id as text[]), cast(:step_id as text[]), cast(:state as text[]),
                         cast(:progress as jsonb[]))
    on conflict (run_id, step_id) do update set state = excluded.state, progress = excluded.progress""")

RECORDING_COLUMNS = (
    "run_id",
    "step_id",
    "field_id",
    "number",
    "value",
    "unit",
    "verdict",
    "person",
    "machine",
    "happened_at",
)
"""Appended by COPY: a number is used once, because the run is locked."""

COMPLETE = text("""
    insert into completion (run_id, number, record, content_hash, completed_at)
    values (:run_id, :number, cast(:record as jsonb), :content_hash, :completed_at)""")

SUPERSEDE = text("""
    update completion set superseded_at = :superseded_at, superseded_because = :because
    where run_id = :run_id and number = :number""")
