"""The run service's tables and the statements on them; each has a name and a reason.

What is kept of runs and steps is ``json``, and not ``jsonb``: that would sort its members, and a run that is loaded
would show its warnings in another order than one that is remembered, and so another version of its review.
"""

from sqlalchemy import text

from services.run.adapters.deliveries import DELIVERIES_V1
from services.run.adapters.listing import LISTING_V1
from services.run.adapters.policies import POLICIES_V1

TABLES_V1 = f"""{POLICIES_V1}
create table run (
    run_id text primary key,
    version bigint not null,
    ordered_at timestamptz not null,
    started_at timestamptz,
    run_order json not null,
    progress json not null
);
{LISTING_V1}
create table step (
    run_id text not null references run,
    step_id text not null,
    state text not null,
    progress json not null,
    is_attended boolean not null default false,
    seen_from timestamptz,
    seen_until timestamptz,
    saved_at timestamptz not null default now(),
    primary key (run_id, step_id)
);
create index step_attended on step (run_id, step_id) where is_attended;

create table recording (
    run_id text not null,
    step_id text not null,
    field_id text not null,
    number int not null,
    attempt int not null,
    value jsonb not null,
    unit text,
    verdict text,
    person text,
    machine text,
    happened_at timestamptz not null,
    primary key (run_id, step_id, field_id, number)
);

create table comment (
    comment_id text primary key,
    run_id text not null references run,
    step_id text,
    text text not null,
    person text,
    machine text,
    happened_at timestamptz not null
);
create index comment_by_run on comment (run_id, happened_at desc, comment_id desc);

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
{DELIVERIES_V1}"""

LOCK = text("""
    with locked as (
        select run_id, version from run where run_id = any(cast(:ids as text[])) order by run_id for update
    )
    select run_id, version from locked union all select null, version from policies""")
"""The version of the policies comes along: every decision is made under those of the moment."""

LOAD_RUNS = text("""
    select run_id, version, cast(run_order as text) as run_order, cast(progress as text) as progress,
           ordered_at, started_at
    from run where run_id = any(cast(:ids as text[]))""")

LOAD_STEPS = text("""
    select run_id, step_id, state, cast(progress as text) as progress
    from step where run_id = any(cast(:ids as text[]))""")

CREATE = text("""
    insert into run (run_id, version, ordered_at, started_at, run_order, progress)
    select * from unnest(cast(:run_id as text[]), cast(:version as bigint[]), cast(:ordered_at as timestamptz[]),
                         cast(:started_at as timestamptz[]), cast(:run_order as json[]), cast(:progress as json[]))
    on conflict (run_id) do nothing""")

UPDATE = text("""
    update run set version = new.version, started_at = new.started_at, progress = new.progress
    from unnest(cast(:run_id as text[]), cast(:version as bigint[]), cast(:started_at as timestamptz[]),
                cast(:progress as json[])) as new (run_id, version, started_at, progress)
    where run.run_id = new.run_id""")

PUT_STEPS = text("""
    insert into step (run_id, step_id, state, progress, is_attended, seen_from, seen_until, saved_at)
    select *, now()
    from unnest(cast(:run_id as text[]), cast(:step_id as text[]), cast(:state as text[]),
                cast(:progress as json[]), cast(:is_attended as boolean[]),
                cast(:seen_from as timestamptz[]), cast(:seen_until as timestamptz[]))
    on conflict (run_id, step_id) do update
        set state = excluded.state, progress = excluded.progress, is_attended = excluded.is_attended,
            seen_from = excluded.seen_from, seen_until = excluded.seen_until, saved_at = excluded.saved_at""")
"""What is kept besides the progress finds those whom nobody has seen for long: only ``is_attended`` is indexed, so that
a value recorded on a step in work touches no index.
"""

IDLE = text("""
    select run_id, step_id, case when saved_at < now() - cast(:idle as interval) then seen_until end as quiet_since
    from step
    where is_attended and (run_id, step_id) > (:run_id, :step_id)
      and (greatest(saved_at, seen_from) < now() - cast(:idle as interval)
           or seen_until - seen_from >= cast(:idle as interval))
    order by run_id, step_id limit :limit""")
"""Steps on which somebody may have been idle for so long: nothing was heard of the step, or others went on."""

RECORDING_COLUMNS = (
    "run_id",
    "step_id",
    "field_id",
    "number",
    "attempt",
    "value",
    "unit",
    "verdict",
    "person",
    "machine",
    "happened_at",
)
"""Appended by COPY: a number is used once, because the run is locked."""

COMMENT_COLUMNS = ("comment_id", "run_id", "step_id", "text", "person", "machine", "happened_at")
"""Appended by COPY: an id is derived from its cause, which is claimed once."""

COMPLETE = text("""
    insert into completion (run_id, number, record, content_hash, completed_at)
    values (:run_id, :number, cast(:record as jsonb), :content_hash, :completed_at)""")

SUPERSEDE = text("""
    update completion set superseded_at = :superseded_at, superseded_because = :because
    where run_id = :run_id and number = :number""")
