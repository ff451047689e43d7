"""The issue service's tables and the statements on them; each has a name and a reason."""

from sqlalchemy import text

from services.issue.adapters.disposition_types import TYPES_V1

TABLES_V1 = f"""{TYPES_V1}
create table issue (
    issue_id text primary key,
    version bigint not null,
    state text not null,
    is_open boolean not null,
    title text not null,
    run_id text,
    step_id text,
    requirement_id text,
    unit_id text,
    disposition text,
    availability text,
    opened_by text,
    opened_at timestamptz not null,
    body jsonb not null
);
create index issue_by_opening on issue (opened_at desc, issue_id desc);
create index issue_by_run on issue (run_id, opened_at desc, issue_id desc) where run_id is not null;
create index issue_by_person on issue (opened_by, opened_at desc, issue_id desc) where opened_by is not null;
create index issue_by_state on issue (state, opened_at desc, issue_id desc);
create index issue_still_open on issue (opened_at desc, issue_id desc) where is_open;
create index issue_by_disposition on issue (disposition, opened_at desc, issue_id desc) where disposition is not null;
create index issue_by_availability on issue (disposition, availability, issue_id) where disposition is not null;

create table issue_about (
    kind text not null,
    name text not null,
    opened_at timestamptz not null,
    issue_id text not null references issue,
    primary key (kind, name, opened_at, issue_id)
);

create table comment (
    comment_id text primary key,
    issue_id text not null references issue,
    text text not null,
    person text,
    machine text,
    happened_at timestamptz not null
);
create index comment_by_issue on comment (issue_id, happened_at desc, comment_id desc);
"""

LOCK = text("""
    with locked as (
        select issue_id, version from issue where issue_id = any(cast(:ids as text[])) order by issue_id for update
    )
    select issue_id, version from locked union all select null, version from disposition_types""")
"""The version of the disposition types comes along: every decision is made under those of the moment."""

LOAD = text("select issue_id, version, body from issue where issue_id = any(cast(:ids as text[]))")

CREATE = text("""
    insert into issue (issue_id, version, state, is_open, title, run_id, step_id, requirement_id, unit_id, disposition,
                       availability, opened_by, opened_at, body)
    select * from unnest(cast(:issue_id as text[]), cast(:version as bigint[]), cast(:state as text[]),
                         cast(:is_open as boolean[]), cast(:title as text[]), cast(:run_id as text[]),
                         cast(:step_id as text[]), cast(:requirement_id as text[]), cast(:unit_id as text[]),
                         cast(:disposition as text[]), cast(:availability as text[]), cast(:opened_by as text[]),
                         cast(:opened_at as timestamptz[]), cast(:body as jsonb[]))
    on conflict (issue_id) do nothing""")

UPDATE = text("""
    update issue set version = new.version, state = new.state, is_open = new.is_open, unit_id = new.unit_id,
                     disposition = new.disposition, availability = new.availability, body = new.body
    from unnest(cast(:issue_id as text[]), cast(:version as bigint[]), cast(:state as text[]),
                cast(:is_open as boolean[]), cast(:unit_id as text[]), cast(:disposition as text[]),
                cast(:availability as text[]), cast(:body as jsonb[]))
        as new (issue_id, version, state, is_open, unit_id, disposition, availability, body)
    where issue.issue_id = new.issue_id""")
"""What was found never changes, so its columns are not written again; the unit may be known later."""

ABOUT = text("""
    insert into issue_about (kind, name, opened_at, issue_id)
    select * from unnest(cast(:kind as text[]), cast(:name as text[]), cast(:opened_at as timestamptz[]),
                         cast(:issue_id as text[]))
    on conflict do nothing""")
"""The units and parts that an issue is found by, in the order of a list's page."""

COMMENT_COLUMNS = ("comment_id", "issue_id", "text", "person", "machine", "happened_at")
"""Appended by COPY: an id is derived from its cause, which is claimed once."""
